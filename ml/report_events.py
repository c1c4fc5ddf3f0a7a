"""A report, the booking that it falls under, and how events tell of them: when, by whom, of what, where, to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ml.gs1_keys import place_id, unit_of
from ml.identifiers import canonical
from ml.lenient import instant, many, text, word
from ml.shipment import Code
from ml.vocabulary import CODES, own

BACK_DATED: Final = timedelta(hours=6)
"""A report that was recorded longer after its own time counts from when it was recorded."""
MOST_UNITS: Final = 100_000
"""Units of one event that are looked at."""


class Report(NamedTuple):
    """A report, ordered by when it was recorded."""

    recorded: datetime
    happened: datetime
    event: str
    party: str | None
    code: Code
    place: int | None


@dataclass(frozen=True, slots=True)
class Booking:
    """The event that booked the shipment."""

    event: str
    happened: datetime
    recorded: datetime
    party: str | None

    def counted(self, report: Report) -> datetime:
        """From when a report counts (rules 3 and 6 of `ml.reports`)."""
        late = report.recorded - max(report.happened, self.recorded)
        return max(self.happened, report.recorded if late > BACK_DATED else report.happened)

    def minutes(self, moment: datetime) -> int:
        return int((moment - self.happened).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked at: events that happened by `as_of` and were recorded by `recorded_by` (None: whenever)."""

    as_of: datetime | None = None
    recorded_by: datetime | None = None

    def times(self, event: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
        """When an event happened and was recorded; None where it cannot be read or was not known."""
        happened = instant(event.get("eventTime"))
        if happened is None:
            return None
        recorded = instant(event.get("recordTime")) or happened
        return (happened, recorded) if self._by(happened, recorded) else None

    def declared(self, event: Mapping[str, Any]) -> datetime | None:
        """Since when an event was declared an error by this declaration; None where that was not known."""
        declaration = event.get("errorDeclaration")
        told = instant(declaration.get("declarationTime")) if isinstance(declaration, Mapping) else None
        since = instant(event.get("recordTime")) or told or instant(event.get("eventTime"))
        return since if since is not None and self._by(told or since, since) else None

    def _by(self, happened: datetime, recorded: datetime) -> bool:
        as_of, by = self.as_of, self.recorded_by
        return (as_of is None or happened <= as_of) and (by is None or recorded <= by)


def party_of(event: Mapping[str, Any]) -> str | None:
    """Who captured an event, where that is known."""
    found = text(own(event, "capturedBy"))
    return canonical(found) if found else None


def code_of(event: Mapping[str, Any]) -> Code | None:
    """The kind of milestone that an event reports."""
    kind = event.get("type")
    if event.get("action") == "DELETE" or (kind != "ObjectEvent" and word(kind) != "ObjectEvent"):
        return None
    step = event.get("bizStep")
    return _step(step) if isinstance(step, str) and len(step) < 200 else None


@lru_cache(maxsize=4096)
def _step(step: str) -> Code | None:
    return CODES.get(word(step) or "")


def units_of(event: Mapping[str, Any]) -> Iterable[str]:
    """The logistic units that an event is about."""
    for name in ("epcList", "childEPCs", "parentID"):
        for epc in many(event.get(name))[:MOST_UNITS]:
            if isinstance(epc, str) and (unit := _unit(epc)):
                yield unit


@lru_cache(maxsize=65_536)
def _unit(epc: str) -> str | None:
    return unit_of(epc) or epc


def place_of(event: Mapping[str, Any]) -> int | None:
    """Where an event took place: its read point, else its business location."""
    where = text(event.get("readPoint")) or text(event.get("bizLocation"))
    return _place(where) if where else None


@lru_cache(maxsize=65_536)
def _place(where: str) -> int:
    return place_id(where)


def takers_of(destinations: Any) -> set[str]:
    """Parties that an event hands its units over to (CBV 2.0, 7.3: source and destination types)."""
    found = set[str]()
    for one in many(destinations)[:100]:
        if isinstance(one, Mapping) and word(one.get("type")) in ("possessing_party", "owning_party"):
            taker = text(one.get("destination"))
            if taker:
                found.add(canonical(taker))
    return found
