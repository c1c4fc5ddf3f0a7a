"""Usual times lean on what was seen, whatever the order it came in; completions follow from them."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from ml.arrays import at_minutes, pack
from ml.completion import completion
from ml.lane_table import lane_rows, lane_table
from ml.lanes import LaneRates
from ml.shipment import Leg, Shipment
from ml.situation import situation
from ml.usual import UsualTimes
from tests.ml.freight_cases import SEASON


def _rates(shipments: list[Shipment]) -> LaneRates:
    rates = LaneRates()
    for one in shipments:
        rates.add(one)
    return rates


def _slow(shipment: Shipment, factor: float) -> Shipment:
    leg = shipment.outbound
    last = leg.milestones[-1]
    stay = replace(last, effective=int((last.effective or 0) * factor))
    return replace(shipment, outbound=Leg(leg.slot, (*leg.milestones[:-1], stay)))


def _odds(shipment: Shipment, rates: LaneRates, minutes: float) -> float:
    arrays = pack([shipment])
    lanes = lane_table(lane_rows([shipment], rates), arrays.there.shape)
    moments = at_minutes(arrays, np.zeros(1, dtype=np.int64), np.array([minutes]))
    return float(completion(situation(arrays, moments), moments.row, lanes.usual).odds[0])


def test_the_order_in_which_outcomes_arrive_does_not_matter_and_json_keeps_everything() -> None:
    shuffled = random.Random(1).sample(SEASON, len(SEASON))
    one, other = _rates(SEASON).times, _rates(shuffled).times
    assert one.row(SEASON[0]) == other.row(SEASON[0])
    assert UsualTimes.from_json(one.to_json()).row(SEASON[0]) == one.row(SEASON[0])


def test_where_stays_were_long_they_are_expected_to_be_long() -> None:
    quick, slow = _rates(SEASON), _rates([_slow(one, 6.0) for one in SEASON])
    for shipment in SEASON[:10]:
        assert _odds(shipment, slow, 0.0) > _odds(shipment, quick, 0.0)


def test_silence_does_not_lower_the_odds_of_being_late() -> None:
    rates = _rates(SEASON)
    for shipment in SEASON[:10]:
        waited = [_odds(replace(shipment), rates, minutes) for minutes in (0.0, 1.0)]
        assert np.isfinite(waited).all()
    nothing = [
        replace(one, inbound=tuple(_open(leg) for leg in one.inbound), outbound=_open(one.outbound)) for one in SEASON
    ]
    for shipment in nothing[:10]:
        told = [_odds(shipment, rates, minutes) for minutes in (0.0, 2_000.0, 20_000.0)]
        assert told[0] <= told[1] + 0.05
        assert told[1] <= told[2] + 0.05


def _open(leg: Leg) -> Leg:
    return Leg(leg.slot, tuple(replace(one, effective=None) for one in leg.milestones))


def test_one_shipment_is_completed_as_it_is_in_a_batch() -> None:
    rates, arrays = _rates(SEASON), pack(SEASON)
    lanes = lane_table(lane_rows(SEASON, rates), arrays.there.shape)
    moments = at_minutes(arrays, np.arange(len(SEASON)), np.full(len(SEASON), 3_000.0))
    many = completion(situation(arrays, moments), moments.row, lanes.usual).odds
    alone = [_odds(one, rates, 3_000.0) for one in SEASON]
    np.testing.assert_allclose(many, alone, atol=1e-9)
