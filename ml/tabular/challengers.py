"""What the model of bookings is measured against, fitted anew every quarter to the same as-of columns.

- the no-ML rate of country and channel over a year, and the smoothed chain of lanes that is our offset;
- a ridge regression on top of that offset;
- LightGBM without any history of lanes, with it, and on top of our offset (needs lightgbm).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ml.tabular.describe import Described
from ml.tabular.history import Array, expit
from ml.tabular.linear import Linear
from ml.tabular.model import fit
from ml.tabular.rolling import Mask, rolling, scheduled_in

OURS, LANE = "trailseal", "no ML: Country × Fulfill Via, 365 days"
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.02,
    "num_leaves": 7,
    "min_child_samples": 80,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.4,
    "lambda_l2": 20.0,
    "num_threads": 2,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
}
ROUNDS = 120


def judged(
    told: Described,
    first: int,
    last: int,
    *,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _of: None,
) -> Mapping[str, Array]:
    """Probabilities (n,) by model, `OURS` first, for the years `first` to `last`; NaN outside."""
    every = list(range(len(told.names)))
    history = [at for at, name in enumerate(told.names) if name[-4:-3] == "_" or name[-3:-2] == "_" or name == "offset"]
    booking = [at for at in every if at not in history]
    rows = scheduled_in(told, first, last)

    def ours(teaching: Mask, asked: Mask) -> Array:
        fitted = fit(told.columns[teaching], told.offset[teaching], told.late[teaching], seed=seed)
        return fitted.chance(told.columns[asked], told.offset[asked])

    def linear(teaching: Mask, asked: Mask) -> Array:
        fitted = Linear.fit(told.columns[teaching], told.offset[teaching], told.late[teaching])
        return expit(told.offset[asked] + fitted.odds(told.columns[asked]))

    learners: dict[str, Callable[[], Array]] = {
        OURS: lambda: rolling(told, first, last, ours),
        LANE: lambda: np.where(rows, told.lane, np.nan),
        "no ML: smoothed chain of lanes": lambda: np.where(rows, expit(told.offset), np.nan),
        "logistic regression + lanes": lambda: rolling(told, first, last, linear),
        "LightGBM, no lane history": lambda: rolling(told, first, last, _boosted(told, booking, offset=False)),
        "LightGBM + lanes": lambda: rolling(told, first, last, _boosted(told, every, offset=False)),
        "LightGBM + lanes, offset": lambda: rolling(told, first, last, _boosted(told, every, offset=True)),
    }
    found: dict[str, Array] = {}
    for at, (name, learner) in enumerate(learners.items(), 1):
        found[name] = np.asarray(learner(), dtype=np.float64)
        progress("judge", at, len(learners))
    return found


def _boosted(told: Described, columns: list[int], *, offset: bool) -> Callable[[Mask, Mask], Array]:
    import lightgbm

    base = told.offset if offset else np.zeros(len(told.offset))

    def judge(teaching: Mask, asked: Mask) -> Array:
        def one(seed: int) -> Array:
            settings = {**SETTINGS, "seed": seed, "boost_from_average": not offset}
            rows = lightgbm.Dataset(
                told.columns[teaching][:, columns],
                told.late[teaching],
                init_score=base[teaching] if offset else None,
                feature_name=[told.names[at] for at in columns],
            )
            trees = lightgbm.train(settings, rows, num_boost_round=ROUNDS)
            return np.asarray(trees.predict(told.columns[asked][:, columns], raw_score=True), dtype=np.float64)

        return expit(base[asked] + np.mean([one(seed) for seed in range(3)], axis=0))

    return judge
