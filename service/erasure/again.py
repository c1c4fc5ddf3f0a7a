"""The list of erasures, kept outside of the database, and applied again to an older copy of it.

A line of the list is JSON, as `trailseal erasures` prints it; what the service logs of each erasure is such a line
too, but for reason and label, so that the logs of the time since the last list do as well.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from service.erasure.alias import alias_of
from service.erasure.errors import BadErasureList
from service.store import erasure as store
from service.store.database import Database
from service.store.erasure import ErasureRow

_PAGE = 1000
_UNTOLD = "erased before the database was restored"
Hash = Annotated[str, Field(pattern="^(0x)?[0-9a-f]{64}$")]


class _Line(BaseModel):
    """An erasure as the list, or the log, tells it."""

    erasure: UUID
    seal: Hash
    event_mac: Hash
    party: Hash
    by: Hash
    key: str
    at: AwareDatetime
    label: str = ""
    reason: str = _UNTOLD


@dataclass
class Replayed:
    """How many erasures were done again, were done in this database already, are of events that it does not have."""

    again: int = 0
    before: int = 0
    absent: int = 0


async def listed(database: Database) -> AsyncIterator[bytes]:
    """The list: a line of JSON for each erasure, the oldest first."""
    after = 0
    while True:
        async with database.session() as session:
            rows = await store.all_erasures(session, after, _PAGE)
        for _, row in rows:
            yield orjson.dumps({**noted(row), "label": row.by_label, "reason": row.reason})
        if not rows:
            return
        after = rows[-1][0]


def noted(row: ErasureRow) -> dict[str, Any]:
    """The erasure as the log has it, enough to do it again on an older copy; without the reason, which may say much."""
    return {
        "erasure": str(row.id),
        "seal": f"0x{row.seal.hex()}",
        "event_mac": row.event_mac.hex(),
        "party": f"0x{row.party.hex()}",
        "by": f"0x{row.by_party.hex()}",
        "key": row.by_key,
        "at": row.at.isoformat(),
    }


async def replay(database: Database, lines: Iterable[bytes]) -> Replayed:
    """Does every erasure of the list that this database lacks; stopped half way, it goes on where it is run again.

    Lines of the log that tell of other things are passed over.

    Raises:
        BadErasureList: a line is no JSON object, or tells of an erasure incompletely.
    """
    done = Replayed()
    for number, line in enumerate(lines, start=1):
        told = _read(line, number)
        if told is not None:
            await _once_more(database, told, done)
    return done


def _read(line: bytes, number: int) -> _Line | None:
    if not line.strip():
        return None
    try:
        members = orjson.loads(line)
        if "erasure" not in members or members.get("event", "erased") != "erased":
            return None
        return _Line.model_validate(members)
    except (orjson.JSONDecodeError, TypeError, ValidationError):
        raise BadErasureList(f"line {number} is no line of `trailseal erasures`, nor of the service's log") from None


async def _once_more(database: Database, told: _Line, done: Replayed) -> None:
    async with database.session() as session:
        found = await store.lock_sealed(session, _raw(told.seal))
        if found is None:
            done.absent += 1
        elif found.erased:
            done.before += 1
        else:
            mac = _raw(told.event_mac)
            row = ErasureRow(
                told.erasure,
                found.event,
                mac,
                found.declares_error,
                found.seal,
                found.party,
                _raw(told.by),
                told.key,
                told.label,
                told.reason,
                told.at,
            )
            await store.erase(session, found, alias_of(mac))
            await store.add_erasure(session, row)
            done.again += 1


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
