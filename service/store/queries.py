# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Events as queries find them: one statement for a page of a query, whoever asks (docs/adr/0006-queries-by-terms.md).

A page is taken in one of two ways:

1. *Gathered*: all matches are looked up by their terms and the first ones in order are kept. For rare terms, and for
   orders that no index has.
2. *Walked*: the next few hundred events that the viewer sees are looked at in order. Where that does not fill the
   page, what lies beyond is gathered, one span of time after the other, until it does. For everything else: what is
   frequent is met soon, and what is frequent only far away is found there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.epcis.query.conditions import Order, Query
from service.epcis.query.faults import QueryTooComplex
from service.store.conditions import SEEN, SEERS, TimeColumn, compiled
from service.store.database import Session
from service.store.frequencies import Frequencies
from service.store.indexing import LONG, SHORT, span_field
from service.store.trails import Viewer

FEW = 2_000
"""Matches that are gathered at once without a thought."""
MANY = 20_000
"""Matches of which a long span may hold a thousand, and more."""
_STEPS, _STEPS_PER_ROW = 600, 20
"""Events that a walk looks at: at least so many, and so many for each row of the page."""
_COLUMNS: dict[str, TimeColumn] = {"eventTime": "event_time", "recordTime": "record_time"}
_PLANNING = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('max_parallel_workers_per_gather', '0', true), set_config('statement_timeout', :milliseconds, true)"
)
SECONDS = 10.0
"""For one query: one that looks for what is not there, in many ways at once, is not to keep all others waiting."""
_CANCELED = "57014"
_FOUND = "e.seq, e.event_id, e.document, e.record_time, e.event_hash, e.capture, e.party"


class Place(NamedTuple):
    """Where a page begins: after the event with this number and this key of the order.

    `key`: a time, or the JSON text of a value that events are ordered by, None where the event has none.
    """

    key: datetime | str | None
    event: int


class FoundRow(NamedTuple):
    """An event that a query found. `key` is its place in the query's order, `written_in` the transaction that wrote it
    (of `matching_after` only; 0 otherwise).
    """

    seq: int
    event_id: str
    document: bytes
    record_time: datetime
    event_hash: str
    capture: UUID
    party: bytes
    key: datetime | str | None = None
    written_in: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a query; `matching` counts all matches where that was asked for, up to one more than the most."""

    rows: list[FoundRow]
    matching: int = 0


@dataclass(frozen=True, slots=True)
class _Ordering:
    """The order of a query: by one of the two times, or by the value of an extension field; then by event number."""

    column: TimeColumn | None
    field: str
    ascending: bool

    @property
    def way(self) -> str:
        return "ASC" if self.ascending else "DESC"

    @property
    def beyond(self) -> str:
        return ">" if self.ascending else "<"


def _ordering(order: Order | None) -> _Ordering:
    if order is None:
        return _Ordering("record_time", "", ascending=True)
    return _Ordering(_COLUMNS.get(order.field), order.field, order.ascending)


class _Page:
    """One page of a query, on its way to a statement."""

    def __init__(self, query: Query, viewer: Viewer, after: Place | None, limit: int) -> None:
        self.viewer, self.after = viewer, after
        self.order = _ordering(query.order)
        self.found = compiled(query, viewer)
        self.limit = self.found.bind(limit)
        self.steps = self.found.bind(max(_STEPS, _STEPS_PER_ROW * limit))
        self.most = None if query.most is None or after is not None else self.found.bind(query.most + 1)

    def statement(self, frequencies: Frequencies) -> str:
        """The whole statement; every row is one of `FoundRow`'s first eight columns and the count of matches."""
        found, column = self.found, self.order.column
        if column is None:
            parts, key = self._gathered_by_field(), "CAST(found.key AS text)"
        else:
            fewest = frequencies.fewest(found.alternatives) if found.alternatives else None
            if found.few or (fewest is not None and fewest <= FEW):
                parts = self._gathered(column)
            else:
                parts = self._walked(column, often=fewest is not None and fewest > MANY)
            key = "found.key"
        way = self.order.way
        return (
            f"WITH RECURSIVE {', '.join([*found.tables, *parts])}"
            f" SELECT {_FOUND}, {key}, {self._matching()} FROM found JOIN events AS e ON e.seq = found.event"
            f" ORDER BY found.key {way} NULLS LAST, e.seq {way}"
        )

    def _matching(self) -> str:
        if self.most is None:
            return "0"
        where = " AND ".join(self._seen(self.found.unless_bounds(None))) or "true"
        return f"(SELECT count(*) FROM (SELECT FROM {self.found.source} WHERE {where} LIMIT {self.most}) AS matching)"

    def _seen(self, where: Sequence[str]) -> list[str]:
        return list(where) if self.viewer.sees_all else [*where, SEEN]

    # Gathered

    def _gathered(self, column: TimeColumn) -> list[str]:
        where = [*self._seen(self.found.unless_bounds(None)), *self._after(column, "t")]
        return [f"found AS MATERIALIZED ({self._first(column, where)})"]

    def _first(self, column: TimeColumn, where: Sequence[str]) -> str:
        """The first matches in order. The order is written so that no index has it: all matches are gathered."""
        way = self.order.way
        return (
            f"SELECT t.event, t.{column} AS key FROM {self.found.source} WHERE {' AND '.join(where) or 'true'}"
            f" ORDER BY t.{column} AT TIME ZONE 'UTC' {way}, t.event {way} LIMIT {self.limit}"
        )

    def _gathered_by_field(self) -> list[str]:
        """By the value of a field: texts before numbers, as JSON compares them; events without the field come last."""
        way, beyond = self.order.way, self.order.beyond
        key = f"(t.sort_keys -> CAST({self.found.bind(self.order.field)} AS text))"
        where = self._seen(self.found.unless_bounds(None))
        if self.after is not None:
            event = f"t.event {beyond} {self.found.bind(self.after.event)}"
            if self.after.key is None:
                where.append(f"({key} IS NULL AND {event})")
            else:
                last = f"CAST(CAST({self.found.bind(self.after.key)} AS text) AS jsonb)"
                where.append(f"({key} {beyond} {last} OR ({key} = {last} AND {event}) OR {key} IS NULL)")
        found = (
            f"found AS MATERIALIZED (SELECT t.event, {key} AS key FROM {self.found.source}"
            f" WHERE {' AND '.join(where) or 'true'} ORDER BY 2 {way} NULLS LAST, 1 {way} LIMIT {self.limit})"
        )
        return [found]

    def _after(self, column: TimeColumn, row: str) -> list[str]:
        if self.after is None:
            return []
        key, event = self.found.bind(self.after.key), self.found.bind(self.after.event)
        return [f"({row}.{column}, {row}.event) {self.order.beyond} ({key}, {event})"]

    # Walked

    def _walked(self, column: TimeColumn, *, often: bool) -> list[str]:
        way = self.order.way
        where = self.found.unless_bounds(column)
        if not where:
            return [f"found AS MATERIALIZED ({self._steps(column, 'event', self.limit)})"]
        at_hand = " AND ".join(self.found.unless_bounds(column, at_hand=True))
        met = f"{self._met(column)} WHERE {at_hand} ORDER BY t.key {way}, t.event {way} LIMIT {self.limit}"
        edge = (
            f"edge AS MATERIALIZED (SELECT key, event FROM walked WHERE (SELECT count(*) FROM near) < {self.limit}"
            f" ORDER BY key {way}, event {way} OFFSET {self.steps} - 1 LIMIT 1)"
        )
        found = (
            "found AS (SELECT event, key FROM near UNION ALL SELECT event, key FROM far"
            f" ORDER BY key {way}, event {way} LIMIT {self.limit})"
        )
        return [
            f"walked AS MATERIALIZED ({self._steps(column, 'event', self.steps)})",
            f"near AS MATERIALIZED (SELECT t.event, t.key FROM {met})",
            edge,
            *self._far(column, where, often=often),
            found,
        ]

    def _met(self, column: TimeColumn) -> str:
        """The events of the walk with their terms."""
        if self.viewer.sees_all:
            return f"({self._steps(column, 'event, t.terms, t.event_time, t.record_time', self.steps)}) AS t"
        return (
            "(SELECT walked.key, t.* FROM walked JOIN event_terms AS t ON t.event = walked.event"
            f" ORDER BY walked.key {self.order.way}, walked.event {self.order.way}) AS t"
        )

    def _steps(self, column: TimeColumn, columns: str, limit: str) -> str:
        """The next events that the viewer sees, in order; one that it sees for two reasons counts once."""
        way = self.order.way
        row = "t" if self.viewer.sees_all else "seen"
        where = [*self.found.bounds(column, row), *self._after(column, row)]
        if self.viewer.sees_all:
            return (
                f"SELECT t.{column} AS key, t.{columns} FROM event_terms AS t WHERE {' AND '.join(where) or 'true'}"
                f" ORDER BY t.{column} {way}, t.event {way} LIMIT {limit}"
            )
        chosen = " AND ".join(["seen.party = seers.party", "(seen.by_trail OR seen.party = :viewer)", *where])
        return (
            f"SELECT DISTINCT step.key, step.event FROM unnest({SEERS}) AS seers (party) CROSS JOIN LATERAL"
            f" (SELECT DISTINCT seen.{column} AS key, seen.event FROM event_parties AS seen WHERE {chosen}"
            f" ORDER BY seen.{column} {way}, seen.event {way} LIMIT {limit}) AS step"
            f" ORDER BY 1 {way}, 2 {way} LIMIT {limit}"
        )

    def _far(self, column: TimeColumn, where: Sequence[str], *, often: bool) -> list[str]:
        """What lies beyond the walk, where that did not fill the page: the matches of one span after the other.

        Where matches may be many, it is looked first whether a long span has any, and then taken in short ones.
        """
        # By terms or numbers, and not by the time, which bounds too little.
        edge = (
            f"(t.{column} AT TIME ZONE 'UTC', t.event) {self.order.beyond}"
            " ((SELECT key AT TIME ZONE 'UTC' FROM edge), (SELECT event FROM edge))"
        )
        beyond = [*self._seen(where), *self.found.bounds(column, "t", by_index=False), edge]
        if not self.found.by_terms:
            return [f"far AS MATERIALIZED ({self._first(column, ['EXISTS (SELECT FROM edge)', *beyond])})"]
        way = self.order.way
        spans = f"(SELECT number FROM spans WHERE number IS NOT NULL ORDER BY number {way}) AS spans"
        seconds = SHORT if often else LONG
        if often:
            there = " AND ".join([self._in_span(column, LONG), *where])
            spans = (
                f"(SELECT spans.number * {LONG // SHORT} + step.number AS number FROM (SELECT number FROM {spans}"
                f" WHERE (SELECT true FROM event_terms AS t WHERE {there} LIMIT 1) OFFSET 0) AS spans CROSS JOIN"
                f" (SELECT number FROM generate_series(0, {LONG // SHORT - 1}) AS step (number)"
                f" ORDER BY number {way}) AS step) AS spans"
            )
        # A lateral join takes the spans one by one, in their order, until the page is full.
        beyond = [self._in_span(column, seconds), *beyond]
        far = (
            f"far AS MATERIALIZED (SELECT later.event, later.key FROM {spans}"
            f" CROSS JOIN LATERAL ({self._first(column, beyond)}) AS later LIMIT {self.limit})"
        )
        return [self._spans(column), far]

    def _in_span(self, column: TimeColumn, seconds: int) -> str:
        return f"t.terms && ARRAY[CAST({self.found.bind(span_field(column, seconds))} AS bigint) # spans.number]"

    def _spans(self, column: TimeColumn) -> str:
        """The numbers of the long spans of time beyond the walk in which there are events."""
        side = f">= to_timestamp((spans.number + 1) * {LONG})"
        if not self.order.ascending:
            side = f"< to_timestamp(spans.number * {LONG})"
        where = " AND ".join([f"t.{column} {side}", *self.found.bounds(column, "t")])
        return (
            f"spans (number) AS (SELECT {_span('key')} FROM edge UNION ALL SELECT (SELECT {_span(f't.{column}')}"
            f" FROM event_terms AS t WHERE {where} ORDER BY t.{column} {self.order.way} LIMIT 1)"
            " FROM spans WHERE spans.number IS NOT NULL)"
        )


def _span(time: str) -> str:
    return f"CAST(floor(extract(epoch FROM {time}) / {LONG}) AS bigint)"


async def find(
    session: Session, query: Query, viewer: Viewer, *, after: Place | None, limit: int, frequencies: Frequencies
) -> Found:
    """Up to `limit` events that match and that the viewer sees, in the query's order, from after a place.

    Erased events are never found. `query.first` is left to the caller, who knows how many came before; `query.most` is
    counted on the first page only.

    Raises:
        QueryTooComplex: it takes too long.
    """
    page = _Page(query, viewer, after, limit)
    rows = await _rows(session, page.statement(frequencies), page.found.values | viewer.values)
    return Found([FoundRow._make((*row[:8], 0)) for row in rows], rows[0][8] if rows else 0)


async def matching_after(  # noqa: PLR0917 (a place, an end and a limit, as the others that follow commits take them)
    session: Session, query: Query, viewer: Viewer, after: tuple[int, int], until: int, limit: int
) -> list[FoundRow]:
    """Matching events of captures written after a place (transaction, event), up to the transaction `until`.

    In the order of the places that rows carry, (`written_in`, `seq`); the query's own order and limits do not count.
    Where `until` is below the oldest running transaction (`service.store.stream.window`), nothing can appear before the
    last place any more: who goes on from there misses nothing and gets nothing twice.

    Raises:
        QueryTooComplex: it takes too long.
    """
    found = compiled(query, viewer)
    where = found.unless_bounds(None, at_hand=True) + ([] if viewer.sees_all else [SEEN])
    tables = ", ".join(found.tables)
    statement = (
        f"{f'WITH RECURSIVE {tables} ' if tables else ''}SELECT {_FOUND}, captures.written_in"
        " FROM captures JOIN events AS e ON e.capture = captures.id JOIN event_terms AS t ON t.event = e.seq"
        " WHERE captures.written_in BETWEEN :after AND :until AND (captures.written_in, e.seq) > (:after, :after_event)"
        f" AND {' AND '.join(where) or 'true'} ORDER BY captures.written_in, e.seq LIMIT :limit"
    )
    values = {"after": after[0], "after_event": after[1], "until": until, "limit": limit}
    rows = await _rows(session, statement, found.values | viewer.values | values)
    return [FoundRow._make((*row[:7], None, row[7])) for row in rows]


async def by_id(session: Session, event_id: str, viewer: Viewer, limit: int = 100) -> list[FoundRow]:
    """The events with this id that the viewer sees: its own first, an event before what declares it an error."""
    if "\0" in event_id:
        return []
    seen = "" if viewer.sees_all else f" AND {SEEN.replace('t.event', 't.seq')}"
    statement = text(
        f"SELECT {_FOUND.replace('e.', 't.')} FROM events AS t WHERE t.event_id = :event_id"
        f" AND t.document IS NOT NULL{seen}"
        " ORDER BY t.party <> :viewer, t.party, t.declares_error, t.seq LIMIT :limit"
    )
    rows = await session.execute(statement, {"event_id": event_id, "limit": limit, **viewer.values})
    return [FoundRow._make((*row, None, 0)) for row in rows.all()]


async def _rows(session: Session, statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
    """Has PostgreSQL plan for the values at hand: one plan for rare and frequent terms alike suits neither.

    And alone: a page is a matter of milliseconds, in which helpers would only just have started.
    """
    await session.execute(_PLANNING, {"milliseconds": str(math.ceil(SECONDS * 1000))})
    try:
        return (await session.execute(text(statement), values)).all()
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) != _CANCELED:
            raise
        raise QueryTooComplex(
            f"it takes more than {SECONDS:g} seconds: ask for fewer values, a shorter time, or no order"
        ) from None
