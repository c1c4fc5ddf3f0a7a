"""Parts whose signature the chain would not take, or did not take, and their fresh signatures."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session

_ATTEMPTS = 10
_WAITING_LOOKED_AT = 2_000
_FRESH_KEY = (
    "EXISTS (SELECT FROM signing_keys AS fresh WHERE fresh.party = parts.party AND fresh.wrapped IS NOT NULL"
    " AND fresh.revoked_at IS NULL AND fresh.registered_at IS NOT NULL)"
)


class StalePart(NamedTuple):
    """A part in need of a fresh signature; `entries` are ABI words."""

    id: bytes
    party: bytes
    entries: bytes


async def stale_parts(session: Session, reasons: Sequence[str], until: int, limit: int) -> list[StalePart]:
    """Parts that a key in our custody signed and whose party has a registered key there, locked.

    Those that the chain refused for one of the reasons, a few times at most, and those that wait next with a deadline
    before `until` (Unix seconds) or a key that was revoked.
    """
    refused = (
        "SELECT parts.id, parts.party, parts.entries FROM parts"  # noqa: S608
        " JOIN signing_keys AS stale ON stale.address = parts.signer AND stale.wrapped IS NOT NULL"
        f" WHERE parts.state = 3 AND parts.refusal = ANY(:reasons) AND parts.attempts < :attempts AND {_FRESH_KEY}"
        " ORDER BY parts.seq LIMIT :limit FOR UPDATE OF parts SKIP LOCKED"
    )
    waiting = (
        "SELECT parts.id, parts.party, parts.entries FROM parts"  # noqa: S608
        " JOIN signing_keys AS stale ON stale.address = parts.signer AND stale.wrapped IS NOT NULL"
        " WHERE parts.id IN (SELECT id FROM parts WHERE state = 0 ORDER BY seq LIMIT :looked_at)"
        f" AND parts.state = 0 AND (parts.deadline < :until OR stale.revoked_at IS NOT NULL) AND {_FRESH_KEY}"
        " ORDER BY parts.seq LIMIT :limit FOR UPDATE OF parts SKIP LOCKED"
    )
    first = {"reasons": list(reasons), "attempts": _ATTEMPTS, "limit": limit}
    second = {"until": until, "limit": limit, "looked_at": _WAITING_LOOKED_AT}
    found = [
        *(await session.execute(text(refused), first)).all(),
        *(await session.execute(text(waiting), second)).all(),
    ]
    return [StalePart(*row) for row in found]


async def replace_signature(session: Session, part: bytes, signer: bytes, deadline: int, signature: bytes) -> None:
    """Gives a part a fresh signature and lets it wait again."""
    statement = text(
        "UPDATE parts SET signer = :signer, deadline = :deadline, signature = :signature, state = 0,"
        " transaction = NULL, refusal = NULL WHERE id = :part"
    )
    values = {"signer": signer, "deadline": deadline, "signature": signature, "part": part}
    await session.execute(statement, values)
