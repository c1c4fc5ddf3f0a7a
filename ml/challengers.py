"""What our model is measured against, trained on the same as-of features in the same run.

- `lane rate`: the smoothed late rate of hub × destination; no learning.
- `projected plan`: how far the projected end lies behind the planned one, turned into odds by two numbers.
- `usual times`: the odds if everything takes as long as usual (`ml.completion`); nothing is learnt from who was late.
- `logistic regression` on all features, with a ridge.
- `LightGBM` without any history of lanes; with late rates of lanes; and with all features that our network reads.

MCC thresholds come from the rows after `validate_after`; probabilities of LightGBM are its own. Its settings on all
features were chosen by rolling validation inside the training rows; the others are those of earlier releases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.arrays import Array
from ml.calibration import platt
from ml.examples import Examples
from ml.features import without_lanes
from ml.metrics import best_threshold
from ml.scaling import Scaling
from ml.usual_features import OFFSET

SEEDS = 2
TREES = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_child_samples": 100,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.5,
    "lambda_l2": 5.0,
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
SMALL = {"num_leaves": 7}
ROUNDS, FEW = 300, 150
RIDGE = 30.0
NEW = ("plan_odds", "behind_odds", "usual_", "step_slower")
Learner = Callable[[Examples, Examples], Array]


@dataclass(frozen=True, slots=True)
class Challenger:
    """Probabilities (n,) on the tested prefixes, and the threshold for flags from validation rows."""

    name: str
    probability: Array
    threshold: float


def challengers(learning: Examples, tested: Examples, validate_after: int) -> Iterator[Challenger]:
    """Each challenger, trained on `learning`."""
    fitted, validated = learning.upto(validate_after), learning.beyond(validate_after)
    for name, learner in _learners(learning).items():
        cut = best_threshold(validated.late, _certain(validated, learner(fitted, validated)), validated.weight)
        yield Challenger(name, _certain(tested, learner(learning, tested)), cut)


def _certain(of: Examples, probability: Array) -> Array:
    return np.asarray(np.where(of.overrun > 0, 1.0, probability), dtype=np.float64)


def _learners(of: Examples) -> dict[str, Learner]:
    every = list(range(len(of.names)))
    rates = [at for at in every if not of.names[at].startswith(NEW)]
    alone = [at for at in without_lanes(of.names) if not of.names[at].startswith(NEW)]
    return {
        "lane rate": lambda _, asked: expit(_sum(asked, ("lane_pair", "lane_base"))),
        "projected plan": lambda taught, asked: _scaled(taught, asked, ("behind_end",)),
        "usual times": lambda _, asked: expit(_sum(asked, OFFSET)),
        "logistic regression": _logistic,
        "LightGBM, no lane history": lambda taught, asked: _boosted(taught, asked, alone, TREES, ROUNDS),
        "LightGBM + lane rates": lambda taught, asked: _boosted(taught, asked, rates, TREES, ROUNDS),
        "LightGBM, all features": lambda taught, asked: _boosted(taught, asked, every, TREES | SMALL, FEW),
    }


def _sum(of: Examples, names: tuple[str, ...]) -> Array:
    return np.asarray(sum(of.state[:, of.names.index(name)] for name in names), dtype=np.float64)


def expit(odds: Array) -> Array:
    """Probabilities (n,) behind log-odds (n,)."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


def _scaled(taught: Examples, asked: Examples, names: tuple[str, ...]) -> Array:
    return platt(taught.late, _sum(taught, names), taught.weight).apply(_sum(asked, names))


def _logistic(taught: Examples, asked: Examples, rounds: int = 12) -> Array:
    """Ridge logistic regression by Newton's method."""
    scaling = Scaling.of(taught)
    inputs, ask = (np.column_stack([scaling.apply(of.state), np.ones(len(of.state))]) for of in (taught, asked))
    weights = np.zeros(inputs.shape[1])
    penalty = np.full(inputs.shape[1], RIDGE)
    penalty[-1] = 1e-6
    for _ in range(rounds):
        p = expit(inputs @ weights)
        gradient = inputs.T @ (taught.weight * (p - taught.late)) + penalty * weights
        curvature = (inputs * (taught.weight * p * (1 - p))[:, None]).T @ inputs + np.diag(penalty)
        weights = weights - np.linalg.solve(curvature, gradient)
    return expit(ask @ weights)


def _boosted(taught: Examples, asked: Examples, columns: list[int], settings: dict[str, Any], rounds: int) -> Array:
    """Mean probability (n,) of LightGBM over SEEDS seeds."""
    import lightgbm

    def one(seed: int) -> Array:
        matrix = lightgbm.Dataset(taught.state[:, columns], taught.late, weight=taught.weight)
        trees = lightgbm.train({**settings, "seed": seed}, matrix, num_boost_round=rounds)
        return np.asarray(trees.predict(asked.state[:, columns]), dtype=np.float64)

    return np.asarray(np.mean([one(seed) for seed in range(SEEDS)], axis=0), dtype=np.float64)
