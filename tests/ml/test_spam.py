"""Nobody talks the score of a shipment down by what they tell of its trail, or by how much."""

from __future__ import annotations

import copy
import random
import tracemalloc
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.from_epcis import from_events
from ml.report_events import BACK_DATED
from ml.reports import MOST_REPORTS
from ml.shipment import Shipment, first, milestones
from ml.to_epcis import to_epcis
from ml.vocabulary import PREFIX
from tests.ml.captured import (
    BOOKED,
    CARRIER,
    PLAN,
    STRANGER,
    WHOLE,
    Event,
    assessed,
    moment,
    told,
)
from tests.ml.freight_cases import SEASON


def _spam(known: Shipment, rng: random.Random, now: datetime) -> list[Event]:
    """What a party might say, at `now` and about its own shipment, to look better. All of it is recorded now."""
    events = told(known)
    said: list[Event] = []
    for number in range(rng.randrange(1, 30)):
        kind, event = rng.randrange(4), dict(rng.choice(events[1:] or events))
        event["recordTime"] = (now - timedelta(minutes=rng.randrange(30))).isoformat()
        if kind == 0:  # the same again, earlier
            event["eventTime"] = (BOOKED + timedelta(minutes=rng.randrange(600))).isoformat()
        elif kind == 1:  # by somebody who has no part in it
            event[f"{PREFIX}:capturedBy"] = STRANGER
            event["eventTime"] = (BOOKED + timedelta(minutes=rng.randrange(6000))).isoformat()
        elif kind == 2:  # announced
            event["eventTime"] = (now + timedelta(hours=1 + rng.randrange(100))).isoformat()
        else:  # another booking with more time
            event = copy.deepcopy(events[0]) | {"recordTime": event["recordTime"]}
            for point in event[PLAN][f"{PREFIX}:leg"][-1][f"{PREFIX}:milestone"]:
                point[f"{PREFIX}:minutes"] = 100_000
        event["eventID"] = f"urn:uuid:spam-{number}"
        said.append(event)
    return said


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEASON), st.integers(1, 30), st.integers(0, 10**6))
def test_repeats_predating_and_rebooking_change_nothing(shipment: Shipment, count: int, seed: int) -> None:
    known = first(shipment, min(count, len(milestones(shipment)) - 1))
    start = shipment.booked or BOOKED
    events = [_shifted(event, start - BOOKED) for event in told(known)]
    now = start + timedelta(minutes=milestones(known)[-1].completed, hours=20)
    spam = [_shifted(event, start - BOOKED) for event in _spam(known, random.Random(seed), now - (start - BOOKED))]
    spam = [event for event in spam if event[f"{PREFIX}:capturedBy"] != STRANGER]
    assert from_events([*spam, *events]) == from_events(events)


def _shifted(event: Event, by: timedelta) -> Event:
    moved = {name: (datetime.fromisoformat(event[name]) + by).isoformat() for name in ("eventTime", "recordTime")}
    return event | moved


def test_a_predated_report_of_what_is_overdue_counts_from_when_it_was_recorded() -> None:
    known = first(WHOLE, 4)
    coming = milestones(WHOLE)[4]
    honest, now = told(known), moment(WHOLE, 24 * 30)
    late = told(first(WHOLE, 5))[-1]
    late["recordTime"] = (now - timedelta(hours=1)).isoformat()
    answer = from_events([*honest, late], as_of=now, recorded_by=now)
    claimed = BOOKED + timedelta(minutes=coming.completed)
    counted = milestones(answer)[-1].completed
    assert now - claimed > BACK_DATED
    assert counted == int((now - timedelta(hours=1) - BOOKED) / timedelta(minutes=1))
    assert [note.code for note in answer.notes] == ["BACK_DATED"]
    said = assessed([*honest, late], now).reasons
    assert any(reason.code == "BACK_DATED" and reason.events == (late["eventID"],) for reason in said)


def test_a_report_a_few_hours_late_counts_from_its_own_time() -> None:
    assert from_events(told(WHOLE, delay=BACK_DATED)) == WHOLE
    assert from_events(told(WHOLE, delay=BACK_DATED)).notes == ()


def test_history_that_is_brought_in_whole_counts_from_its_own_times() -> None:
    events = told(WHOLE)
    for event in events:
        event["recordTime"] = (BOOKED + timedelta(days=900)).isoformat()
    assert from_events(events) == WHOLE


def test_taking_back_a_late_report_leaves_its_milestone_overdue() -> None:
    slow = max(SEASON, key=lambda one: milestones(one)[0].completed)
    known, start = first(slow, 1), slow.booked or BOOKED
    events = [_shifted(event, start - BOOKED) for event in told(known)]
    now = start + timedelta(minutes=milestones(known)[-1].completed, hours=2)
    taken = {**events[1], "errorDeclaration": {"declarationTime": now.isoformat()}, "recordTime": now.isoformat()}
    answer = assessed([*events, taken], now)
    assert milestones(from_events([*events, taken])) == ()
    assert "WITHDRAWN" in {reason.code for reason in answer.reasons}
    by_other = {**taken, f"{PREFIX}:capturedBy": STRANGER}
    assert from_events([*events, by_other]) == from_events(events)


def test_a_plan_taken_back_after_a_report_still_counts() -> None:
    events = told(first(WHOLE, 3))
    now = moment(first(WHOLE, 3))
    taken = {**events[0], "errorDeclaration": {"declarationTime": now.isoformat()}, "recordTime": now.isoformat()}
    ample = copy.deepcopy(events[0]) | {"eventID": "urn:uuid:ample", "recordTime": now.isoformat()}
    ample[PLAN][f"{PREFIX}:leg"][-1][f"{PREFIX}:milestone"][0][f"{PREFIX}:minutes"] = 90_000
    shipment = from_events([*events, taken, ample])
    assert shipment == first(WHOLE, 3)
    assert [note.code for note in shipment.notes] == ["REPLANNED"]
    early = {**taken, "recordTime": (BOOKED + timedelta(seconds=90)).isoformat()}
    unbegun = [events[0], early, ample]
    assert from_events(unbegun).outbound.milestones[0].planned == 90_000


def test_only_those_who_hold_the_goods_are_heard_once_that_is_told() -> None:
    known = first(WHOLE, 3)
    events = told(known)
    for leg in events[0][PLAN][f"{PREFIX}:leg"]:
        leg[f"{PREFIX}:party"] = CARRIER
    assert from_events(events) == known
    foreign = [event | {f"{PREFIX}:capturedBy": STRANGER} for event in events[1:]]
    shipment = from_events([events[0], *foreign])
    assert milestones(shipment) == ()
    assert "PARTY_WITHOUT_CUSTODY" in {note.code for note in shipment.notes}
    units = [leg[f"{PREFIX}:unit"] for leg in events[0][PLAN][f"{PREFIX}:leg"]]
    handed: Event = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "eventTime": BOOKED.isoformat(),
        "recordTime": BOOKED.isoformat(),
        "epcList": units,
        "destinationList": [{"type": "possessing_party", "destination": STRANGER}],
        f"{PREFIX}:capturedBy": CARRIER,
    }
    assert from_events([events[0], handed, *foreign]) == known
    by_itself = handed | {f"{PREFIX}:capturedBy": STRANGER}
    assert milestones(from_events([events[0], by_itself, *foreign])) == ()


def test_departures_without_a_place_do_not_fill_up_the_flights_behind() -> None:
    long = next(one for one in SEASON if len(one.outbound.segments) == 2)
    events: list[Event] = to_epcis(first(long, 0), BOOKED)["epcisBody"]["eventList"]
    unit = events[0][PLAN][f"{PREFIX}:leg"][-1][f"{PREFIX}:unit"]
    spam = [
        {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": step, "epcList": [unit]}
        | {"eventTime": (BOOKED + timedelta(minutes=minute)).isoformat(), "eventID": f"urn:uuid:{minute}"}
        for minute, step in enumerate(["departing", "departing", "departing", "accepting", "accepting"], 5)
    ]
    reported = [one.milestone for one in milestones(from_events([*events, *spam]))]
    assert [(point.code, point.segment) for point in reported if point.code == "DEP"] == [("DEP", 1)]


def test_of_a_flood_of_events_only_a_bounded_part_is_kept() -> None:
    known = first(WHOLE, 6)
    events, now = told(known), moment(known)
    spam = {**events[1], "eventTime": (BOOKED + timedelta(minutes=30)).isoformat(), "recordTime": now.isoformat()}
    flood = [*events, *([spam] * 15_000)]
    tracemalloc.start()
    shipment = from_events(flood, as_of=now, recorded_by=now)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shipment == known
    assert peak < 4_000 * MOST_REPORTS


@pytest.mark.slow  # reading a million events takes seconds
@pytest.mark.timeout(400)
def test_a_million_events_are_read() -> None:
    known = first(WHOLE, 6)
    events, now = told(known), moment(known)
    spam = {**events[1], "eventTime": (BOOKED + timedelta(minutes=30)).isoformat(), "recordTime": now.isoformat()}
    assert from_events([*events, *([spam] * 1_000_000)], as_of=now, recorded_by=now) == known
