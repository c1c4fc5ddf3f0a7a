"""Metrics against numbers worked by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from ml.calibration import Bands, bands, platt
from ml.metrics import auroc, average_precision, best_threshold, brier, ece, mcc

TRUTH = np.array([1.0, 0.0, 1.0, 0.0])
SCORE = np.array([0.9, 0.8, 0.8, 0.1])
ONES = np.ones(4)


def test_by_hand() -> None:
    # Pairs (late, in time): .9>.8, .9>.1, .8=.8 (half), .8>.1 -> 3.5 of 4.
    assert auroc(TRUTH, SCORE, ONES) == pytest.approx(3.5 / 4)
    # Steps: at .9 precision 1, recall 1/2; at .8 precision 2/3, recall 1.
    assert average_precision(TRUTH, SCORE, ONES) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert brier(TRUTH, SCORE, ONES) == pytest.approx((0.01 + 0.64 + 0.04 + 0.01) / 4)
    # Flagged .9 .8 .8: tp 2, fp 1, fn 0, tn 1 -> (2*1 - 1*0) / sqrt(3*2*2*1).
    assert mcc(TRUTH, (SCORE >= 0.5).astype(float), ONES) == pytest.approx(2 / np.sqrt(12))
    # Two bins of two: {.1, .8 in time} mean .45 against 0; {.8, .9 late} mean .85 against 1.
    assert ece(TRUTH[[3, 1, 2, 0]], SCORE[[3, 1, 2, 0]], ONES, bins=2) == pytest.approx((0.9 + 0.3) / 4)


def test_a_shipment_with_more_prefixes_weighs_no_more() -> None:
    weight = np.array([0.5, 0.5, 1.0, 1.0])
    doubled = auroc(np.array([1.0, 1, 0, 1]), np.array([0.2, 0.2, 0.5, 0.9]), weight)
    assert doubled == pytest.approx(auroc(np.array([1.0, 0, 1]), np.array([0.2, 0.5, 0.9]), np.ones(3)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(1, 5)), min_size=4, max_size=60))
def test_as_scikit_learn(cases: list[tuple[bool, int, int]]) -> None:
    truth, score, weight = (np.array(column, dtype=float) for column in zip(*cases, strict=True))
    score /= 8
    if truth.min() == truth.max():
        with pytest.raises(ValueError, match="both outcomes"):
            auroc(truth, score, weight)
        return
    assert auroc(truth, score, weight) == pytest.approx(theirs.roc_auc_score(truth, score, sample_weight=weight))
    ours = average_precision(truth, score, weight)
    assert ours == pytest.approx(theirs.average_precision_score(truth, score, sample_weight=weight))
    assert brier(truth, score, weight) == pytest.approx(theirs.brier_score_loss(truth, score, sample_weight=weight))
    flagged = (score >= 0.5).astype(float)
    expected = theirs.matthews_corrcoef(truth, flagged, sample_weight=weight)
    assert mcc(truth, flagged, weight) == pytest.approx(expected, abs=1e-9)


def test_a_perfectly_calibrated_score_has_almost_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    score = rng.random(40_000)
    truth = (rng.random(40_000) < score).astype(float)
    assert ece(truth, score, np.ones(40_000)) < 0.01
    assert ece(truth, np.clip(score + 0.2, 0, 1), np.ones(40_000)) > 0.1


def test_platt_finds_the_slope_and_shift_that_were_put_in() -> None:
    rng = np.random.default_rng(1)
    odds = rng.normal(0, 2, 50_000)
    truth = (rng.random(50_000) < 1 / (1 + np.exp(-(0.5 * odds - 1)))).astype(float)
    found = platt(truth, odds, np.ones(50_000))
    assert (found.slope, found.shift) == pytest.approx((0.5, -1), abs=0.05)


def test_platt_stays_finite_where_the_outcomes_separate() -> None:
    found = platt(TRUTH, np.array([9.0, -9.0, 9.0, -9.0]), ONES)
    assert np.isfinite([found.slope, found.shift]).all()


def test_platt_finds_its_way_where_outcomes_lie_far_from_what_was_expected() -> None:
    odds = np.linspace(4, 8, 200)
    found = platt(np.arange(200) % 5 == 0, odds, np.ones(200))
    assert found.slope * odds.mean() + found.shift == pytest.approx(np.log(0.25), abs=0.05)


def test_bands_are_cut_where_they_say() -> None:
    rng = np.random.default_rng(2)
    score = rng.random(5_000)
    truth = (rng.random(5_000) < score).astype(float)
    cut = bands(truth, score, np.ones(5_000))
    assert cut.elevated <= cut.high == pytest.approx(best_threshold(truth, score, np.ones(5_000)), abs=1e-6)
    assert truth[score >= cut.elevated].sum() / truth.sum() >= 0.8
    assert [Bands(0.2, 0.5).of(p) for p in (0.1, 0.2, 0.5, 1.0)] == ["low", "elevated", "high", "high"]


def test_rows_that_weigh_nothing_do_not_count() -> None:
    truth, score = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.9, 0.8, 0.7, 0.1])
    drawn = np.array([0.0, 1.0, 2.0, 1.0])
    assert average_precision(truth, score, drawn) == pytest.approx(average_precision(truth[1:], score[1:], drawn[1:]))
