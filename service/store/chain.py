"""The mirror of the chain: followed blocks, what the contracts logged in them, and taking both back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import text

from service.store import register, transactions
from service.store.database import Session, copy, hold_briefly
from service.store.outbox import FAILED
from service.store.register import RegistryLog

_WATCH_LOCK = 7_412_092
_ATTEMPTS = 5


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
    """What a run of blocks brought; `transactions` are (hash, block) of everybody's, `reverted` hashes of ours."""

    blocks: Sequence[FollowedBlock]
    transactions: list[tuple[bytes, int]] = field(default_factory=list)
    reverted: list[bytes] = field(default_factory=list)
    recorded: list[RecordedLog] = field(default_factory=list)
    disputed: list[DisputedLog] = field(default_factory=list)
    refused: list[RefusedLog] = field(default_factory=list)
    registered: list[tuple[bytes, int]] = field(default_factory=list)
    reinstated: list[bytes] = field(default_factory=list)
    keys_added: list[bytes] = field(default_factory=list)
    keys_revoked: list[tuple[bytes, int]] = field(default_factory=list)
    registry: list[RegistryLog] = field(default_factory=list)


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
        " AND start_block <> :start"
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


async def lock_mirror(session: Session) -> bool:
    """Lets one watcher at a time move the mirror, until the transaction ends; False where another does just now.

    Who holds the lock and says nothing for a while loses it with its transaction.
    """
    await hold_briefly(session)
    statement = text("SELECT pg_try_advisory_xact_lock(:lock)")
    return bool((await session.execute(statement, {"lock": _WATCH_LOCK})).scalar_one())


async def wait_for_mirror(session: Session) -> None:
    """As `lock_mirror`, once nobody else moves it any more, which nobody does for long; `lock_order` came before."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WATCH_LOCK})


async def follow(session: Session, followed: Followed) -> list[tuple[bytes, str]]:
    """Takes a run of blocks into the mirror; `lock_mirror` came before.

    Returns hash and purpose of those of our transactions that were mined without effect.
    """
    await copy(session, "blocks", FollowedBlock._fields, followed.blocks)
    await copy(session, "ledger_entries", RecordedLog._fields, followed.recorded)
    await copy(session, "ledger_disputes", DisputedLog._fields, followed.disputed)
    mined = await transactions.mark_mined(session, followed.transactions)
    await _mark_sealed(session, followed.recorded)
    failed = list(followed.reverted)
    if mined:
        await _mark_refused(session, followed.refused)
        failed += await _settle_rest(session, mined)
    await register.follow(session, followed.registry)
    await _mark_registered(session, followed)
    await _wait_again(session, followed)
    return await transactions.mark_failed(session, failed)


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
    parts, carriers, reasons = zip(*refused, strict=True)
    values = {"parts": list(parts), "transactions": list(carriers), "reasons": list(reasons)}
    await session.execute(statement, values)


async def _settle_rest(session: Session, mined: Sequence[bytes]) -> list[bytes]:
    """Parts of a mined transaction that logged nothing: they were recorded before, or it had no effect.

    Returns the transactions that had none. Their parts wait again, a few times.
    """
    known = text(
        "UPDATE parts SET state = 2, refusal = NULL WHERE transaction = ANY(:mined) AND state = 1"
        " AND EXISTS (SELECT FROM ledger_entries WHERE part = parts.id AND party = parts.party)"
    )
    await session.execute(known, {"mined": list(mined)})
    lost = text(
        "UPDATE parts SET attempts = attempts + 1, state = CASE WHEN attempts + 1 < :most THEN 0 ELSE 3 END,"
        " transaction = CASE WHEN attempts + 1 < :most THEN NULL ELSE transaction END,"
        " refusal = CASE WHEN attempts + 1 < :most THEN NULL ELSE :failed END"
        " FROM (SELECT id, transaction AS carrier FROM parts WHERE transaction = ANY(:mined) AND state = 1) AS old"
        " WHERE parts.id = old.id RETURNING old.carrier"
    )
    values = {"mined": list(mined), "most": _ATTEMPTS, "failed": FAILED}
    return list(set((await session.execute(lost, values)).scalars()))


async def _mark_registered(session: Session, followed: Followed) -> None:
    if followed.registered:
        ids, numbers = zip(*followed.registered, strict=True)
        values = {"ids": list(ids), "numbers": list(numbers)}
        # On a chain begun anew the numbers may be dealt out otherwise, and no two parties may have one meanwhile.
        await session.execute(text("UPDATE parties SET number = NULL WHERE number = ANY(:numbers)"), values)
        statement = text(
            "UPDATE parties SET number = said.number"
            " FROM unnest(CAST(:ids AS bytea[]), CAST(:numbers AS bigint[])) AS said (id, number)"
            " WHERE parties.id = said.id"
        )
        await session.execute(statement, values)
    if followed.keys_added:
        statement = text("UPDATE signing_keys SET registered_at = now() WHERE address = ANY(:keys)")
        await session.execute(statement, {"keys": list(followed.keys_added)})
    if followed.keys_revoked:
        keys, since = zip(*followed.keys_revoked, strict=True)
        statement = text(
            "UPDATE signing_keys SET revoked_at = coalesce(revoked_at, now()),"
            " compromised_from = least(compromised_from, to_timestamp(said.since))"
            " FROM unnest(CAST(:keys AS bytea[]), CAST(:since AS bigint[])) AS said (address, since)"
            " WHERE signing_keys.address = said.address"
        )
        await session.execute(statement, {"keys": list(keys), "since": list(since)})


async def _wait_again(session: Session, followed: Followed) -> None:
    """Lets parts wait again that were refused for want of what the chain has now."""
    if not followed.keys_added and not followed.reinstated:
        return
    statement = text(
        "UPDATE parts SET state = 0, transaction = NULL, refusal = NULL WHERE state = 3"
        " AND ((refusal = 'UnknownKey' AND signer = ANY(:keys))"
        " OR (refusal = 'PartySuspended' AND party = ANY(:parties)))"
    )
    await session.execute(statement, {"keys": list(followed.keys_added), "parties": list(followed.reinstated)})


async def take_back(session: Session, ancestor: int) -> int:
    """Forgets the blocks after `ancestor`, which the chain no longer has; what they sealed waits to be mined again.

    Returns how many parts are no longer sealed.
    """
    values = {"ancestor": ancestor}
    await session.execute(text("DELETE FROM ledger_disputes WHERE block > :ancestor"), values)
    await register.take_back(session, ancestor)
    await transactions.unmine(session, ancestor)
    undone = await session.execute(
        text(
            "WITH gone AS (DELETE FROM ledger_entries WHERE block > :ancestor RETURNING part, party)"
            " UPDATE parts SET state = CASE WHEN transaction IS NULL THEN 0 ELSE 1 END"
            " FROM (SELECT DISTINCT part, party FROM gone) AS gone"
            " WHERE parts.id = gone.part AND parts.party = gone.party RETURNING parts.id"
        ),
        values,
    )
    unsealed = list(undone.scalars())
    # Refused in a block that is gone, so not refused: the same transaction is mined again.
    await session.execute(
        text(
            "UPDATE parts SET state = 1, refusal = NULL FROM transactions"
            " WHERE parts.transaction = transactions.hash AND transactions.block IS NULL AND parts.state = 3"
        )
    )
    # Somebody else's transaction sealed it, after an older one of ours that was refused: it needs a new one.
    await session.execute(
        text(
            "UPDATE parts SET state = 0, transaction = NULL FROM transactions WHERE parts.id = ANY(:parts)"
            " AND parts.transaction = transactions.hash AND transactions.block IS NOT NULL AND parts.state = 1"
        ),
        {"parts": unsealed},
    )
    await session.execute(text("DELETE FROM blocks WHERE number > :ancestor"), values)
    if ancestor < 0:
        await session.execute(text("UPDATE parties SET number = NULL WHERE number IS NOT NULL"))
        await session.execute(text("UPDATE signing_keys SET registered_at = NULL WHERE registered_at IS NOT NULL"))
    return len(unsealed)


async def forget_blocks(session: Session, before: int) -> None:
    """Drops followed blocks so old that no reorganisation should reach them; entries stay.

    The first one and every thousandth are kept, so that one which does reach them is still undone to a common block.
    """
    statement = text(
        "DELETE FROM blocks WHERE number < :before AND number % 1000 <> 0 AND number > (SELECT min(number) FROM blocks)"
    )
    await session.execute(statement, {"before": before})
