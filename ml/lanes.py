"""Late rates of lanes, as of a moment: what shipments whose outcome was known by then tell about a place.

The strongest single knowledge about a shipment before it moves. Rates are smoothed towards a prior so that a lane seen
twice says little: `(late + m · prior) / (seen + m)`. A hub × destination pair leans on the odds of its two parts.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from ml.shipment import Shipment, late
from ml.usual import MOST_KNOWN, UsualTimes

LAG = 400
"""A shipment's outcome counts for another one only when at least this many rows lie between them."""
FREEZE = 2628
"""The last row of the training part; tables for later rows stand still here."""
PRIOR_WEIGHT = 20.0
PAIR_WEIGHT = 10.0

Lane = tuple[str, int, int]
"""(`hub` | `destination` | `origin` | `via` | `pair`, place, second place of a pair or -1)."""
KINDS = ("hub", "destination", "pair", "origin", "via")


@dataclass(slots=True)
class Count:
    """Outcomes seen on a lane, and how many of them were late."""

    seen: int = 0
    late: int = 0


def lanes(shipment: Shipment) -> Iterator[Lane]:
    """Every lane that a shipment runs over, each once. Places that are unknown make no lane."""
    stops = [leg.places for leg in shipment.legs]
    hub, destination = (stops[-1][0], stops[-1][-1]) if stops[-1] else (None, None)
    found: list[Lane] = [("hub", hub, -1)] if hub is not None else []
    if destination is not None:
        found.append(("destination", destination, -1))
    if hub is not None and destination is not None:
        found.append(("pair", hub, destination))
    found += [("origin", along[0], -1) for along in stops[:-1] if along and along[0] is not None]
    found += [("via", place, -1) for along in stops for place in along[1:-1] if place is not None]
    return iter(dict.fromkeys(found))


@dataclass(slots=True)
class LaneRates:
    """Counts of known outcomes for each lane, and the smoothed rates that follow from them; and what milestones
    usually took where outcomes are known.
    """

    total: Count = field(default_factory=Count)
    counts: dict[Lane, Count] = field(default_factory=dict)
    times: UsualTimes = field(default_factory=UsualTimes)
    _told: dict[Lane, tuple[float, float]] = field(default_factory=dict, repr=False, compare=False)

    def add(self, shipment: Shipment) -> None:
        """Takes a shipment's outcome in. Raises ValueError while it has none."""
        outcome = late(shipment)
        if outcome is None:
            raise ValueError(f"shipment {shipment.nr} has no outcome yet: add it once delivered")
        for count in (self.total, *(self.counts.setdefault(lane, Count()) for lane in lanes(shipment))):
            count.seen += 1
            count.late += outcome
        self.times.add(shipment)
        self._told.clear()

    @property
    def base(self) -> float:
        """The overall late rate, leaning on one in four until outcomes are in (Beta prior of weight 20)."""
        return (self.total.late + PRIOR_WEIGHT * 0.25) / (self.total.seen + PRIOR_WEIGHT)

    def seen(self, lane: Lane) -> int:
        count = self.counts.get(lane)
        return count.seen if count else 0

    def told(self, lane: Lane) -> tuple[float, float]:
        """A lane's log-odds above those of the base, and how many outcomes were seen; kept, as many share a lane."""
        known = self._told.get(lane)
        if known is None:
            if len(self._told) >= MOST_KNOWN:
                self._told.clear()
            known = self._told[lane] = logit(self.rate(lane)) - logit(self.base), float(self.seen(lane))
        return known

    def rate(self, lane: Lane) -> float:
        """Smoothed late rate of a lane in (0, 1); the prior itself for a lane never seen."""
        count = self.counts.get(lane, Count())
        prior, weight = (self._pair_prior(lane), PAIR_WEIGHT) if lane[0] == "pair" else (self.base, PRIOR_WEIGHT)
        return (count.late + weight * prior) / (count.seen + weight)

    def _pair_prior(self, lane: Lane) -> float:
        hub, destination = self.rate(("hub", lane[1], -1)), self.rate(("destination", lane[2], -1))
        return _expit(logit(hub) + logit(destination) - logit(self.base))

    def to_json(self) -> dict[str, Any]:
        rows = [[*lane, count.seen, count.late] for lane, count in sorted(self.counts.items())]
        return {"seen": self.total.seen, "late": self.total.late, "lanes": rows, "times": self.times.to_json()}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> LaneRates:
        counts = {(kind, a, b): Count(seen, past) for kind, a, b, seen, past in table["lanes"]}
        return cls(Count(table["seen"], table["late"]), counts, UsualTimes.from_json(table.get("times", ())))


def logit(probability: float) -> float:
    """Log-odds of a probability in (0, 1)."""
    return math.log(probability / (1.0 - probability))


def _expit(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))


def known_by(shipments: Iterable[Shipment], last: int) -> LaneRates:
    """The table of all outcomes up to and with row `last`."""
    rates = LaneRates()
    for shipment in shipments:
        if shipment.nr is not None and shipment.nr <= last:
            rates.add(shipment)
    return rates


def as_of(
    shipments: Iterable[Shipment], *, freeze: int = FREEZE, lag: int = LAG
) -> Iterator[tuple[Shipment, LaneRates]]:
    """Each shipment with the rates known when it was booked: rows up to min(nr - lag, freeze).

    Of shipments that say when they were booked and since when their outcome is `known`, exactly those known by the
    booking count, rows up to `freeze`. `shipments` in the order of `nr`. The table is one object that grows: read from
    it before the next step.
    """
    rates, waiting, dated = LaneRates(), deque[tuple[int, Shipment]](), list[tuple[datetime, int, Shipment]]()
    for shipment in shipments:
        if shipment.nr is None:
            raise ValueError("a shipment without nr has no place in the order of time")
        while dated and shipment.booked is not None and dated[0][0] <= shipment.booked:
            rates.add(heappop(dated)[2])
        if shipment.known is None:
            waiting.append((shipment.nr, shipment))
        while waiting and waiting[0][0] <= min(shipment.nr - lag, freeze):
            rates.add(waiting.popleft()[1])
        yield shipment, rates
        if shipment.known is not None and shipment.nr <= freeze:
            heappush(dated, (shipment.known, shipment.nr, shipment))
