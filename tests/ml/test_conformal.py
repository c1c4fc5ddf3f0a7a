"""The conformal correction keeps what its intervals promise: as long as nothing changes, and again after a change."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.conformal import ENOUGH, LEVELS, PLAIN, WINDOW, Array, Conformal, Outcome, scaled, stretched

QUANTILES = np.array([[-16.4, -12.8, 0.0, 12.8, 16.4]]) + 1000.0
"""Those of a normal distribution of deviation 10 around 1000."""


def learnt(truth: Array, *, at_once: int = 1, state: Conformal | None = None) -> Conformal:
    """The state after outcomes of predictions QUANTILES, `at_once` of them becoming known together."""
    scores = scaled(truth, np.repeat(QUANTILES, len(truth), axis=0))
    told = [Outcome(f"{at:06d}", "hub", tuple(row)) for at, row in enumerate(scores.tolist())]
    state = state or Conformal()
    for begin in range(0, len(told), at_once):
        state = state.updated(told[begin : begin + at_once])
    return state


def below(truth: Array, state: Conformal) -> Array:
    """Share of outcomes below each of the four tail quantiles."""
    moved = stretched(QUANTILES, state.factors("hub")[None])[0]
    return np.asarray((truth[:, None] <= moved[[0, 1, 3, 4]]).mean(axis=0))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), spread=st.floats(2.0, 60.0), shift=st.floats(-1.0, 1.0))
def test_levels_hold_whatever_the_model_got_wrong(seed: int, spread: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    draw = 1000.0 + shift * spread / 2 + spread * rng.standard_normal(5_600)
    # Five standard errors of a share of one half, read off the 600 outcomes that were learnt from.
    assert np.abs(below(draw[600:], learnt(draw[:600], at_once=20)) - LEVELS).max() < 5 * np.sqrt(0.5 * 0.5 / 600)


def test_coverage_over_time_is_the_promised_one() -> None:
    rng = np.random.default_rng(3)
    truth = 1000.0 + 25.0 * rng.standard_t(3, 3_000)
    state, inside = learnt(truth[:200], at_once=10), list[bool]()
    for begin in range(200, 3_000, 10):
        moved = stretched(QUANTILES, state.factors("hub")[None])[0]
        batch = truth[begin : begin + 10]
        inside += ((moved[0] <= batch) & (batch <= moved[4])).tolist()
        state = learnt(batch, at_once=10, state=state)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.015)


def test_a_shift_is_made_good_within_some_hundred_outcomes() -> None:
    rng = np.random.default_rng(1)
    calm, wild = 1000.0 + 10.0 * rng.standard_normal(600), 1000.0 + 30.0 * rng.standard_normal(4_000)
    before = learnt(calm)
    after = learnt(wild[:300], state=before)
    assert below(wild, before)[3] < 0.80
    assert below(wild, after)[3] > 0.93
    assert below(wild, after)[0] < 0.07


def test_experts_that_step_make_good_sooner_than_the_window_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    truth = 1000.0 + np.concatenate([10.0 * rng.standard_normal(600), 40.0 * rng.standard_normal(150)])
    coming = 1000.0 + 40.0 * rng.standard_normal(4_000)
    stepping = below(coming, learnt(truth))[3]
    monkeypatch.setattr("ml.conformal.RATES", (0.0,))
    assert stepping > below(coming, learnt(truth))[3]


def test_late_outcomes_correct_late_but_as_much() -> None:
    rng = np.random.default_rng(2)
    truth = 1000.0 + 20.0 * rng.standard_normal(700)
    soon, late = learnt(truth[:600], at_once=10), learnt(truth[:600], at_once=300)
    assert np.allclose(soon.factors("hub"), late.factors("hub"), rtol=0.2)


@given(order=st.permutations(range(60)))
def test_order_within_one_moment_means_nothing(order: list[int]) -> None:
    rng = np.random.default_rng(0)
    told = [
        Outcome(
            f"{at % 20}", ("hub", "booked")[at % 2], tuple(np.sort(rng.standard_normal(4)).tolist()), 1 / (1 + at % 3)
        )
        for at in range(60)
    ]
    assert Conformal().updated(told).to_json() == Conformal().updated([told[at] for at in order]).to_json()


@settings(max_examples=25)
@given(
    truth=st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=80),
    at_once=st.integers(1, 30),
)
def test_a_state_that_was_written_down_goes_on_as_if_it_had_not_been(truth: list[float], at_once: int) -> None:
    state = learnt(np.array(truth), at_once=at_once)
    again = Conformal.from_json(json.loads(json.dumps(state.to_json())))
    assert again.to_json() == state.to_json()
    assert learnt(np.array(truth), state=again).to_json() == learnt(np.array(truth), state=state).to_json()


def test_hardly_any_outcomes_change_nothing() -> None:
    assert learnt(np.full(int(ENOUGH) - 1, 5_000.0)).factors("hub").tolist() == list(PLAIN)
    assert Conformal().factors("a stage never seen").tolist() == list(PLAIN)


def test_stages_learn_apart() -> None:
    state = learnt(np.full(200, 1300.0))
    assert state.factors("hub")[3] > 5.0
    assert state.factors("booked").tolist() == list(PLAIN)


def test_an_eased_state_goes_part_of_the_way_at_the_levels_themselves() -> None:
    rng = np.random.default_rng(4)
    state = learnt(1000.0 + 30.0 * rng.standard_normal(600))
    whole, half, none = (state.eased(share).factors("hub") for share in (1.0, 0.5, 0.0))
    assert np.allclose(whole, [-3.0, -3.0, 3.0, 3.0], atol=0.6)
    assert np.allclose(half, (whole + PLAIN) / 2.0, atol=1e-5)
    assert np.allclose(none, PLAIN, atol=1e-5)
    assert [tail.level for tail in state.eased(0.5).stages["hub"].tails] == pytest.approx(LEVELS)


def test_the_window_is_bounded_whatever_comes() -> None:
    rng = np.random.default_rng(0)
    state = learnt(1000.0 + 10.0 * rng.standard_normal(2_000), at_once=500)
    assert state.stages["hub"].weights.sum() <= WINDOW


@given(
    quantiles=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5).map(sorted),
    factors=st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=4),
)
def test_moved_quantiles_never_cross(quantiles: list[float], factors: list[float]) -> None:
    moved = stretched(np.array([quantiles]), np.array([factors]))[0]
    assert (np.diff(moved) >= 0).all()
    assert moved[2] == quantiles[2]
