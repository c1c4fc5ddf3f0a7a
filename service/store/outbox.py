"""What waits to be said to the chain: registry calls, signed parts, and the transactions that carry them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import text

from service.store.database import Session, copy


class PartState(IntEnum):
    """Where a part is on its way to the chain."""

    WAITING = 0
    PACKED = 1
    SEALED = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """A part that no transaction carries yet; `entries` are ABI words, `steps` of them change custody."""

    id: bytes
    deadline: int
    signature: bytes
    entries: bytes
    entry_count: int


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A registry call that no transaction carries yet."""

    seq: int
    purpose: str
    calldata: bytes


@dataclass(frozen=True, slots=True)
class NewTransaction:
    """A signed transaction with the nonce that its account gave out for it."""

    hash: bytes
    nonce: int
    raw: bytes
    purpose: str


@dataclass(frozen=True, slots=True)
class UnminedTransaction:
    """A transaction of ours that no followed block has."""

    hash: bytes
    nonce: int
    raw: bytes


async def lock_nonce(session: Session, account: bytes, on_chain: int) -> int:
    """The account's next nonce, its row locked until the transaction ends; whoever holds the lock gives out nonces.

    `on_chain` is the account's transaction count on the chain: nonces that others used are skipped.
    """
    statement = text(
        "INSERT INTO accounts (address, next_nonce) VALUES (:account, :nonce)"
        " ON CONFLICT (address) DO UPDATE SET next_nonce = greatest(accounts.next_nonce, excluded.next_nonce)"
        " RETURNING next_nonce"
    )
    return int((await session.execute(statement, {"account": account, "nonce": on_chain})).scalar_one())


async def save_transactions(session: Session, account: bytes, transactions: Sequence[NewTransaction]) -> None:
    """Stores signed transactions and moves the account's nonce past them; `lock_nonce` came before."""
    await copy(
        session,
        "transactions",
        ("hash", "account", "nonce", "raw", "purpose"),
        [(one.hash, account, one.nonce, one.raw, one.purpose) for one in transactions],
    )
    await session.execute(
        text("UPDATE accounts SET next_nonce = :nonce WHERE address = :account"),
        {"account": account, "nonce": transactions[-1].nonce + 1},
    )


async def waiting_parts(session: Session, limit: int) -> list[WaitingPart]:
    """The parts that wait longest, locked, in the order of their acceptance."""
    statement = text(
        "SELECT id, deadline, signature, entries, entry_count FROM parts WHERE state = 0"
        " ORDER BY seq LIMIT :limit FOR UPDATE SKIP LOCKED"
    )
    return [WaitingPart(*row) for row in (await session.execute(statement, {"limit": limit})).all()]


async def anything_waits(session: Session) -> bool:
    """Whether some part waits for a transaction."""
    return bool((await session.execute(text("SELECT EXISTS (SELECT FROM parts WHERE state = 0)"))).scalar_one())


async def pack_parts(session: Session, transaction: bytes, parts: Sequence[bytes]) -> None:
    """Notes that a transaction carries these parts."""
    statement = text("UPDATE parts SET state = 1, transaction = :transaction WHERE id = ANY(:parts)")
    await session.execute(statement, {"transaction": transaction, "parts": list(parts)})


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


async def pack_call(session: Session, transaction: bytes, seq: int) -> None:
    """Notes that a transaction carries this registry call."""
    statement = text("UPDATE registry_calls SET transaction = :transaction WHERE seq = :seq")
    await session.execute(statement, {"transaction": transaction, "seq": seq})


async def registry_unsettled(session: Session) -> bool:
    """Whether a deployment or registry call still waits for its block; captures that rely on it wait behind."""
    statement = text(
        "SELECT EXISTS (SELECT FROM registry_calls WHERE transaction IS NULL)"
        " OR EXISTS (SELECT FROM transactions WHERE block IS NULL AND purpose <> 'record')"
    )
    return bool((await session.execute(statement)).scalar_one())


async def count_unmined(session: Session, account: bytes) -> int:
    """How many of the account's transactions wait for a block."""
    statement = text("SELECT count(*) FROM transactions WHERE block IS NULL AND account = :account")
    return int((await session.execute(statement, {"account": account})).scalar_one())


async def to_send(session: Session, account: bytes, patience_seconds: float, limit: int) -> list[UnminedTransaction]:
    """Unmined transactions never sent, or sent longer ago than the patience; lowest nonce first."""
    statement = text(
        "SELECT hash, nonce, raw FROM transactions WHERE block IS NULL AND account = :account"
        " AND (sent_at IS NULL OR sent_at < clock_timestamp() - make_interval(secs => :patience))"
        " ORDER BY nonce LIMIT :limit"
    )
    rows = await session.execute(statement, {"account": account, "patience": patience_seconds, "limit": limit})
    return [UnminedTransaction(*row) for row in rows.all()]


async def mark_sent(session: Session, hashes: Sequence[bytes]) -> None:
    """Notes that the node was given these transactions just now."""
    statement = text("UPDATE transactions SET sent_at = clock_timestamp() WHERE hash = ANY(:hashes)")
    await session.execute(statement, {"hashes": list(hashes)})


async def void_transactions(session: Session, hashes: Sequence[bytes]) -> None:
    """Gives up transactions whose nonce another transaction used: what they carried waits again."""
    values = {"hashes": list(hashes)}
    for statement in (
        "UPDATE parts SET state = 0, transaction = NULL WHERE transaction = ANY(:hashes) AND state = 1",
        "UPDATE registry_calls SET transaction = NULL WHERE transaction = ANY(:hashes)",
        "DELETE FROM transactions WHERE hash = ANY(:hashes)",
    ):
        await session.execute(text(statement), values)
