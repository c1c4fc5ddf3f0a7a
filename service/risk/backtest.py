"""Were we right? What was actually shown to analysts, judged by what became of it: pure, from stored scores only.

A score counts from when it was first shown. It is a forecast while nobody could know the outcome; what was shown
afterwards, and what was no question any more (delivered, or past its planned end), is counted and not judged. Each
shipment weighs the same within a group, however often it was shown (1/n for each of its scores).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from service.store.score_record import ShownScore

RESAMPLES = 200
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Group:
    """What was shown in a week, on a lane, or at all; `key` names it."""

    key: str
    rows: Sequence[ShownScore]

    @property
    def forecasts(self) -> list[ShownScore]:
        """What is judged: with a probability, shown before the outcome could be known, which it is by now."""
        return [one for one in self.rows if one.late is not None and one.probability is not None and is_forecast(one)]


def is_forecast(one: ShownScore) -> bool:
    """Whether the question was open when it was shown, as far as anybody could know."""
    if one.stage == "delivered" or (one.planned_end is not None and one.planned_end <= one.as_of):
        return False
    return one.known_from is None or one.delivered_at is None or one.at < max(one.known_from, one.delivered_at)


def judged(group: Group, *, intervals: bool = True) -> dict[str, Any]:
    """The figures of a group; None where there is too little to say."""
    open_ = [one for one in group.rows if is_forecast(one)]
    abstained = sum(one.probability is None for one in open_)
    pending = sum(one.late is None for one in open_)
    late = {one.trail for one in group.forecasts if one.late}
    shipments = {one.trail for one in group.forecasts}
    return {
        "key": group.key,
        "shown": len(group.rows),
        "judged": len(group.forecasts),
        "notJudged": {
            "abstained": abstained,
            "pending": pending,
            "settledOrAfterwards": len(group.rows) - len(open_),
        },
        "shipments": len(shipments),
        "late": len(late),
        "lateShare": share(len(late), len(shipments)),
        **_probabilities(group.forecasts, intervals=intervals),
        "lists": _lists(group.rows),
        "arrival": _arrivals(group.rows),
        "warnings": _warnings(group.forecasts),
    }


def share(hits: int, of: int) -> dict[str, Any]:
    """A share with its Wilson interval at 95 %; None of nothing."""
    if of == 0:
        return {"value": None, "interval": None, "of": 0}
    low, high = wilson(hits, of)
    return {"value": round(hits / of, 4), "interval": [round(low, 4), round(high, 4)], "of": of}


def wilson(hits: float, of: float, z: float = 1.96) -> Interval:
    """The Wilson score interval of a share (E. B. Wilson, JASA 22, 1927)."""
    middle, spread = hits / of + z * z / (2 * of), z * math.sqrt(hits / of * (1 - hits / of) / of + (z / of / 2) ** 2)
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))


def _probabilities(rows: Sequence[ShownScore], *, intervals: bool) -> dict[str, Any]:
    names = ("auroc", "ap", "brier", "ece")
    if not rows:
        return dict.fromkeys(names) | {"expectedLateShare": None, "intervals": None}
    import numpy as np

    from ml import metrics

    counts = {trail: len(some) for trail, some in _by_trail(rows)}
    truth = np.array([float(bool(one.late)) for one in rows])
    score = np.array([float(one.probability or 0.0) for one in rows])
    weight = np.array([1.0 / counts[one.trail] for one in rows])
    measures: dict[str, Callable[..., float]] = {
        "auroc": metrics.auroc,
        "ap": metrics.average_precision,
        "brier": metrics.brier,
        "ece": metrics.ece,
    }
    both = 0.0 < truth.mean() < 1.0
    found = {
        name: round(measure(truth, score, weight), 4) if both or name in ("brier", "ece") else None
        for name, measure in measures.items()
    }
    expected = round(float(np.average(score, weights=weight)), 4)
    spans = _bootstrap(rows, (truth, score, weight), measures) if intervals and both else None
    return found | {"expectedLateShare": expected, "intervals": spans}


def _bootstrap(
    rows: Sequence[ShownScore], given: tuple[Any, Any, Any], measures: dict[str, Callable[..., float]]
) -> dict[str, list[float]]:
    """95 % case-bootstrap intervals: whole shipments are drawn again, with a fixed seed."""
    import numpy as np

    truth, score, weight = given
    trails = sorted({one.trail for one in rows})
    place = {trail: at for at, trail in enumerate(trails)}
    of_row = np.array([place[one.trail] for one in rows])
    random = np.random.default_rng(0)
    drawn: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(RESAMPLES):
        times = random.multinomial(len(trails), np.full(len(trails), 1 / len(trails)))[of_row]
        kept = times > 0
        if not 0.0 < truth[kept].mean() < 1.0:
            continue
        for name, measure in measures.items():
            drawn[name].append(measure(truth[kept], score[kept], (weight * times)[kept]))
    return {
        name: [round(float(edge), 4) for edge in np.quantile(values, (0.025, 0.975))]
        for name, values in drawn.items()
        if values
    }


def _by_trail(rows: Sequence[ShownScore]) -> list[tuple[bytes, list[ShownScore]]]:
    ordered = sorted(rows, key=lambda one: (one.trail, one.at))
    return [(trail, list(some)) for trail, some in groupby(ordered, key=lambda one: one.trail)]


def _lists(rows: Sequence[ShownScore]) -> dict[str, Any]:
    """How many of the shipments on the lists shown turned out late: all lists that had forecasts with an outcome."""
    ranked = sorted((one for one in rows if one.rank is not None), key=lambda one: (one.party, one.at, one.rank or 0))
    lists = [list(some) for _, some in groupby(ranked, key=lambda one: (one.party, one.at))]
    known = [
        [bool(one.late) for one in some if one.late is not None and one.probability is not None and is_forecast(one)]
        for some in lists
    ]
    told = [some for some in known if some]
    precision = sum(sum(some) / len(some) for some in told) / len(told) if told else None
    items = [hit for some in told for hit in some]
    return {
        "shown": len(lists),
        "judged": len(told),
        "meanLength": round(sum(map(len, lists)) / len(lists), 2) if lists else None,
        "precision": None if precision is None else round(precision, 4),
        "late": share(sum(items), len(items)),
    }


def _arrivals(rows: Sequence[ShownScore]) -> dict[str, Any]:
    """How often the delivery fell between the 5 and 95 % quantiles that were shown, and how far the median was off."""
    told = [
        (one.arrival, one.delivered_at)
        for one in rows
        if one.arrival is not None and len(one.arrival) == 5 and one.delivered_at is not None and is_forecast(one)
    ]
    inside = sum(arrival[0] <= at <= arrival[4] for arrival, at in told)
    errors = sorted(abs((arrival[2] - at).total_seconds()) / 3600 for arrival, at in told)
    widths = sorted((arrival[4] - arrival[0]).total_seconds() / 3600 for arrival, _ in told)
    return {
        "coverage90": share(inside, len(told)),
        "medianErrorHours": _middle(errors),
        "medianWidthHours": _middle(widths),
    }


def _warnings(rows: Sequence[ShownScore]) -> dict[str, Any]:
    """Late shipments that were shown as elevated or high before their planned end, and how long before."""
    leads, missed = [], 0
    for _, some in _by_trail([one for one in rows if one.late]):
        warned = next((one for one in some if one.band in ("elevated", "high") and one.planned_end is not None), None)
        if warned is None or warned.planned_end is None or warned.at >= warned.planned_end:
            missed += 1
        else:
            leads.append((warned.planned_end - warned.at).total_seconds() / 3600)
    return {"late": share(len(leads), len(leads) + missed), "medianLeadHours": _middle(sorted(leads))}


def _middle(ordered: Sequence[float]) -> float | None:
    if not ordered:
        return None
    half = len(ordered) // 2
    value = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return round(value, 2)
