"""Whatever is captured: a score with a reason that says so, or an abstention; never an exception."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ml.assessment import Case
from ml.from_epcis import from_events
from ml.gs1_keys import gln
from ml.shipment import first, milestones
from tests.ml.captured import (
    BOOKED,
    PLAN,
    WHOLE,
    assessed,
    moment,
    packaged,
    told,
    why,
)

JUNK: list[Any] = [
    None,
    7,
    "event",
    [],
    {},
    {"type": "ObjectEvent"},
    {"eventTime": "2026-03-01T00:00:00Z", "bizStep": ["departing"], "type": "ObjectEvent", "epcList": {"a": 1}},
    {"type": "ObjectEvent", "eventTime": "2026-03-01T00:00:00Z", "bizStep": "departing", "epcList": [None, 7, {}]},
    {"type": {}, "eventTime": {}, "eventID": {}, "errorDeclaration": 1, "recordTime": []},
    {"type": "ObjectEvent", "eventTime": "0001-01-01T00:00:00+14:00", "bizStep": "receiving"},
    {"type": "ObjectEvent", "errorDeclaration": {"declarationTime": "never"}, "eventID": "x"},
    {PLAN: None, "eventTime": "2026-03-01T00:00:00Z"},
]


def test_junk_among_the_events_changes_nothing() -> None:
    events, now = told(first(WHOLE, 6)), moment(first(WHOLE, 6))
    assert assessed([*JUNK, *events, *JUNK], now) == assessed(events, now)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_any_event_gives_an_answer(data: st.DataObject) -> None:
    events = json.loads(json.dumps(told(first(WHOLE, 5))))
    for _ in range(data.draw(st.integers(1, 4))):
        holder: Any = data.draw(st.sampled_from(events))
        for _ in range(data.draw(st.integers(0, 5))):
            inside = [
                part
                for part in (holder.values() if isinstance(holder, dict) else holder)
                if part and isinstance(part, dict | list)
            ]
            if not inside:
                break
            holder = data.draw(st.sampled_from(inside))
        key = data.draw(st.sampled_from(sorted(holder))) if isinstance(holder, dict) else 0
        junk = st.one_of(
            st.none(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}), st.booleans()
        )
        holder[key] = data.draw(junk)
    now = moment(first(WHOLE, 5))
    assessed(events, now)


def test_repeated_events_change_nothing() -> None:
    events, now = told(first(WHOLE, 6)), moment(first(WHOLE, 6))
    shuffled = [*events, *events[1:], *events[1:4]]
    random.Random(1).shuffle(shuffled)
    assert assessed(shuffled, now) == assessed(events, now)


def test_of_two_times_for_one_milestone_the_first_recorded_counts_and_it_is_said() -> None:
    known = first(WHOLE, 4)
    events, now = told(known), moment(known, 30)
    at = next(at for at, event in enumerate(events) if event["bizStep"] == "departing")
    departed = datetime.fromisoformat(events[at]["eventTime"])
    for hours in (-4, 20):
        other = {
            **events[at],
            "eventID": "urn:uuid:other",
            "eventTime": (departed + timedelta(hours=hours)).isoformat(),
        }
        other["recordTime"] = (departed + timedelta(hours=21)).isoformat()
        answer = assessed([other, *events], now)
        usual = assessed(events, now)
        assert answer.probability == usual.probability
        (said,) = [reason for reason in answer.reasons if reason.code == "CONTRADICTION"]
        assert set(said.events) == {"urn:uuid:other", events[at]["eventID"]}
        assert said.milestone == "DEP 1"


def test_a_report_of_the_future_does_not_count_even_when_its_time_comes() -> None:
    known = first(WHOLE, 2)
    events, now = told(known), moment(first(WHOLE, 3), 1)
    early = told(first(WHOLE, 3))[-1] | {"recordTime": moment(known, 0).isoformat()}
    ahead = datetime.fromisoformat(early["eventTime"]) - moment(known, 0)
    assert ahead > timedelta(minutes=15)
    answer, usual = assessed([*events, early], now), assessed(events, now)
    assert answer.probability == usual.probability
    assert "CLOCK_JUMP" in {reason.code for reason in answer.reasons}


def test_a_report_from_before_the_booking_counts_as_at_the_booking() -> None:
    events = told(first(WHOLE, 1))
    events[1]["eventTime"] = (BOOKED - timedelta(hours=3)).isoformat()
    (seen,) = milestones(from_events(events))
    assert seen.completed == 0


def test_a_booking_of_the_future_is_not_booked_yet() -> None:
    (answer,) = packaged().score([Case(from_events(told(first(WHOLE, 0))), BOOKED - timedelta(days=1))])
    assert why(answer) == "NOT_BOOKED"


def test_times_at_the_ends_of_the_calendar_are_borne() -> None:
    for year in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        events = told(first(WHOLE, 2))
        events[-1]["eventTime"] = events[-1]["recordTime"] = year
        for now in (BOOKED + timedelta(days=1), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)):
            assessed(events, now)
        events[0]["eventTime"] = events[0]["recordTime"] = year
        assessed(events, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


def test_unseen_places_and_parties_are_scored_or_abstained_from() -> None:
    events = json.loads(json.dumps(told(first(WHOLE, 5), by="urn:x:never-heard-of")))
    answer = assessed(events, moment(first(WHOLE, 5)))
    assert answer.probability is not None
    moved = json.dumps(events)
    for place in {point.place for leg in WHOLE.legs for point in leg.milestones if point.place is not None}:
        moved = moved.replace(gln(place), f"https://id.gs1.org/414/40123450{place:05d}")
    assert why(assessed(json.loads(moved), moment(first(WHOLE, 5)))) == "NOT_ENOUGH_HISTORY"
    shipment = from_events(json.loads(moved))
    assert [one.completed for one in milestones(shipment)] == [one.completed for one in milestones(first(WHOLE, 5))]
