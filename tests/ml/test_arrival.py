"""Arrival quantiles respect the facts, are the same whenever they are asked for, and abstain where they would guess."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.abstention import Limits, abstains, limits, strangeness, unknown_way
from ml.arrival import STAGES, Arrival, late_chance, minutes_of, moments, softened, stages
from ml.arrival_train import PACKAGED, Recipe, train
from ml.conformal import LEVELS as TAILS
from ml.conformal import Outcome
from ml.examples import Examples, examples
from ml.lanes import LaneRates, known_by
from ml.model_files import ModelDamagedError
from tests.ml.freight_cases import SEASON

TINY = Recipe(members=2, validators=1, epochs=2, width=8, first=0.0)


@pytest.fixture(scope="module")
def prefixes() -> Examples:
    return examples(SEASON, freeze=10**9, lag=10)


@pytest.fixture(scope="module")
def folder(prefixes: Examples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("arrival")
    train(prefixes, out, recipe=TINY)
    return out


@pytest.fixture(scope="module")
def head(folder: Path) -> Arrival:
    return Arrival.load(folder)


def test_quantiles_rise_and_lie_not_before_the_moment(head: Arrival, prefixes: Examples) -> None:
    for states, minutes in ((prefixes.state, prefixes.minutes), (prefixes.silence, prefixes.silent_minutes)):
        told = head.quantiles(states, minutes, prefixes.projected)
        assert (np.diff(told, axis=1) >= 0).all()
        assert (told >= minutes[:, None]).all()
        assert (told == np.rint(told)).all()


def test_a_quantile_does_not_depend_on_what_else_is_asked(head: Arrival, prefixes: Examples) -> None:
    together = head.quantiles(prefixes.state, prefixes.minutes, prefixes.projected)
    for at in range(0, len(prefixes.nr), 37):
        one = slice(at, at + 1)
        alone = head.quantiles(prefixes.state[one], prefixes.minutes[one], prefixes.projected[one])
        assert (alone == together[one]).all()


def test_a_later_conformal_state_moves_the_tails_and_not_the_median(head: Arrival, prefixes: Examples) -> None:
    outcomes = [Outcome(f"{at}", stage, (-3.0, -2.0, 2.0, 3.0)) for at in range(600) for stage in STAGES]
    later = head.conformal.updated(outcomes)
    moved = head.quantiles(prefixes.state, prefixes.minutes, prefixes.projected, later)
    before = head.quantiles(prefixes.state, prefixes.minutes, prefixes.projected)
    assert (moved[:, 2] == before[:, 2]).all()
    assert (moved[:, 4] > before[:, 4]).all()


def test_outcomes_say_how_far_the_truth_fell_from_the_median(head: Arrival, prefixes: Examples) -> None:
    part = prefixes.where(prefixes.count == 0)
    asked = part.state, part.minutes, part.projected
    plain = head.plain(*asked)
    on_the_tail = head.outcomes(map(str, part.nr), *asked, plain[:, 4])
    assert [one.scores[TAILS.index(0.95)] for one in on_the_tail] == pytest.approx([1.0] * len(part.nr))
    assert {one.stage for one in on_the_tail} == {"booked"}


def test_a_stored_state_tells_its_moment_and_projection(prefixes: Examples) -> None:
    minutes, projected = moments(prefixes.names, np.round(prefixes.state, 6))
    assert np.allclose(minutes, prefixes.minutes, rtol=1e-5, atol=0.1)
    assert np.allclose(projected, prefixes.projected, rtol=1e-5, atol=0.1)


def test_stages_follow_the_journey(prefixes: Examples) -> None:
    at = stages(prefixes.names, prefixes.state)
    for nr in np.unique(prefixes.nr)[:10]:
        way = [at[row] for row in np.flatnonzero(prefixes.nr == nr)]
        assert way == sorted(way, key=STAGES.index)
        assert way[0] == "booked"
        assert way[-1] == "delivery"


def test_training_again_gives_the_same_head(folder: Path, prefixes: Examples, tmp_path: Path) -> None:
    again = train(prefixes, tmp_path / "again", recipe=TINY)
    assert again.hash == Arrival.load(folder).hash
    other = train(prefixes, tmp_path / "other", recipe=TINY, seed=1)
    assert other.hash != again.hash


def test_training_goes_on_where_it_was_stopped(folder: Path, prefixes: Examples, tmp_path: Path) -> None:
    kept = tmp_path / "kept"

    class StoppedError(Exception):
        pass

    def stop(stage: str, done: int, _of: int) -> None:
        if (stage, done) == ("fit", 1):
            raise StoppedError

    with pytest.raises(StoppedError):
        train(prefixes, tmp_path / "out", recipe=TINY, checkpoints=kept, progress=stop)
    left = {one: one.stat().st_mtime_ns for one in kept.iterdir()}
    assert left
    done = train(prefixes, tmp_path / "out", recipe=TINY, checkpoints=kept)
    assert done.hash == Arrival.load(folder).hash
    assert {one: one.stat().st_mtime_ns for one in left} == left


def test_files_that_were_changed_are_refused(folder: Path, tmp_path: Path) -> None:
    for one in folder.iterdir():
        (tmp_path / one.name).write_bytes(one.read_bytes())
    weights = next(tmp_path.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    with pytest.raises(ModelDamagedError):
        Arrival.load(tmp_path)


def test_the_scale_of_the_target_can_be_undone() -> None:
    minutes = np.array([-90_000.0, -60.0, 0.0, 1.0, 7_200.0, 1e6])
    assert np.allclose(minutes_of(softened(minutes)), minutes)


def test_the_chance_of_being_late_follows_the_quantiles() -> None:
    told = np.array([[100.0, 150.0, 300.0, 500.0, 600.0]] * 4)
    chance = late_chance(told, np.array([0.0, 300.0, 600.0, 5_000.0]))
    assert chance.tolist() == pytest.approx([1 - 0.0275, 0.5, 0.05, 0.005], abs=0.03)


def test_abstains_where_no_place_of_the_way_was_ever_seen() -> None:
    unknown = abstains(SEASON[0], LaneRates(), 0.0, Limits())
    assert unknown is not None
    assert unknown.code == "NOT_ENOUGH_HISTORY"
    assert abstains(SEASON[0], known_by(SEASON, 10**9), 0.0, Limits()) is None


def test_one_place_with_a_history_is_enough_to_speak() -> None:
    rates = LaneRates()
    for _ in range(3):
        rates.add(SEASON[0])
    elsewhere = replace(SEASON[0], inbound=SEASON[1].inbound)
    assert unknown_way(elsewhere, rates, 3) is None
    assert unknown_way(elsewhere, rates, 4) is not None


def test_abstains_far_from_what_was_learnt(head: Arrival, prefixes: Examples) -> None:
    rates, bounds = known_by(SEASON, 10**9), Limits(strangeness=0.2)
    odd = strangeness(head.scaling, prefixes.state + 1e4)
    assert (odd > 0.9).all()
    assert abstains(SEASON[0], rates, float(odd[0]), bounds) is not None
    assert abstains(SEASON[0], rates, 0.2, bounds) is None


def test_limits_let_ordinary_shipments_pass(head: Arrival, prefixes: Examples) -> None:
    strange = strangeness(head.scaling, prefixes.state)
    assert np.mean(strange > limits(strange).strangeness) <= 0.002


@pytest.mark.skipif(not (PACKAGED / "model.json").exists(), reason="no arrival head comes with this checkout")
def test_the_packaged_head_knows_the_features_there_are(prefixes: Examples) -> None:
    head = Arrival.load(PACKAGED)
    assert set(head.names) <= set(prefixes.names)
    assert set(head.conformal.stages) == set(STAGES)
