"""Parts that a party signed with its own key and that the chain will not take as they are signed."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session


class LapsedPart(NamedTuple):
    """A part in need of its party's signature; `entries` are ABI words, `refusal` what the chain said, if it did."""

    id: bytes
    entries: bytes
    refusal: str | None


async def lapsed_parts(
    session: Session, party: bytes, capture: UUID, reasons: Sequence[str], now: int
) -> list[LapsedPart]:
    """Those of a party's capture, locked: refused for one of the reasons, or waiting in vain.

    In vain wait those whose deadline (Unix seconds) is over, or whose key was revoked.
    """
    statement = text(
        "SELECT parts.id, parts.entries, parts.refusal FROM parts"
        " LEFT JOIN signing_keys AS signer ON signer.address = parts.signer"
        " WHERE parts.capture = :capture AND parts.party = :party AND ("
        " (parts.state = 3 AND parts.refusal = ANY(:reasons))"
        " OR (parts.state = 0 AND (parts.deadline < :now OR signer.revoked_at IS NOT NULL)))"
        " ORDER BY parts.seq FOR UPDATE OF parts"
    )
    values = {"party": party, "capture": capture, "reasons": list(reasons), "now": now}
    return [LapsedPart(*row) for row in (await session.execute(statement, values)).all()]
