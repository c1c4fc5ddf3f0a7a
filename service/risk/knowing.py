"""What was known of shipments at moments: their events by both clocks, and the late rates of their lanes.

An event is known at a moment if it had happened by then (`as_of`) and was recorded by then (`recorded_by`). Who brings
in history says `recorded_by` now: then everything counts from when it happened.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from ml.from_epcis import from_events
from ml.lanes import LaneRates
from ml.lanes import lanes as lanes_of
from ml.shipment import Shipment
from ml.trail import Trail, trail_of_events
from ml.vocabulary import PREFIX
from service.risk import lanes
from service.store import risk as store
from service.store import risk_outcomes as outcomes
from service.store.database import Session
from service.store.risk import BookedShipment, ShipmentEvent
from service.store.risk_outcomes import Asked

if TYPE_CHECKING:
    from ml.scorer import Case


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shipment at a moment. `recorded_by` None: what was recorded by the moment; `live`: the moment is now.

    `known_seq`: no event with a higher number was known (to tell a former score again).
    """

    booked: BookedShipment
    as_of: datetime
    recorded_by: datetime | None = None
    live: bool = False
    known_seq: int | None = None

    @property
    def recorded(self) -> datetime:
        """By when what is known was recorded."""
        return self.as_of if self.recorded_by is None else self.recorded_by


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a shipment: `seq` is the highest number of its events, `crowded`: it has more than are read."""

    wanted: Wanted
    shipment: Shipment
    trail: Trail
    rates: LaneRates
    seq: int
    crowded: bool

    def case(self) -> "Case":
        """As the scorer takes it."""
        from ml.scorer import Case

        return Case(self.shipment, self.wanted.as_of, self.trail, self.rates)


@dataclass(frozen=True, slots=True)
class Read:
    """A stored event, and its document with the members that `ml` reads: when it was recorded, and by whom."""

    event: ShipmentEvent
    document: dict[str, Any]


async def known(session: Session, wanted: Sequence[Wanted], basis: LaneRates) -> list[Known]:
    """What was known, in the order asked; `basis` are the rates that the model was trained with."""
    if not wanted:
        return []
    events = await read(session, {one.booked.booking for one in wanted})
    told = await asyncio.to_thread(lambda: [_told(one, events.get(one.booked.booking, ())) for one in wanted])
    counts = await _counts(session, wanted, [shipment for shipment, _, _ in told])
    return [
        Known(one, shipment, trail, lanes.rates_of(shipment, known_counts, basis), seq, _is_crowded(one, events))
        for one, (shipment, trail, seq), known_counts in zip(wanted, told, counts, strict=True)
    ]


async def read(session: Session, bookings: Collection[int]) -> dict[int, list[Read]]:
    """The events of shipments, by their bookings."""
    events = await store.shipment_events(session, bookings)
    return await asyncio.to_thread(_by_booking, events)


def shipment_of(events: Iterable[Read]) -> Shipment:
    """The shipment that events tell of; bookings of others that share a unit with it are none of its events."""
    return from_events([one.document for one in events if not one.event.elsewhere])


def _by_booking(events: Iterable[ShipmentEvent]) -> dict[int, list[Read]]:
    return {
        booking: [Read(event, _document(event)) for event in group]
        for booking, group in groupby(events, key=lambda event: event.booking)
    }


def _document(event: ShipmentEvent) -> dict[str, Any]:
    stamped = {"recordTime": event.record_time.isoformat(), f"{PREFIX}:capturedBy": event.party}
    return orjson.loads(event.document) | stamped  # type: ignore[no-any-return]


def _is_crowded(wanted: Wanted, events: Mapping[int, Sequence[Read]]) -> bool:
    return any(one.event.crowded for one in events.get(wanted.booked.booking, ())[:1])


def _told(wanted: Wanted, events: Sequence[Read]) -> tuple[Shipment, Trail, int]:
    """The shipment, its trail and the highest number."""
    seen = [one for one in events if _is_known(one.event, wanted)]
    trail = trail_of_events([one.document for one in seen])
    return shipment_of(seen), trail, max((one.event.seq for one in seen), default=0)


def _is_known(event: ShipmentEvent, wanted: Wanted) -> bool:
    return (
        event.event_time <= wanted.as_of
        and event.record_time <= wanted.recorded
        and (wanted.known_seq is None or event.seq <= wanted.known_seq)
    )


async def _counts(
    session: Session, wanted: Sequence[Wanted], shipments: Sequence[Shipment]
) -> list[dict[lanes.Key, tuple[int, int]]]:
    """What was known of each shipment's lanes: the counters where the moment is now, else all outcomes by then."""
    keys = [[lanes.ALL, *map(lanes.written, lanes_of(shipment))] for shipment in shipments]
    found: list[dict[lanes.Key, tuple[int, int]]] = [{} for _ in wanted]
    live = await outcomes.live_counts(
        session, {key for one, some in zip(wanted, keys, strict=True) if one.live for key in some}
    )
    for at, one in enumerate(wanted):
        if one.live:
            found[at] = {key: live[key] for key in keys[at] if key in live}
    past = [at for at, one in enumerate(wanted) if not one.live]
    for recorded_by in {wanted[at].recorded_by for at in past}:
        asked = [
            Asked(at, *key, wanted[at].as_of)
            for at in past
            if wanted[at].recorded_by == recorded_by
            for key in keys[at]
        ]
        for seen in await outcomes.counts_as_of(session, asked, recorded_by):
            found[seen.number][seen.kind, seen.lane] = (seen.seen, seen.late)
    return found
