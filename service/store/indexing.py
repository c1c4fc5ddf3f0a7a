# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""What an event is found by, as it is written: its terms, its numbers, and who sees it.

Beside the terms of the query language (`service.epcis.query.indexing`) an event has terms for its type and action, and
for the spans of time that it happened and was recorded in, so that one index answers all of them together.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import text

from service.epcis.query.conditions import Column, Indexed
from service.epcis.query.terms import hashed
from service.epcis.query.words import WORDS, word
from service.store.database import Session, copy, insert

FIELDS: dict[Column, str] = {
    "event_type": "eventType",
    "action": "action",
    "biz_step": "bizStep",
    "disposition": "disposition",
    "read_point": "readPoint",
    "biz_location": "bizLocation",
}
"""The field of each column of `events` that has terms; `event_id` has an index of its own."""
TIMES = ("event_time", "record_time")
LONG, SHORT = 1 << 21, 1 << 17
"""Spans of some 24 days and of a day and a half: a store has few long ones, and a short one holds few events."""
_SPANS = {(column, seconds): hashed(f"events.{column} {seconds}") for column in TIMES for seconds in (LONG, SHORT)}
_SOME = 50


class IndexRow(NamedTuple):
    """An event in the columns of `event_terms` but `record_time`; `sort_keys` is JSON."""

    event: int
    event_time: datetime
    terms: list[int]
    sort_keys: str | None


class NumberRow(NamedTuple):
    """A number of an event in the columns of `event_numbers`."""

    field: int
    value: float
    event: int


def column_term(column: Column, value: str) -> int:
    """The term of a value of one of the event's own columns, as the query language indexes it."""
    field = FIELDS[column]
    return hashed(field) ^ hashed(word(WORDS[field], value, {}) if field in WORDS else value)


def span_field(column: str, seconds: int) -> int:
    """The field of which spans of so many seconds are values; a span's term is this XOR its number since 1970."""
    return _SPANS[column, seconds]


def span_terms(column: str, time: datetime) -> list[int]:
    """The terms of the spans, long and short, that a time falls in."""
    return [span_field(column, seconds) ^ math.floor(time.timestamp() / seconds) for seconds in (LONG, SHORT)]


def index_row(event: int, event_time: datetime, event_type: str, action: str | None, indexed: Indexed) -> IndexRow:
    """What is kept of an event for queries."""
    terms = {*indexed.terms, column_term("event_type", event_type), *span_terms("event_time", event_time)}
    if action is not None:
        terms.add(column_term("action", action))
    return IndexRow(event, event_time, sorted(terms), _sort_keys(indexed))


def number_rows(event: int, indexed: Indexed) -> list[NumberRow]:
    """The event's numbers, each once; what is no number is left out, for no range has it."""
    numbers = {(field, value + 0.0) for field, value in indexed.numbers if not math.isnan(value)}
    return [NumberRow(field, value, event) for field, value in sorted(numbers)]


def _sort_keys(indexed: Indexed) -> str | None:
    """As JSON that PostgreSQL takes: no zero bytes, no lone surrogates, no infinite numbers."""
    kept = {field: key for field, key in indexed.sort_keys.items() if _holds(field) and _holds(key)}
    return orjson.dumps(kept).decode() if kept else None


def _holds(value: str | float) -> bool:
    return is_text(value) if isinstance(value, str) else math.isfinite(value)


def is_text(value: str) -> bool:
    """Whether PostgreSQL can hold it: no zero bytes, no lone surrogates."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


_SORT_IN = text("SELECT gin_clean_pending_list(CAST('ix_event_terms_terms' AS regclass))")


async def write_index(
    session: Session, rows: Sequence[IndexRow], numbers: Sequence[NumberRow], record_time: datetime
) -> None:
    """Writes what queries find these events by, all recorded at the same time."""
    if not rows:
        return
    recorded = span_terms("record_time", record_time)
    full = [(row.event, row.event_time, record_time, [*row.terms, *recorded], row.sort_keys) for row in rows]
    await copy(session, "event_terms", ("event", "event_time", "record_time", "terms", "sort_keys"), full)
    # New terms wait in a list that every query searches. Sorted in at once they cost less than half of one by one.
    await session.execute(_SORT_IN)
    write = copy if len(numbers) > _SOME else insert
    await write(session, "event_numbers", NumberRow._fields, numbers)


_SHOWN = (
    " shown AS (INSERT INTO event_parties (party, record_time, event, by_trail, event_time)"
    " SELECT DISTINCT party, record_time, event, by_trail, event_time FROM seen"
    " ORDER BY 1, 2, 3 ON CONFLICT (party, record_time, event) DO UPDATE SET by_trail = true"
    " WHERE excluded.by_trail AND NOT event_parties.by_trail RETURNING party, by_trail, event)"
    " INSERT INTO party_values (party, by_trail, field, value)"
    " SELECT DISTINCT shown.party, shown.by_trail, named.field, named.value FROM shown"
    " JOIN events ON events.seq = shown.event CROSS JOIN LATERAL (VALUES ('event_type', event_type),"
    " ('biz_step', biz_step), ('disposition', disposition), ('read_point', read_point), ('biz_location', biz_location))"
    " AS named (field, value)"
    # An index entry takes some 2,700 bytes; what is longer is found, but not listed.
    " WHERE octet_length(named.value) <= 2000 ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING"
)
_SHOW = text(
    "WITH fresh AS MATERIALIZED (SELECT event, event_time FROM unnest(CAST(:events AS bigint[]),"
    " CAST(:times AS timestamptz[])) AS row (event, event_time)), by_trail AS MATERIALIZED ("
    " SELECT DISTINCT part.party, fresh.event, fresh.event_time"
    " FROM fresh JOIN mentions ON mentions.event = fresh.event"
    " JOIN trail_parties AS part ON part.trail = mentions.trail),"
    " seen AS (SELECT party, true AS by_trail, CAST(:recorded AS timestamptz) AS record_time, event, event_time"
    " FROM by_trail UNION ALL SELECT :author, false, CAST(:recorded AS timestamptz), event, event_time FROM fresh"
    " WHERE NOT EXISTS (SELECT FROM by_trail WHERE by_trail.event = fresh.event AND by_trail.party = :author)),"
    f"{_SHOWN}"
)
_SHOW_OLDER = text(
    "WITH seen AS (SELECT part.party, true AS by_trail, events.record_time, events.seq AS event, events.event_time"
    " FROM unnest(CAST(:trails AS bytea[]), CAST(:parties AS bytea[])) AS part (trail, party)"
    " JOIN mentions ON mentions.trail = part.trail JOIN events ON events.seq = mentions.event"
    f" WHERE events.document IS NOT NULL),{_SHOWN}"
)


async def show_events(
    session: Session, author: bytes, events: Sequence[tuple[int, datetime]], record_time: datetime
) -> None:
    """Notes who sees the events (number, event time) that `author` tells now; their mentions are written."""
    if events:
        numbers, times = zip(*events, strict=True)
        values = {"author": author, "events": list(numbers), "times": list(times), "recorded": record_time}
        await session.execute(_SHOW, values)


async def show_older(session: Session, shared: Iterable[tuple[bytes, bytes]]) -> None:
    """Notes that parties see what was told before on trails that they just got a part in: (trail, party)."""
    pairs = sorted(shared)
    if pairs:
        trails, parties = zip(*pairs, strict=True)
        await session.execute(_SHOW_OLDER, {"trails": list(trails), "parties": list(parties)})


class UnindexedRow(NamedTuple):
    """An event whose terms are to be made."""

    event: int
    event_type: str
    action: str | None
    event_time: datetime
    record_time: datetime
    document: bytes


async def take_unindexed(session: Session, limit: int) -> list[UnindexedRow]:
    """Some events that wait to be indexed and that no other worker has taken; theirs until the commit."""
    statement = text(
        "WITH taken AS (DELETE FROM events_to_index WHERE event IN (SELECT event FROM events_to_index ORDER BY event"
        " LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING event)"
        " SELECT seq, event_type, action, event_time, record_time, document FROM events"
        " WHERE seq IN (SELECT event FROM taken) AND document IS NOT NULL ORDER BY seq FOR SHARE"
    )
    return [UnindexedRow(*row) for row in (await session.execute(statement, {"limit": limit})).all()]


async def replace_index(
    session: Session, rows: Sequence[tuple[IndexRow, datetime]], numbers: Sequence[NumberRow]
) -> None:
    """Writes events' terms (each with when it was recorded) and numbers, in the place of those that they had."""
    events = {"events": [row.event for row, _ in rows]}
    await session.execute(text("DELETE FROM event_terms WHERE event = ANY(CAST(:events AS bigint[]))"), events)
    await session.execute(text("DELETE FROM event_numbers WHERE event = ANY(CAST(:events AS bigint[]))"), events)
    for recorded in sorted({recorded for _, recorded in rows}):
        await write_index(session, [row for row, when in rows if when == recorded], (), recorded)
    await copy(session, "event_numbers", NumberRow._fields, numbers)
