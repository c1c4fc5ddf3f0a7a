"""A model is promoted only if it is no worse than the best challenger."""

from __future__ import annotations

import numpy as np
import pytest

from ml.calibration import SAME, Calibration, StageCalibration
from ml.challengers import Challenger
from ml.examples import Examples, examples
from ml.promotion import verdict
from tests.ml.freight_cases import SEASON


@pytest.fixture(scope="module")
def tested() -> Examples:
    return examples(SEASON, freeze=10**9, lag=10)


def _good(of: Examples, spread: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    noise = np.random.default_rng(seed).normal(size=len(of.late)) * spread
    chances: np.ndarray[tuple[int], np.dtype[np.float64]] = 1 / (1 + np.exp(-(2 * of.late - 1 + noise)))
    return chances


def test_a_worse_model_is_not_promoted_and_a_better_one_is(tested: Examples) -> None:
    good, bad = _good(tested, 0.3, 1), _good(tested, 4.0, 2)
    worse = verdict(tested, bad, [Challenger("good", good, 0.5), Challenger("bad", bad, 0.5)], times=200)
    assert (worse.promoted, worse.challenger) == (False, "good")
    assert "not promoted" in worse.text
    better = verdict(tested, good, [Challenger("bad", bad, 0.5)], times=200)
    assert better.promoted
    assert better.auroc[0] > 0


def test_a_model_is_no_worse_than_itself(tested: Examples) -> None:
    same = _good(tested, 1.0, 3)
    told = verdict(tested, same, [Challenger("same", same, 0.5)], times=50)
    assert told.promoted
    assert told.auroc == (0.0, 0.0)


def test_stages_are_calibrated_by_their_own_outcomes_and_lean_on_all() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(size=4000)
    stage = np.where(np.arange(4000) % 2 == 0, "booked", "hub")
    truth = (rng.random(4000) < 1 / (1 + np.exp(-(odds + np.where(stage == "hub", 1.0, -1.0))))).astype(np.float64)
    state = StageCalibration.refitted(stage, odds, truth, np.ones(4000))
    assert state.stages["hub"].shift > 0.6 > -0.6 > state.stages["booked"].shift
    few = StageCalibration.refitted(stage[:2], odds[:2], truth[:2], np.ones(2))
    assert abs(few.stages["hub"].shift - few.overall.shift) < 0.1
    again = StageCalibration.from_json(state.to_json())
    np.testing.assert_array_equal(again.apply(stage, odds), state.apply(stage, odds))
    assert StageCalibration(SAME, {"hub": Calibration(1.0, 5.0)}).apply(["booked"], np.zeros(1)) == 0.5
