"""What an audit reads: the statements of many trails at once, with their signers' keys, disputes and erasures."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session


class StatementRow(NamedTuple):
    """An entry as the ledger recorded it, with its event where the service has it.

    `to`: 32 bytes, zero for nobody. `time`, `bound_from`, `compromised_from`: Unix seconds. `signer`: 20 bytes, None
    where another relay brought the entry. `captured`: the service has, or had, the event; `erased`: it was erased.
    """

    trail: bytes
    block: int
    log: int
    seal: bytes
    party: bytes
    to: bytes
    step: int
    time: int
    signer: bytes | None
    bound_from: int | None
    compromised_from: int | None
    captured: bool
    erased: bool
    document: bytes | None
    nonce: bytes | None


class DisputedRow(NamedTuple):
    """A dispute of the entry that the ledger recorded last before it on the same trail."""

    trail: bytes
    block: int
    log: int
    reason: str


_STATEMENTS = text(
    'SELECT entry.trail, entry.block, entry.log, entry.seal, entry.party, entry."to", entry.step, entry.time,'
    " part.signer, added.since, revoked.since, event.seq IS NOT NULL,"
    " event.seq IS NOT NULL AND event.document IS NULL, event.document, nonces.nonce"
    " FROM unnest(CAST(:trails AS bytea[])) AS asked (trail)"
    " JOIN ledger_entries AS entry ON entry.trail = asked.trail"
    " LEFT JOIN parts AS part ON part.id = entry.part AND part.party = entry.party"
    " LEFT JOIN LATERAL (SELECT min(greatest(told.valid_from, told.time)) AS since FROM registry_events AS told"
    "  WHERE told.key = part.signer AND told.kind = 'KeyAdded') AS added ON true"
    " LEFT JOIN LATERAL (SELECT min(told.compromised_from) AS since FROM registry_events AS told"
    "  WHERE told.key = part.signer AND told.kind = 'KeyRevoked') AS revoked ON true"
    " LEFT JOIN events AS event ON event.seal = entry.seal AND event.party = entry.party AND EXISTS (SELECT FROM"
    "  mentions WHERE mentions.event = event.seq AND mentions.trail = entry.trail AND mentions.step = entry.step)"
    " LEFT JOIN nonces ON nonces.event = event.seq"
    " ORDER BY entry.trail, entry.block, entry.log"
)


async def counts(session: Session, trails: Sequence[bytes]) -> dict[bytes, int]:
    """How many entries the ledger has of each of the trails, where there are any."""
    statement = text("SELECT trail, count(*) FROM ledger_entries WHERE trail = ANY(:trails) GROUP BY trail")
    rows = await session.execute(statement, {"trails": list(trails)})
    return {bytes(row[0]): int(row[1]) for row in rows.all()}


async def statements(session: Session, trails: Sequence[bytes]) -> list[StatementRow]:
    """The entries of the trails, each trail's in the ledger's order.

    An event belongs to an entry only where party, seal, trail and step agree: anybody can record another's seal.
    """
    rows = await session.execute(_STATEMENTS, {"trails": list(trails)})
    return [StatementRow(*row) for row in rows.all()]


async def disputes(session: Session, trails: Sequence[bytes]) -> list[DisputedRow]:
    """The disputes on the trails, each trail's in the ledger's order."""
    statement = text(
        "SELECT trail, block, log, reason FROM ledger_disputes WHERE trail = ANY(:trails) ORDER BY trail, block, log"
    )
    return [DisputedRow(*row) for row in (await session.execute(statement, {"trails": list(trails)})).all()]


async def unsealed(session: Session, trails: Sequence[bytes]) -> dict[bytes, int]:
    """How many captured statements of each trail the ledger's mirror does not have, where there are any."""
    statement = text(
        "SELECT mentions.trail, count(*) FROM mentions JOIN events AS event ON event.seq = mentions.event"
        " WHERE mentions.trail = ANY(:trails) AND NOT EXISTS (SELECT FROM ledger_entries AS entry"
        " WHERE entry.seal = event.seal AND entry.trail = mentions.trail AND entry.party = event.party"
        " AND entry.step = mentions.step) GROUP BY mentions.trail"
    )
    rows = await session.execute(statement, {"trails": list(trails)})
    return {bytes(row[0]): int(row[1]) for row in rows.all()}


async def seals_of_processes(session: Session, processes: Sequence[bytes]) -> dict[bytes, frozenset[bytes]]:
    """The seals of all events that name each of these processes (transformationIDs, by what would be their trail)."""
    statement = text(
        "SELECT asked.process, array_agg(DISTINCT event.seal)"
        " FROM unnest(CAST(:processes AS bytea[])) AS asked (process)"
        " JOIN links ON links.kind = 'transformation' AND (links.parent = asked.process OR links.child = asked.process)"
        " JOIN events AS event ON event.seq = links.event WHERE NOT event.declares_error GROUP BY asked.process"
    )
    rows = await session.execute(statement, {"processes": list(processes)})
    return {bytes(row[0]): frozenset(map(bytes, row[1])) for row in rows.all()}


async def last_block(session: Session) -> tuple[int, int] | None:
    """Number and time (Unix seconds) of the newest block that the mirror has."""
    row = (await session.execute(text("SELECT number, time FROM blocks ORDER BY number DESC LIMIT 1"))).one_or_none()
    return (row[0], row[1]) if row else None
