"""What bundles are made of: a trail's entries as the ledger recorded them, the events, signatures and erasures."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session


class EntryRow(NamedTuple):
    """An entry of the ledger; `part` is the id of the capture that recorded it."""

    trail: bytes
    block: int
    log: int
    part: bytes
    seal: bytes
    party: bytes
    to: bytes
    step: int
    time: int


class EventRow(NamedTuple):
    """An event that is not erased."""

    seal: bytes
    party: bytes
    event_id: str
    document: bytes
    nonce: bytes


class PartRow(NamedTuple):
    """A signed capture; `entries` are ABI words, 128 bytes each."""

    id: bytes
    party: bytes
    entries: bytes
    deadline: int
    signature: bytes


class ErasureRow(NamedTuple):
    """An erasure, by whom (32-byte party id), when and why."""

    seal: bytes
    party: bytes
    at: datetime
    reason: str


class Size(NamedTuple):
    """How many entries the trails have, and how many bytes their documents; those on several trails count for each."""

    entries: int
    document_bytes: int


async def size_of(session: Session, trails: Sequence[bytes], to_block: int) -> Size:
    """What there is of the trails up to a block."""
    statement = text(
        "SELECT count(*), coalesce(sum(octet_length(event.document)), 0)::bigint FROM ledger_entries AS entry"
        " LEFT JOIN events AS event ON event.seal = entry.seal AND event.party = entry.party"
        " WHERE entry.trail = ANY(:trails) AND entry.block <= :to_block"
    )
    row = (await session.execute(statement, {"trails": list(trails), "to_block": to_block})).one()
    return Size(*row)


async def entries_of(session: Session, trails: Sequence[bytes], to_block: int) -> list[EntryRow]:
    """The entries of the trails up to a block, by trail, each trail's in the ledger's order."""
    statement = text(
        'SELECT trail, block, log, part, seal, party, "to", step, time FROM ledger_entries'
        " WHERE trail = ANY(:trails) AND block <= :to_block ORDER BY trail, block, log"
    )
    rows = await session.execute(statement, {"trails": list(trails), "to_block": to_block})
    return [EntryRow._make(row) for row in rows.all()]


async def events_of(session: Session, seals: Sequence[bytes]) -> list[EventRow]:
    """The events with these seals, as far as they are not erased."""
    statement = text(
        "SELECT event.seal, event.party, event.event_id, event.document, nonces.nonce FROM events AS event"
        " JOIN nonces ON nonces.event = event.seq WHERE event.seal = ANY(:seals) AND event.document IS NOT NULL"
    )
    return [EventRow._make(row) for row in (await session.execute(statement, {"seals": list(seals)})).all()]


async def parts_of(session: Session, ids: Sequence[bytes]) -> list[PartRow]:
    """The captures with these ids, as far as they came through the service."""
    statement = text("SELECT id, party, entries, deadline, signature FROM parts WHERE id = ANY(:ids)")
    return [PartRow._make(row) for row in (await session.execute(statement, {"ids": list(ids)})).all()]


async def erasures_of(session: Session, seals: Sequence[bytes]) -> list[ErasureRow]:
    """The erasures of the events with these seals."""
    statement = text("SELECT seal, by_party, at, reason FROM erasures WHERE seal = ANY(:seals) ORDER BY seq")
    return [ErasureRow._make(row) for row in (await session.execute(statement, {"seals": list(seals)})).all()]
