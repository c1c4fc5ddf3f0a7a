"""Accepted documents: written as a whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.store.database import Session, copy, insert
from service.store.indexing import IndexRow, NumberRow, show_events, show_older, write_index
from service.store.parts_in_trails import NotLocked, begin_trails, lock_trails, share_offered


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A capture as stored; `seq` orders all captures by acceptance, `proceed`: faulty events were to be left out.

    `header` is what the document says of itself, read for a single capture only.
    """

    id: UUID
    seq: int
    request_hash: bytes
    received_at: datetime
    events: int
    entries: int
    refused: list[Any]
    proceed: bool
    header: dict[str, Any] | None = None


class PartRow(NamedTuple):
    """A part in the columns that the relay needs."""

    id: bytes
    capture: UUID
    party: bytes
    signer: bytes
    deadline: int
    signature: bytes
    entries: bytes
    entry_count: int


class EventRow(NamedTuple):
    """An event in the columns of `events` but `record_time`."""

    seq: int
    event_id: str
    declares_error: bool
    event_hash: str
    party: bytes
    capture: UUID
    position: int
    event_type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    event_time: datetime
    document: bytes
    seal: bytes


class MentionRow(NamedTuple):
    """An entry in the columns of `mentions`."""

    trail: bytes
    event: int
    part: bytes
    role: str
    step: int


class LinkRow(NamedTuple):
    """A tie in the columns of `links`; `child` is empty where the event unties everything from its parent."""

    parent: bytes
    child: bytes
    event: int
    kind: str
    action: str
    event_time: datetime


@dataclass(frozen=True, slots=True)
class NewCapture:
    """Everything that one accepted document writes; `trails` are (id, identifier, kind), `offers` (trail, to whom),
    `shipments` (trail, event number, time of booking).
    """

    id: UUID
    party: bytes
    idempotency_key: str | None
    request_hash: bytes
    refused: list[Any]
    events: Sequence[EventRow]
    nonces: Sequence[tuple[int, bytes]]
    mentions: Sequence[MentionRow]
    links: Sequence[LinkRow]
    shipments: Sequence[tuple[bytes, int, datetime]]
    trails: Sequence[tuple[bytes, str, str]]
    offers: Sequence[tuple[bytes, bytes]]
    parts: Sequence[PartRow]
    proceed: bool
    header: dict[str, Any] | None
    index: Sequence[IndexRow]
    numbers: Sequence[NumberRow]


class Conflict(Exception):
    """Another capture wrote the same idempotency key, event id or seal first, or packed what this one offers; the
    session is unusable.
    """


async def reserve_events(session: Session, count: int) -> list[int]:
    """So many fresh event numbers, ascending."""
    statement = text(
        "SELECT nextval(events_seq) FROM generate_series(1, :count),"
        " (SELECT pg_get_serial_sequence('events', 'seq')::regclass AS events_seq OFFSET 0) AS sequence"
    )
    return sorted((await session.execute(statement, {"count": count})).scalars())


async def write_capture(session: Session, new: NewCapture) -> CaptureRow:
    """Writes an accepted document.

    What others may write too is written in one order, so that two captures never wait for each other in a circle.

    Raises:
        Conflict: its idempotency key, one of its event ids or one of its seals was written meanwhile, or something
            was put into what it offers.
    """
    by_id = sorted(new.events, key=lambda event: (event.event_id, event.declares_error))
    try:
        capture = await _insert_capture(session, new)
        await begin_trails(session, new.party, new.trails)
        locked = await lock_trails(session, [trail for trail, _, _ in new.trails], offering=bool(new.offers))
        await copy(session, "events", EventRow._fields, by_id)
        await insert(session, "parts", PartRow._fields, new.parts)
    except IntegrityError as fault:
        raise Conflict from fault
    await copy(session, "nonces", ("event", "nonce"), new.nonces)
    await copy(session, "mentions", MentionRow._fields, new.mentions)
    await insert(session, "links", LinkRow._fields, new.links)
    try:
        shared = await share_offered(session, new.party, new.offers, locked)
    except NotLocked as fault:
        raise Conflict from fault
    await insert(session, "shipments", ("trail", "event", "booked_at"), new.shipments)
    await write_index(session, new.index, new.numbers, capture.received_at)
    await show_older(session, shared)
    times = [(row.seq, row.event_time) for row in new.events]
    await show_events(session, new.party, times, capture.received_at)
    return capture


async def _insert_capture(session: Session, new: NewCapture) -> CaptureRow:
    statement = text(
        "INSERT INTO captures (id, party, idempotency_key, request_hash, events, entries, refused, proceed, header)"
        " VALUES (:id, :party, :idempotency_key, :request_hash, :events, :entries, CAST(:refused AS jsonb), :proceed,"
        " CAST(:header AS jsonb))"
        " RETURNING id, seq, request_hash, received_at, events, entries, refused, proceed, header"
    )
    values = {
        "id": new.id,
        "party": new.party,
        "idempotency_key": new.idempotency_key,
        "request_hash": new.request_hash,
        "events": len(new.events),
        "entries": len(new.mentions),
        "refused": orjson.dumps(new.refused).decode(),
        "proceed": new.proceed,
        "header": None if new.header is None else orjson.dumps(new.header).decode(),
    }
    return CaptureRow(*(await session.execute(statement, values)).one())


async def known_events(
    session: Session, party: bytes, ids: Sequence[tuple[str, bool]], macs: Sequence[bytes]
) -> list[tuple[str, bool, UUID | None]]:
    """Those of the events (eventID, whether it declares an error) that this party captured before, with the capture.

    `macs` are those of the eventIDs (`service.erasure.alias`): erased ones are known by these, without their capture.
    Both are looked for in one statement: an event that is erased just now is in one of the two.
    """
    statement = text(
        "WITH asked AS (SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:declaring AS boolean[]),"
        " CAST(:macs AS bytea[])) AS asked (id, declaring, mac))"
        " SELECT event_id, declares_error, capture FROM events JOIN asked"
        " ON events.event_id = asked.id AND events.declares_error = asked.declaring WHERE events.party = :party"
        " UNION ALL SELECT asked.id, asked.declaring, NULL FROM erasures JOIN asked"
        " ON erasures.event_mac = asked.mac AND erasures.declares_error = asked.declaring"
        " WHERE erasures.party = :party"
    )
    names, declaring = zip(*ids, strict=True)
    values = {"ids": list(names), "declaring": list(declaring), "macs": list(macs), "party": party}
    rows = await session.execute(statement, values)
    return [(row[0], row[1], row[2]) for row in rows.all()]


async def capture_by_key(session: Session, party: bytes, idempotency_key: str) -> CaptureRow | None:
    """The party's capture with this Idempotency-Key."""
    statement = text(
        "SELECT id, seq, request_hash, received_at, events, entries, refused, proceed, header FROM captures"
        " WHERE party = :party AND idempotency_key = :key"
    )
    row = (await session.execute(statement, {"party": party, "key": idempotency_key})).one_or_none()
    return CaptureRow(*row) if row else None


async def capture_by_id(session: Session, party: bytes, capture: UUID) -> CaptureRow | None:
    """The party's capture with this id."""
    statement = text(
        "SELECT id, seq, request_hash, received_at, events, entries, refused, proceed, header FROM captures"
        " WHERE party = :party AND id = :id"
    )
    row = (await session.execute(statement, {"party": party, "id": capture})).one_or_none()
    return CaptureRow(*row) if row else None


async def captures_before(session: Session, party: bytes, before: int | None, limit: int) -> list[CaptureRow]:
    """The party's captures, the newest first, from before the one with this `seq`."""
    statement = text(
        "SELECT id, seq, request_hash, received_at, events, entries, refused, proceed FROM captures"
        " WHERE party = :party AND (CAST(:before AS bigint) IS NULL OR seq < :before) ORDER BY seq DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"party": party, "before": before, "limit": limit})
    return [CaptureRow(*row) for row in rows.all()]


class PartStatus(NamedTuple):
    """Where a part is: its state (`outbox.PartState`), the transaction that carries it and that one's block."""

    capture: UUID
    id: bytes
    state: int
    entry_count: int
    signer: bytes
    deadline: int
    transaction: bytes | None
    block: int | None
    refusal: str | None


async def part_statuses(session: Session, captures: Sequence[UUID]) -> list[PartStatus]:
    """The parts of these captures in order."""
    statement = text(
        "SELECT parts.capture, parts.id, parts.state, parts.entry_count, parts.signer, parts.deadline,"
        " parts.transaction, transactions.block, parts.refusal"
        " FROM parts LEFT JOIN transactions ON transactions.hash = parts.transaction"
        " WHERE parts.capture = ANY(:captures) ORDER BY parts.seq"
    )
    return [PartStatus(*row) for row in (await session.execute(statement, {"captures": list(captures)})).all()]


async def event_ids(session: Session, capture: UUID) -> list[str]:
    """The ids of a capture's events in the order of its document."""
    statement = text("SELECT event_id FROM events WHERE capture = :capture ORDER BY position")
    return list((await session.execute(statement, {"capture": capture})).scalars())
