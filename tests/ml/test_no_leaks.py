"""What comes later changes nothing that is computed for now."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.arrays import Array, at_minutes, pack
from ml.assessment import Case
from ml.examples import examples
from ml.features import describe
from ml.from_epcis import from_events
from ml.lane_table import lane_rows, lane_table
from ml.lanes import LaneRates, as_of, known_by, lanes
from ml.projection import outlook
from ml.scorer import Scorer
from ml.shipment import Leg, Shipment, first, milestones, planned_end
from ml.to_epcis import to_epcis
from ml.tokens import tokens
from tests.ml.freight_cases import SEASON, START

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


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SEASON), st.integers(0, 30), st.integers(0, 10**6))
def test_no_score_changes_when_events_are_added_that_happened_or_were_recorded_later(
    shipment: Shipment, count: int, seed: int
) -> None:
    """Whatever comes later by either clock: the shipment, so every feature, token and score, is what it was."""
    start, rng = shipment.booked or START, random.Random(seed)
    told: list[dict[str, object]] = to_epcis(shipment, start)["epcisBody"]["eventList"]
    for number, event in enumerate(told):
        happened = datetime.fromisoformat(str(event["eventTime"]))
        recorded = happened + timedelta(minutes=rng.choice([0, 5, 600]) if number else 0)
        event |= {"eventID": f"urn:uuid:{number}", "recordTime": recorded.isoformat()}
    now = start + timedelta(minutes=milestones(shipment)[min(count, len(milestones(shipment)) - 1)].completed)
    known = [event for event in told if _instant(event, "eventTime") <= now and _instant(event, "recordTime") <= now]
    before = from_events(known)
    assert from_events(told, as_of=now, recorded_by=now) == before
    later = list[dict[str, object]]()
    for at, event in enumerate(told):
        recorded = now + timedelta(minutes=rng.randrange(1, 10**5))
        later.append({**event, "recordTime": recorded.isoformat(), "eventID": f"urn:x:{at}"})
    errors = [{**event, "errorDeclaration": {}, "eventID": told[at]["eventID"]} for at, event in enumerate(later)]
    after = from_events([*told, *later, *errors], as_of=now, recorded_by=now)
    assert (after, after.notes) == (before, before.notes)
    minutes = (now - start) / timedelta(minutes=1)
    assert np.array_equal(_described(after, minutes)[1], _described(before, minutes)[1])
    assert np.array_equal(_tokens(after, minutes), _tokens(before, minutes))


def _instant(event: dict[str, object], name: str) -> datetime:
    return datetime.fromisoformat(str(event[name]))


def test_no_score_changes_when_other_outcomes_become_known_later() -> None:
    """Rates are read when the case is scored: what they learn afterwards does not reach it."""
    scorer, rates = Scorer.load(), known_by(ORDERED, 20)
    shipment = first(SEASON[40], 4)
    moment = (shipment.booked or START) + timedelta(minutes=milestones(shipment)[-1].completed)
    (before,) = scorer.score([Case(shipment, moment, rates=copy.deepcopy(rates))])
    kept = copy.deepcopy(rates)
    for one in ORDERED[21:]:
        rates.add(one)
    (after,) = scorer.score([Case(shipment, moment, rates=kept)])
    (live,) = scorer.score([Case(shipment, moment, rates=rates)])
    assert before == after
    assert live.input_hash != before.input_hash
