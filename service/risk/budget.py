"""Spending a day's alerts while scores come in, one after the other, and nobody knows what the day will bring. Pure.

1. The forecast is what recent days offered: for each shipment that was worth an alert the benefit, and how much of the
   day had gone. With r alerts left, the threshold is the benefit that so many of the offers in the rest of a day
   exceeded, on average r a day. It is solved anew for every offer (the budget-ratio policy of the multi-secretary
   problem: Arlotto and Gurvich 2019, whose regret does not grow with the number of offers).
2. The day's own pace scales the forecast: where twice as many offers as usual came by now, the rest of the day is
   expected to bring twice as many, too, and the threshold rises.
3. A fifth of the budget (none of a budget of one) is a reserve. When only it is left, the threshold is the higher one
   of the forecast's and of what this day itself brought so far, so that a day worse than all before it does not use it
   up. What exceeds every alert of today gets in anyway. As the day ends, the threshold falls, and nothing is left over.
4. Of offers that equal the threshold so many get in as the day has gone.
5. Offers that were passed over stand: when the threshold falls below one of them later in the day, it gets in.

Without recent days, today's offers so far are taken for the rate of the rest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Why = Literal["budget", "reserve"]
KEPT = 10
"""Of a day's offers, the best so many times the budget are looked at."""
RECENT_DAYS = 14
_ABOUT_NOW = 1 / 24
_PATIENCE = 3.0
"""Offers that the pace of a day is held for the usual one's by, before it counts."""


@dataclass(frozen=True, slots=True)
class Day:
    """A party's day as far as it has gone.

    `gone` is the part of the day that is over (0 to 1), `forecast` the offers (gone, benefit) of `days` recent days,
    `offered` the benefits offered today until now, those under decision included, `alerted` the benefits of today's
    alerts.
    """

    budget: int
    gone: float
    days: int
    forecast: tuple[tuple[float, float], ...]
    offered: tuple[float, ...]
    alerted: tuple[float, ...]


class Chosen(NamedTuple):
    """An offer that gets in: its place among those given, the threshold it passed, and from what it was paid."""

    place: int
    threshold: float
    why: Why


def choose(day: Day, offers: Sequence[float]) -> list[Chosen]:
    """Which of these offers (benefits, each > 0) become alerts now, the best first; never more than are left."""
    alerted = list(day.alerted)
    reserve = 0 if day.budget < 2 else max(1, day.budget // 5)
    usual, today = _usual(day), _today(day)
    chosen: list[Chosen] = []
    for place in sorted(range(len(offers)), key=lambda place: -offers[place]):
        left = day.budget - len(alerted)
        if left <= 0:
            break
        benefit, ordinary = offers[place], left > reserve
        if ordinary:
            threshold = usual.at(left - reserve)
        else:
            threshold = min(max(usual.at(left), today.at(left)), max(alerted, default=math.inf))
        tied = day.days and benefit == threshold and len(alerted) < (day.budget - reserve) * day.gone
        if not tied and benefit <= threshold:
            break  # those that follow offer less
        chosen.append(Chosen(place, threshold, "budget" if ordinary else "reserve"))
        alerted.append(benefit)
    return chosen


@dataclass(frozen=True, slots=True)
class _Level:
    """Thresholds for the rest of a day, which is expected to bring `ahead` (the best first) once in `scale`."""

    ahead: list[float]
    scale: float

    def at(self, left: int) -> float:
        """The benefit that the rest of the day exceeds `left` times; 0 where it offers no more than that anyway."""
        place = left * self.scale
        return self.ahead[int(place)] if place < len(self.ahead) else 0.0


def _usual(day: Day) -> _Level:
    """By what recent days brought from this time on, at this day's pace; by this day alone where there were none."""
    if not day.days:
        return _today(day)
    # What used to come about now may be coming now: a morning's batch, one score after the other.
    since = day.gone - min(_ABOUT_NOW, 1 - day.gone)
    ahead = sorted((benefit for gone, benefit in day.forecast if gone > since), reverse=True)
    return _Level(ahead, day.days / _pace(day))


def _today(day: Day) -> _Level:
    """By what this day brought until now."""
    scale = day.gone / (1 - day.gone) if day.gone < 1 else math.inf
    return _Level(sorted(day.offered, reverse=True), scale)


def _pace(day: Day) -> float:
    """How many offers worth the budget came today, for each that came on recent days by this time."""
    best = sorted((benefit for _, benefit in day.forecast), reverse=True)
    mark = best[min(len(best), day.budget * day.days) - 1] if best else 0.0
    usual = sum(gone <= day.gone and benefit >= mark for gone, benefit in day.forecast) / day.days
    return (_PATIENCE + sum(benefit >= mark for benefit in day.offered)) / (_PATIENCE + usual)
