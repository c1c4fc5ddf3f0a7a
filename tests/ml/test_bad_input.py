"""Whatever is captured: a score with a reason that says so, or an abstention; never an exception, never a way to talk
a score down.
"""

from __future__ import annotations

import copy
import json
import random
import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.assessment import Assessment, Case
from ml.from_epcis import from_events
from ml.gs1_keys import gln
from ml.reason_codes import codes
from ml.report_events import BACK_DATED
from ml.reports import MOST_REPORTS
from ml.scorer import Scorer
from ml.shipment import Shipment, first, milestones
from ml.to_epcis import to_epcis
from ml.vocabulary import PREFIX
from tests.ml.freight_cases import SEASON

WHOLE = next(one for one in SEASON if len(one.inbound) == 2)
BOOKED = WHOLE.booked or datetime.now(UTC)
PLAN, BOOKER, CARRIER, STRANGER = (
    f"{PREFIX}:plan",
    "https://id.gs1.org/417/9521321000019",
    "urn:x:carrier",
    "urn:x:other",
)
Event = dict[str, Any]


def told(shipment: Shipment = WHOLE, *, by: str = CARRIER, delay: timedelta = timedelta(minutes=1)) -> list[Event]:
    """The shipment's events as the store gives them: with ids, record times and parties."""
    events: list[Event] = to_epcis(shipment, BOOKED)["epcisBody"]["eventList"]
    for number, event in enumerate(events):
        happened = datetime.fromisoformat(event["eventTime"])
        event["eventID"] = f"urn:uuid:{number:08d}-0000-4000-8000-000000000000"
        event["recordTime"] = (happened + delay).isoformat()
        event[f"{PREFIX}:capturedBy"] = by if number else BOOKER
    return events


def moment(shipment: Shipment, hours: float = 1) -> datetime:
    seen = milestones(shipment)
    return BOOKED + timedelta(minutes=seen[-1].completed if seen else 0, hours=hours)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def assessed(scorer: Scorer, events: Any, now: datetime) -> Assessment:
    (answer,) = scorer.score([Case(from_events(events, as_of=now, recorded_by=now), now)])
    assert {reason.code for reason in answer.reasons} <= codes()
    assert (answer.probability is None) == (answer.abstained is not None)
    return answer


def with_plan(change: Callable[[Any], Any]) -> list[Event]:
    events = told(first(WHOLE, 3))
    events[0][PLAN] = change(copy.deepcopy(events[0][PLAN]))
    return events


def _leg(at: int, **members: Any) -> Callable[[Any], Any]:
    def change(plan: Any) -> Any:
        plan[f"{PREFIX}:leg"][at].update({f"{PREFIX}:{name}": value for name, value in members.items()})
        return plan

    return change


def _point(**members: Any) -> Callable[[Any], Any]:
    def change(plan: Any) -> Any:
        point = plan[f"{PREFIX}:leg"][0][f"{PREFIX}:milestone"][1]
        point.update({f"{PREFIX}:{name}": value for name, value in members.items()})
        return plan

    return change


def _legs(change: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    return lambda plan: {**plan, f"{PREFIX}:leg": change(plan[f"{PREFIX}:leg"])}


MALFORMED: list[tuple[str, Callable[[Any], Any], str]] = [
    ("no object", lambda _: "soon", "must be an object"),
    ("a number", lambda _: 7, "must be an object"),
    ("a list", lambda plan: [plan, plan], "must be an object"),
    ("empty", lambda _: {}, "not 0 legs"),
    ("no legs", _legs(lambda _: []), "not 0 legs"),
    ("only outbound", _legs(lambda legs: legs[-1:]), "not 1 legs"),
    ("no outbound", _legs(lambda legs: legs[:-1]), "no outbound|not 1 legs"),
    ("a leg that is no object", _legs(lambda legs: [*legs[:-1], "o"]), "leg 3 is no object"),
    ("ten thousand legs", _legs(lambda legs: legs * 5_000), "not 15000 legs"),
    ("twice a slot", _leg(1, slot="i1"), "slot .i1. of another leg"),
    (
        "twice a unit",
        _legs(lambda legs: [legs[0], {**legs[1], f"{PREFIX}:unit": legs[0][f"{PREFIX}:unit"]}, legs[2]]),
        "unit",
    ),
    ("no unit", _leg(0, unit=None), "names no unit"),
    ("another slot", _leg(0, slot="i9"), "must be one of i1"),
    ("a slot that is a list", _leg(0, slot=["i1", "i2"]), "must be one of i1"),
    ("no milestones", _leg(0, milestone=[]), "0 milestones"),
    ("ten thousand milestones", _leg(0, milestone=[{}] * 10_000), "10000 milestones"),
    ("milestones of one kind", _leg(0, milestone=[{f"{PREFIX}:code": "RCS"}] * 4), "in order"),
    ("a milestone that is no object", _leg(0, milestone=[None] * 4), "is no object"),
    ("another code", _point(code="XYZ"), "must be one of RCS"),
    ("negative minutes", _point(minutes=-5), "planned to take -5 minutes"),
    ("absurd minutes", _point(minutes=10**9), "planned to take 1000000000 minutes"),
    ("minutes beyond all floats", _point(minutes=10**400), "planned to take"),
    ("half minutes", _point(minutes=1.5), "whole ones"),
    ("minutes that are no number", _point(minutes=float("nan")), "planned to take nan"),
    ("endless minutes", _point(minutes=float("inf")), "planned to take inf"),
    ("minutes in words", _point(minutes="two hours"), "planned to take 'two hours'"),
    ("minutes that are true", _point(minutes=True), "planned to take True"),
]


@pytest.mark.parametrize(("change", "fault"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_a_malformed_plan_is_no_plan_and_the_reason_says_what_to_change(
    scorer: Scorer, change: Callable[[Any], Any], fault: str
) -> None:
    answer = assessed(scorer, with_plan(change), moment(first(WHOLE, 3)))
    assert answer.abstained is not None
    assert answer.abstained.code == "MALFORMED_PLAN"
    assert answer.abstained.events == ("urn:uuid:00000000-0000-4000-8000-000000000000",)
    assert re.search(fault, answer.abstained.text)


@pytest.mark.parametrize("nr", [None, "x", -1, 1.5, float("nan"), [], {}, True])
def test_a_plan_needs_no_number_of_its_own(scorer: Scorer, nr: Any) -> None:
    usual = assessed(scorer, told(first(WHOLE, 3)), moment(first(WHOLE, 3)))
    answer = assessed(scorer, with_plan(lambda plan: {**plan, f"{PREFIX}:nr": nr}), moment(first(WHOLE, 3)))
    assert answer == usual


def test_without_a_plan_or_with_a_gap_in_it_there_is_no_probability(scorer: Scorer) -> None:
    now = moment(first(WHOLE, 3))
    bare = told(first(WHOLE, 3))[1:]
    assert [why(assessed(scorer, events, now)) for events in ([], bare, with_plan(_point(minutes=None)))] == [
        "NO_PLAN"
    ] * 3


def why(answer: Assessment) -> str | None:
    return answer.abstained.code if answer.abstained else None


def test_a_plan_that_can_be_read_stands_in_for_one_that_cannot(scorer: Scorer) -> None:
    events = with_plan(_point(minutes="soon"))
    again = told(first(WHOLE, 3))[0] | {
        "eventID": "urn:uuid:again",
        "recordTime": (BOOKED + timedelta(hours=1)).isoformat(),
    }
    answer = assessed(scorer, [*events, again], moment(first(WHOLE, 3)))
    assert answer.probability is not None


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


def test_junk_among_the_events_changes_nothing(scorer: Scorer) -> None:
    events, now = told(first(WHOLE, 6)), moment(first(WHOLE, 6))
    assert assessed(scorer, [*JUNK, *events, *JUNK], now) == assessed(scorer, events, now)


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
    assessed(_scorer(), events, now)


def _scorer() -> Scorer:
    global _LOADED  # noqa: PLW0603 # hypothesis wants no fixture of function scope
    _LOADED = _LOADED or Scorer.load()
    return _LOADED


_LOADED: Scorer | None = None


def test_repeated_events_change_nothing(scorer: Scorer) -> None:
    events, now = told(first(WHOLE, 6)), moment(first(WHOLE, 6))
    shuffled = [*events, *events[1:], *events[1:4]]
    random.Random(1).shuffle(shuffled)
    assert assessed(scorer, shuffled, now) == assessed(scorer, events, now)


def test_of_two_times_for_one_milestone_the_first_recorded_counts_and_it_is_said(scorer: Scorer) -> None:
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
        answer = assessed(scorer, [other, *events], now)
        usual = assessed(scorer, events, now)
        assert answer.probability == usual.probability
        (said,) = [reason for reason in answer.reasons if reason.code == "CONTRADICTION"]
        assert set(said.events) == {"urn:uuid:other", events[at]["eventID"]}
        assert said.milestone == "DEP 1"


def test_a_report_of_the_future_does_not_count_even_when_its_time_comes(scorer: Scorer) -> None:
    known = first(WHOLE, 2)
    events, now = told(known), moment(first(WHOLE, 3), 1)
    early = told(first(WHOLE, 3))[-1] | {"recordTime": moment(known, 0).isoformat()}
    ahead = datetime.fromisoformat(early["eventTime"]) - moment(known, 0)
    assert ahead > timedelta(minutes=15)
    answer, usual = assessed(scorer, [*events, early], now), assessed(scorer, events, now)
    assert answer.probability == usual.probability
    assert "CLOCK_JUMP" in {reason.code for reason in answer.reasons}


def test_a_report_from_before_the_booking_counts_as_at_the_booking() -> None:
    events = told(first(WHOLE, 1))
    events[1]["eventTime"] = (BOOKED - timedelta(hours=3)).isoformat()
    (seen,) = milestones(from_events(events))
    assert seen.completed == 0


def test_a_booking_of_the_future_is_not_booked_yet(scorer: Scorer) -> None:
    (answer,) = scorer.score([Case(from_events(told(first(WHOLE, 0))), BOOKED - timedelta(days=1))])
    assert why(answer) == "NOT_BOOKED"


def test_times_at_the_ends_of_the_calendar_are_borne(scorer: Scorer) -> None:
    for year in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        events = told(first(WHOLE, 2))
        events[-1]["eventTime"] = events[-1]["recordTime"] = year
        for now in (BOOKED + timedelta(days=1), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)):
            assessed(scorer, events, now)
        events[0]["eventTime"] = events[0]["recordTime"] = year
        assessed(scorer, events, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


def test_unseen_places_and_parties_are_scored_or_abstained_from(scorer: Scorer) -> None:
    events = json.loads(json.dumps(told(first(WHOLE, 5), by="urn:x:never-heard-of")))
    answer = assessed(scorer, events, moment(first(WHOLE, 5)))
    assert answer.probability is not None
    moved = json.dumps(events)
    for place in {point.place for leg in WHOLE.legs for point in leg.milestones if point.place is not None}:
        moved = moved.replace(gln(place), f"https://id.gs1.org/414/40123450{place:05d}")
    assert why(assessed(scorer, json.loads(moved), moment(first(WHOLE, 5)))) == "NOT_ENOUGH_HISTORY"
    shipment = from_events(json.loads(moved))
    assert [one.completed for one in milestones(shipment)] == [one.completed for one in milestones(first(WHOLE, 5))]


# ------------------------------------------------------------------------------------------- spam of one's own trail


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


def test_a_predated_report_of_what_is_overdue_counts_from_when_it_was_recorded(scorer: Scorer) -> None:
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
    said = assessed(scorer, [*honest, late], now).reasons
    assert any(reason.code == "BACK_DATED" and reason.events == (late["eventID"],) for reason in said)


def test_a_report_a_few_hours_late_counts_from_its_own_time() -> None:
    assert from_events(told(WHOLE, delay=BACK_DATED)) == WHOLE
    assert from_events(told(WHOLE, delay=BACK_DATED)).notes == ()


def test_history_that_is_brought_in_whole_counts_from_its_own_times() -> None:
    events = told(WHOLE)
    for event in events:
        event["recordTime"] = (BOOKED + timedelta(days=900)).isoformat()
    assert from_events(events) == WHOLE


def test_taking_back_a_late_report_leaves_its_milestone_overdue(scorer: Scorer) -> None:
    slow = max(SEASON, key=lambda one: milestones(one)[0].completed)
    known, start = first(slow, 1), slow.booked or BOOKED
    events = [_shifted(event, start - BOOKED) for event in told(known)]
    now = start + timedelta(minutes=milestones(known)[-1].completed, hours=2)
    taken = {**events[1], "errorDeclaration": {"declarationTime": now.isoformat()}, "recordTime": now.isoformat()}
    answer = assessed(scorer, [*events, taken], now)
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
