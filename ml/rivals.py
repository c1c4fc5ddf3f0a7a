"""What our model is measured against: the lane's late rate alone, and LightGBM with and without lane history.

LightGBM reads the same states as our network does. Its settings are fixed, its MCC threshold comes from a time-ordered
validation inside the training rows, as ours does; its probabilities are its own, not recalibrated.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml.datasets.cargo2000 import read
from ml.examples import Array, Examples, examples
from ml.features import without_lanes
from ml.lanes import FREEZE
from ml.metrics import best_threshold

if TYPE_CHECKING:
    from ml.evaluate import Figures

VALIDATE_AFTER = 2100
SEEDS = 3
SETTINGS = {
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
ROUNDS = 300


def boosted(learning: Examples, tested: Examples, columns: list[int]) -> Array:
    """Mean probability (n,) of LightGBM over SEEDS seeds, trained on `learning`."""
    import lightgbm

    def one(seed: int) -> Array:
        matrix = lightgbm.Dataset(learning.state[:, columns], learning.late, weight=learning.weight)
        trees = lightgbm.train({**SETTINGS, "seed": seed}, matrix, num_boost_round=ROUNDS)
        return np.asarray(trees.predict(tested.state[:, columns]), dtype=np.float64)

    return np.asarray(np.mean([one(seed) for seed in range(SEEDS)], axis=0), dtype=np.float64)


def lane_rate(tested: Examples) -> Array:
    """The smoothed late rate of hub × destination when the shipment was booked: no learning, the same at any prefix."""
    pair, base = tested.names.index("lane_pair"), tested.names.index("lane_base")
    return np.asarray(1.0 / (1.0 + np.exp(-(tested.state[:, pair] + tested.state[:, base]))), dtype=np.float64)


def compare(csv: Path, learning: Examples, tested: Examples) -> dict[str, Figures]:
    """Figures of each rival on `tested`, trained on `learning` (all training rows of `csv`)."""
    from ml.evaluate import figures

    early = [shipment for shipment in read(csv) if shipment.nr is not None and shipment.nr <= FREEZE]
    inner = examples(early, freeze=VALIDATE_AFTER)
    fitted, validated = inner.upto(VALIDATE_AFTER), inner.beyond(VALIDATE_AFTER)

    def measured(columns: list[int]) -> Figures:
        threshold = best_threshold(validated.late, boosted(fitted, validated, columns), validated.weight)
        return figures(tested, boosted(learning, tested, columns), threshold)

    plain = best_threshold(validated.late, lane_rate(validated), validated.weight)
    return {
        "lane rate, no learning": figures(tested, lane_rate(tested), plain),
        "LightGBM, no lane history": measured(without_lanes(tested.names)),
        "LightGBM + lane rates": measured(list(range(len(tested.names)))),
    }
