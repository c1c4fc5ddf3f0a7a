"""What was known of shipments at moments: their events by both clocks, and the late rates of their lanes.

An event is known at a moment if it had happened by then (`as_of`) and was recorded by then (`recorded_by`). Who brings
in history says `recorded_by` now: then everything counts from when it happened.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from ml.from_epcis import from_events
from ml.lanes import LaneRates
from ml.lanes import lanes as lanes_of
from ml.shipment import Shipment, effective_end
from ml.trail import Trail, trail_of_events
from ml.trail_rules.counted import asked, history_from
from ml.trail_rules.history import TrailHistory
from ml.vocabulary import PREFIX
from service.risk import lanes
from service.store import risk as store
from service.store import risk_outcomes as outcomes
from service.store import risk_times
from service.store.database import Session
from service.store.risk import BookedShipment, ShipmentEvent
from service.store.risk_times import Asked

if TYPE_CHECKING:
    from ml.assessment import Case


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shipment at a moment. `recorded_by` None: what was recorded by the moment; `live`: the moment is now.

    To tell a former score again: `known_seq`, no event with a higher number was known; `counted_by`, no outcome that
    was recorded later was counted.
    """

    booked: BookedShipment
    as_of: datetime
    recorded_by: datetime | None = None
    live: bool = False
    known_seq: int | None = None
    counted_by: datetime | None = None

    @property
    def recorded(self) -> datetime:
        """By when what is known was recorded."""
        return self.as_of if self.recorded_by is None else self.recorded_by

    @property
    def outcomes(self) -> datetime | None:
        """By when the outcomes that count were recorded; None: by the moment."""
        return self.counted_by or self.recorded_by


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a shipment: `seq` is the highest number of its events."""

    wanted: Wanted
    shipment: Shipment
    trail: Trail
    rates: LaneRates
    history: TrailHistory | None
    seq: int

    def case(self) -> "Case":
        """As the scorer takes it."""
        from ml.assessment import Case

        return Case(self.shipment, self.wanted.as_of, self.trail, self.rates, self.history)


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
    rates = await _rates(session, wanted, [shipment for shipment, _, _ in told], basis)
    histories = await _histories(session, wanted, told)
    return [
        Known(one, shipment, trail, known_rates, history, seq)
        for one, (shipment, trail, seq), known_rates, history in zip(wanted, told, rates, histories, strict=True)
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


async def _rates(
    session: Session, wanted: Sequence[Wanted], shipments: Sequence[Shipment], basis: LaneRates
) -> list[LaneRates]:
    """What was known of each shipment's lanes: the counters where the moment is now, else all outcomes by then."""
    found = [basis for _ in wanted]
    live = [at for at, one in enumerate(wanted) if one.live]
    if live:
        now = [shipments[at] for at in live]
        lane_keys = {key for shipment in now for key in _lane_keys(shipment)}
        time_keys = {key for shipment in now for key in lanes.time_keys(shipment)}
        counts = await outcomes.live_counts(session, lane_keys)
        known_now = lanes.rates_of(now, counts, await risk_times.live_sums(session, time_keys), basis)
        for at in live:
            found[at] = known_now
    past = [at for at, one in enumerate(wanted) if not one.live]
    for recorded_by in {wanted[at].outcomes for at in past}:
        alike = [at for at in past if wanted[at].outcomes == recorded_by]
        asked = [Asked(at, *key, wanted[at].as_of) for at in alike for key in _lane_keys(shipments[at])]
        counted: dict[int, dict[lanes.Key, tuple[int, int]]] = {at: {} for at in alike}
        for seen in await outcomes.counts_as_of(session, asked, recorded_by):
            counted[seen.number][seen.kind, seen.lane] = (seen.seen, seen.late)
        timed = [Asked(at, *key, wanted[at].as_of) for at in alike for key in lanes.time_keys(shipments[at])]
        sums = await risk_times.sums_as_of(session, timed, recorded_by)
        for at in alike:
            found[at] = lanes.rates_of([shipments[at]], counted[at], sums.get(at, {}), basis)
    return found


async def _histories(
    session: Session, wanted: Sequence[Wanted], told: Sequence[tuple[Shipment, Trail, int]]
) -> list[TrailHistory | None]:
    """What was known of each trail's places and parties; nothing of what was delivered, since what follows a delivery
    (unpacking, storing) is no part of the trails that were counted at theirs.
    """
    under_way = {at: asked(trail) for at, (shipment, trail, _) in enumerate(told) if effective_end(shipment) is None}
    sums: dict[int, dict[lanes.Key, risk_times.Sums]] = {}
    live = [at for at in under_way if wanted[at].live]
    now = await risk_times.live_sums(session, {key for at in live for key in under_way[at]})
    sums |= dict.fromkeys(live, now)
    past = [at for at in under_way if not wanted[at].live]
    for recorded_by in {wanted[at].outcomes for at in past}:
        alike = [at for at in past if wanted[at].outcomes == recorded_by]
        asks = [Asked(at, *key, wanted[at].as_of) for at in alike for key in sorted(under_way[at])]
        sums |= await risk_times.sums_as_of(session, asks, recorded_by)
    return [history_from(trail, sums.get(at, {})) for at, (_, trail, _) in enumerate(told)]


def _lane_keys(shipment: Shipment) -> list[lanes.Key]:
    return [lanes.ALL, *map(lanes.written, lanes_of(shipment))]
