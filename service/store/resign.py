"""Refused parts and their fresh signatures."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session


class RefusedPart(NamedTuple):
    """A part that the chain refused; `entries` are ABI words."""

    id: bytes
    party: bytes
    entries: bytes


async def refused_custodial_parts(session: Session, reasons: Sequence[str], limit: int) -> list[RefusedPart]:
    """Refused parts whose signing key was in our custody and whose party has another such key, locked."""
    statement = text(
        "SELECT parts.id, parts.party, parts.entries FROM parts"
        " JOIN signing_keys AS stale ON stale.address = parts.signer AND stale.wrapped IS NOT NULL"
        " WHERE parts.state = 3 AND parts.refusal = ANY(:reasons) AND EXISTS (SELECT FROM signing_keys AS fresh"
        " WHERE fresh.party = parts.party AND fresh.wrapped IS NOT NULL AND fresh.revoked_at IS NULL"
        " AND fresh.registered_at IS NOT NULL)"
        " ORDER BY parts.seq LIMIT :limit FOR UPDATE OF parts SKIP LOCKED"
    )
    rows = await session.execute(statement, {"reasons": list(reasons), "limit": limit})
    return [RefusedPart(*row) for row in rows.all()]


async def replace_signature(session: Session, part: bytes, signer: bytes, deadline: int, signature: bytes) -> None:
    """Gives a part a fresh signature and lets it wait again."""
    statement = text(
        "UPDATE parts SET signer = :signer, deadline = :deadline, signature = :signature, state = 0,"
        " transaction = NULL, refusal = NULL WHERE id = :part"
    )
    values = {"signer": signer, "deadline": deadline, "signature": signature, "part": part}
    await session.execute(statement, values)
