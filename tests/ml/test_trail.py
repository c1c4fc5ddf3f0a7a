"""What a trail keeps of events: everything that can be read, nothing from later, and never an exception."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.identifiers import canonical
from ml.trail import MOST_EVENTS, trail_of_events
from tests.shared import shared

START = datetime(2026, 3, 1, tzinfo=UTC)


def event(**members: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "eventTime": "2026-03-01T00:00:00Z",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "epcList": ["urn:epc:id:sscc:4012345.1234567890"],
    } | members


def test_spellings_of_one_thing_and_one_word_come_out_the_same() -> None:
    urn = event(readPoint={"id": "urn:epc:id:sgln:9521321.00815.0"}, bizStep="urn:epcglobal:cbv:bizstep:shipping")
    link = event(
        epcList=["https://brand.example/sscc/140123452345678902"],
        readPoint={"id": "https://id.gs1.org/414/9521321008151"},
        bizStep="https://ref.gs1.org/cbv/BizStep-shipping",
    )
    (one,), (other,) = trail_of_events([urn]).events, trail_of_events([link]).events
    assert one.read_point == other.read_point == "https://id.gs1.org/414/9521321008151"
    assert one.step == other.step == "shipping"
    assert one.epcs == other.epcs == ("https://id.gs1.org/00/140123452345678902",)


def test_canonical_agrees_with_what_others_wrote() -> None:
    pairs = [line.split("\t") for line in shared("epcis", "digital-link-pairs.tsv").read_text().splitlines()]
    wrong = [(spelt, link) for spelt, link in pairs if link.startswith("https://") and canonical(spelt) != link]
    assert len(pairs) > 60
    assert wrong == []


def test_what_was_recorded_or_dated_later_is_not_known() -> None:
    def hour(n: int) -> str:
        return (START + timedelta(hours=n)).isoformat()

    trail = trail_of_events(
        [
            event(eventID="early", eventTime=hour(1), recordTime=hour(2)),
            event(eventID="late record", eventTime=hour(1), recordTime=hour(9)),
            event(eventID="future", eventTime=hour(9), recordTime=hour(2)),
        ]
    )
    assert [seen.event_id for seen in trail.known_at(START + timedelta(hours=3)).events] == ["early"]
    assert len(trail.known_at(START + timedelta(hours=9)).events) == 3


def test_declared_errors_stand_no_more_once_the_declaration_is_known() -> None:
    declaration = event(errorDeclaration={"declarationTime": "2026-03-02T00:00:00Z"}, recordTime="2026-03-02T00:00:00Z")
    trail = trail_of_events([event(), declaration, event(eventID="urn:uuid:2")])
    assert [seen.event_id for seen in trail.standing] == ["urn:uuid:2"]
    assert len(trail.known_at(START).standing) == 2


def test_an_event_sent_twice_counts_once() -> None:
    assert len(trail_of_events([event(), event()]).events) == 1


def test_a_flood_crowds_out_only_its_sender_and_is_counted() -> None:
    def many(party: str, count: int) -> list[dict[str, Any]]:
        return [
            event(
                eventID=f"{party}{at}",
                eventTime=(START + timedelta(seconds=at)).isoformat(),
                **{"trailseal:capturedBy": party},
            )
            for at in range(count)
        ]

    trail = trail_of_events(many("spammer", 60_000) + many("carrier", 50))
    assert len(trail.events) == MOST_EVENTS
    assert sum(seen.party == "carrier" for seen in trail.events) == 50
    assert trail.crowded_out == 60_050 - MOST_EVENTS
    kept = {seen.event_id for seen in trail.events}
    assert {"spammer0", "spammer59999"} <= kept


MEMBERS = [
    *("type", "eventTime", "recordTime", "epcList", "quantityList", "sensorElementList", "sensorReport", "value"),
    *("readPoint", "id", "uom", "sensorMetadata", "time", "bizTransactionList", "trailseal:plan", "eventID"),
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.just("2026-03-01T00:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JUNK | st.dictionaries(st.sampled_from(MEMBERS), JUNK).map(lambda junk: event() | junk), max_size=4))
def test_junk_is_left_out_and_counted_never_an_exception(given_events: list[Any]) -> None:
    trail = trail_of_events(given_events)
    assert len(trail.events) <= len(given_events)
    unreadable = sum(not isinstance(one, dict) or "eventTime" not in one for one in given_events)
    assert trail.left_out >= unreadable
    for seen in trail.known_at(datetime(9999, 1, 1, tzinfo=UTC)).events:
        assert seen.event_time.tzinfo is not None
        assert all(math.isfinite(reading.value) for reading in seen.readings)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "1e999", None, True, [], {}])
def test_a_reading_without_a_finite_number_is_counted(wrong: Any) -> None:
    report = {"type": "gs1:Temperature", "value": wrong, "uom": "CEL"}
    trail = trail_of_events([event(sensorElementList=[{"sensorReport": [report, report | {"value": 4}]}])])
    assert [reading.value for reading in trail.events[0].readings] == [4.0]
    assert trail.left_out == 1


@pytest.mark.parametrize(("value", "unit"), [(39.2, "FAH"), (277.15, "KEL"), (4, "CEL"), (498.87, "A48")])
def test_temperatures_are_celsius(value: float, unit: str) -> None:
    report = {"type": "Temperature", "value": value, "uom": unit}
    trail = trail_of_events([event(sensorElementList=[{"sensorReport": [report]}])])
    assert trail.events[0].readings[0].value == pytest.approx(4.0)


def test_every_example_of_the_standard_is_read() -> None:
    found = 0
    for file in sorted(shared("epcis", "gs1", "JSON").rglob("*.jsonld")):
        body = json.loads(file.read_text()).get("epcisBody", {})
        events = body.get("eventList", []) if isinstance(body, dict) else []
        found += len(trail_of_events(events).events)
    assert found > 50
