"""What if the plan were another: the same shipment scored with an edited plan, beside the score as it is.

The edited plan is also the promise that lateness is measured against. What was reported stays as it was told, so only
milestones that are still open can be edited. Pure: nothing is stored, nothing is shared with the case as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from ml.assessment import Assessment, Case
from ml.gs1_keys import place_id
from ml.identifiers import canonical
from ml.plans import MOST_FLIGHTS, MOST_MINUTES
from ml.shipment import SLOTS, Leg, Milestone, Shipment, Slot

MOST_EDITS: Final = 50


class BadEdit(ValueError):
    """An edit that cannot be made; the message says which, and what to change. `at` is its position."""

    def __init__(self, at: int, fault: str) -> None:
        super().__init__(f"edit {at + 1}: {fault}")
        self.at = at


@dataclass(frozen=True, slots=True)
class PlannedMinutes:
    """The open `milestone` (such as `DEP 1` or `DLV`) of `leg` is planned to take `minutes` since the one before."""

    leg: Slot
    milestone: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Slack:
    """The last milestone of `leg` may take `minutes` more than planned (negative: less)."""

    leg: Slot
    minutes: int


@dataclass(frozen=True, slots=True)
class Stop:
    """`leg` leads over `place` at its stop number `stop` (0 is its first), a masked airport id or any identifier.

    The hub belongs to all legs: moving the last stop of an inbound leg, or the first of the outbound one, moves it.
    """

    leg: Slot
    stop: int
    place: int | str


@dataclass(frozen=True, slots=True)
class DropSegment:
    """`leg` flies without its open `segment` (1 is the first): the one before it, or else behind it, leads on."""

    leg: Slot
    segment: int


@dataclass(frozen=True, slots=True)
class AddSegment:
    """`leg` flies to `place` first, then on as planned: a flight of its own in front of the open `segment`.

    `departure` and `arrival` are the planned minutes that it takes to depart and to arrive.
    """

    leg: Slot
    segment: int
    place: int | str
    departure: int
    arrival: int


@dataclass(frozen=True, slots=True)
class DropLeg:
    """The consolidation does not wait for this inbound leg."""

    leg: Slot


Edit = PlannedMinutes | Slack | Stop | DropSegment | AddSegment | DropLeg
KINDS: Final[Mapping[str, type[Edit]]] = {
    "plannedMinutes": PlannedMinutes,
    "slack": Slack,
    "stop": Stop,
    "dropSegment": DropSegment,
    "addSegment": AddSegment,
    "dropLeg": DropLeg,
}
"""Kinds of edits by the name that they have in JSON (`{"kind": "slack", "leg": "o", "minutes": 120}`)."""


class Scores(Protocol):
    """What scores: `ml.scorer.Scorer`."""

    def score(self, cases: Sequence[Case], *, reasons: bool = True) -> list[Assessment]:
        """One assessment for each case."""
        ...


def whatif(scorer: Scores, case: Case, edits: Sequence[Edit]) -> tuple[Assessment, Assessment]:
    """The assessment of `case` as it is, and with its plan edited, the edits applied in their order. Raises BadEdit."""
    before, after = scorer.score([case, replace(case, shipment=edited(case.shipment, edits))])
    return before, after


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


def read_edits(written: Any) -> list[Edit]:
    """Edits from JSON. Raises BadEdit naming the member that is missing, unknown or of another type."""
    if not isinstance(written, list):
        raise BadEdit(0, "edits must be a list of objects")
    return [_read(at, one) for at, one in enumerate(written[: MOST_EDITS + 1])]


def _read(at: int, one: Any) -> Edit:
    kind = KINDS.get(str(one.get("kind"))) if isinstance(one, Mapping) else None
    if kind is None:
        raise BadEdit(at, f"must be an object whose kind is one of {', '.join(KINDS)}")
    members: dict[str, Any] = {name: value for name, value in one.items() if name != "kind"}
    wanted = kind.__annotations__
    if members.keys() != wanted.keys():
        raise BadEdit(at, f"{one['kind']} has the members {', '.join(wanted)}, not {', '.join(map(str, members))}")
    for name, value in members.items():
        if not _fits(wanted[name], value):
            raise BadEdit(at, f"{name} {value!r:.40} must be {_TYPES[wanted[name]]}")
    return kind(**members)


_TYPES: Final = {
    "Slot": f"one of {', '.join(SLOTS)}",
    "str": "the name of a milestone, such as DEP 1",
    "int": "a whole number",
    "int | str": "an airport id or the identifier of a place",
}


def _fits(wanted: str, value: Any) -> bool:
    whole, word = isinstance(value, int) and not isinstance(value, bool), isinstance(value, str)
    if wanted == "Slot":
        return word and value in SLOTS
    return (whole and "int" in wanted) or (word and "str" in wanted and len(value) <= 2048)


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
    names = [_name(point) for point in leg.milestones]
    if milestone not in names:
        raise _Fault(f"leg {leg.slot} has no milestone {milestone!r:.40}: it has {', '.join(names)}")
    return names.index(milestone)


def _name(point: Milestone) -> str:
    return f"{point.code} {point.segment}".removesuffix(" 0")


def _segment(leg: Leg, segment: int) -> int:
    if not 1 <= segment <= len(leg.segments):
        raise _Fault(f"leg {leg.slot} has the segments 1 to {len(leg.segments)}, not {segment}")
    return 2 * segment - 1


def _open(leg: Leg, at: int) -> int:
    if at < leg.done:
        raise _Fault(f"{_name(leg.milestones[at])} of leg {leg.slot} is behind us: only what is open can be replanned")
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
