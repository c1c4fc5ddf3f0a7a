"""The shipment that EPCIS events tell of: inverse of `ml.to_epcis`, for whatever was captured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ml.lenient import many, text
from ml.plans import BadPlan, Plan, read_plan
from ml.report_events import Booking, Known, Report, party_of
from ml.reports import Reports
from ml.shipment import Leg, Note, Shipment
from ml.vocabulary import own


def from_events(
    events: Sequence[Any], *, as_of: datetime | None = None, recorded_by: datetime | None = None
) -> Shipment:
    """The shipment that the events of its trails tell of: inverse of `to_epcis`, also for any prefix in time.

    Each event is its EPCIS JSON, with `recordTime` and `trailseal:capturedBy` where they are known. Events that
    happened after `as_of` or were recorded after `recorded_by` are not looked at. Order and repetition of the events do
    not matter; which reports count, and from when, is told in `ml.reports`. The plan is that of the booking recorded
    first: a later one stands in for it only where the first cannot be read, or was taken back before any milestone was
    reported. Times are floored to minutes.

    Never raises for what was captured: events that cannot be read are left out. Without a plan that can be used the
    shipment has `nr` None and no legs, and a note says why. Every event is looked at twice; what is kept of them is
    bounded for each milestone and party.
    """
    known = Known(as_of, recorded_by)
    taken_back = _taken_back(events, known)
    notes = list[Note]()
    bookings = sorted(_bookings(events, known), key=lambda one: (one[0].recorded, one[0].happened, one[0].event))
    for at, (booking, written) in enumerate(bookings):
        try:
            plan = read_plan(written)
        except BadPlan as fault:
            notes.append(Note("MALFORMED_PLAN", f"the plan cannot be used: {fault}", 0.0, _ids(booking)))
            continue
        reports = Reports(plan, booking, known, taken_back)
        for event in events:
            reports.add(event)
        withdrawn = _withdrawn(booking, taken_back)
        if withdrawn is None or reports.began_before(withdrawn):
            notes += _replanned(booking, plan, bookings[at + 1 :])
            return _shipment(plan, booking, reports, notes)
    return Shipment(None, (), Leg("o", ()), None, notes=tuple(notes))


def _taken_back(events: Sequence[Any], known: Known) -> dict[str, dict[str | None, datetime]]:
    """Ids of events that were declared errors, by which party, and since when."""
    found: dict[str, dict[str | None, datetime]] = {}
    for event in events:
        if isinstance(event, Mapping) and event.get("errorDeclaration") is not None:
            name, since = text(event.get("eventID")), known.declared(event)
            if name is not None and since is not None:
                of_event, party = found.setdefault(name, {}), party_of(event)
                of_event[party] = min(since, of_event.get(party, since))
    return found


def _bookings(events: Sequence[Any], known: Known) -> Iterator[tuple[Booking, Any]]:
    for event in events:
        if isinstance(event, Mapping) and event.get("errorDeclaration") is None:
            plan = own(event, "plan")
            times = None if plan is None else known.times(event)
            if times is not None:
                single = many(plan)
                booking = Booking(text(event.get("eventID")) or "", *times, party_of(event))
                yield booking, single[0] if len(single) == 1 else plan


def _withdrawn(booking: Booking, taken_back: Mapping[str, Mapping[str | None, datetime]]) -> datetime | None:
    by = taken_back.get(booking.event, {})
    return by.get(booking.party, by.get(None)) if booking.party is not None else min(by.values(), default=None)


def _replanned(booking: Booking, plan: Plan, later: Sequence[tuple[Booking, Any]]) -> Iterator[Note]:
    """That other plans for the same units were booked afterwards, and do not count."""
    for other, written in later[:100]:
        try:
            changed = read_plan(written)
        except BadPlan:
            continue
        if changed.legs.keys() & plan.legs.keys() and changed.legs != plan.legs:
            said = "the shipment was booked again with another plan: the first plan counts"
            since = float(booking.minutes(max(other.recorded, other.happened)))
            yield Note("REPLANNED", said, since, _ids(booking) + _ids(other))
            return


def _ids(booking: Booking) -> tuple[str, ...]:
    return (booking.event,) if booking.event else ()


def _shipment(plan: Plan, booking: Booking, reports: Reports, notes: Sequence[Note]) -> Shipment:
    found, told = list(notes), dict[str, dict[int, Report]]()
    for unit in plan.legs:
        told[unit], odd = reports.of(unit)
        found += odd
    inbound = tuple(_lasting(leg, told[unit], booking, 0) for unit, leg in plan.legs.items() if leg.slot != "o")
    unit, leg = next((unit, leg) for unit, leg in plan.legs.items() if leg.slot == "o")
    hub = max((leg.elapsed for leg in inbound), default=0)
    outbound = _lasting(leg, told[unit], booking, hub)
    event = booking.event or None
    return Shipment(plan.nr, inbound, outbound, booking.happened, event, tuple(found), plan.names)


def _lasting(leg: Leg, told: Mapping[int, Report], booking: Booking, clock: int) -> Leg:
    lasting = []
    for at, milestone in enumerate(leg.milestones):
        if at in told:
            minutes = booking.minutes(booking.counted(told[at]))
            event = told[at].event or None
            lasting.append(replace(milestone, effective=max(0, minutes - clock), event=event))
            clock = max(clock, minutes)
        else:
            lasting.append(milestone)
    return Leg(leg.slot, tuple(lasting))
