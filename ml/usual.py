"""How long milestones usually take: what shipments whose outcome is known tell about places, flights and plans.

Plans hold large buffers, and which ones are used up differs by place. For each kind of milestone the logarithm of its
minutes is regressed on that of its planned minutes; what is left is a mean and a variance for the place, for the place
with this very plan (stays and departures), and for the place with the other place that matters to it: the other end of
a flight, the hub or destination that a leg serves. A narrower mean leans on the wider one until enough has been seen
(empirical Bayes). Sums are whole numbers, so the order in which outcomes arrive is no part of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ml.shipment import Leg, Milestone, Shipment

SHIFT = 60
"""Minutes added before the logarithm is taken, so that five minutes and fifteen are not worlds apart."""
MICRO = 1_000_000
MOST_KNOWN = 200_000
"""Answers that are kept at hand."""
MOST = 10_000_000
"""Minutes above which a report counts as this many: nobody's clock runs for twenty years."""
Key = tuple[str, int, int]
"""(leg's side and code, place, other place or planned minutes); -1: a place is unknown, -2: it is left out."""


Where = tuple[str, int, int, int | None]
"""(leg's side and code, place, other place, planned minutes where they name a kind of stay), -1: a place is unknown."""


class Usual(NamedTuple):
    """What is usual for a milestone: ln(minutes + SHIFT) has the mean `slope` · ln(planned + SHIFT) + `base` and the
    standard deviation `spread`; `wide_base` and `wide_spread` by its kind alone, whatever its places; `seen` outcomes
    at its place.
    """

    slope: float
    base: float
    spread: float
    wide_base: float
    wide_spread: float
    seen: int


class Sums(NamedTuple):
    """Count, and sums of logarithms in millionths: effective, planned, and their products, these in units of MICRO."""

    seen: int = 0
    took: int = 0
    plan: int = 0
    took_took: int = 0
    took_plan: int = 0
    plan_plan: int = 0

    def __add__(self, other: Sums) -> Sums:  # type: ignore[override]
        return Sums(*(one + more for one, more in zip(self, other, strict=True)))


_NONE = Sums()
_LEANS: Mapping[str, float] = {"kind": 4.0, "place": 2.0, "plan": 4.0, "other": 2.0}
"""How many outcomes of its own weigh as much as the wider mean that a narrower one leans on."""


def times(shipment: Shipment) -> Iterator[tuple[Milestone, dict[str, Key]]]:
    """Each milestone with its keys from wide to narrow."""
    for leg in shipment.legs:
        yield from zip(leg.milestones, map(_keys, _along(leg, shipment)), strict=True)


def _along(leg: Leg, shipment: Shipment) -> list[Where]:
    far = shipment.destination if leg.slot == "o" else shipment.hub
    side, stops = "o" if leg.slot == "o" else "i", [-1 if place is None else place for place in leg.places] or [-1]
    end, last = len(stops) - 1, len(leg.milestones) - 1
    told = list[Where]()
    for at, milestone in enumerate(leg.milestones):
        code, here = milestone.code, min(at // 2, end)
        place, planned = stops[-1] if at == last else stops[here], None
        if code == "RCS":
            other = -1 if far is None else far
        elif code == "DEP":
            other, planned = stops[min(here + 1, end)], milestone.planned
        elif code == "DLV":
            other, planned = stops[0], milestone.planned
        else:
            other = stops[here - 1]
        told.append((side + code, place, other, planned))
    return told


def _keys(where: Where) -> dict[str, Key]:
    kind, place, other, planned = where
    keys: dict[str, Key] = {"kind": (kind, -2, -2), "place": (kind, place, -2)}
    if planned is not None:
        keys["plan"] = (kind + "=", place, planned)
    return keys | {"other": (kind, place, other)}


@dataclass(slots=True)
class UsualTimes:
    """Sums for each key that was seen."""

    sums: dict[Key, Sums] = field(default_factory=dict)
    _found: dict[Where, Usual] = field(default_factory=dict, repr=False, compare=False)

    def add(self, shipment: Shipment) -> None:
        """Takes in what was planned and reported of a shipment whose outcome is known."""
        self._found.clear()
        for milestone, keys in times(shipment):
            if milestone.planned is not None and milestone.effective is not None:
                told = _told(milestone.effective, milestone.planned)
                for key in keys.values():
                    self.sums[key] = self.sums.get(key, _NONE) + told

    def row(self, shipment: Shipment) -> list[Usual]:
        """What is usual for the milestones of a plan, leg by leg in their order."""
        found, known = list[Usual](), self._found
        for leg in shipment.legs:
            for where in _along(leg, shipment):
                usual = known.get(where)
                if usual is None:
                    if len(known) >= MOST_KNOWN:
                        known.clear()
                    usual = known[where] = self.usual(_keys(where))
                found.append(usual)
        return found

    def usual(self, keys: Mapping[str, Key]) -> Usual:
        """What is usual for milestones with these keys."""
        slope = self._slope(keys["kind"])
        mean, variance = self._leaning("kind", keys["kind"], slope, (1.0 - slope) * 6.0, 1.5)
        kind, kind_spread = mean, math.sqrt(variance)
        for level in ("place", "plan", "other"):
            if level in keys:
                mean, variance = self._leaning(level, keys[level], slope, mean, variance)
        seen = self.sums.get(keys["place"], _NONE).seen
        return Usual(slope, mean, math.sqrt(variance), kind, kind_spread, seen)

    def _slope(self, kind: Key) -> float:
        """How much of a longer plan is a longer time; leans on a half."""
        n, took, plan, _, took_plan, plan_plan = self.sums.get(kind, _NONE)
        together = (took_plan - took * plan / (n * MICRO)) / MICRO if n else 0.0
        alone = (plan_plan - plan * plan / (n * MICRO)) / MICRO if n else 0.0
        return (together + 10.0) / (alone + 20.0)

    def _leaning(self, level: str, key: Key, slope: float, wider: float, variance: float) -> tuple[float, float]:
        """Mean and variance of what is left of the logarithm beside the plan, leaning on those of the wider key."""
        n, took, plan, took_took, took_plan, plan_plan = self.sums.get(key, _NONE)
        lean = _LEANS[level]
        one = (took - slope * plan) / MICRO
        two = (took_took - 2 * slope * took_plan + slope * slope * plan_plan) / MICRO
        mean = (one + lean * wider) / (n + lean)
        apart = 0.0 if level == "kind" else (mean - wider) ** 2
        about = two - 2 * mean * one + n * mean * mean
        return mean, max(1e-3, (about + lean * (variance + apart)) / (n + lean))

    def to_json(self) -> list[list[Any]]:
        return [[*key, *sums] for key, sums in sorted(self.sums.items())]

    @classmethod
    def from_json(cls, rows: Iterable[list[Any]]) -> UsualTimes:
        return cls({(kind, a, b): Sums(*sums) for kind, a, b, *sums in rows})


def _logarithm(minutes: float) -> float:
    return math.log(min(max(minutes, 0), MOST) + SHIFT)


def _told(effective: float, planned: float) -> Sums:
    took, plan = _logarithm(effective), _logarithm(planned)
    return Sums(1, *(round(value * MICRO) for value in (took, plan, took * took, took * plan, plan * plan)))
