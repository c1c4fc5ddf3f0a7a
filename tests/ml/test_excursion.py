"""The chance of an excursion: only where it can be known, from the past only, with the facts that speak for it."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.conditions import PROFILES
from ml.excursion import Excursion
from ml.excursion_train import fit, moments, train
from ml.metrics import auroc, brier
from ml.simulate import season
from ml.simulator.climate import warm
from ml.simulator.season import START
from ml.simulator.story import Story, story
from ml.trail import Trail, trail_of_events

HEAD = Excursion.load()


def told(values: list[Any], every: int = 15, **booking: Any) -> Trail:
    """A booked unit with one reading after the other."""
    unit = "https://id.gs1.org/00/095213215000000011"
    plan = {"trailseal:leg": {"trailseal:unit": unit, "trailseal:milestone": {"trailseal:code": "DLV"}}}
    booked = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:booking",
        "eventTime": START.isoformat(),
        "action": "ADD",
        "bizStep": "commissioning",
        "epcList": [unit],
        "trailseal:plan": plan,
        "trailseal:conditions": {"trailseal:profile": "2-8"},
    } | booking
    readings = [
        {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:reading-{at}",
            "eventTime": (START + timedelta(minutes=every * at)).isoformat(),
            "action": "OBSERVE",
            "bizStep": "sensor_reporting",
            "epcList": [unit],
            "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": value, "uom": "CEL"}]}],
        }
        for at, value in enumerate(values)
    ]
    return trail_of_events([booked, *readings])


def after(count: int, more: float = 0) -> datetime:
    return START + timedelta(minutes=15 * (count - 1) + more)


STEADY = [5 + 0.1 * (-1) ** at for at in range(40)]
RISING = STEADY[:20] + [5 + 0.12 * at for at in range(20)]
OUT = STEADY[:20] + [9.5] * 10


def test_a_box_that_warms_is_in_more_danger_than_a_steady_one_and_says_so() -> None:
    calm, _ = HEAD.chance(told(STEADY), after(40))
    rising, reasons = HEAD.chance(told(RISING), after(40))
    assert calm is not None
    assert rising is not None
    assert rising > 3 * calm
    assert rising > 0.3
    nearing = next(reason for reason in reasons if reason.code == "NEARING_LIMIT")
    assert nearing.events == ("urn:uuid:reading-39",)
    assert "8 °C is reached in" in nearing.text


def test_what_was_out_of_range_is_told_with_its_readings() -> None:
    chance, reasons = HEAD.chance(told(OUT), after(30))
    out = next(reason for reason in reasons if reason.code == "OUT_OF_RANGE")
    assert chance is not None
    assert chance > 0.5
    assert out.events[0] == "urn:uuid:reading-20"
    assert "mean kinetic temperature" in out.text


def test_silence_is_told() -> None:
    _, reasons = HEAD.chance(told(STEADY), after(40, more=7 * 60))
    assert "no reading for 7 h" in [reason.text for reason in reasons]


def test_later_readings_change_nothing() -> None:
    assert HEAD.chance(told(RISING + [30.0] * 20), after(40)) == HEAD.chance(told(RISING), after(40))


def test_without_readings_nothing_is_said() -> None:
    assert HEAD.chance(told([]), after(10)) == (None, ())
    assert HEAD.chance(Trail(), after(10)) == (None, ())


def test_without_conditions_there_is_no_chance_and_the_reason_says_what_to_do() -> None:
    silent: dict[str, Any] = {"trailseal:conditions": None}
    trail = told(STEADY, **silent)
    chance, reasons = HEAD.chance(trail, after(40))
    assert chance is None
    assert [reason.code for reason in reasons] == ["NO_CONDITIONS"]
    assert HEAD.chance(trail, after(40), PROFILES["2-8"])[0] is not None


def test_after_delivery_only_facts_are_told() -> None:
    received = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:received",
        "eventTime": after(30).isoformat(),
        "action": "OBSERVE",
        "bizStep": "receiving",
        "epcList": ["https://id.gs1.org/00/095213215000000011"],
    }
    trail = told(OUT)
    delivered = Trail((*trail.events, *trail_of_events([received]).events))
    chance, reasons = HEAD.chance(delivered, after(31))
    assert chance is None
    assert {reason.code for reason in reasons} == {"OUT_OF_RANGE"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "x", -500, 1e308])
def test_readings_that_are_none_break_nothing(value: Any) -> None:
    clean, _ = HEAD.chance(told(STEADY), after(40))
    spoilt, _ = HEAD.chance(told([*STEADY[:20], value, *STEADY[21:]]), after(40))
    assert spoilt == pytest.approx(clean, abs=0.05)
    assert HEAD.chance(told([value] * 5), after(5))[0] is None


def test_on_fresh_simulated_shipments_chances_rank_and_are_calibrated() -> None:
    fresh = moments(40, 41, 5)
    chances, ones = HEAD.odds.chances(fresh.rows), np.ones(len(fresh.truth))
    rate = np.full(len(fresh.truth), fresh.truth.mean())
    assert auroc(fresh.truth, chances, ones) > 0.85
    assert brier(fresh.truth, chances, ones) < 0.7 * brier(fresh.truth, rate, ones)


def test_a_run_that_was_cut_off_ends_with_the_same_weights(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows, truth = draw.normal(size=(200, len(HEAD.odds.mean))), (draw.random(200) < 0.3).astype(np.float64)
    whole = fit(rows, truth, 3, 6)
    fit(rows, truth, 3, 2, tmp_path / "cut.pt")
    resumed = fit(rows, truth, 3, 6, tmp_path / "cut.pt")
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_training_writes_a_head_that_can_be_loaded(tmp_path: Path) -> None:
    learn = moments(12, 42, 4)
    head = train(learn, learn, tmp_path / "excursion", epochs=3)
    assert Excursion.load(tmp_path / "excursion").hash == head.hash
    assert [path.suffix for path in sorted((tmp_path / "excursion").iterdir())] == [".safetensors", ".json"]


def _warmed(seed: int, mechanism: str | None) -> tuple[Story, list[float]]:
    shipment = season(3, seed, START)[1]
    one = story(shipment.shipment, shipment.booked, random.Random(seed))
    course = warm(one, random.Random(seed), mechanism)
    return one, course.true


def test_a_planted_failure_warms_the_box_and_only_from_its_onset() -> None:
    one, failed = _warmed(5, "unit failure")
    _, sound = _warmed(5, None)
    assert one.onset is not None
    assert one.kinds == ("unit failure",)
    assert max(map(abs, np.subtract(failed, sound))) > 0.5
