# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Conditions of the query language as SQL on `event_terms AS t`; every value is bound, nothing is left to Python."""

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from service.epcis.query.conditions import (
    Among,
    Between,
    Condition,
    HasAttribute,
    HasTerm,
    OneOf,
    Query,
    Timed,
    Within,
)
from service.store.indexing import LONG, column_term, is_text, span_field
from service.store.trails import Viewer

TimeColumn = Literal["event_time", "record_time"]
# Parties as which the viewer sees what is on their trails: itself, and those that granted it that.
SEERS = "ARRAY(SELECT CAST(:viewer AS bytea) UNION SELECT grantor FROM grants WHERE grantee = :viewer)"
# As a value, so that it is looked up for each event at hand: a party may see a million others.
SEEN = (
    f"(SELECT true FROM event_parties AS seen WHERE seen.party = ANY({SEERS}) AND (seen.by_trail OR"
    " seen.party = :viewer) AND seen.record_time = t.record_time AND seen.event = t.event LIMIT 1)"
)
"""That the viewer sees the event of `event_terms AS t`."""
_TELLERS = "(SELECT CAST(:viewer AS bytea) UNION ALL SELECT grantor FROM grants WHERE grantee = :viewer)"
_MOST_SPANS = 100
_MANY_TERMS = 8
# Arrays are compared each with each; this way many terms are hashed, once.
_ONE_OF = "EXISTS (SELECT FROM unnest(t.terms) AS own (term) WHERE own.term = {})"


@dataclass(slots=True)
class Compiled:
    """The conditions of one query: those in `where` hold together, `tables` are the CTEs they need, `values` what they
    bind.

    `where` has each condition in two wordings: for looking events up, and for looking at an event. `numbers`: those on
    a row of `event_numbers AS number`. `alternatives`: for each condition on terms that are known beforehand, those
    terms. `by_terms`: some condition is answered by the index on terms. `few`: some condition is met by few events,
    whatever they are.
    """

    tables: list[str] = field(default_factory=list)
    where: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    alternatives: list[tuple[int, ...]] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    by_terms: bool = False
    few: bool = False

    def bind(self, value: Any) -> str:
        """The name under which the statement knows the value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def bounds(self, column: TimeColumn, row: str, *, by_index: bool = True) -> list[str]:
        """The conditions on one of the two times, of rows under this name; in words that an index has, or has not."""
        time = f"{row}.{column}" if by_index else f"{row}.{column} AT TIME ZONE 'UTC'"
        return [bound for timed in self.timed if timed.column == column for bound in self._bounds(timed, time)]

    @property
    def source(self) -> str:
        """Where matches are looked for: among events with a number where no condition is on terms."""
        if self.by_terms or not self.numbers:
            return "event_terms AS t"
        # Event by event: how many numbers a range holds cannot be estimated, and beyond a walk they are few.
        return (
            f"(SELECT DISTINCT number.event FROM event_numbers AS number WHERE {self.numbers[0]}) AS numbered"
            " CROSS JOIN LATERAL (SELECT * FROM event_terms WHERE event = numbered.event OFFSET 0) AS t"
        )

    def unless_bounds(self, column: TimeColumn | None, *, at_hand: bool = False) -> list[str]:
        """All conditions but those on this time; a span of time is looked up like a term where it is not too long.

        `at_hand`: worded for looking at given events.
        """
        others = [timed for timed in self.timed if timed.column != column]
        return [
            *(condition[at_hand] for condition in self.where),
            *(
                f"(SELECT true FROM event_numbers AS number WHERE number.event = t.event AND {number} LIMIT 1)"
                for number in self.numbers
            ),
            *(span for timed in others for span in self._spans(timed)),
            *(bound for timed in others for bound in self._bounds(timed, f"t.{timed.column}")),
        ]

    def _bounds(self, timed: Timed, time: str) -> list[str]:
        zone = " AT TIME ZONE 'UTC'" if time.endswith("'UTC'") else ""
        since = [] if timed.since is None else [f"{time} >= CAST({self.bind(timed.since)} AS timestamptz){zone}"]
        return since + (
            [] if timed.before is None else [f"{time} < CAST({self.bind(timed.before)} AS timestamptz){zone}"]
        )

    def _spans(self, timed: Timed) -> list[str]:
        if timed.since is None or timed.before is None or timed.since >= timed.before:
            return []
        count = (timed.before - timed.since) // timedelta(seconds=LONG) + 2
        if count > _MOST_SPANS:
            return []
        first = math.floor(timed.since.timestamp() / LONG)
        terms = [span_field(timed.column, LONG) ^ number for number in range(first, first + count)]
        return [f"t.terms && CAST({self.bind(terms)} AS bigint[])"]

    def add(self, condition: Condition, viewer: Viewer) -> None:
        """Adds one condition of a query by this viewer, who sees the master data that it or its grantors told."""
        match condition:
            case HasTerm(terms):
                self.has_term(terms)
            case OneOf("event_id", values):
                self.few = True
                ids = [value for value in values if is_text(value)]
                known = f"t.event IN (SELECT seq FROM events WHERE event_id = ANY(CAST({self.bind(ids)} AS text[])))"
                self.where.append((known, known))
            case OneOf(column, values):
                self.has_term(tuple(column_term(column, value) for value in values if is_text(value)))
            case Between():
                self._between(condition)
            case Among(named, numbers):
                some = f"ANY(CAST({self.bind([float(number) for number in numbers])} AS float8[]))"
                self.numbers.append(f"number.field = {self.bind(named)} AND number.value = {some}")
            case Timed():
                self.timed.append(condition)
            case Within():
                self._within(condition, viewer)
            case HasAttribute():
                self._has_attribute(condition, viewer)

    def has_term(self, terms: tuple[int, ...]) -> None:
        """One of these terms."""
        self.by_terms = True
        self.alternatives.append(terms)
        some = f"CAST({self.bind(list(terms))} AS bigint[])"
        overlapping = f"t.terms && {some}"
        self.where.append((overlapping, _ONE_OF.format(f"ANY({some})") if len(terms) > _MANY_TERMS else overlapping))

    def _between(self, wanted: Between) -> None:
        number = f"number.field = {self.bind(wanted.field)}"
        if wanted.lowest is not None:
            number += f" AND number.value {'>=' if wanted.with_lowest else '>'} {self.bind(float(wanted.lowest))}"
        if wanted.highest is not None:
            number += f" AND number.value {'<=' if wanted.with_highest else '<'} {self.bind(float(wanted.highest))}"
        self.numbers.append(number)

    def _within(self, wanted: Within, viewer: Viewer) -> None:
        name = f"within{len(self.tables)}"
        told = "" if viewer.sees_all else f" AND held.owner IN {_TELLERS}"
        self.tables.append(
            f"{name} (place) AS (SELECT unnest(CAST({self.bind(list(wanted.places))} AS bigint[]))"
            f" UNION SELECT below.child FROM {name} CROSS JOIN LATERAL (SELECT held.child"
            f" FROM vocabulary_children AS held WHERE held.parent = {name}.place AND held.vocabulary"
            f" = ANY(CAST({self.bind(list(wanted.vocabularies))} AS text[])){told} OFFSET 0) AS below)"
        )
        self._has_one_of(wanted.field, f"SELECT place FROM {name}")

    def _has_attribute(self, wanted: HasAttribute, viewer: Viewer) -> None:
        chosen = f"held.attribute = ANY(CAST({self.bind(list(wanted.attributes))} AS bigint[]))"
        if wanted.values is not None:
            chosen += f" AND held.value = ANY(CAST({self.bind(list(wanted.values))} AS bigint[]))"
        if wanted.vocabularies is not None:
            chosen += f" AND held.vocabulary = ANY(CAST({self.bind(list(wanted.vocabularies))} AS text[]))"
        told = "" if viewer.sees_all else f" AND held.owner IN {_TELLERS}"
        self._has_one_of(
            wanted.field, f"SELECT held.element AS place FROM vocabulary_attributes AS held WHERE {chosen}{told}"
        )

    def _has_one_of(self, named: int, places: str) -> None:
        self.by_terms = True
        terms = f"SELECT DISTINCT place # CAST({self.bind(named)} AS bigint) FROM ({places}) AS places"
        self.where.append((f"t.terms && ARRAY({terms})", _ONE_OF.format(f"ANY ({terms})")))


def compiled(query: Query, viewer: Viewer) -> Compiled:
    """The query's conditions."""
    found = Compiled()
    for condition in query.conditions:
        found.add(condition, viewer)
    return found
