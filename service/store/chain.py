"""The mirror of the chain: followed blocks, what the contracts logged in them, and taking both back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session, copy

_WATCH_LOCK = 7_412_092


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the contracts are (20-byte addresses), on which chain, and the block from which to follow them."""

    provenance: bytes
    participants: bytes
    chain_id: int
    start_block: int


class FollowedBlock(NamedTuple):
    """A block of the chain that the mirror follows."""

    number: int
    hash: bytes
    time: int


class RecordedLog(NamedTuple):
    """A `Recorded` log, in the columns of `ledger_entries`."""

    block: int
    log: int
    trail: bytes
    party: bytes
    part: bytes
    seal: bytes
    to: bytes
    step: int
    time: int
    head: bytes


class DisputedLog(NamedTuple):
    """A `Disputed` log, in the columns of `ledger_disputes`."""

    block: int
    log: int
    trail: bytes
    party: bytes
    part: bytes
    reason: str


class RefusedLog(NamedTuple):
    """A `CaptureRefused` log; `transaction` is the hash of the transaction that brought the capture."""

    part: bytes
    transaction: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What a run of blocks brought."""

    blocks: Sequence[FollowedBlock]
    transactions: list[tuple[bytes, int]] = field(default_factory=list)
    recorded: list[RecordedLog] = field(default_factory=list)
    disputed: list[DisputedLog] = field(default_factory=list)
    refused: list[RefusedLog] = field(default_factory=list)
    registered: list[tuple[bytes, int]] = field(default_factory=list)
    keys_added: list[bytes] = field(default_factory=list)


async def deployed(session: Session) -> Deployed | None:
    """The newest deployment, or None before the first."""
    statement = text(
        "SELECT provenance, participants, chain_id, start_block FROM deployments ORDER BY created_at DESC LIMIT 1"
    )
    row = (await session.execute(statement)).one_or_none()
    return Deployed(*row) if row else None


async def save_deployment(session: Session, deployment: Deployed) -> None:
    """Notes a deployment."""
    statement = text(
        "INSERT INTO deployments (provenance, participants, chain_id, start_block)"
        " VALUES (:provenance, :participants, :chain_id, :start_block)"
    )
    values = {name: getattr(deployment, name) for name in Deployed.__dataclass_fields__}
    await session.execute(statement, values)


async def follow_from(session: Session, start_block: int) -> None:
    """Moves the block from which the newest deployment is followed: a chain begun anew may have it earlier."""
    statement = text(
        "UPDATE deployments SET start_block = :start WHERE created_at = (SELECT max(created_at) FROM deployments)"
    )
    await session.execute(statement, {"start": start_block})


async def last_block(session: Session) -> FollowedBlock | None:
    """The last block that the mirror follows."""
    statement = text("SELECT number, hash, time FROM blocks ORDER BY number DESC LIMIT 1")
    row = (await session.execute(statement)).one_or_none()
    return FollowedBlock(*row) if row else None


async def blocks_before(session: Session, number: int, limit: int) -> list[FollowedBlock]:
    """Followed blocks up to and including this number, the newest first."""
    statement = text("SELECT number, hash, time FROM blocks WHERE number <= :number ORDER BY number DESC LIMIT :limit")
    rows = await session.execute(statement, {"number": number, "limit": limit})
    return [FollowedBlock(*row) for row in rows.all()]


async def lock_mirror(session: Session) -> None:
    """Lets one watcher at a time move the mirror; held until the transaction ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WATCH_LOCK})


async def follow(session: Session, followed: Followed) -> None:
    """Takes a run of blocks into the mirror; `lock_mirror` came before."""
    await copy(session, "blocks", FollowedBlock._fields, followed.blocks)
    await copy(session, "ledger_entries", RecordedLog._fields, followed.recorded)
    await copy(session, "ledger_disputes", DisputedLog._fields, followed.disputed)
    mined = await _mark_mined(session, followed.transactions)
    await _mark_sealed(session, followed.recorded)
    if mined:
        await _mark_refused(session, followed.refused)
        await _settle_rest(session, mined)
    await _mark_registered(session, followed)


async def _mark_mined(session: Session, transactions: Sequence[tuple[bytes, int]]) -> list[bytes]:
    if not transactions:
        return []
    statement = text(
        "UPDATE transactions SET block = mined.block"
        " FROM unnest(CAST(:hashes AS bytea[]), CAST(:blocks AS bigint[])) AS mined (hash, block)"
        " WHERE transactions.hash = mined.hash RETURNING transactions.hash"
    )
    hashes, blocks = zip(*transactions, strict=True)
    rows = await session.execute(statement, {"hashes": list(hashes), "blocks": list(blocks)})
    return list(rows.scalars())


async def _mark_sealed(session: Session, recorded: Sequence[RecordedLog]) -> None:
    if not recorded:
        return
    # Another party may sign the same entries: they have our part's id and yet are not ours.
    statement = text(
        "UPDATE parts SET state = 2, refusal = NULL"
        " FROM unnest(CAST(:parts AS bytea[]), CAST(:parties AS bytea[])) AS said (part, party)"
        " WHERE parts.id = said.part AND parts.party = said.party"
    )
    parts, parties = zip(*{(log.part, log.party) for log in recorded}, strict=True)
    await session.execute(statement, {"parts": list(parts), "parties": list(parties)})


async def _mark_refused(session: Session, refused: Sequence[RefusedLog]) -> None:
    if not refused:
        return
    # Anybody may bring a spoilt copy of our capture: only the refusal of what we sent ourselves counts.
    statement = text(
        "UPDATE parts SET state = 3, refusal = said.reason, attempts = attempts + 1"
        " FROM unnest(CAST(:parts AS bytea[]), CAST(:transactions AS bytea[]), CAST(:reasons AS text[]))"
        " AS said (part, transaction, reason)"
        " WHERE parts.id = said.part AND parts.transaction = said.transaction AND parts.state = 1"
    )
    parts, transactions, reasons = zip(*refused, strict=True)
    values = {"parts": list(parts), "transactions": list(transactions), "reasons": list(reasons)}
    await session.execute(statement, values)


async def _settle_rest(session: Session, mined: Sequence[bytes]) -> None:
    """Parts of a mined transaction that logged nothing: recorded before (a known capture), or their call failed."""
    statement = text(
        "UPDATE parts SET attempts = attempts + 1, state = CASE WHEN EXISTS"
        " (SELECT FROM ledger_entries WHERE part = parts.id AND party = parts.party) THEN 2 ELSE 0 END"
        " WHERE transaction = ANY(:mined) AND state = 1"
    )
    await session.execute(statement, {"mined": list(mined)})


async def _mark_registered(session: Session, followed: Followed) -> None:
    if followed.registered:
        ids, numbers = zip(*followed.registered, strict=True)
        statement = text(
            "UPDATE parties SET number = said.number"
            " FROM unnest(CAST(:ids AS bytea[]), CAST(:numbers AS bigint[])) AS said (id, number)"
            " WHERE parties.id = said.id"
        )
        await session.execute(statement, {"ids": list(ids), "numbers": list(numbers)})
    if followed.keys_added:
        statement = text("UPDATE signing_keys SET registered_at = now() WHERE address = ANY(:keys)")
        await session.execute(statement, {"keys": list(followed.keys_added)})


async def take_back(session: Session, ancestor: int) -> int:
    """Forgets the blocks after `ancestor`, which the chain no longer has; what they sealed waits to be mined again.

    Returns how many parts are no longer sealed.
    """
    values = {"ancestor": ancestor}
    await session.execute(text("DELETE FROM ledger_disputes WHERE block > :ancestor"), values)
    await session.execute(text("UPDATE transactions SET block = NULL, sent_at = NULL WHERE block > :ancestor"), values)
    undone = await session.execute(
        text(
            "WITH gone AS (DELETE FROM ledger_entries WHERE block > :ancestor RETURNING part, party)"
            " UPDATE parts SET state = CASE WHEN transaction IS NULL THEN 0 ELSE 1 END"
            " FROM (SELECT DISTINCT part, party FROM gone) AS gone"
            " WHERE parts.id = gone.part AND parts.party = gone.party RETURNING parts.id"
        ),
        values,
    )
    count = len(undone.all())
    # Refused in a block that is gone, so not refused: the same transaction is mined again.
    await session.execute(
        text(
            "UPDATE parts SET state = 1, refusal = NULL FROM transactions"
            " WHERE parts.transaction = transactions.hash AND transactions.block IS NULL AND parts.state = 3"
        )
    )
    await session.execute(text("DELETE FROM blocks WHERE number > :ancestor"), values)
    return count


async def forget_blocks(session: Session, before: int) -> None:
    """Drops followed blocks so old that no reorganisation reaches them; entries stay."""
    await session.execute(text("DELETE FROM blocks WHERE number < :before"), {"before": before})


async def requeue_refused(session: Session, reasons: Sequence[str], attempts: int) -> int:
    """Lets parts wait again whose refusal was for a passing reason, at most `attempts` times; returns how many."""
    statement = text(
        "UPDATE parts SET state = 0, transaction = NULL FROM signing_keys"
        " WHERE parts.state = 3 AND parts.refusal = ANY(:reasons) AND parts.attempts < :attempts"
        " AND signing_keys.address = parts.signer AND signing_keys.revoked_at IS NULL RETURNING parts.id"
    )
    rows = await session.execute(statement, {"reasons": list(reasons), "attempts": attempts})
    return len(rows.all())
