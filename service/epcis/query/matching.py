"""Whether one event is what a query asks for, without a store: for events that have only just come in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, assert_never

from service.epcis.contexts import expanded
from service.epcis.documents import Event
from service.epcis.identifiers import canonical
from service.epcis.query.conditions import (
    Among,
    Between,
    Column,
    Condition,
    HasAttribute,
    HasTerm,
    Indexed,
    OneOf,
    Query,
    Timed,
    Within,
)
from service.epcis.query.indexing import indexed
from service.epcis.query.words import WORDS, word


@dataclass(frozen=True, slots=True)
class Facts:
    """An event as queries see it; `columns` hold what the columns of the same names do (`service.store.tables`)."""

    indexed: Indexed
    columns: Mapping[Column, str | None]
    event_time: datetime
    record_time: datetime


class MasterData(Protocol):
    """What is known about things that events name; all of them by the hashes of their canonical identifiers."""

    def within(self, vocabularies: tuple[str, ...], places: tuple[int, ...]) -> frozenset[int]:
        """The places themselves, and what lies within them."""

    def having(
        self, attributes: tuple[int, ...], values: tuple[int, ...] | None, vocabularies: tuple[str, ...] | None
    ) -> frozenset[int]:
        """Whatever has one of the attributes, with one of the values unless these are None."""


class NoMasterData:
    """Nothing is known."""

    def within(self, vocabularies: tuple[str, ...], places: tuple[int, ...]) -> frozenset[int]:  # noqa: ARG002
        return frozenset(places)

    def having(
        self,
        attributes: tuple[int, ...],  # noqa: ARG002
        values: tuple[int, ...] | None,  # noqa: ARG002
        vocabularies: tuple[str, ...] | None,  # noqa: ARG002
    ) -> frozenset[int]:
        return frozenset()


def facts(event: Event, record_time: datetime) -> Facts:
    """An event as queries see it, recorded at `record_time`. Raises InvalidDocument as `indexed` does."""
    source, prefixes = event.source, event.prefixes
    columns: dict[Column, str | None] = {"event_type": source["type"], "action": source.get("action")}
    named: tuple[tuple[Column, str], ...] = (("biz_step", "bizStep"), ("disposition", "disposition"))
    for column, name in named:
        full = word(WORDS[name], source[name], prefixes) if name in source else None
        columns[column] = None if full is None else WORDS[name].word(full) or full
    placed: tuple[tuple[Column, str], ...] = (("read_point", "readPoint"), ("biz_location", "bizLocation"))
    for column, name in placed:
        columns[column] = canonical(expanded(source[name]["id"], prefixes)) if name in source else None
    columns["event_id"] = expanded(source["eventID"], prefixes) if "eventID" in source else None
    return Facts(indexed(event), columns, event.model.instant, record_time)


def matches(query: Query, event: Facts, master_data: MasterData | None = None) -> bool:
    """Whether all conditions of the query hold; order and limits are about many events and do not count here."""
    known = NoMasterData() if master_data is None else master_data
    return all(_holds(condition, event, known) for condition in query.conditions)


def _holds(condition: Condition, event: Facts, master_data: MasterData) -> bool:
    match condition:
        case HasTerm(terms):
            return not set(terms).isdisjoint(event.indexed.terms)
        case OneOf(column, values):
            return event.columns.get(column) in values
        case Between() | Among():
            return any(
                _contains(condition, value) for field, value in event.indexed.numbers if field == condition.field
            )
        case Timed(column, since, before):
            moment = event.event_time if column == "event_time" else event.record_time
            return (since is None or moment >= since) and (before is None or moment < before)
        case Within(field, vocabularies, places):
            found = master_data.within(vocabularies, places)
        case HasAttribute(field, attributes, values, vocabularies):
            found = master_data.having(attributes, values, vocabularies)
        case _:
            assert_never(condition)
    return any(field ^ term in found for term in event.indexed.terms)


def _contains(numbers: Between | Among, value: float) -> bool:
    if isinstance(numbers, Among):
        return value in numbers.values
    lowest, highest = numbers.lowest, numbers.highest
    above = lowest is None or value > lowest or (numbers.with_lowest and value == lowest)
    below = highest is None or value < highest or (numbers.with_highest and value == highest)
    return above and below
