"""From log-odds to a probability that means what it says, and from a probability to a band."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.examples import Array
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


def platt(truth: Array, odds: Array, weight: Array, rounds: int = 50) -> Calibration:
    """Maximum likelihood by Newton's method; a unit ridge towards slope 1, shift 0 keeps separable input finite."""
    inputs = np.stack([odds, np.ones_like(odds)], axis=1)
    fitted = np.array([1.0, 0.0])
    for _ in range(rounds):
        p = 1.0 / (1.0 + np.exp(-inputs @ fitted))
        gradient = inputs.T @ (weight * (p - truth)) + (fitted - np.array([1.0, 0.0]))
        curvature = (inputs * (weight * p * (1 - p))[:, None]).T @ inputs + np.eye(2)
        fitted = fitted - np.linalg.solve(curvature, gradient)
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
