"""What comes later changes nothing that is computed for now."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.arrays import Array, at_minutes, pack
from ml.examples import examples
from ml.features import describe
from ml.lane_table import lane_rows, lane_table
from ml.lanes import LaneRates, as_of, known_by, lanes
from ml.projection import outlook
from ml.shipment import Leg, Shipment, first, milestones, planned_end
from ml.tokens import tokens
from tests.ml.freight_cases import SEASON

ORDERED = [replace(shipment, nr=nr) for nr, shipment in enumerate(SEASON)]
RATES = known_by(ORDERED, 30)


def _other_ending(shipment: Shipment, keep: float) -> Shipment:
    """The same shipment with everything after `keep` minutes turning out differently."""
    kept = {(one.slot, one.index) for one in milestones(shipment) if one.completed <= keep}

    def change(leg: Leg) -> Leg:
        parts = [
            m if (leg.slot, at) in kept or m.effective is None else replace(m, effective=m.effective * 3 + 10_000)
            for at, m in enumerate(leg.milestones)
        ]
        return Leg(leg.slot, tuple(parts))

    return replace(shipment, inbound=tuple(map(change, shipment.inbound)), outbound=change(shipment.outbound))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEASON), st.floats(0, 30_000))
def test_features_at_a_moment_ignore_every_later_milestone(shipment: Shipment, minutes: float) -> None:
    other = _other_ending(shipment, minutes)
    (names, now), (_, then) = _described(shipment, minutes), _described(other, minutes)
    assert dict(zip(names, now[0], strict=True)) == dict(zip(names, then[0], strict=True))
    assert np.array_equal(_tokens(shipment, minutes), _tokens(other, minutes))


def _described(shipment: Shipment, minutes: float) -> tuple[tuple[str, ...], Array]:
    arrays = pack([shipment])
    moment = at_minutes(arrays, np.zeros(1, dtype=np.int64), np.array([minutes]))
    return describe(arrays, moment, lane_table(lane_rows([shipment], RATES), arrays.there.shape))[:2]


def _tokens(shipment: Shipment, minutes: float) -> Array:
    arrays = pack([shipment])
    count = at_minutes(arrays, np.zeros(1, dtype=np.int64), np.array([minutes])).count[0]
    told = tokens(arrays, lane_table(lane_rows([shipment], RATES), arrays.there.shape))
    return told.values[0, : count + 1]


def test_outcomes_of_rows_later_than_the_cut_change_no_feature() -> None:
    lag, freeze = 10, 40
    told = examples(ORDERED, freeze=freeze, lag=lag).beyond(45)
    changed = [one if (one.nr or 0) <= freeze else _other_ending(one, 0) for one in ORDERED]
    again = examples(changed, freeze=freeze, lag=lag).beyond(45)
    lane = [at for at, name in enumerate(told.names) if name.startswith("lane_")]
    assert np.array_equal(told.state[:, lane], again.state[:, lane])
    booked = told.checkpoint == 0
    assert np.array_equal(told.state[booked], again.state[again.checkpoint == 0])


def test_rates_know_exactly_the_rows_that_are_lag_behind_and_not_frozen() -> None:
    for shipment, rates in as_of(ORDERED, freeze=25, lag=10):
        assert rates.total.seen == max(0, min((shipment.nr or 0) - 10, 25) + 1)


def test_a_row_within_the_lag_changes_nothing() -> None:
    def told(rows: list[Shipment]) -> float:
        return next(rates.rate(("hub", rows[50].hub or 0, -1)) for one, rates in as_of(rows, lag=10) if one.nr == 50)

    changed = [_other_ending(one, 0) if 40 < (one.nr or 0) < 50 else one for one in ORDERED]
    assert told(ORDERED) == told(changed)


def test_rates_are_smoothed_counts() -> None:
    rates = LaneRates()
    assert rates.base == pytest.approx(0.25)
    for shipment in ORDERED[:20]:
        rates.add(shipment)
    for lane in {lane for shipment in ORDERED[:20] for lane in lanes(shipment)}:
        assert 0 < rates.rate(lane) < 1
    assert rates.rate(("hub", 99_999, -1)) == pytest.approx(rates.base)
    assert LaneRates.from_json(rates.to_json()) == rates
    with pytest.raises(ValueError, match="no outcome"):
        rates.add(first(ORDERED[0], 2))


def test_the_projection_follows_the_critical_path() -> None:
    shipment = next(one for one in SEASON if len(one.inbound) == 3)
    nothing = first(shipment, 0)
    assert outlook(nothing, 0).end == planned_end(shipment)
    slowest = max(shipment.inbound, key=lambda leg: leg.planned or 0)
    first_due = slowest.milestones[0].planned or 0
    assert outlook(nothing, first_due + 90).end == (planned_end(shipment) or 0) + 90
    whole = outlook(shipment, 10**6)
    assert whole.end == milestones(shipment)[-1].completed


def test_more_silence_never_moves_the_projection_forward() -> None:
    rng = random.Random(1)
    for shipment in SEASON[:30]:
        count = rng.randrange(len(milestones(shipment)))
        known = first(shipment, count)
        since = milestones(known)[-1].completed if count else 0
        ends = [outlook(known, since + hours * 60).end for hours in range(0, 200, 10)]
        assert ends == sorted(ends)
