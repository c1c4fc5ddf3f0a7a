"""From log-odds to a probability that means what it says, and from a probability to a band."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ml.arrays import Array
from ml.metrics import best_threshold

Band = Literal["low", "elevated", "high"]
CATCH = 0.8
"""The share of late shipments (by weight) that the elevated band together with the high one is cut to hold."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling (Platt 1999): probability = expit(slope · log-odds + shift)."""

    slope: float
    shift: float

    def apply(self, odds: Array) -> Array:
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * odds + self.shift))), dtype=np.float64)


SAME = Calibration(1.0, 0.0)


def platt(
    truth: Array, odds: Array, weight: Array, rounds: int = 100, *, towards: Calibration = SAME, ridge: float = 1.0
) -> Calibration:
    """Maximum likelihood by Newton's method, in millionths; a ridge towards another calibration keeps separable input
    finite.

    Steps are halved while they do not improve: outcomes far from what was expected would throw them out of the valley.
    """
    inputs = np.stack([odds, np.ones_like(odds)], axis=1)
    start = np.array([towards.slope, towards.shift])

    def loss(pair: Array) -> float:
        moved = inputs @ pair
        told = weight @ (np.logaddexp(0.0, moved) - truth * moved)
        return float(told + ridge / 2 * np.sum((pair - start) ** 2))

    fitted = start
    for _ in range(rounds):
        p = 1.0 / (1.0 + np.exp(-inputs @ fitted))
        gradient = inputs.T @ (weight * (p - truth)) + ridge * (fitted - start)
        curvature = (inputs * (weight * p * (1 - p))[:, None]).T @ inputs + ridge * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        # Below a millionth the loss is all rounding errors, and Newton's steps cannot leave the valley any more.
        while np.abs(step).max() > 1e-6 and loss(fitted - step) > loss(fitted):
            step = step / 2
        fitted = fitted - step
        if np.abs(step).max() < 1e-10:
            break
    return Calibration(round(float(fitted[0]), 6), round(float(fitted[1]), 6))


@dataclass(frozen=True, slots=True)
class Bands:
    """`high` from the threshold of best MCC on, `elevated` from the one that holds CATCH of the late ones on."""

    elevated: float
    high: float

    def of(self, probability: float) -> Band:
        return "high" if probability >= self.high else "elevated" if probability >= self.elevated else "low"


def bands(truth: Array, probability: Array, weight: Array) -> Bands:
    """Cut on validation predictions; `elevated` never lies above `high`."""
    high = best_threshold(truth, probability, weight)
    order = np.argsort(-probability, kind="stable")
    caught = np.cumsum((weight * truth)[order]) / np.sum(weight * truth)
    elevated = float(probability[order][np.searchsorted(caught, CATCH)])
    return Bands(math.floor(min(elevated, high) * 1e6) / 1e6, math.floor(high * 1e6) / 1e6)


STAGES = ("booked", "inbound", "hub", "outbound", "delivery")
RIDGE = 20.0
"""How many shipments' worth of outcomes pull a stage towards the calibration of all stages."""


@dataclass(frozen=True, slots=True)
class StageCalibration:
    """Platt scaling for each stage of the journey, shrunk towards that of all stages together.

    Stages without outcomes of their own use `overall`. States are immutable: `refitted` gives the next one.
    """

    overall: Calibration
    stages: Mapping[str, Calibration]

    def apply(self, stage: Sequence[str] | npt.NDArray[np.str_], odds: Array) -> Array:
        """Probability (n,) of n log-odds by their stages (n,)."""
        used = [self.stages.get(str(name), self.overall) for name in stage]
        slope, shift = np.array([one.slope for one in used]), np.array([one.shift for one in used])
        return np.asarray(1.0 / (1.0 + np.exp(-(slope * odds + shift))), dtype=np.float64)

    @classmethod
    def refitted(
        cls, stage: npt.NDArray[np.str_], odds: Array, truth: Array, weight: Array, *, start: Calibration = SAME
    ) -> StageCalibration:
        """Fitted to all outcomes known by now, shrunk to `start`: (n,) stages, log-odds, 0/1 outcomes and weights."""
        overall = platt(truth, odds, weight, towards=start, ridge=1.0 if start is SAME else RIDGE)
        found = {}
        for name in STAGES:
            at = stage == name
            if at.any():
                found[name] = platt(truth[at], odds[at], weight[at], towards=overall, ridge=RIDGE)
        return cls(overall, found)

    def to_json(self) -> dict[str, Any]:
        return {"overall": asdict(self.overall), "stages": {name: asdict(one) for name, one in self.stages.items()}}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> StageCalibration:
        stages = {name: Calibration(**one) for name, one in told["stages"].items()}
        return cls(Calibration(**told["overall"]), stages)
