"""What past trails say of places and parties: who works where, and how fast one gets from place to place."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from ml.trail import Seen, Trail
from ml.trail_rules.told import hours, told

ENOUGH: Final = 3
"""Passages between two places that must be known before one is called impossible."""
ENOUGH_FLIGHTS: Final = 5
LATE: Final = 6.0
"""Hours from event to record that are late."""
FASTEST_KMH: Final = 1100.0
"""An airliner with tail wind."""
EARTH_KM: Final = 6371.0088
_GEO = re.compile(r"geo:(-?\d{1,3}(?:\.\d{1,12})?),(-?\d{1,3}(?:\.\d{1,12})?)")


@dataclass(slots=True)
class TrailHistory:
    """Counts over trails that are over; `add` each once its outcome is known. `trails` counts them.

    `fastest` keeps for each pair of places the shortest passages in hours, `flights` count, sum and sum of squares of
    the logarithms of all from departing to arriving; `steps` who told which step, `late` how many of a party's events
    were recorded more than six hours late.
    """

    trails: int = 0
    parties: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    workers: Counter[tuple[str, str]] = field(default_factory=Counter)
    fastest: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    flights: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)

    def add(self, trail: Trail) -> None:
        """Counts a trail in, each party, place and pair of them once."""
        if not trail.events:
            return
        known = told(trail, max(max(seen.event_time, seen.record_time) for seen in trail.events))
        self.trails += 1
        seen_at = {(seen.party, seen.place) for seen in known.events}
        self.parties.update({party for party, _ in seen_at if party})
        self.places.update({place for _, place in seen_at if place})
        self.workers.update({(party, place) for party, place in seen_at if party and place})
        self.steps.update({(seen.party, seen.step) for seen in known.events if seen.party and seen.step})
        for seen in known.events:
            if seen.party:
                self.told[seen.party] += 1
                self.late[seen.party] += hours(seen.event_time, seen.record_time) > LATE
        for way in known.milestones.values():
            for one, other in pairwise(way):
                self._passed(one, other)

    def _passed(self, one: Seen, other: Seen) -> None:
        if one.place and other.place and one.place != other.place and other.event_time > one.event_time:
            kept = self.fastest.setdefault((one.place, other.place), [])
            kept.append(hours(one.event_time, other.event_time))
            kept.sort()
            del kept[10:]
            if (one.step, other.step) == ("departing", "arriving"):
                log = math.log(hours(one.event_time, other.event_time))
                past = self.flights.get((one.place, other.place), [0.0, 0.0, 0.0])
                self.flights[one.place, other.place] = [past[0] + 1, past[1] + log, past[2] + log * log]

    def least_hours(self, one: str, other: str) -> float | None:
        """The least that a passage takes: the second shortest known either way, or by coordinates; None if unknown."""
        known = sorted([*self.fastest.get((one, other), ()), *self.fastest.get((other, one), ())])
        return known[1] if len(known) >= ENOUGH else _flown(one, other)

    def oddity(self, one: Seen, other: Seen) -> float:
        """How many standard deviations a flight's duration is off the usual (of its logarithm); 0 where unknown."""
        count, total, squares = self.flights.get((one.place or "", other.place or ""), (0.0, 0.0, 0.0))
        lasted = hours(one.event_time, other.event_time)
        if count < ENOUGH_FLIGHTS or lasted <= 0:
            return 0.0
        mean = total / count
        # a spread as that of all flights stands beside the few that are known
        spread = math.sqrt((max(squares - count * mean * mean, 0.0) + ENOUGH_FLIGHTS * 0.25) / (count + ENOUGH_FLIGHTS))
        return abs(math.log(lasted) - mean) / spread

    def lateness(self, party: str) -> float:
        """The share of a party's events that were recorded late, smoothed."""
        return (self.late[party] + 1) / (self.told[party] + 10)

    def to_json(self) -> dict[str, Any]:
        """As JSON; `from_json` reads it back."""
        return {
            "trails": self.trails,
            "parties": dict(self.parties),
            "places": dict(self.places),
            "workers": [[*pair, count] for pair, count in self.workers.items()],
            "fastest": [[*pair, known] for pair, known in self.fastest.items()],
            "flights": [[*pair, known] for pair, known in self.flights.items()],
            "steps": [[*pair, count] for pair, count in self.steps.items()],
            "told": dict(self.told),
            "late": dict(self.late),
        }

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> TrailHistory:
        """What `to_json` wrote."""
        return cls(
            written["trails"],
            Counter(written["parties"]),
            Counter(written["places"]),
            Counter({(party, place): count for party, place, count in written["workers"]}),
            {(one, other): list(known) for one, other, known in written["fastest"]},
            {(one, other): list(known) for one, other, known in written["flights"]},
            Counter({(party, step): count for party, step, count in written["steps"]}),
            Counter(written["told"]),
            Counter(written["late"]),
        )


def history_of(trails: Iterable[Trail]) -> TrailHistory:
    """The history of these trails."""
    found = TrailHistory()
    for trail in trails:
        found.add(trail)
    return found


def _flown(one: str, other: str) -> float | None:
    """Hours between two `geo` URIs (RFC 5870) as the airliner flies; None for other places."""
    first, second = _GEO.match(one), _GEO.match(other)
    if first is None or second is None:
        return None
    north, east, south, west = (math.radians(float(part)) for part in (*first.groups(), *second.groups()))
    half = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half))) / FASTEST_KMH
