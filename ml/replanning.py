"""A shipment with another plan: edits are applied one after the other, where they can be made.

What was reported stays as it was told, so only milestones that are still open can be edited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ml.edits import MOST_EDITS, AddSegment, BadEdit, DropLeg, DropSegment, Edit, PlannedMinutes, Slack, Stop
from ml.gs1_keys import place_id
from ml.identifiers import canonical
from ml.plans import MOST_FLIGHTS, MOST_MINUTES
from ml.shipment import Leg, Milestone, Shipment


def edited(shipment: Shipment, edits: Sequence[Edit]) -> Shipment:
    """The shipment with another plan. Raises BadEdit."""
    if len(edits) > MOST_EDITS:
        raise BadEdit(MOST_EDITS, f"at most {MOST_EDITS} edits can be made at once")
    if not shipment.inbound or not shipment.outbound.milestones:
        raise BadEdit(0, "the shipment has no plan that could be edited")
    for at, edit in enumerate(edits):
        try:
            shipment = _with(shipment, edit)
        except _Fault as fault:
            raise BadEdit(at, str(fault)) from None
    return shipment


class _Fault(ValueError):
    """What is wrong with an edit."""


def _with(shipment: Shipment, edit: Edit) -> Shipment:
    leg = next((leg for leg in shipment.legs if leg.slot == edit.leg), None)
    if leg is None:
        slots = ", ".join(leg.slot for leg in shipment.legs)
        raise _Fault(f"there is no leg {edit.leg}: the shipment has {slots}")
    if isinstance(edit, DropLeg):
        return _without(shipment, leg)
    if isinstance(edit, Stop):
        return _led_over(shipment, leg, edit)
    return _replaced(shipment, _replanned(leg, edit), {})


def _without(shipment: Shipment, leg: Leg) -> Shipment:
    rest = tuple(other for other in shipment.inbound if other.slot != leg.slot)
    if leg.slot == "o" or not rest:
        raise _Fault("only one of several inbound legs can be dropped")
    if shipment.outbound.done:
        raise _Fault("the outbound leg has begun: its inbound legs cannot change any more")
    return replace(shipment, inbound=rest)


def _replanned(leg: Leg, edit: PlannedMinutes | Slack | DropSegment | AddSegment) -> Leg:
    points = list(leg.milestones)
    if isinstance(edit, PlannedMinutes):
        at = _open(leg, _named(leg, edit.milestone))
        points[at] = replace(points[at], planned=_minutes(edit.minutes))
    elif isinstance(edit, Slack):
        at = _open(leg, len(points) - 1)
        points[at] = replace(points[at], planned=_minutes((points[at].planned or 0) + edit.minutes))
    elif isinstance(edit, DropSegment):
        at = _open(leg, _segment(leg, edit.segment))
        if len(leg.segments) == 1:
            raise _Fault(f"leg {leg.slot} has one segment only: it cannot be dropped")
        points = _dropped(points, at)
    else:
        at = _open(leg, _segment(leg, edit.segment))
        if len(leg.segments) >= MOST_FLIGHTS:
            raise _Fault(f"leg {leg.slot} has {MOST_FLIGHTS} segments already, which is the most that a leg can have")
        origin, place = points[at].place, _place(edit.place)[0]
        points[at] = replace(points[at], place=place)
        departure = Milestone("DEP", 0, _minutes(edit.departure), None, origin)
        points[at:at] = [departure, Milestone("RCF", 0, _minutes(edit.arrival), None, place)]
    return Leg(leg.slot, tuple(_numbered(points)))


def _dropped(points: list[Milestone], at: int) -> list[Milestone]:
    """Without the departure `at` and its arrival; the flight next to them closes the gap."""
    origin, target = points[at].place, points[at + 1].place
    rest = [*points[:at], *points[at + 2 :]]
    if at + 2 < len(points) - 1:
        rest[at] = replace(rest[at], place=origin)
    elif rest[at - 1].effective is None:
        rest[at - 1] = replace(rest[at - 1], place=target)
    else:
        raise _Fault("the last segment cannot be dropped once the one before it has arrived")
    return rest


def _numbered(points: Sequence[Milestone]) -> list[Milestone]:
    flown = points[1:-1]
    return [points[0], *(replace(one, segment=at // 2 + 1) for at, one in enumerate(flown)), points[-1]]


def _led_over(shipment: Shipment, leg: Leg, edit: Stop) -> Shipment:
    last = len(leg.segments)
    if not 0 <= edit.stop <= last:
        raise _Fault(f"leg {leg.slot} has the stops 0 to {last}, not {edit.stop}")
    place, names = _place(edit.place)
    is_hub = edit.stop == (0 if leg.slot == "o" else last)
    moved = shipment.legs if is_hub else (leg,)
    changed = shipment
    for one in moved:
        stop = (0 if one.slot == "o" else len(one.segments)) if is_hub else edit.stop
        changed = _replaced(changed, _stopping(one, stop, place), names)
    return changed


def _stopping(leg: Leg, stop: int, place: int) -> Leg:
    """The leg with another place at a stop: where flight `stop` arrives, and the one behind it departs."""
    points = list(leg.milestones)
    for at in (2 * stop, 2 * stop + 1):
        if 0 < at < len(points) - 1:
            _open(leg, at)
            points[at] = replace(points[at], place=place)
    return Leg(leg.slot, tuple(points))


def _replaced(shipment: Shipment, leg: Leg, names: Mapping[int, str]) -> Shipment:
    named = {**shipment.names, **names}
    if leg.slot == "o":
        return replace(shipment, outbound=leg, names=named)
    inbound = tuple(leg if other.slot == leg.slot else other for other in shipment.inbound)
    return replace(shipment, inbound=inbound, names=named)


def _named(leg: Leg, milestone: str) -> int:
    names = [point.name for point in leg.milestones]
    if milestone not in names:
        raise _Fault(f"leg {leg.slot} has no milestone {milestone!r:.40}: it has {', '.join(names)}")
    return names.index(milestone)


def _segment(leg: Leg, segment: int) -> int:
    if not 1 <= segment <= len(leg.segments):
        raise _Fault(f"leg {leg.slot} has the segments 1 to {len(leg.segments)}, not {segment}")
    return 2 * segment - 1


def _open(leg: Leg, at: int) -> int:
    if at < leg.done:
        raise _Fault(f"{leg.milestones[at].name} of leg {leg.slot} is behind us: only what is open can be replanned")
    return at


def _minutes(minutes: int) -> int:
    if not 0 <= minutes <= MOST_MINUTES:
        raise _Fault(f"{minutes} planned minutes: they must be from 0 to {MOST_MINUTES}")
    return minutes


def _place(place: int | str) -> tuple[int, dict[int, str]]:
    if isinstance(place, str):
        number = place_id(place)
        return number, {number: canonical(place)}
    if not 0 <= place < 100_000:
        raise _Fault(f"airport {place}: masked airport ids are from 0 to 99999; other places go by their identifier")
    return place, {}
