"""Whether the world is still the one that the model learnt from: inputs, base rate, calibration by lane. Pure.

Every figure comes with what chance alone does to so few cases, so that small counts raise no alarm: a population
stability index is compared with the chi-squared distribution that it follows where nothing changed (n · PSI has, for
B bins and a much larger reference, B - 1 degrees of freedom), a rate with its Wilson interval. Where many features or
lanes are looked at, each one's level is divided by their number (Bonferroni).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Any

from service.risk.backtest import wilson
from service.store.score_record import Given

LEVEL = 0.01
"""How often something is called a drift where there is none, over all features or lanes together."""
LARGE = 0.1
"""A population stability index below this is no drift worth telling, however sure it is (the usual rule of thumb)."""
_SMOOTHING = 0.5
LEAST = 20
"""Shipments of a lane that its calibration is told of at least."""


def psi(reference: Sequence[float], counts: Sequence[float]) -> float:
    """Population stability index of counts in bins against the shares that the reference has there; both smoothed."""
    total, bins = sum(counts), len(counts)
    found = 0.0
    for share, count in zip(reference, counts, strict=True):
        expected = (share * total + _SMOOTHING) / (total + _SMOOTHING * bins)
        seen = (count + _SMOOTHING) / (total + _SMOOTHING * bins)
        found += (seen - expected) * math.log(seen / expected)
    return found


def chance(bins: int, cases: int, level: float) -> float:
    """The index that is exceeded by chance with probability `level` (Wilson and Hilferty 1931, for chi-squared)."""
    degrees = bins - 1
    if degrees == 0 or cases == 0:
        return math.inf
    z = NormalDist().inv_cdf(1 - level)
    part = 2 / (9 * degrees)
    return degrees * (1 - part + z * math.sqrt(part)) ** 3 / cases


def inputs(
    reference: Mapping[str, Any], names: Sequence[str], states: Sequence[Sequence[float]]
) -> list[dict[str, Any]]:
    """Each feature's drift, the largest first; `states` has a row of features for each case."""
    known = [(at, name) for at, name in enumerate(names) if name in reference]
    told = []
    for at, name in known:
        edges, shares = reference[name]["edges"], reference[name]["shares"]
        counts = binned(edges, [row[at] for row in states])
        value, by_chance = psi(shares, counts), chance(len(shares), len(states), LEVEL / len(known))
        told.append(
            {
                "feature": name,
                "psi": round(value, 4),
                "byChance": None if math.isinf(by_chance) else round(by_chance, 4),
                "drifted": value > max(by_chance, LARGE),
            }
        )
    return sorted(told, key=lambda one: (-one["psi"], one["feature"]))


def binned(edges: Sequence[float], values: Sequence[float]) -> list[int]:
    """How many of the values lie in each bin."""
    from bisect import bisect_left

    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_left(edges, round(value, 6))] += 1
    return counts


def base_rate(expected: float | None, rows: Sequence[Given]) -> dict[str, Any]:
    """The share of late shipments beside the training's."""
    late = {one.trail: bool(one.late) for one in rows if one.late is not None}
    return rate(expected, sum(late.values()), len(late), LEVEL)


def rate(expected: float | None, hits: int, of: int, level: float) -> dict[str, Any]:
    """A share with its Wilson interval at 1 - `level`, and whether what was expected lies outside of it."""
    if of == 0:
        return {"shipments": 0, "late": 0, "lateShare": None, "interval": None, "expected": expected, "drifted": False}
    low, high = wilson(hits, of, NormalDist().inv_cdf(1 - level / 2))
    return {
        "shipments": of,
        "late": hits,
        "lateShare": round(hits / of, 4),
        "interval": [round(low, 4), round(high, 4)],
        "expected": None if expected is None else round(expected, 4),
        "drifted": expected is not None and not low <= expected <= high,
    }


def calibration(rows: Sequence[Given]) -> list[dict[str, Any]]:
    """By lane, the late share beside the mean probability that was given, each shipment once by its first score."""
    first: dict[bytes, Given] = {}
    for one in sorted(rows, key=lambda one: one.as_of):
        if one.late is not None and one.probability is not None and one.stage != "delivered":
            first.setdefault(one.trail, one)
    lanes: dict[str, list[Given]] = {}
    for one in first.values():
        lanes.setdefault(one.lane or "", []).append(one)
    told = {lane: some for lane, some in lanes.items() if lane and len(some) >= LEAST}
    groups = {"all": list(first.values())} | {lane.replace(",", " to "): some for lane, some in sorted(told.items())}
    return [{"lane": lane, **_calibrated(some, LEVEL / len(groups))} for lane, some in groups.items()]


def _calibrated(rows: Sequence[Given], level: float) -> dict[str, Any]:
    expected = sum(one.probability or 0.0 for one in rows) / len(rows) if rows else None
    return rate(expected, sum(bool(one.late) for one in rows), len(rows), level)


def reference_of(names: Sequence[str], states: Sequence[Sequence[float]], bins: int = 10) -> dict[str, Any]:
    """A reference made from cases themselves: the model's first scores, where its training left none."""
    found: dict[str, Any] = {}
    for at, name in enumerate(names):
        ordered = sorted(round(row[at], 6) for row in states)
        edges = sorted({ordered[len(ordered) * cut // bins] for cut in range(1, bins)})
        counts = binned(edges, ordered)
        found[name] = {"edges": edges, "shares": [count / len(ordered) for count in counts]}
    assert all(a < b for one in found.values() for a, b in pairwise(one["edges"]))
    return found
