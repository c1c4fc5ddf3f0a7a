"""Ridge logistic regression on top of an offset: the smooth member of the ensemble, and a challenger by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.tabular.history import Array, expit

RIDGE = 1000.0
"""Penalty on each weight, on the scale of one delivery's log-likelihood; chosen on 2010 to 2012."""
INTERCEPT_RIDGE = 0.1
CLIP = 3.0
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Linear:
    """`mean`, `deviation` and `weights` (f,), and an `intercept`."""

    mean: Array
    deviation: Array
    weights: Array
    intercept: float

    @classmethod
    def fit(cls, columns: Array, offset: Array, late: Array, ridge: float = RIDGE) -> Linear:
        """Penalised maximum likelihood by Newton's method. `columns` (n, f); `offset` and `late` (n,)."""
        mean, deviation = columns.mean(axis=0), columns.std(axis=0) + 1e-6
        inputs = np.column_stack([_scaled(columns, mean, deviation), np.ones(len(columns))])
        penalty = np.append(np.full(columns.shape[1], ridge), INTERCEPT_RIDGE)
        fitted = np.zeros(inputs.shape[1])
        for _ in range(_ROUNDS):
            chance = expit(offset + inputs @ fitted)
            gradient = inputs.T @ (chance - late) + penalty * fitted
            curvature = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + np.diag(penalty)
            fitted = fitted - np.linalg.solve(curvature, gradient)
        return cls(mean, deviation, fitted[:-1], float(fitted[-1]))

    def odds(self, columns: Array) -> Array:
        """(n, f) -> (n,) log-odds to add to the offset."""
        return np.asarray(_scaled(columns, self.mean, self.deviation) @ self.weights + self.intercept)


def _scaled(columns: Array, mean: Array, deviation: Array) -> Array:
    return np.asarray(np.clip((columns - mean) / deviation, -CLIP, CLIP))
