"""How good a set of probabilities is, with a weight for each (so that every shipment can weigh the same).

All functions take 1-d arrays of equal length n: `truth` of 0/1, `score` of floats, `weight` of positive floats.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def _stepped(truth: Array, score: Array, weight: Array) -> tuple[Array, Array]:
    """Cumulated weight of true and of false above each distinct score, from the highest on; both start at 0."""
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    hits = np.cumsum((weight * truth)[order])[last_of_tie]
    misses = np.cumsum((weight * (1 - truth))[order])[last_of_tie]
    return np.insert(hits, 0, 0.0), np.insert(misses, 0, 0.0)


def auroc(truth: Array, score: Array, weight: Array) -> float:
    """Area under the ROC curve: the chance that a late one scores above one in time, ties half (Fawcett 2006).

    Raises ValueError where only one of the two outcomes is present.
    """
    hits, misses = _stepped(truth, score, weight)
    if hits[-1] == 0 or misses[-1] == 0:
        raise ValueError("AUROC needs both outcomes in truth")
    area = np.sum(np.diff(misses) * (hits[1:] + hits[:-1]) / 2)
    return float(area / (hits[-1] * misses[-1]))


def average_precision(truth: Array, score: Array, weight: Array) -> float:
    """Σ (recall step · precision), without interpolation."""
    hits, misses = _stepped(truth, score, weight)
    # Scores whose rows all weigh nothing, as in a bootstrap, come before the first step of recall.
    precision = hits[1:] / np.maximum(hits[1:] + misses[1:], np.finfo(np.float64).tiny)
    return float(np.sum(np.diff(hits) / hits[-1] * precision))


def mcc(truth: Array, flagged: Array, weight: Array) -> float:
    """Matthews correlation of a 0/1 decision with the truth; 0 where either never varies."""
    tp, fp = np.sum(weight * truth * flagged), np.sum(weight * (1 - truth) * flagged)
    fn, tn = np.sum(weight * truth * (1 - flagged)), np.sum(weight * (1 - truth) * (1 - flagged))
    spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return float((tp * tn - fp * fn) / np.sqrt(spread)) if spread > 0 else 0.0


def best_threshold(truth: Array, score: Array, weight: Array) -> float:
    """The threshold (flag where score >= it) of the highest MCC, among the quantiles 1 % .. 99 % of `score`."""
    candidates = np.unique(np.quantile(score, np.linspace(0.01, 0.99, 99)))
    values = [mcc(truth, (score >= cut).astype(np.float64), weight) for cut in candidates]
    return float(candidates[int(np.argmax(values))])


def brier(truth: Array, score: Array, weight: Array) -> float:
    """Mean squared distance of a probability from what happened (Brier 1950)."""
    return float(np.average((score - truth) ** 2, weights=weight))


def ece(truth: Array, score: Array, weight: Array, bins: int = 15) -> float:
    """Expected calibration error over `bins` bins of equal weight: Σ share · |mean score - late rate|."""
    order = np.argsort(score, kind="stable")
    passed = np.cumsum(weight[order]) - weight[order] / 2
    index = np.minimum((passed / weight.sum() * bins).astype(int), bins - 1)
    gap = np.bincount(index, (weight * (score - truth))[order], minlength=bins)
    return float(np.abs(gap).sum() / weight.sum())
