"""What waits to be said to the chain: registry calls and signed parts, until a transaction carries them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import text

from service.store.database import Session

FAILED = "TransactionFailed"
"""The refusal of a part whose transactions all were mined without effect."""


class PartState(IntEnum):
    """Where a part is on its way to the chain."""

    WAITING = 0
    PACKED = 1
    SEALED = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """A part that no transaction carries yet; `entries` are ABI words, `attempts` transactions brought it in vain."""

    id: bytes
    deadline: int
    signature: bytes
    entries: bytes
    entry_count: int
    attempts: int


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A registry call that no transaction carries yet."""

    seq: int
    purpose: str
    calldata: bytes


async def waiting_parts(session: Session, parts: int, entries: int) -> list[WaitingPart]:
    """Those that wait longest, locked, in the order of acceptance: so many parts, or (about) so many entries."""
    statement = text(
        "WITH oldest AS (SELECT id, seq, entry_count FROM parts WHERE state = 0 ORDER BY seq LIMIT :parts),"
        " summed AS (SELECT id, sum(entry_count) OVER (ORDER BY seq) - entry_count AS before FROM oldest)"
        " SELECT parts.id, deadline, signature, entries, entry_count, attempts FROM parts"
        " JOIN summed ON summed.id = parts.id AND summed.before < :entries"
        " WHERE state = 0 ORDER BY seq FOR UPDATE OF parts SKIP LOCKED"
    )
    rows = await session.execute(statement, {"parts": parts, "entries": entries})
    return [WaitingPart(*row) for row in rows.all()]


async def anything_waits(session: Session) -> bool:
    """Whether some part waits for a transaction."""
    return bool((await session.execute(text("SELECT EXISTS (SELECT FROM parts WHERE state = 0)"))).scalar_one())


async def pack_parts(session: Session, loads: Sequence[tuple[bytes, Sequence[bytes]]]) -> None:
    """Notes which transaction (hash) carries which parts (ids)."""
    statement = text(
        "UPDATE parts SET state = 1, transaction = packed.hash"
        " FROM unnest(CAST(:hashes AS bytea[]), CAST(:parts AS bytea[])) AS packed (hash, part)"
        " WHERE parts.id = packed.part"
    )
    hashes = [hash_ for hash_, load in loads for _ in load]
    await session.execute(statement, {"hashes": hashes, "parts": [part for _, load in loads for part in load]})


async def retry_failed(session: Session) -> int:
    """Lets parts wait again whose transactions had no effect, for somebody may have mended the cause; how many."""
    statement = text(
        "UPDATE parts SET state = 0, attempts = 0, transaction = NULL, refusal = NULL"
        " WHERE state = 3 AND refusal = :failed RETURNING id"
    )
    return len((await session.execute(statement, {"failed": FAILED})).all())


async def add_registry_call(session: Session, purpose: str, calldata: bytes) -> None:
    """Lets a call to the registry wait for the worker that holds the admin key."""
    statement = text("INSERT INTO registry_calls (purpose, calldata) VALUES (:purpose, :calldata)")
    await session.execute(statement, {"purpose": purpose, "calldata": calldata})


async def waiting_calls(session: Session, limit: int) -> list[WaitingCall]:
    """Registry calls that no transaction carries yet, in order."""
    statement = text(
        "SELECT seq, purpose, calldata FROM registry_calls WHERE transaction IS NULL"
        " ORDER BY seq LIMIT :limit FOR UPDATE"
    )
    return [WaitingCall(*row) for row in (await session.execute(statement, {"limit": limit})).all()]


async def any_call_waits(session: Session) -> bool:
    """Whether a registry call waits for a transaction; captures that may rely on it stay behind it."""
    statement = text("SELECT EXISTS (SELECT FROM registry_calls WHERE transaction IS NULL)")
    return bool((await session.execute(statement)).scalar_one())


async def pack_call(session: Session, transaction: bytes, seq: int) -> None:
    """Notes that a transaction carries this registry call."""
    statement = text("UPDATE registry_calls SET transaction = :transaction WHERE seq = :seq")
    await session.execute(statement, {"transaction": transaction, "seq": seq})
