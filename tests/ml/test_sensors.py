"""Sensor summaries against figures worked out by hand, on sampling as it comes."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.conditions import PROFILES, Conditions, conditions_of
from ml.sensors import Sensors, sensors
from ml.trail import Trail, trail_of_events

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def report(minutes: float, value: Any, kind: str = "Temperature", uom: str = "CEL") -> dict[str, Any]:
    return {"type": kind, "value": value, "uom": uom, "time": at(minutes)}


def trail(*reports: dict[str, Any], recorded: float | None = None, **members: Any) -> Trail:
    event = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "action": "OBSERVE",
        "bizStep": "sensor_reporting",
        "eventTime": at(0),
        "recordTime": at(0 if recorded is None else recorded),
        "epcList": ["https://id.gs1.org/00/140123452345678902"],
        "sensorElementList": [{"sensorReport": list(reports)}],
    }
    return trail_of_events([event | members])


def summary(*reports: dict[str, Any], until: float = 10_000, profile: str = "2-8", recorded: float = 9_000) -> Sensors:
    found = sensors(trail(*reports, recorded=recorded), START + timedelta(minutes=until), PROFILES[profile])
    assert found is not None
    return found


def test_time_and_degree_minutes_out_of_range_are_exact_areas() -> None:
    # 5 -> 11 °C in 30 min crosses 8 °C half way: 15 min, a triangle of 3 °C; then 30 min at 11 °C.
    found = summary(report(0, 5), report(30, 5), report(60, 11), report(90, 11))
    assert found.out_minutes == pytest.approx(45)
    assert found.degree_minutes_above == pytest.approx(3 * 15 / 2 + 3 * 30)
    assert found.degree_minutes_below == 0
    assert (found.lowest, found.highest, found.last, found.minutes) == (5, 11, 11, 90)


def test_below_the_range_counts_alike() -> None:
    found = summary(report(0, 4), report(40, 0), report(50, 0))
    assert found.out_minutes == pytest.approx(20 + 10)
    assert found.degree_minutes_below == pytest.approx(2 * 20 / 2 + 2 * 10)


def test_irregular_sampling_of_one_line_changes_nothing() -> None:
    even = summary(*(report(minute, minute / 10) for minute in range(0, 121, 10)))
    odd = summary(*(report(minute, minute / 10) for minute in (0, 3, 47, 48, 99, 120)))
    assert odd.out_minutes == pytest.approx(even.out_minutes) == pytest.approx(20 + 40)
    assert odd.degree_minutes_above == pytest.approx(even.degree_minutes_above) == pytest.approx(4 * 40 / 2)


def test_mean_kinetic_temperature_is_that_of_haynes() -> None:
    # (e^(-10000/293.15) + e^(-10000/303.15)) / 2 = e^-33.39903, and 10000 / 33.39903 = 299.41 K
    assert summary(report(0, 20), report(60, 30)).mean_kinetic == pytest.approx(26.26, abs=0.005)
    told = [21.0, 22.5, 27.0, 24.0, 19.5]
    rates = [math.exp(-83.144 / (8.3144e-3 * (one + 273.15))) for one in told]
    expected = 83.144 / 8.3144e-3 / -math.log(sum(rates) / len(rates)) - 273.15
    found = summary(*(report(30 * place, one) for place, one in enumerate(told)))
    assert found.mean_kinetic == pytest.approx(expected)
    assert found.mean_kinetic > sum(told) / len(told)


def test_slope_is_per_hour_over_the_last_three_hours() -> None:
    flat = [report(minute, 5.0) for minute in range(0, 600, 30)]
    rising = [report(600 + minute, 5 + minute / 40) for minute in range(0, 211, 15)]
    assert summary(*flat, *rising).slope == pytest.approx(1.5)


def test_across_a_gap_nothing_is_said_but_its_length() -> None:
    found = summary(report(0, 5), report(30, 5), report(30 + 400, 30), report(460, 30), until=820, recorded=800)
    assert found.longest_gap == pytest.approx(400)
    assert found.silence == pytest.approx(360)
    assert found.minutes == 60
    assert found.out_minutes == 30


def test_what_comes_twice_counts_once_and_what_contradicts_is_counted() -> None:
    once = summary(report(0, 5), report(30, 11))
    twice = summary(report(30, 11), report(0, 5), report(30, 11), report(0, 5))
    assert twice.out_minutes == once.out_minutes
    assert (twice.duplicates, once.duplicates) == (2, 0)
    assert summary(report(0, 5), report(30, 11), report(30, 3)).contradictions == 1


def test_a_reading_dated_after_it_was_recorded_is_a_clock_jump_and_not_used() -> None:
    found = summary(report(0, 5), report(30, 5), report(500, 40), recorded=60)
    assert (found.clock_jumps, found.highest, found.readings) == (1, 5, 2)


def test_a_moment_knows_only_what_was_read_by_then() -> None:
    told = trail(*(report(minute, 4 if minute < 100 else 30) for minute in range(0, 200, 10)), recorded=0)
    early = sensors(told, START + timedelta(minutes=95), PROFILES["2-8"])
    assert early is not None
    assert early.highest == 4
    assert sensors(told, START - timedelta(minutes=1), PROFILES["2-8"]) is None


def test_humidity_and_shocks() -> None:
    humid = [report(minute, 55 if minute < 60 else 75, "RelativeHumidity", "P1") for minute in range(0, 121, 30)]
    shocks = [report(place, value, "Acceleration", "K40") for place, value in enumerate((-12, 3, 25))]
    metres = report(7, 90.0, "Acceleration", "MSK")
    found = summary(*humid, *shocks, metres, profile="15-25")
    assert found.shocks == 2
    assert found.shock_peak == 25
    assert found.highest_humidity == 75
    assert found.humid_minutes == pytest.approx(15 + 60)
    assert math.isnan(found.last)


def test_an_interval_counts_between_its_extremes() -> None:
    element = {
        "sensorMetadata": {"startTime": at(0), "endTime": at(100)},
        "sensorReport": [{"type": "Temperature", "minValue": 4, "maxValue": 9, "meanValue": 6, "uom": "CEL"}],
    }
    told = trail(recorded=100, sensorElementList=[element])
    found = sensors(told, START + timedelta(minutes=100), PROFILES["2-8"])
    assert found is not None
    assert found.out_minutes == pytest.approx(20)
    assert found.degree_minutes_above == pytest.approx(20 * 0.5)


def test_of_two_loggers_the_worse_counts_and_they_are_not_mixed() -> None:
    cold = [report(minute, 5) | {"deviceID": "urn:a"} for minute in (0, 30, 60)]
    warm = [report(minute, 9) | {"deviceID": "urn:b"} for minute in (0, 30, 60)]
    found = summary(*cold, *warm)
    assert found.out_minutes == 60
    assert found.contradictions == 0


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"trailseal:profile": "2-8"}, (2, 8)),
        ({"profile": "15–25"}, (15, 25)),
        ({"trailseal:temperature": {"trailseal:min": 2, "trailseal:max": "8"}}, (2, 8)),
        ({"temperature": {"max": 46.4, "min": 35.6, "uom": "FAH"}}, (2, 8)),
        ({"https://trailseal.example/vocab/temperature": [], "profile": "frozen"}, (-25, -10)),
    ],
)
def test_conditions_come_from_the_booking(told: Any, expected: tuple[float, float]) -> None:
    found = conditions_of(trail(**{"trailseal:conditions": told}))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize("told", [None, [], 7, {}, {"temperature": {"min": 9, "max": 1}}, {"profile": "hot"}])
def test_conditions_that_say_nothing_are_none(told: Any) -> None:
    assert conditions_of(trail(**{"trailseal:conditions": told})) is None


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(), st.sampled_from("ab")), max_size=30))
def test_no_sampling_and_no_value_breaks_the_summaries(told: list[tuple[float, float, str]]) -> None:
    reports = [report(minutes, value) | {"deviceID": device} for minutes, value, device in told]
    found = sensors(trail(*reports, recorded=2e4), START + timedelta(minutes=3e4), Conditions("test", 2, 8))
    if found is not None:
        assert 0 <= found.out_minutes <= found.minutes + 1e-6
        assert found.lowest - 1e-6 <= found.mean_kinetic <= found.highest + 1e-6


def test_sixty_thousand_readings_take_a_moment() -> None:
    elements = [{"sensorReport": [report(minute / 100, 5 + minute % 7) for minute in range(2_000)]}]
    events = [
        {
            "type": "ObjectEvent",
            "eventID": str(n),
            "eventTime": at(n),
            "recordTime": at(60),
            "sensorElementList": elements,
        }
        for n in range(30)
    ]
    told = trail_of_events(events)
    found = sensors(told, START + timedelta(minutes=300), PROFILES["2-8"])
    assert found is not None
    assert found.duplicates == 29 * 2_000
    assert found.out_minutes > 0
