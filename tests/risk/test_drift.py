"""Drift is told where the world changed, and not where few cases vary by chance."""

import json
import shutil
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from ml import cards
from ml.cards import read_reference, reference, write_reference
from ml.datasets.table import numbered, write
from ml.evaluate import stage
from ml.examples import examples
from ml.model_files import PACKAGED
from ml.shipment import late
from ml.simulate import season
from service.cli import app
from service.risk import drift
from service.risk.drifting import state_of
from service.risk.recomputing import columns
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


def test_a_card_is_written_with_what_training_looked_like(tmp_path: Path) -> None:
    shutil.copytree(PACKAGED, tmp_path / "release")
    before, rows = cards.hash_of(tmp_path / "release"), [one.shipment for one in season(120, 5, START)]
    write(tmp_path / "cargo.csv", numbered(rows))
    words = ["risk", "models", "card", str(tmp_path / "release"), "--cargo", str(tmp_path / "cargo.csv")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert before in done.output
    assert json.loads((tmp_path / "release" / cards.CARD).read_bytes())["hash"] == cards.hash_of(tmp_path / "release")
    found = read_reference(tmp_path / "release")
    names = columns(cards.heads_of(tmp_path / "release"))
    assert found is not None
    assert list(found["features"]) == sorted(names)
    assert found["late"] == pytest.approx(np.mean([bool(late(one)) for one in rows]), abs=1e-6)

    told = examples(list(numbered(rows)))
    states = np.vstack([told.state, told.silence])[:, [told.names.index(name) for name in names]]
    at = np.random.default_rng(0).permutation(len(states))
    keys = np.stack([np.tile(told.nr, 2).astype(np.str_), np.tile(stage(told), 2)])[:, at]
    drawn = states[at[np.unique(keys, axis=1, return_index=True)[1]]]
    assert [one["feature"] for one in drift.inputs(found["features"], names, drawn.tolist()) if one["drifted"]] == []
    slower = drawn + np.where(np.array(names) == "behind_end", 5.0, 0.0)
    drifted = [one["feature"] for one in drift.inputs(found["features"], names, slower.tolist()) if one["drifted"]]
    assert drifted == ["behind_end"]


def test_the_packaged_release_says_what_its_training_looked_like() -> None:
    found = read_reference(PACKAGED)
    assert found is not None
    assert set(found["features"]) == set(columns(cards.heads_of(PACKAGED)))
    assert 0.2 < found["late"] < 0.4
