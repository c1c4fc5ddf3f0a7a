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
from service.store.indexing import SPAN_SECONDS, SPANS, column_term, is_text
from service.store.trails import Viewer

TimeColumn = Literal["event_time", "record_time"]
# By whom the viewer sees events: as itself, and through parties that granted it their trails.
SEERS = (
    "seers (party, by_trail) AS MATERIALIZED (SELECT CAST(:viewer AS bytea), told FROM (VALUES (true), (false))"
    " AS how (told) UNION SELECT grantor, true FROM grants WHERE grantee = :viewer)"
)
SEEN = (
    "EXISTS (SELECT FROM seers JOIN event_parties AS seen ON seen.party = seers.party"
    " AND seen.by_trail = seers.by_trail AND seen.record_time = t.record_time AND seen.event = t.event)"
)
_TELLERS = "(SELECT CAST(:viewer AS bytea) UNION ALL SELECT grantor FROM grants WHERE grantee = :viewer)"
_MOST_SPANS = 100


@dataclass(slots=True)
class Compiled:
    """The conditions of one query: `where` hold together, `tables` are the CTEs they need, `values` what they bind.

    `alternatives`: for each condition on terms that are known beforehand, those terms. `by_terms`: some condition is
    answered by the index on terms. `few`: some condition is met by few events, whatever they are.
    """

    tables: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    alternatives: list[tuple[int, ...]] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)
    by_terms: bool = False
    few: bool = False

    def bind(self, value: Any) -> str:
        """The name under which the statement knows the value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def bounds(self, column: TimeColumn, row: str) -> list[str]:
        """The conditions on one of the two times, of rows under another name."""
        return [bound for timed in self.timed if timed.column == column for bound in self._bounds(timed, row)]

    def unless_bounds(self, column: TimeColumn | None) -> list[str]:
        """All conditions but those on this time; a span of time is looked up like a term where it is not too long."""
        others = [timed for timed in self.timed if timed.column != column]
        return [
            *self.where,
            *(span for timed in others for span in self._spans(timed)),
            *(bound for timed in others for bound in self._bounds(timed, "t")),
        ]

    def _bounds(self, timed: Timed, row: str) -> list[str]:
        since = [] if timed.since is None else [f"{row}.{timed.column} >= {self.bind(timed.since)}"]
        return since + ([] if timed.before is None else [f"{row}.{timed.column} < {self.bind(timed.before)}"])

    def _spans(self, timed: Timed) -> list[str]:
        if timed.since is None or timed.before is None or timed.since >= timed.before:
            return []
        count = (timed.before - timed.since) // timedelta(seconds=SPAN_SECONDS) + 2
        if count > _MOST_SPANS:
            return []
        first = math.floor(timed.since.timestamp() / SPAN_SECONDS)
        terms = [SPANS[timed.column] ^ number for number in range(first, first + count)]
        return [f"t.terms && CAST({self.bind(terms)} AS bigint[])"]

    def add(self, condition: Condition, viewer: Viewer) -> None:
        """Adds one condition of a query by this viewer, who sees the master data that it or its grantors told."""
        match condition:
            case HasTerm(terms):
                self.has_term(terms)
            case OneOf("event_id", values):
                self.few = True
                ids = [value for value in values if is_text(value)]
                self.where.append(
                    f"t.event IN (SELECT seq FROM events WHERE event_id = ANY(CAST({self.bind(ids)} AS text[])))"
                )
            case OneOf(column, values):
                self.has_term(tuple(column_term(column, value) for value in values if is_text(value)))
            case Between():
                self._between(condition)
            case Among(named, numbers):
                some = f"ANY(CAST({self.bind([float(number) for number in numbers])} AS float8[]))"
                self._has_number(f"number.field = {self.bind(named)} AND number.value = {some}")
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
        self.where.append(f"t.terms && CAST({self.bind(list(terms))} AS bigint[])")

    def _between(self, wanted: Between) -> None:
        number = f"number.field = {self.bind(wanted.field)}"
        if wanted.lowest is not None:
            number += f" AND number.value {'>=' if wanted.with_lowest else '>'} {self.bind(float(wanted.lowest))}"
        if wanted.highest is not None:
            number += f" AND number.value {'<=' if wanted.with_highest else '<'} {self.bind(float(wanted.highest))}"
        self._has_number(number)

    def _has_number(self, number: str) -> None:
        self.where.append(f"EXISTS (SELECT FROM event_numbers AS number WHERE number.event = t.event AND {number})")

    def _within(self, wanted: Within, viewer: Viewer) -> None:
        name = f"within{len(self.tables)}"
        told = "" if viewer.sees_all else f" AND held.owner IN {_TELLERS}"
        self.tables.append(
            f"{name} (place) AS (SELECT unnest(CAST({self.bind(list(wanted.places))} AS bigint[]))"
            f" UNION SELECT held.child FROM {name} JOIN vocabulary_children AS held ON held.parent = {name}.place"
            f" AND held.vocabulary = ANY(CAST({self.bind(list(wanted.vocabularies))} AS text[])){told})"
        )
        self._has_one_of(wanted.field, f"SELECT place FROM {name}")

    def _has_attribute(self, wanted: HasAttribute, viewer: Viewer) -> None:
        chosen = f"held.attribute = ANY(CAST({self.bind(list(wanted.attributes))} AS bigint[]))"
        if wanted.values is not None:
            chosen += f" AND held.value = ANY(CAST({self.bind(list(wanted.values))} AS bigint[]))"
        told = "" if viewer.sees_all else f" AND held.owner IN {_TELLERS}"
        self._has_one_of(
            wanted.field, f"SELECT held.element AS place FROM vocabulary_attributes AS held WHERE {chosen}{told}"
        )

    def _has_one_of(self, named: int, places: str) -> None:
        self.by_terms = True
        terms = f"SELECT DISTINCT place # CAST({self.bind(named)} AS bigint) FROM ({places}) AS places"
        self.where.append(f"t.terms && ARRAY({terms})")


def compiled(query: Query, viewer: Viewer) -> Compiled:
    """The query's conditions."""
    found = Compiled()
    for condition in query.conditions:
        found.add(condition, viewer)
    return found
