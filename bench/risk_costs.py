"""What acting on the scores saves, by the cost model of predictive process monitoring (`ml.costs`).

The savings curve runs over the price of an adaptation, as a share of the penalty for a late end. *Dynamic* acts after
the first report at which it pays, with our calibrated chances as they are (caution 1), or with a caution chosen as it
would have gone: on the outcomes known by then. *Static* looks at one place of the journey only. Of all such places
(the plan, inbound complete, only the delivery open, or after the k-th report) the best one **in hindsight** is taken,
which favours the static policy: nobody knows it beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.risk_cargo import NEVER, REFIT, calibrated, scoring_model
from bench.risk_section import Asked, Section
from ml.bootstrap import resamples
from ml.costs import CAUTIONS, Costs, Looks, saved, spent, tuned
from ml.datasets.cargo2000 import read
from ml.examples import CHECKPOINTS, Examples, examples
from ml.lanes import LAG

PRICES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
ENOUGH = 100
"""Shipments whose outcome has to be known before a caution is chosen on them; until then it is 1."""
EARLY = 0.9
AT_ENDS = (0.3, 0.9)
"""How well acting at the planned end still helps: little, as in transport mostly, or as well as at the booking."""


def section(asked: Asked) -> Section:
    """The savings curve on the rows after the training part."""
    model = scoring_model(asked)
    rows = [one for one in read(asked.cargo) if one.nr is not None]
    tested = examples(rows, freeze=NEVER).beyond(asked.last)
    looks, report = _looks(tested, calibrated(model, tested, asked.last, streaming=True))
    text = [
        f"{len(np.unique(looks.case))} shipments. Savings are shares of what never acting costs.",
        *(line for at_end in AT_ENDS for line in _curve(looks, report, at_end, asked)),
    ]
    figures = {}
    for at_end in AT_ENDS:
        costs = Costs(0.3, early=EARLY, at_end=at_end)
        figures[f"saved_dynamic_{at_end:.1f}"] = saved(looks, costs)
        figures[f"saved_static_{at_end:.1f}"] = _share(looks, _best_static(looks, report, costs)[1])
    return Section("Costs: what acting saves", "\n".join(text), figures)


def _curve(looks: Looks, report: np.ndarray, at_end: float, asked: Asked) -> Iterator[str]:
    """The savings curve for one way in which effectiveness falls."""
    head = ("price / penalty", "dynamic", "dynamic, caution learnt", "best static, in hindsight", "act on all at once")
    yield f"\nAn adaptation helps with a chance of {EARLY:.0%} at the booking, {at_end:.0%} at the planned end:\n"
    yield f"| {' | '.join(head)} | dynamic − static, 95 % |"
    yield "|---|---|---|---|---|---|"
    wins = 0
    for price in PRICES:
        costs = Costs(price, early=EARLY, at_end=at_end)
        place, static = _best_static(looks, report, costs)
        dynamic = spent(looks, costs)
        everything = saved(_at(looks, report, "C0"), costs, 0.0)
        low, high = _gap(looks, dynamic, static, costs, asked)
        wins += bool(dynamic.mean() <= static.mean())
        cells = [f"{price:.2f}", *(f"{_share(looks, one):.1%}" for one in (dynamic, _streamed(looks, costs), static))]
        yield f"| {' | '.join(cells)} ({place}) | {everything:.1%} | [{low:+.1%}, {high:+.1%}] |"
    yield f"\nDynamic is at least as cheap as the best static checkpoint at {wins} of {len(PRICES)} prices."


def _looks(tested: Examples, chance: np.ndarray) -> tuple[Looks, np.ndarray]:
    """All moments at which acting can still help, and how many reports were in at each. Lateness that has become a
    fact is no moment to act; every shipment keeps its first look.
    """
    begins = np.flatnonzero(np.diff(tested.nr, prepend=-1))
    report = np.arange(len(tested.nr)) - np.repeat(begins, np.diff(np.append(begins, len(tested.nr))))
    share = tested.state[:, tested.names.index("at_share")]
    looks = Looks(tested.nr, chance, share, tested.late, tested.checkpoint)
    open_still = (tested.overrun == 0) | (report == 0)
    return looks.where(open_still), report[open_still]


def _places(report: np.ndarray) -> Iterator[str]:
    yield from CHECKPOINTS
    yield from (f"report {at}" for at in range(1, int(report.max()) + 1))


def _at(looks: Looks, report: np.ndarray, place: str) -> Looks:
    """The looks at one place only; elsewhere the chance is 0, so that nobody acts there."""
    number = CHECKPOINTS.get(place)
    here = looks.place == number if number is not None else report == int(place.split()[1])
    return Looks(looks.case, np.where(here, looks.chance, -1.0), looks.share, looks.late, looks.place)


def _best_static(looks: Looks, report: np.ndarray, costs: Costs) -> tuple[str, np.ndarray]:
    """The cheapest place and its costs by shipment, with caution 1 as the dynamic policy has it."""
    told = {place: spent(_at(looks, report, place), costs) for place in _places(report)}
    best = min(told, key=lambda place: float(told[place].mean()))
    return best, told[best]


def _streamed(looks: Looks, costs: Costs) -> np.ndarray:
    """Costs by shipment, the caution chosen every REFIT rows on shipments at least LAG rows earlier."""
    cases = np.unique(looks.case)
    cost = spent(looks, costs)
    for begin in range(int(cases[0]), int(cases[-1]) + 1, REFIT):
        known = looks.case <= begin - LAG
        now = (cases >= begin) & (cases < begin + REFIT)
        if len(np.unique(looks.case[known])) < ENOUGH or not now.any():
            continue
        caution = tuned(looks.where(known), costs, CAUTIONS)
        cost[now] = spent(looks.where(np.isin(looks.case, cases[now])), costs, caution)
    return cost


def _share(looks: Looks, cost: np.ndarray) -> float:
    never = spent(looks, Costs(0.0), np.inf).mean()
    return float(1 - cost.mean() / never)


def _gap(looks: Looks, dynamic: np.ndarray, static: np.ndarray, costs: Costs, asked: Asked) -> tuple[float, float]:
    """The 95 % interval of the difference in savings, over case resamples."""
    late = spent(looks, costs, np.inf)
    drawn = resamples(np.arange(len(dynamic)), asked.resamples, asked.seed)
    gaps = [float(((static - dynamic) * weight).sum() / (late * weight).sum()) for weight in drawn]
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(low), float(high)
