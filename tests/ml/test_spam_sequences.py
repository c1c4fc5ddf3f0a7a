"""Whatever a shipment's own parties add to what was told, in any order and number, it is no less likely to be late.

What they add here are no new facts: repeats, other times for what was told already, announcements, plans with more
time, declarations about their own spam. A false report of what nobody told yet is a fact to whoever reads it
(docs/risk-reasons.md, "Which reports count"); a report that is the first of its milestone may lie by six hours.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from ml.assessment import Case
from ml.from_epcis import from_events
from ml.gs1_keys import gln
from ml.scorer import Scorer
from ml.shipment import Shipment, first, known_at, milestones
from ml.to_epcis import to_epcis
from ml.trail import trail_of_events
from ml.vocabulary import PREFIX, STEPS
from tests.ml.freight_cases import SEASON

Event = dict[str, Any]
OWN: Final = ("did:example:supplier", "did:example:carrier")
PLAN, BY = f"{PREFIX}:plan", f"{PREFIX}:capturedBy"
ANNOUNCED: Final = 16
"""Minutes by which an event is dated after its record when it announces something."""
KINDS: Final = ("again", "predated", "contradicted", "elsewhere", "deleted", "announced", "replanned", "withdrawn")
BELIEVED: Final = timedelta(hours=6)
WITHDRAWING: Final = 0.1
"""By how much the probability falls at most where the latest report is taken back, of simulated shipments."""

spams = st.tuples(
    st.sampled_from(KINDS),
    st.integers(0, 99),  # which event
    st.integers(0, 20_000),  # by how many minutes its time is off
    st.integers(1, 1_000),  # when it is recorded, in thousandths of the time up to now
    st.sampled_from(OWN),
    st.booleans(),  # without its place
)
Spam = tuple[str, int, int, int, str, bool]


@lru_cache(maxsize=1)
def scorer() -> Scorer:
    return Scorer.load()


def chance(events: list[Event], now: datetime) -> float | None:
    shipment = from_events(events, as_of=now, recorded_by=now)
    known = Case(shipment, now, trail_of_events(events).known_at(now))
    return scorer().score([known], reasons=False)[0].probability


def honest(shipment: Shipment) -> list[Event]:
    """All events of a shipment, each recorded five minutes after it happened."""
    assert shipment.booked is not None
    told = to_epcis(shipment, shipment.booked)["epcisBody"]["eventList"]
    return [
        event | {"eventID": f"urn:uuid:{at}", "recordTime": _later(event["eventTime"], 5), BY: OWN[at > 0]}
        for at, event in enumerate(told)
    ]


def spammed(told: list[Event], coming: list[Event], asked: list[Spam], now: datetime) -> list[Event]:
    """What the parties add, all of it recorded by `now` and after what it repeats: of two reports that are recorded at
    once the one that says the earlier counts, which is no more than a first report may lie.
    """
    said: list[Event] = []
    for number, (kind, which, *how) in enumerate(asked):
        sources = {"announced": coming, "withdrawn": said, "replanned": told[:1]}.get(kind, told[1:])
        if sources:
            event = copy.deepcopy(sources[which % len(sources)])
            begin = _instant(told[0]["recordTime"] if kind == "announced" else event["recordTime"])
            said.append(_said(kind, event, (begin, now), (f"urn:uuid:spam-{number}", *how)))
    return said


def _said(kind: str, event: Event, between: tuple[datetime, datetime], how: tuple[Any, ...]) -> Event:
    name, minutes, share, party, placeless = how
    recorded = between[0] + (between[1] - between[0]) * (share / 1000)
    happened, off = _instant(event["eventTime"]), timedelta(minutes=minutes)
    moments = {
        "predated": happened - off,
        "contradicted": min(happened + off, recorded),
        "announced": recorded + timedelta(minutes=ANNOUNCED) + off,
    }
    event |= {"eventTime": moments.get(kind, happened).isoformat(), "recordTime": recorded.isoformat()}
    if kind == "withdrawn":
        return event | {"errorDeclaration": {"declarationTime": recorded.isoformat()}}
    event |= {"eventID": name, BY: party}
    if kind == "elsewhere":
        event |= {"readPoint": {"id": gln(99_999)}, "bizLocation": {"id": gln(99_999)}}
    elif kind == "deleted":
        event["action"] = "DELETE"
    elif kind == "replanned":
        _replan(event, minutes)
    elif placeless and kind != "contradicted":
        event = {name: value for name, value in event.items() if name not in {"readPoint", "bizLocation"}}
    return event


def _replan(booking: Event, minutes: int) -> None:
    for leg in booking[PLAN][f"{PREFIX}:leg"]:
        for point in leg[f"{PREFIX}:milestone"]:
            point[f"{PREFIX}:minutes"] += minutes


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _later(written: str, minutes: int) -> str:
    return (_instant(written) + timedelta(minutes=minutes)).isoformat()


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(SEASON),
    st.integers(1, 40),
    st.integers(6, 3_000),
    st.lists(spams, min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)
def test_no_sequence_of_spam_lowers_the_chance_of_being_late(
    shipment: Shipment, reports: int, wait: int, asked: list[Spam], shuffled: Any
) -> None:
    whole = honest(shipment)
    seen = min(reports, len(milestones(shipment)) - 1)
    assert shipment.booked is not None
    now = shipment.booked + timedelta(minutes=milestones(shipment)[seen - 1].completed + wait)
    told = [event for event in whole if _instant(event["recordTime"]) <= now]
    coming = [event for event in whole[1:] if _instant(event["recordTime"]) > now]
    events = [*told, *spammed(told, coming, asked, now)]
    shuffled.shuffle(events)
    clean, spam = chance(told, now), chance(events, now)
    assert (spam is None) == (clean is None)
    if clean is not None and spam is not None:
        assert spam >= clean


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEASON), st.integers(1, 40), st.lists(st.integers(0, 60 * 24 * 30), min_size=1, max_size=40))
def test_a_first_report_lies_by_six_hours_at_most(shipment: Shipment, reports: int, lies: list[int]) -> None:
    seen = first(shipment, min(reports, len(milestones(shipment))))
    events = honest(seen)
    false = [
        event if at == 0 else event | {"eventTime": _later(event["eventTime"], -lies[at % len(lies)])}
        for at, event in enumerate(events)
    ]
    truth, claimed = (milestones(from_events(one)) for one in (events, false))
    for one in truth:
        (other,) = [told for told in claimed if (told.slot, told.index) == (one.slot, one.index)]
        assert one.completed - other.completed <= BELIEVED / timedelta(minutes=1)


def test_the_moment_of_scoring_is_the_one_that_events_are_known_at() -> None:
    shipment = SEASON[0]
    assert shipment.booked is not None
    now = shipment.booked + timedelta(days=3)
    told = [event for event in honest(shipment) if _instant(event["recordTime"]) <= now]
    assert from_events(told, as_of=now, recorded_by=now) == known_at(shipment, 3 * 24 * 60 - 5)


def test_taking_the_latest_report_back_hides_no_more_than_it_told() -> None:
    """It is told (`WITHDRAWN`), and what the trail said before stands: that may have been less."""
    fallen = []
    for shipment in SEASON[:20]:
        assert shipment.booked is not None
        whole, reported = honest(shipment), milestones(shipment)
        for one in reported[:-1:3]:
            now = shipment.booked + timedelta(minutes=one.completed, hours=1)
            told = [event for event in whole if _instant(event["recordTime"]) <= now]
            latest = [event for event in told if event["bizStep"] in STEPS.values()][-1]
            moment = now.isoformat()
            taken = latest | {"errorDeclaration": {"declarationTime": moment}, "recordTime": moment}
            answer, before = from_events([*told, taken]), from_events([event for event in told if event != latest])
            assert milestones(answer) == milestones(before)
            assert "WITHDRAWN" in {note.code for note in answer.notes}
            clean, left = chance(told, now), chance([*told, taken], now)
            if clean is not None and left is not None:
                fallen.append(clean - left)
    assert len(fallen) > 50
    assert max(fallen) <= WITHDRAWING
