"""Drift is told where the world changed, and not where few cases vary by chance."""

import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from ml.cards import read_reference, reference, write_reference
from service.risk import drift
from service.risk.drifting import state_of
from service.store.score_record import Given

START = datetime(2026, 3, 2, tzinfo=UTC)


def made(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    """Cases with a normal feature that moves by `shift`, a skewed one, and one that is 0 or 1."""
    random = np.random.default_rng(seed)
    return np.stack(
        [random.normal(shift, 1, count), random.exponential(1, count), random.integers(0, 2, count)], axis=1
    )


NAMES = ("normal", "skewed", "flag")
TRAINED = reference(NAMES, made(5000, 0), np.zeros(5000), np.ones(5000))


@pytest.mark.parametrize("count", [15, 60, 1000])
def test_chance_alone_raises_no_alarm(count: int) -> None:
    alarms = sum(
        one["drifted"]
        for seed in range(40)
        for one in drift.inputs(TRAINED["features"], NAMES, made(count, seed + 1).tolist())
    )
    assert alarms <= 2


@pytest.mark.parametrize("count", [60, 1000])
def test_a_feature_that_moved_is_named(count: int) -> None:
    told = drift.inputs(TRAINED["features"], NAMES, made(count, 7, shift=1.5).tolist())
    assert (told[0]["feature"], told[0]["drifted"]) == ("normal", True)
    assert [one["drifted"] for one in told[1:]] == [False, False]


def test_a_reference_has_the_shares_of_its_weights(tmp_path: Path) -> None:
    features = TRAINED["features"]
    assert features["normal"]["shares"] == pytest.approx([0.1] * 10, abs=0.002)
    assert len(features["flag"]["shares"]) <= 3
    assert sum(features["flag"]["shares"]) == pytest.approx(1.0)
    weighted = reference(("x",), np.array([[0.0], [1.0]]), np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    assert weighted["late"] == 0.75
    folder = tmp_path
    assert read_reference(folder) is None
    write_reference(folder, weighted)
    assert read_reference(folder) == weighted


def test_psi_of_equal_shares_is_none() -> None:
    assert drift.psi([0.25] * 4, [100, 100, 100, 100]) == pytest.approx(0, abs=1e-9)
    assert drift.psi([0.5, 0.5], [90, 10]) == pytest.approx(0.4 * np.log(1.8) + -0.4 * np.log(0.2), abs=0.05)
    assert drift.chance(10, 1000, 0.01) == pytest.approx(21.666 / 1000, rel=0.01)  # chi-squared, 9 degrees, 99 %


def given(number: int, probability: float, late: bool | None, lane: str = "1,2") -> Given:
    return Given(START, number.to_bytes(32, "big"), "hub", probability, "m", lane, late, None)


def test_a_lane_that_is_late_more_often_than_was_said_is_told_and_a_small_one_is_not() -> None:
    random = Random(1)
    honest = [given(number, 0.3, random.random() < 0.3) for number in range(300)]
    worse = [given(1000 + number, 0.3, random.random() < 0.7, "3,4") for number in range(100)]
    few = [given(2000 + number, 0.1, True, "5,6") for number in range(drift.LEAST - 1)]
    told = {one["lane"]: one for one in drift.calibration([*honest, *worse, *few])}
    assert set(told) == {"all", "1 to 2", "3 to 4"}
    assert not told["1 to 2"]["drifted"]
    assert told["3 to 4"]["drifted"]
    assert told["3 to 4"]["expected"] == 0.3


def test_the_base_rate_counts_each_shipment_once() -> None:
    rows = [given(1, 0.5, True)] * 9 + [given(number, 0.5, False) for number in range(2, 5)]
    told = drift.base_rate(0.25, [*rows, given(9, 0.5, None)])
    assert (told["shipments"], told["late"], told["drifted"]) == (4, 1, False)
    assert drift.base_rate(0.25, [given(number, 0.5, True) for number in range(200)])["drifted"]
    assert drift.base_rate(0.25, [])["drifted"] is False


def test_features_are_read_from_what_was_stored() -> None:

    packed = struct.pack("<IIII", 1, 2, 1, 3) + struct.pack("<2q", 5, 6) + struct.pack("<6q", *range(1, 7))
    assert state_of(packed) == state_of(zlib.compress(packed)) == [1e-06, 2e-06, 3e-06]
    assert state_of(b"") is None
    assert state_of(b"\2\0\0\0abc") is None


def test_first_scores_stand_for_a_training_that_left_no_reference() -> None:
    own = drift.reference_of(NAMES, made(500, 3).tolist())
    assert not any(one["drifted"] for one in drift.inputs(own, NAMES, made(300, 4).tolist()))
