"""The shipment that EPCIS events tell of: inverse of `ml.to_epcis`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ml.gs1_keys import place_of, unit_of
from ml.shipment import Code, Leg, Milestone, Shipment
from ml.vocabulary import CODES, own

_WORD = re.compile(r"([a-z_]+)$")


def from_events(events: Sequence[Mapping[str, Any]]) -> Shipment:
    """The shipment that the events of its trails tell of: inverse of `to_epcis`, also for any prefix in time.

    Order and repetition of the events do not matter; events under an error declaration, of unknown units, at a place
    that the plan does not know, and steps that are no milestone are left out. Times are floored to minutes, and a
    milestone dated before the one ahead of it counts as simultaneous. Without a booking event there is no plan:
    the result has `nr` None and no legs. Raises ValueError for an event without a readable `eventTime`.
    """
    standing = sorted((event for event in events if "errorDeclaration" not in event), key=_moment)
    booking = next((event for event in standing if own(event, "plan") is not None), None)
    if booking is None:
        return Shipment(None, (), Leg("o", ()))
    plan, booked = own(booking, "plan"), _moment(booking)
    legs = {_unit(leg): _leg(leg) for leg in _many(own(plan, "leg"))}
    times: dict[str, dict[int, int]] = {unit: {} for unit in legs}
    for event in standing:
        _note(event, booked, legs, times)
    return _timed(int(own(plan, "nr")), legs, times, booked)


def _moment(event: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(event["eventTime"]))
    except (KeyError, ValueError):
        raise ValueError(f"eventTime {event.get('eventTime')!r} is no ISO 8601 instant") from None
    if moment.utcoffset() is None:
        raise ValueError(f"eventTime {event['eventTime']!r} needs an offset from UTC")
    return moment


def _many(value: Any) -> list[Any]:
    """Extension elements that came through XML hold a list of one as the element itself."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _unit(leg: Mapping[str, Any]) -> str:
    return unit_of(str(own(leg, "unit"))) or str(own(leg, "unit"))


def _leg(leg: Mapping[str, Any]) -> Leg:
    return Leg(own(leg, "slot"), tuple(_point(point) for point in _many(own(leg, "milestone"))))


def _point(point: Mapping[str, Any]) -> Milestone:
    minutes, place = own(point, "minutes"), own(point, "place")
    planned = None if minutes is None else int(minutes)
    where = None if place is None else place_of(str(place))
    return Milestone(own(point, "code"), int(own(point, "segment")), planned, None, where)


def _note(
    event: Mapping[str, Any], booked: datetime, legs: Mapping[str, Leg], times: dict[str, dict[int, int]]
) -> None:
    word = _WORD.search(str(event.get("bizStep", "")))
    code = CODES.get(word[1]) if word else None
    if code is None or event.get("type") != "ObjectEvent" or event.get("action") == "DELETE":
        return
    point = event.get("readPoint") or {}
    place = place_of(str(point.get("id", "")))
    minutes = int((_moment(event) - booked).total_seconds() // 60)
    for unit in (unit_of(str(epc)) or "" for epc in event.get("epcList", ())):
        if unit in legs and (at := _which(legs[unit], code, place, times[unit])) is not None:
            times[unit][at] = minutes


def _which(leg: Leg, code: Code, place: int | None, seen: Mapping[int, int]) -> int | None:
    """The first open milestone of this kind that is planned at this place (or anywhere, where either is unknown)."""
    for at, milestone in enumerate(leg.milestones):
        if milestone.code == code and at not in seen and (place is None or milestone.place in (None, place)):
            return at
    return None


def _timed(nr: int, legs: Mapping[str, Leg], times: Mapping[str, Mapping[int, int]], booked: datetime) -> Shipment:
    inbound = tuple(_lasting(leg, times[unit], 0) for unit, leg in legs.items() if leg.slot != "o")
    unit, leg = next((unit, leg) for unit, leg in legs.items() if leg.slot == "o")
    hub = max((leg.elapsed for leg in inbound), default=0)
    return Shipment(nr, inbound, _lasting(leg, times[unit], hub), booked)


def _lasting(leg: Leg, times: Mapping[int, int], clock: int) -> Leg:
    lasting = []
    for at, milestone in enumerate(leg.milestones):
        if at in times:
            lasting.append(replace(milestone, effective=max(0, times[at] - clock)))
            clock = max(clock, times[at])
        else:
            lasting.append(milestone)
    return Leg(leg.slot, tuple(lasting))
