"""What the arrival head is measured against: the plan, usual times, and LightGBM quantiles with static conformal.

All of them see what our head sees: the same states, the same history as of the same moments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ml.arrays import Array
from ml.arrival import LEVELS, minutes_of, reference, softened, stages
from ml.challengers import TREES
from ml.examples import Examples
from ml.features import unslog

SETTINGS = TREES | {"objective": "quantile", "learning_rate": 0.05, "seed": 0}
ROUNDS = 180
CALIBRATED = 0.2
"""The last share of the training rows, which calibrates."""


def quantiles(learning: Examples, tested: Examples) -> Iterator[tuple[str, Array]]:
    """Name and quantiles (n, 5) in minutes since booking of each challenger on the n `tested` prefixes."""
    yield "projected plan, no learning", plan(learning, tested)
    yield "usual times, no learning", usual(tested)
    yield "LightGBM quantiles + static conformal", lightgbm_conformal(learning, tested)


def plan(learning: Examples, tested: Examples) -> Array:
    """The projected end; its intervals are what training rows missed it by at the same stage."""
    missed, at = learning.end - learning.projected, np.array(stages(learning.names, learning.state))
    now = np.array(stages(tested.names, tested.state))
    told = np.repeat(tested.projected[:, None], len(LEVELS), axis=1)
    for stage in set(now.tolist()):
        off = np.quantile(missed[at == stage], LEVELS)
        told[now == stage] += np.where(np.array(LEVELS) == 0.5, 0.0, off)
    return _open(np.sort(told, axis=1), tested)


def usual(tested: Examples) -> Array:
    """Quantiles of the completion by usual times (`ml.completion`), as the features tell them."""
    names = [f"usual_end_{round(100 * level):02}" for level in LEVELS]
    ends = [tested.projected + unslog(tested.state[:, tested.names.index(name)]) * 60.0 for name in names]
    return _open(np.stack(ends, axis=1), tested)


def lightgbm_conformal(learning: Examples, tested: Examples) -> Array:
    """Quantiles of models that learnt from all rows, each tail moved by what models that learnt from the earlier rows
    missed it by on the later ones, stage by stage (split conformal quantile regression; it stays as it is).
    """
    rows = np.unique(learning.nr)
    cut = int(rows[int(len(rows) * (1.0 - CALIBRATED))])
    held = learning.beyond(cut)
    missed, at = held.end[:, None] - boosted(learning.upto(cut), held), np.array(stages(held.names, held.state))
    told, now = boosted(learning, tested), np.array(stages(tested.names, tested.state))
    for stage in set(now.tolist()):
        off = [_tail(missed[at == stage, level], LEVELS[level]) for level in range(len(LEVELS))]
        told[now == stage] += np.where(np.array(LEVELS) == 0.5, 0.0, off)
    return _open(np.sort(told, axis=1), tested)


def _tail(missed: Array, level: float) -> float:
    count = len(missed)
    share = np.ceil((count + 1) * level) / count if level > 0.5 else np.floor((count + 1) * level) / count
    return float(np.quantile(missed, np.clip(share, 0.0, 1.0)))


def boosted(learning: Examples, tested: Examples) -> Array:
    """Quantiles (n, 5) in minutes of one LightGBM for each level, on the target and the reference of our head."""
    import lightgbm

    target = softened(learning.end - reference(learning.names, learning.state, learning.projected))

    def one(level: float) -> Array:
        settings: dict[str, Any] = {**SETTINGS, "alpha": level}
        trees = lightgbm.train(settings, lightgbm.Dataset(learning.state, target, weight=learning.weight), ROUNDS)
        return np.asarray(trees.predict(tested.state), dtype=np.float64)

    told = np.sort(np.stack([one(level) for level in LEVELS], axis=1), axis=1)
    return reference(tested.names, tested.state, tested.projected)[:, None] + minutes_of(told)


def _open(told: Array, tested: Examples) -> Array:
    return np.asarray(np.maximum(told, tested.minutes[:, None]), dtype=np.float64)
