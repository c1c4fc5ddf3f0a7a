"""The events of a shipment as the heads for anomalies and sensors need them: read leniently, bounded, by two clocks.

Whatever an EPCIS capture accepts can be read, and junk too: what cannot be read is left out and counted, never an
exception. A trail keeps at most `MOST_EVENTS` events. Of more, each capturing party keeps an equal share of the places,
the first and the last of its own: who floods a trail crowds out only itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from ml.identifiers import canonical
from ml.lenient import instant, many, number, own, text, word
from ml.readings import EXTREMES, MOST, Reading, readings_of

MOST_EVENTS: Final = 20_000
MOST_EPCS: Final = 500_000
"""Identifiers of all events together; lists beyond are cut short and counted."""
MOST_READINGS: Final = 200_000
"""Sensor readings of all events together; of events beyond, only the lowest and highest of each quantity are kept."""
_TYPES: Final = frozenset(
    ("ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent")
)
_THINGS: Final = ("epcList", "childEPCs", "outputEPCList")
_AMOUNTS: Final = {
    "quantityList": "",
    "childQuantityList": "",
    "inputQuantityList": "in",
    "outputQuantityList": "out",
}


class Amount(NamedTuple):
    """A quantity element: a class or lot, how much, in which unit (None: pieces); `side` in or out of a
    transformation, else empty.
    """

    epc_class: str
    quantity: float
    uom: str | None
    side: str


class Statement(NamedTuple):
    """A source, destination or business transaction: its type as a CBV word, and the canonical identifier."""

    kind: str | None
    id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One event. Identifiers are canonical (`ml.identifiers`), words are of the CBV, instants in UTC.

    `epcs` are the things observed, children of an aggregation, outputs of a transformation, whose `inputs` stand
    apart. `party` captured it (`trailseal:capturedBy`). Without a `recordTime` the record time is the event time.
    `is_error` marks an error declaration; `plan` and `conditions` are our extensions, as sent.
    """

    event_id: str
    type: str
    action: str | None
    step: str | None
    disposition: str | None
    epcs: tuple[str, ...]
    parent: str | None
    read_point: str | None
    biz_location: str | None
    party: str | None
    event_time: datetime
    record_time: datetime
    quantities: tuple[Amount, ...] = ()
    readings: tuple[Reading, ...] = ()
    inputs: tuple[str, ...] = ()
    sources: tuple[Statement, ...] = ()
    destinations: tuple[Statement, ...] = ()
    transactions: tuple[Statement, ...] = ()
    is_error: bool = False
    plan: Mapping[str, Any] | None = None
    conditions: Mapping[str, Any] | None = None

    @property
    def place(self) -> str | None:
        """Where it took place: the read point, else the business location."""
        return self.read_point or self.biz_location


@dataclass(frozen=True, slots=True)
class Trail:
    """Events by event time, then record time, then id. `left_out` counts events and readings that could not be read,
    `crowded_out` those that were, or would have been, too many.
    """

    events: tuple[Seen, ...] = ()
    left_out: int = 0
    crowded_out: int = 0

    def known_at(self, moment: datetime) -> Trail:
        """Without what happened, or was recorded, or was read by a sensor, after `moment`."""
        kept = tuple(
            _trimmed(seen, moment) for seen in self.events if seen.event_time <= moment and seen.record_time <= moment
        )
        return replace(self, events=kept)

    @property
    def standing(self) -> tuple[Seen, ...]:
        """The events without error declarations and those that they declare to be errors (EPCIS 2.0, 7.4.1.4)."""
        withdrawn = {seen.event_id for seen in self.events if seen.is_error}
        if not withdrawn:
            return self.events
        return tuple(seen for seen in self.events if not seen.is_error and seen.event_id not in withdrawn)


def trail_of_events(events: Iterable[Any]) -> Trail:
    """The trail that these EPCIS events tell of, in whatever order and spelling.

    Each is the event's JSON, with `recordTime` and `trailseal:capturedBy` where known. Never raises for what it is
    given; an event without a readable type or instant is left out. An event that comes twice word for word, under one
    id and with one record time, is kept once.
    """
    given = events if isinstance(events, Sequence) else list(events)
    readable = [(moment, event) for event in given if (moment := _moment(event)) is not None]
    chosen = _shared_out(readable)
    found: dict[tuple[Any, ...], Seen] = {}
    lost, room, readings = len(given) - len(readable), MOST_EPCS, 0
    for moment, event in chosen:
        seen, unread = _seen(event, moment, room, EXTREMES if readings >= MOST_READINGS else MOST)
        room -= len(seen.epcs) + len(seen.inputs)
        readings += len(seen.readings)
        lost += unread
        name = seen.event_id or len(found)
        found.setdefault((name, seen.is_error, seen.event_time, seen.record_time, seen.party), seen)
    ordered = sorted(found.values(), key=lambda seen: (seen.event_time, seen.record_time, seen.event_id))
    return Trail(tuple(ordered), lost, len(readable) - len(chosen))


def _moment(event: Any) -> datetime | None:
    if not isinstance(event, Mapping):
        return None
    kind = event.get("type")
    if not (isinstance(kind, str) and kind in _TYPES) and word(kind) not in _TYPES:
        return None
    return instant(event.get("eventTime"))


def _shared_out(readable: list[tuple[datetime, Any]]) -> list[tuple[datetime, Any]]:
    if len(readable) <= MOST_EVENTS:
        return readable
    of_party: dict[str, list[tuple[datetime, Any]]] = defaultdict(list)
    for one in readable:
        of_party[text(own(one[1], "capturedBy")) or ""].append(one)
    left, kept = MOST_EVENTS, list[tuple[datetime, Any]]()
    for at, own_events in enumerate(sorted(of_party.values(), key=len)):
        share = left // (len(of_party) - at)
        kept += own_events if len(own_events) <= share else _ends(own_events, share)
        left -= min(len(own_events), share)
    return kept


def _ends(of_one: list[tuple[datetime, Any]], share: int) -> list[tuple[datetime, Any]]:
    ordered = sorted(of_one, key=lambda one: one[0])
    first = share // 2
    return ordered[:first] + ordered[len(ordered) - (share - first) :]


def _seen(event: Mapping[str, Any], moment: datetime, room: int, most: int) -> tuple[Seen, int]:
    readings, unread = readings_of(event, moment, most)
    things = [_ids(event.get(name)) for name in _THINGS]
    epcs, inputs = [epc for ids in things for epc in ids], _ids(event.get("inputEPCList"))
    cut = max(0, len(epcs) + len(inputs) - max(room, 0))
    kept_inputs = tuple(inputs[: max(room, 0)])
    kept_epcs = tuple(epcs[: max(0, room - len(kept_inputs))])
    seen = Seen(
        event_id=text(event.get("eventID")) or "",
        type=word(event.get("type")) or "",
        action=text(event.get("action")),
        step=word(event.get("bizStep")),
        disposition=word(event.get("disposition")),
        epcs=kept_epcs,
        parent=_id(event.get("parentID")),
        read_point=_id(event.get("readPoint")),
        biz_location=_id(event.get("bizLocation")),
        party=_id(own(event, "capturedBy")),
        event_time=moment,
        record_time=instant(event.get("recordTime")) or moment,
        quantities=tuple(_amounts(event)),
        readings=readings,
        inputs=kept_inputs,
        sources=_statements(event.get("sourceList"), "source"),
        destinations=_statements(event.get("destinationList"), "destination"),
        transactions=_statements(event.get("bizTransactionList"), "bizTransaction"),
        is_error=event.get("errorDeclaration") is not None,
        plan=_mapping(own(event, "plan")),
        conditions=_mapping(own(event, "conditions")),
    )
    return seen, unread + cut


def _id(value: Any) -> str | None:
    found = text(value)
    return canonical(found) if found else None


def _ids(value: Any) -> list[str]:
    return [found for one in many(value) if (found := _id(one)) is not None]


def _amounts(event: Mapping[str, Any]) -> Iterable[Amount]:
    for name, side in _AMOUNTS.items():
        for element in many(event.get(name)):
            if isinstance(element, Mapping) and (epc_class := _id(element.get("epcClass"))) is not None:
                quantity = number(element.get("quantity"))
                if quantity is not None:
                    yield Amount(epc_class, quantity, text(element.get("uom")), side)


def _statements(value: Any, name: str) -> tuple[Statement, ...]:
    found = ((word(one.get("type")), _id(one.get(name))) for one in many(value) if isinstance(one, Mapping))
    return tuple(Statement(kind, id_) for kind, id_ in found if id_ is not None)


def _mapping(value: Any) -> Mapping[str, Any] | None:
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    return single if isinstance(single, Mapping) else None


def _trimmed(seen: Seen, moment: datetime) -> Seen:
    if all(reading.end <= moment for reading in seen.readings):
        return seen
    return replace(seen, readings=tuple(reading for reading in seen.readings if reading.end <= moment))
