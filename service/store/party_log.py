"""The log of a party's keys and standing: who changed what here; rows are added, and never changed or deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from service.store.database import Session


@dataclass(frozen=True, slots=True)
class Author:
    """Whose API key asked for a change; nothing where it came from the command line."""

    party: bytes | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry of the log; `by_*` are None where the change came from the command line."""

    seq: int
    at: datetime
    what: str
    by_party: bytes | None
    by_identifier: str | None
    by_name: str | None
    by_key: str | None
    by_label: str | None
    recovery: UUID | None
    details: dict[str, Any]


COMMAND_LINE = Author()


async def note(
    session: Session,
    party: bytes,
    what: str,
    by: Author,
    *,
    details: Mapping[str, Any] | None = None,
    recovery: UUID | None = None,
) -> None:
    """Adds an entry, in the transaction of what it tells of."""
    statement = text(
        "INSERT INTO party_log (party, what, by_party, by_key, by_label, recovery, details) VALUES (:party, :what,"
        " :by_party, CAST(:by_key AS text), (SELECT label FROM api_keys WHERE id = CAST(:by_key AS text)), :recovery,"
        " CAST(:details AS jsonb))"
    )
    values = {"party": party, "what": what, "by_party": by.party, "by_key": by.key, "recovery": recovery}
    await session.execute(statement, {**values, "details": orjson.dumps(dict(details or {})).decode()})


async def log_of(session: Session, party: bytes, before: int | None, limit: int) -> list[LogRow]:
    """Up to `limit` entries of a party's log, the newest first, from before a place."""
    statement = text(
        "SELECT log.seq, log.at, log.what, log.by_party, parties.identifier, parties.name, log.by_key, log.by_label,"
        " log.recovery, log.details FROM party_log AS log LEFT JOIN parties ON parties.id = log.by_party"
        " WHERE log.party = :party AND (CAST(:before AS bigint) IS NULL OR log.seq < :before)"
        " ORDER BY log.seq DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"party": party, "before": before, "limit": limit})
    return [LogRow(*row) for row in rows.all()]
