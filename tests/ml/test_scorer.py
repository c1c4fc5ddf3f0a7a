"""The packaged model at work on a simulated season: what an analyst or an auditor would notice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ml.answers import LEAST_WEIGHT
from ml.assessment import Assessment, Case
from ml.attribution import COALITIONS, GROUPS, shapley
from ml.model_files import LATE, ModelDamagedError, read
from ml.projection import outlook
from ml.reason_codes import codes
from ml.scorer import Scorer
from ml.shipment import Leg, Milestone, Shipment, first, late, milestones, planned_end
from tests.ml.freight_cases import SEASON, START


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def moment(shipment: Shipment, minutes: float) -> datetime:
    assert shipment.booked is not None
    return shipment.booked + timedelta(minutes=minutes)


def halfway(shipment: Shipment) -> Case:
    seen = milestones(shipment)
    return Case(shipment, moment(shipment, seen[len(seen) // 2].completed))


def test_scores_carry_everything_that_is_sealed(scorer: Scorer) -> None:
    for case, told in zip(map(halfway, SEASON), scorer.score([halfway(one) for one in SEASON]), strict=True):
        if told.abstained is None:
            assert told.probability is not None
            assert 0 < told.probability <= 1
            assert told.band in {"low", "elevated", "high"}
        assert (told.as_of, told.model_hash) == (case.moment, scorer.hash)
        assert len(told.input_hash) == len(told.model_hash) == 64
        assert {reason.code for reason in told.reasons} <= codes()
        assert told.expected_end is not None
        assert told.expected_end >= case.moment


def test_a_batch_scores_as_its_shipments_do_one_by_one(scorer: Scorer) -> None:
    cases = [halfway(shipment) for shipment in SEASON[:25]]
    for case, batched in zip(cases, scorer.score(cases), strict=True):
        (alone,) = scorer.score([case])
        assert alone == batched


def test_what_was_reported_after_the_moment_changes_nothing(scorer: Scorer) -> None:
    for shipment in SEASON[:20]:
        count = len(milestones(shipment)) // 2
        whole, as_of = shipment, halfway(shipment).moment
        prefix = first(shipment, len([one for one in milestones(shipment) if moment(shipment, one.completed) <= as_of]))
        assert len(milestones(prefix)) > count - 1
        assert scorer.score([Case(whole, as_of)])[0].input_hash == scorer.score([Case(prefix, as_of)])[0].input_hash


def test_the_same_facts_at_another_hour_give_the_same_input(scorer: Scorer) -> None:
    shipment, as_of = SEASON[0], halfway(SEASON[0]).moment
    moved = replace(shipment, booked=moment(shipment, 24 * 60))
    (here,), (there,) = scorer.score([Case(shipment, as_of)]), scorer.score([Case(moved, as_of + timedelta(days=1))])
    assert here.input_hash == there.input_hash
    (later,) = scorer.score([Case(shipment, as_of + timedelta(hours=1))])
    assert later.input_hash != here.input_hash


def test_silence_beyond_the_plan_raises_the_risk_on_average(scorer: Scorer) -> None:
    """Not for every shipment: the network is not built monotonic. On average, and in most cases, it must be."""
    waits = [0, 12, 24, 48, 96]
    cases = []
    for shipment in SEASON:
        known = first(shipment, len(milestones(shipment)) // 2)
        due = _due(known)
        cases += [Case(known, moment(shipment, due + hours * 60)) for hours in waits]
    told = [one.probability for one in scorer.score(cases)]
    every = np.array(told, dtype=float).reshape(len(SEASON), len(waits))
    scores = every[~np.isnan(every).any(axis=1)]
    assert len(scores) >= 0.95 * len(SEASON)
    # A day overdue is riskier than due for nearly all of them; for none is it much less risky.
    assert (scores[:, 2] >= scores[:, 0]).mean() >= 0.9
    assert (scores[:, 2] >= scores[:, 0] - 0.1).all()
    assert (np.diff(scores.mean(axis=0)) > 0).all()
    assert (scores[:, -1] >= scores[:, 0]).mean() >= 0.95


def _due(known: Shipment) -> float:
    clock = milestones(known)[-1].completed
    return max(leg.due for leg in outlook(known, clock).legs if leg.due is not None)


def test_overdue_reports_are_named(scorer: Scorer) -> None:
    known = first(SEASON[0], 0)
    (told,) = scorer.score([Case(known, moment(known, _first_due(known) + 36 * 60))])
    assert any("overdue" in reason.text and reason.code == "OVERDUE" for reason in told.reasons)


def _first_due(known: Shipment) -> int:
    return max(leg.milestones[0].planned or 0 for leg in known.inbound)


def test_past_the_planned_end_lateness_is_a_fact(scorer: Scorer) -> None:
    known = first(SEASON[0], 3)
    (told,) = scorer.score([Case(known, moment(known, (planned_end(known) or 0) + 1))])
    assert (told.probability, told.band, told.reasons[0].code) == (1.0, "high", "PAST_PLANNED_END")


def test_a_delivered_shipment_scores_as_it_turned_out(scorer: Scorer) -> None:
    for shipment, told in zip(SEASON, scorer.score([Case(one, moment(one, 10**6)) for one in SEASON]), strict=True):
        assert told.probability == float(bool(late(shipment)))
        assert (told.stage, told.reasons[0].code) == ("delivered", "DELIVERED")


def test_without_plan_or_booking_it_abstains(scorer: Scorer) -> None:
    bare = Shipment(None, (), Leg("o", ()))
    unplanned = replace(SEASON[0].outbound.milestones[0], planned=None)
    gap = replace(SEASON[0], outbound=Leg("o", (unplanned, *SEASON[0].outbound.milestones[1:])))
    early = START - timedelta(days=1)
    told = scorer.score(
        [Case(bare, START), Case(gap, START), Case(SEASON[0], early), Case(replace(SEASON[0], booked=None), START)]
    )
    assert [_why(one) for one in told] == ["NO_PLAN", "NO_PLAN", "NOT_BOOKED", "NOT_BOOKED"]
    assert all(one.probability is None and one.band is None for one in told)


def _why(told: Assessment) -> str | None:
    return told.abstained.code if told.abstained else None


def test_an_unknown_hub_and_destination_still_get_a_score_and_say_so(scorer: Scorer) -> None:
    known = SEASON[0].inbound[0].places[0]
    nowhere = _elsewhere(SEASON[0], 77_777, {known})
    for told in scorer.score([halfway(nowhere)]):
        assert told.probability is not None
        assert "UNKNOWN_LANE" in {reason.code for reason in told.reasons}


def test_a_way_of_which_nothing_is_known_gets_no_probability(scorer: Scorer) -> None:
    nowhere, unnamed = _elsewhere(SEASON[0], 77_777), _elsewhere(SEASON[0], None)
    for told in scorer.score([halfway(nowhere), halfway(unnamed)]):
        assert (told.probability, told.band, _why(told)) == (None, None, "NOT_ENOUGH_HISTORY")
        assert told.planned_end is not None
        assert told.stage != "unknown"
    past = scorer.score([Case(first(nowhere, 3), moment(nowhere, (planned_end(nowhere) or 0) + 1))])[0]
    assert (past.probability, past.abstained) == (1.0, None)


def _elsewhere(shipment: Shipment, place: int | None, but: Collection[int | None] = ()) -> Shipment:
    def moved(point: Milestone) -> Milestone:
        return point if not point.segment or point.place in but else replace(point, place=place)

    legs = [Leg(leg.slot, tuple(map(moved, leg.milestones))) for leg in shipment.legs]
    return replace(shipment, inbound=tuple(legs[:-1]), outbound=legs[-1])


def test_weights_add_up_to_the_score(scorer: Scorer) -> None:
    """Shapley's efficiency: the four weights bridge the reference's log-odds and the score's."""
    values = np.random.default_rng(0).normal(size=(3, len(COALITIONS)))
    assert shapley(values).sum(axis=1) == pytest.approx(values[:, -1] - values[:, 0], abs=1e-5)
    additive = np.array([[sum((at + 1) * kept for at, kept in enumerate(subset)) for subset in COALITIONS]])
    assert shapley(additive)[0] == pytest.approx([1, 2, 3, 4])
    for told in scorer.score([halfway(one) for one in SEASON]):
        if told.abstained is not None:
            continue
        assert told.odds is not None
        assert told.reference is not None
        left_out = told.odds - told.reference - sum(reason.weight for reason in told.reasons)
        assert abs(left_out) <= (len(GROUPS) - 1) * LEAST_WEIGHT


def test_a_slower_lane_raises_the_risk_and_is_named() -> None:
    scorer = Scorer.load()
    rates = scorer.model.rates
    usual = first(SEASON[0], 0)

    def at_rate(destination: int) -> Assessment:
        outbound = Leg(
            "o",
            tuple(
                replace(m, place=destination) if m.code == "RCF" and m.segment == len(usual.outbound.segments) else m
                for m in usual.outbound.milestones
            ),
        )
        return scorer.score([Case(replace(usual, outbound=outbound), moment(usual, 0))])[0]

    known = [(lane[1], rates.rate(lane)) for lane in rates.counts if lane[0] == "destination" and rates.seen(lane) > 30]
    best, worst = min(known, key=lambda one: one[1]), max(known, key=lambda one: one[1])
    good, bad = at_rate(best[0]), at_rate(worst[0])
    assert (good.probability or 0) < (bad.probability or 0)
    weight = {reason.code: reason.weight for reason in bad.reasons}
    assert weight["LANE_LATE_RATE"] > 0


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    shutil.copytree(LATE, tmp_path / "model")
    description = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    weights = tmp_path / "model" / description["weights"]["file"]
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelDamagedError, match="hash"):
        Scorer.load(tmp_path / "model")
    with pytest.raises(FileNotFoundError):
        Scorer.load(tmp_path / "none")


def test_the_model_hash_covers_model_json(tmp_path: Path) -> None:
    shutil.copytree(LATE, tmp_path / "model")
    text = (tmp_path / "model" / "model.json").read_text(encoding="utf-8")
    (tmp_path / "model" / "model.json").write_text(text.replace('"high"', '"high" '), encoding="utf-8")
    assert read(tmp_path / "model").hash != read(LATE).hash


def test_torch_is_not_loaded_before_the_first_score() -> None:
    script = (
        "import sys, ml, ml.scorer, ml.datasets.cargo2000, ml.simulate, ml.evaluate, ml.train;"
        "ml.scorer.Scorer.load(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_moment_without_offset_is_refused(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="offset"):
        scorer.score([Case(SEASON[0], datetime(2026, 3, 1))])  # noqa: DTZ001 # the fault under test
