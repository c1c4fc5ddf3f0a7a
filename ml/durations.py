"""How long milestones usually take against their plan: what shipments whose outcome is known tell about a place.

Plans hold large buffers, and which ones are used up differs by place. For every milestone the logarithm of
(effective + 1 h) / (planned + 1 h) is counted by its kind, by kind and place, and by kind, place and the other place
that matters to it (the other end of a flight; destination or origin for the stay at the hub). A mean leans on the
next wider one until enough has been seen. Sums are whole millionths, so the order in which outcomes arrive is no part
of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml.shipment import Leg, Shipment

LEAN = 8.0
"""How many outcomes of its own weigh as much as the wider mean that a narrower one leans on."""
MICRO = 1_000_000

Key = tuple[str, int, int]
"""(`i` or `o` and the milestone's code, place, other place); -1 where a place is unknown, -2 where it is left open."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for one milestone: `ratio` the mean logarithm, `seen` how often its place was."""

    ratio: float
    seen: int


NOTHING = Usual(0.0, 0)


@dataclass(slots=True)
class Durations:
    """For each key: how many milestones were seen, and the sum of their logarithms in millionths."""

    sums: dict[Key, tuple[int, int]] = field(default_factory=dict)

    def add(self, shipment: Shipment) -> None:
        """Takes in what was reported and planned of a shipment whose outcome is known."""
        for leg in shipment.legs:
            for milestone, key in zip(leg.milestones, keys(leg, shipment), strict=True):
                if milestone.planned is not None and milestone.effective is not None:
                    told = math.log((max(milestone.effective, 0) + 60) / (max(milestone.planned, 0) + 60))
                    self._count(key, round(told * MICRO))

    def _count(self, key: Key, told: int) -> None:
        for one in wider(key):
            seen, total = self.sums.get(one, (0, 0))
            self.sums[one] = (seen + 1, total + told)

    def usual(self, key: Key) -> Usual:
        """The mean for `key`, leaning on its wider keys; 0 (as planned) where nothing was ever seen."""
        mean, counts = 0.0, [0, 0, 0]
        for depth, one in enumerate(wider(key)):
            seen, total = self.sums.get(one, (0, 0))
            mean = (total / MICRO + LEAN * mean) / (seen + LEAN)
            counts[depth] = seen
        return Usual(mean, counts[1])

    def row(self, shipment: Shipment) -> tuple[tuple[Usual, ...], ...]:
        """What is usual for each milestone of each leg of a plan."""
        return tuple(tuple(map(self.usual, keys(leg, shipment))) for leg in shipment.legs)

    def to_json(self) -> list[list[Any]]:
        return [[*key, seen, total] for key, (seen, total) in sorted(self.sums.items())]

    @classmethod
    def from_json(cls, rows: list[list[Any]]) -> Durations:
        return cls({(kind, a, b): (seen, total) for kind, a, b, seen, total in rows})


def wider(key: Key) -> tuple[Key, Key, Key]:
    """The key's kind, its kind and place, and itself: from wide to narrow."""
    kind, place, _ = key
    return (kind, -2, -2), (kind, place, -2), key


def keys(leg: Leg, shipment: Shipment) -> Iterator[Key]:
    """The key of each milestone of a leg, in planned order."""
    ends: Mapping[str, int] = {"RCS": _known(leg.places[:1]), "DLV": _known(leg.places[-1:])}
    across = {"RCS": _known((shipment.destination if leg.slot == "o" else shipment.hub,)), "DLV": ends["RCS"]}
    side = "o" if leg.slot == "o" else "i"
    stops = [_known((milestone.place,)) for milestone in leg.milestones]
    for at, milestone in enumerate(leg.milestones):
        code = milestone.code
        if code in ends:
            yield side + code, ends[code], across[code]
        else:
            other = at + 1 if code == "DEP" else at - 1
            yield side + code, stops[at], stops[other] if 0 <= other < len(stops) else -1


def _known(places: tuple[int | None, ...]) -> int:
    return -1 if not places or places[0] is None else places[0]
