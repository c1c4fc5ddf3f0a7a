"""The simulator: seeded, readable by everything that reads events, and not trivially separable."""

import random
from collections import Counter

import numpy as np
import pytest

from ml.conditions import PROFILES
from ml.from_epcis import from_events
from ml.simulate import season
from ml.simulator.climate import LEAST, MECHANISMS, STEP, course_of, warm
from ml.simulator.faults import FAULTS
from ml.simulator.nuisance import disturb
from ml.simulator.season import START, stories
from ml.simulator.story import Story, story
from ml.trail import trail_of_events
from tests.shared import shared

SEASON = season(30, 3, START)


def plain(number: int) -> Story:
    one = SEASON[number]
    return story(one.shipment, one.booked, random.Random(number))


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    first = [one.published() for one in stories(6, 51)]
    assert first == [one.published() for one in stories(6, 51)]
    assert first != [one.published() for one in stories(6, 52)]


def test_every_event_is_read_and_the_shipment_can_be_read_from_them() -> None:
    for one in stories(12, 53, 1.0):
        events = one.published()
        trail = trail_of_events(events)
        assert trail.left_out == 0
        shipment = from_events(events)
        assert shipment is not None


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_each_fault_changes_what_is_told_and_says_since_when(kind: str) -> None:
    rng, changed = random.Random(1), 0
    for number in range(12):
        one, before = plain(number), plain(number).published()
        onset = FAULTS[kind](one, rng)
        assert onset is None or one.published() != before
        changed += onset is not None
    assert changed >= 6


def test_nuisance_happens_to_shipments_that_are_in_order() -> None:
    disturbed = 0
    for number in range(12):
        one, before = plain(number), plain(number)
        disturb(one, random.Random(number))
        disturbed += len(one.events) != len(before.events)
        assert one.kinds == ()
    assert disturbed >= 3


def test_kinds_are_alike_often_and_most_trails_are_in_order() -> None:
    count = Counter(one.kinds for one in stories(90, 54, 0.5))
    assert count[()] > 30
    assert len(count) == len(FAULTS) + 1


def out_of_range(mechanism: str | None) -> float:
    """The share of boxes that were out of range for long enough."""
    out = []
    for number in range(14):
        one = plain(number)
        course = course_of(one, random.Random(number), mechanism)
        limits = PROFILES[one.profile or ""]
        out.append(sum(not limits.low <= value <= limits.high for value in course.true) * STEP >= LEAST)
    return float(np.mean(out))


def test_mechanisms_make_excursions_that_sound_boxes_seldom_have() -> None:
    sound = out_of_range(None)
    assert sound < 0.3
    assert min(out_of_range(mechanism) for mechanism in MECHANISMS) > sound + 0.2


def test_readings_are_noisy_late_and_lost_but_never_from_the_future() -> None:
    one = plain(4)
    warm(one, random.Random(4), None)
    seen = [event for event in one.trail().events if event.readings]
    assert len(seen) > 20
    assert all(event.record_time > event.event_time for event in seen)
    assert all(reading.end <= event.record_time for event in seen for reading in event.readings)


def test_a_document_of_it_is_a_document_of_the_standard() -> None:
    import json

    import jsonschema_rs

    schema = json.loads(shared("epcis", "gs1", "EPCIS-JSON-Schema.json").read_text())
    judge = jsonschema_rs.validator_for(schema)
    one = plain(2)
    warm(one, random.Random(2), "slow drift")
    events = [{name: value for name, value in event.items() if name != "recordTime"} for event in one.published()]
    document = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"trailseal": "https://trailseal.example/vocab/"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-05T00:00:00Z",
        "epcisBody": {"eventList": events[-40:]},
    }
    assert [fault.message[:200] for fault in judge.iter_errors(document)] == []
