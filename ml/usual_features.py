"""Features from how long milestones usually take: the odds of a late delivery that follow, and when it will come.

The odds are told in three parts that add up: what the plan alone says (`plan_odds`), what has happened since
(`behind_odds`), both by the usual times of all places together, and what the shipment's own places change about it
(`usual_odds`, 0: nothing).
"""

from __future__ import annotations

import math

import numpy as np

from ml.arrays import Array, at_reports
from ml.completion import completion
from ml.situation import situation
from ml.usual import SHIFT
from ml.view import Columns, View, slog

PERCENTILES = (5, 10, 50, 90, 95)
CLIP = 4.0
OFFSET = ("plan_odds", "behind_odds", "usual_odds")
"""Features that add up to the log-odds of a late delivery by usual times."""


def usual_features(seen: View) -> Columns:
    """Odds and projected ends by usual times (hours beyond the plan's projection), and how slow steps were so far."""
    now, row, lanes = seen.now, seen.row, seen.lanes
    own = completion(now, row, lanes.usual)
    alike = completion(now, row, lanes.wide).odds
    plan = _booked(seen)[row]
    ends = _percentiles(own.ends, PERCENTILES)
    hub = np.max(now.end[:, :-1], axis=1, initial=0.0)
    last = np.maximum(now.there.sum(axis=2)[:, -1] - 1, 0)
    return {
        "plan_odds": plan,
        "behind_odds": alike - plan,
        "usual_odds": own.odds - alike,
        **{f"usual_end_{of:02}": slog(end - now.end[:, -1]) for of, end in zip(PERCENTILES, ends, strict=True)},
        "usual_hub": slog(_percentiles(own.hub, (50,))[0] - hub),
        "usual_place_seen": np.log1p(lanes.usual.seen[row, -1, last]),
        **_slower(seen),
    }


def _percentiles(drawn: Array, wanted: tuple[int, ...]) -> list[Array]:
    """(N,) each, linear between the drawn values (N, DRAWS)."""
    ordered, found = np.sort(drawn, axis=1), list[Array]()
    for percent in wanted:
        at = percent / 100 * (drawn.shape[1] - 1)
        low, high = ordered[:, math.floor(at)], ordered[:, math.ceil(at)]
        found.append(low + (high - low) * (at - math.floor(at)))
    return found


def _booked(seen: View) -> Array:
    """(n,) log-odds of each shipment at its booking, by the usual times of all places together."""
    everyone = np.arange(len(seen.arrays))
    booked = at_reports(seen.arrays, everyone, np.zeros_like(everyone))
    return completion(situation(seen.arrays, booked), everyone, seen.lanes.wide).odds


def _slower(seen: View) -> Columns:
    """How much longer than usual reported steps took, in standard deviations: mean over √number, and the latest."""
    now, row, usual = seen.now, seen.row, seen.lanes.usual
    took = (np.log(np.maximum(now.effective, 0.0) + SHIFT) - usual.mean[row]) / usual.spread[row]
    slower = np.where(now.known, np.clip(took, -CLIP, CLIP), 0.0)
    count = seen.moments.count
    latest = seen.arrays.order[row, np.maximum(count - 1, 0)]
    flat = slower.reshape(len(slower), -1)[np.arange(len(slower)), latest]
    number = np.maximum(now.known.sum(axis=2), 1)
    return {
        "step_slower": slower.sum(axis=(1, 2)) / np.sqrt(np.maximum(count, 1)),
        "step_slower_out": slower[:, -1].sum(axis=1) / np.sqrt(number[:, -1]),
        "step_slower_last": np.where(count > 0, flat, 0.0),
    }
