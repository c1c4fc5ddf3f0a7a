"""The plan that a booking carries (`trailseal:plan`), read strictly: a plan that is odd in any part is no plan.

What a shipment is measured against must not be guessed. Numbers may be written as text, since extensions that came
through XML are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml.gs1_keys import place_id, unit_of
from ml.identifiers import canonical
from ml.lenient import many, number, text
from ml.shipment import SLOTS, Code, Leg, Milestone
from ml.vocabulary import STEPS, own

MOST_MINUTES: Final = 366 * 24 * 60
"""A step that is planned to take more than a year is a mistake."""
MOST_FLIGHTS: Final = 3


class BadPlan(ValueError):
    """The plan cannot be used; the message says what to change in it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`legs` by the canonical identifier of their unit; `parties` that may report on a unit (`trailseal:party`), where
    the plan names any; `nr` is the shipment's number in its own data set, if it has one; `names` holds the identifiers
    of places by their numbers.
    """

    nr: int | None
    legs: Mapping[str, Leg]
    parties: Mapping[str, frozenset[str]]
    names: Mapping[int, str]


def read_plan(plan: Any) -> Plan:
    """The plan in a booking. Raises BadPlan for anything but one to three inbound legs i1..i3 and one outbound leg o,
    each with its own unit and the milestones RCS, one to three times DEP and RCF, DLV.
    """
    if not isinstance(plan, Mapping):
        raise BadPlan("trailseal:plan must be an object with the legs of the shipment")
    written = many(own(plan, "leg"))
    if not 2 <= len(written) <= len(SLOTS):
        raise BadPlan(f"a plan has one to three inbound legs and one outbound leg, not {len(written)} legs")
    legs, parties = dict[str, Leg](), dict[str, frozenset[str]]()
    for at, leg in enumerate(written):
        unit, read = _leg(leg, at)
        if unit in legs or read.slot in {other.slot for other in legs.values()}:
            raise BadPlan(f"leg {at + 1} has the unit or slot ({read.slot}) of another leg: each leg has its own")
        legs[unit] = read
        if named := frozenset(canonical(found) for one in many(own(leg, "party")) if (found := text(one))):
            parties[unit] = named
    if "o" not in {leg.slot for leg in legs.values()}:
        raise BadPlan("no outbound leg: one leg must have the slot o")
    nr = number(own(plan, "nr"))
    return Plan(None if nr is None or nr != int(nr) or nr < 0 else int(nr), legs, parties, _names(written))


def _leg(leg: Any, at: int) -> tuple[str, Leg]:
    if not isinstance(leg, Mapping):
        raise BadPlan(f"leg {at + 1} is no object")
    slot = next((slot for slot in SLOTS if slot == text(own(leg, "slot"))), None)
    if slot is None:
        raise BadPlan(f"leg {at + 1} has the slot {_shown(own(leg, 'slot'))}: it must be one of {', '.join(SLOTS)}")
    unit = text(own(leg, "unit"))
    if unit is None:
        raise BadPlan(f"leg {slot} names no unit: give the SSCC of its logistic unit")
    points = many(own(leg, "milestone"))
    if not 4 <= len(points) <= 2 + 2 * MOST_FLIGHTS:
        raise BadPlan(f"leg {slot} has {len(points)} milestones: RCS, one to {MOST_FLIGHTS} times DEP and RCF, DLV")
    milestones = tuple(_milestone(point, slot, place) for place, point in enumerate(points))
    flown = [code for _ in range((len(points) - 2) // 2) for code in ("DEP", "RCF")]
    if [point.code for point in milestones] != ["RCS", *flown, "DLV"]:
        raise BadPlan(
            f"the milestones of leg {slot} must be RCS, one to {MOST_FLIGHTS} times DEP and RCF, DLV, in order"
        )
    return unit_of(unit) or unit, Leg(slot, milestones)


def _milestone(point: Any, slot: str, at: int) -> Milestone:
    where = f"milestone {at + 1} of leg {slot}"
    if not isinstance(point, Mapping):
        raise BadPlan(f"{where} is no object")
    code: Code | None = next((code for code in STEPS if code == text(own(point, "code"))), None)
    if code is None:
        raise BadPlan(f"{where} has the code {_shown(own(point, 'code'))}: it must be one of {', '.join(STEPS)}")
    minutes = own(point, "minutes")
    planned = None if minutes is None else number(minutes)
    if minutes is not None and (planned is None or planned != int(planned) or not 0 <= planned <= MOST_MINUTES):
        raise BadPlan(f"{where} is planned to take {_shown(minutes)} minutes: whole ones from 0 to {MOST_MINUTES}")
    place = text(own(point, "place"))
    segment = (at + 1) // 2 if code in ("DEP", "RCF") else 0
    return Milestone(code, segment, None if planned is None else int(planned), None, place_id(place) if place else None)


def _names(legs: Sequence[Any]) -> dict[int, str]:
    points = (point for leg in legs for point in many(own(leg, "milestone")))
    return {place_id(place): canonical(place) for point in points if (place := text(own(point, "place")))}


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
