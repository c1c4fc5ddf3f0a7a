"""Arrival quantiles that keep their promise when the world drifts: adaptive conformal correction of both tails.

The distance between a model's median and its quantile at level τ is stretched by a factor, so that recent outcomes fell
below it in τ of all cases (conformalised quantile regression, Romano et al. 2019, with one scaled score for each tail).
The level at which recent outcomes are read follows what was missed lately: several experts step by
γ · (τ - missed below) and are mixed by how well each did (DtACI, Gibbs and Candès 2024). Each stage of the journey has
its own window of outcomes, and an outcome counts when it becomes known, however late that is.

Pure: `updated` gives a new state. Outcomes that become known at one moment count together, so their order means
nothing; a state is the same whoever computed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
LEVELS = (0.05, 0.10, 0.90, 0.95)
PLAIN = (-1.0, -1.0, 1.0, 1.0)
"""Factors that leave the model's quantiles where they are."""
WINDOW = 600.0
"""Shipments (sum of weights) that the window of a stage holds."""
RATES = (0.0, 0.002, 0.008)
"""Step sizes γ of the experts: from still to within some hundred outcomes."""
SHARE = 0.01
"""What every expert keeps of the mixture, so that a forgotten one can come back (fixed share)."""
SHARPNESS = 20.0
"""η of the exponential weights: how fast the mixture moves to the experts that do better."""
FLOOR = 0.002
"""Adapted levels stay within [FLOOR, 1 - FLOOR]."""
DIGITS = 6
ENOUGH = 40.0
"""Outcomes that a stage must have seen before its tails are moved."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one prediction: `scores` (4,) as of `scaled`, one for each of LEVELS.

    `weight` is 1 / number of predictions that the shipment counts with in this stage; `key` names it (any unique text).
    """

    key: str
    stage: str
    scores: tuple[float, ...]
    weight: float = 1.0


def scaled(truth: Array, quantiles: Array) -> Array:
    """Scores (n, 4) of `truth` (n,) given a model's own `quantiles` (n, 5): its distance from the median in units of
    the distance between the median and each tail quantile, so -1 and 1 lie on the quantile itself.
    """
    half = np.maximum(np.abs(quantiles[:, [0, 1, 3, 4]] - quantiles[:, 2:3]), 1.0)
    return np.asarray((truth - quantiles[:, 2])[:, None] / half, dtype=np.float64)


def stretched(quantiles: Array, factors: Array) -> Array:
    """The quantiles (n, 5) with their tails moved by `factors` (n, 4); monotone in the level, the median stays."""
    median = quantiles[:, 2:3]
    half = np.maximum(np.abs(quantiles[:, [0, 1, 3, 4]] - median), 1.0)
    below = median - np.maximum(-factors[:, :2], 0.0) * half[:, :2]
    above = median + np.maximum(factors[:, 2:], 0.0) * half[:, 2:]
    return np.hstack([np.sort(below, axis=1), median, np.sort(above, axis=1)])


@dataclass(frozen=True, slots=True)
class Tail:
    """One level's experts at a stage: adapted `levels` (k,) and their `shares` (k,) of the mixture."""

    levels: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def level(self) -> float:
        return float(np.dot(self.levels, self.shares))


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage's window, oldest first: `scores` (n, 4) and `weights` (n,); and the experts of each level."""

    scores: Array
    weights: Array
    tails: tuple[Tail, ...]

    @classmethod
    def empty(cls) -> Stage:
        even = tuple(1.0 / len(RATES) for _ in RATES)
        return cls(np.zeros((0, len(LEVELS))), np.zeros(0), tuple(Tail((t,) * len(RATES), even) for t in LEVELS))

    def factors(self) -> Array:
        """(4,) by how much each tail is stretched."""
        if self.weights.sum() < ENOUGH:
            return np.array(PLAIN)
        return np.array([quantile(self.scores[:, at], self.weights, one.level) for at, one in enumerate(self.tails)])

    def eased(self, share: float) -> Stage:
        """The window moved so that each tail is stretched `share` as far as its outcomes ask, at its own level."""
        fresh = replace(self, tails=Stage.empty().tails)
        moved = fresh.scores + (share - 1.0) * (fresh.factors() - np.array(PLAIN))
        return replace(fresh, scores=np.round(moved, DIGITS))

    def updated(self, outcomes: Sequence[Outcome]) -> Stage:
        scores = np.array([one.scores for one in outcomes]).reshape(-1, len(LEVELS))
        weights = np.array([one.weight for one in outcomes])
        tails = self.tails
        if self.weights.sum() >= ENOUGH:
            fresh = [ranks(self.scores[:, at], self.weights, scores[:, at]) for at in range(len(LEVELS))]
            steps = zip(tails, LEVELS, fresh, strict=True)
            tails = tuple(_stepped(tail, level, rank, weights) for tail, level, rank in steps)
        joined, weight = np.vstack([self.scores, scores]), np.append(self.weights, weights)
        kept = np.cumsum(weight[::-1])[::-1] <= WINDOW
        return Stage(np.round(joined[kept], DIGITS), np.round(weight[kept], DIGITS), tails)


def _stepped(tail: Tail, target: float, rank: Array, weights: Array) -> Tail:
    """All experts after one batch. `rank` (n,) is the least level at which each outcome would have been covered."""
    count, levels = weights.sum(), np.array(tail.levels)
    below = (rank[:, None] <= levels).astype(np.float64)
    gap = rank[:, None] - levels
    losses = weights @ np.where(gap >= 0, target * gap, (target - 1.0) * gap)
    shares = np.array(tail.shares) * np.exp(-SHARPNESS * (losses - losses.min()))
    shares = (1.0 - SHARE) * shares / shares.sum() + SHARE / len(RATES)
    # The step of n outcomes at once is bounded as n steps towards a fixed point would be.
    pace = 1.0 - (1.0 - np.array(RATES)) ** count
    moved = np.clip(levels + pace * (target - weights @ below / count), FLOOR, 1.0 - FLOOR)
    return Tail(tuple(np.round(moved, DIGITS).tolist()), tuple(np.round(shares / shares.sum(), DIGITS).tolist()))


def quantile(scores: Array, weights: Array, level: float) -> float:
    """Weighted conformal quantile: one more outcome of weight 1 is thought to lie beyond, on the side of the tail.

    The most extreme score where even that is not enough.
    """
    if level < 0.5:
        return -quantile(-scores, weights, 1.0 - level)
    order = np.argsort(scores, kind="stable")
    cumulated = np.cumsum(weights[order])
    at = int(np.searchsorted(cumulated, level * (cumulated[-1] + 1.0) - 1e-9))
    return float(scores[order][min(at, len(order) - 1)])


def ranks(scores: Array, weights: Array, fresh: Array) -> Array:
    """Share of the window's weight that lies below each fresh score."""
    order = np.argsort(scores, kind="stable")
    cumulated = np.append(0.0, np.cumsum(weights[order]))
    left, right = (np.searchsorted(scores[order], fresh, side=side) for side in ("left", "right"))
    return np.asarray((cumulated[left] + cumulated[right]) / 2.0 / cumulated[-1], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Conformal:
    """The state of every stage of the journey."""

    stages: Mapping[str, Stage] = field(default_factory=dict)

    def factors(self, stage: str) -> Array:
        """(4,) for predictions at a stage; those of no change at a stage hardly seen."""
        return self.stages[stage].factors() if stage in self.stages else np.array(PLAIN)

    def updated(self, outcomes: Sequence[Outcome]) -> Conformal:
        """The state once `outcomes` became known, all at one moment."""
        ordered = sorted(outcomes, key=lambda one: (one.stage, one.key, one.scores))
        stages = dict(self.stages)
        for stage in dict.fromkeys(one.stage for one in ordered):
            told = [one for one in ordered if one.stage == stage]
            stages[stage] = stages.get(stage, Stage.empty()).updated(told)
        return Conformal(stages)

    def eased(self, share: float) -> Conformal:
        """What another model may start with: it learnt from more, and errs less like the one that this state is of.

        `share` is how far each tail goes from where the model put it to where the outcomes ask for it.
        """
        return Conformal({name: stage.eased(share) for name, stage in self.stages.items()})

    def to_json(self) -> dict[str, Any]:
        return {
            name: {
                "scores": stage.scores.tolist(),
                "weights": stage.weights.tolist(),
                "levels": [list(tail.levels) for tail in stage.tails],
                "shares": [list(tail.shares) for tail in stage.tails],
            }
            for name, stage in sorted(self.stages.items())
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Conformal:
        return cls({name: _stage(told) for name, told in written.items()})


def _stage(told: Mapping[str, Any]) -> Stage:
    tails = tuple(Tail(tuple(a), tuple(b)) for a, b in zip(told["levels"], told["shares"], strict=True))
    scores = np.array(told["scores"], dtype=np.float64).reshape(-1, len(LEVELS))
    return Stage(scores, np.array(told["weights"], dtype=np.float64), tails)
