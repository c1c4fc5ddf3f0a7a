"""The anomaly of a trail: what is planted is found with the events it comes from, and junk never breaks it."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anomaly import Anomalies, Scale, anomalies
from ml.anomaly_model import HIDDEN, Steps
from ml.simulate import season
from ml.simulator import world
from ml.simulator.season import START
from ml.simulator.story import Story, event, story
from ml.trail import Trail, trail_of_events
from ml.trail_rules.all import NAMES, signals, sizes
from ml.trail_rules.history import TrailHistory, history_of
from ml.trail_rules.told import told

LATER = timedelta(days=60)
SHIPMENTS = season(12, 4, START)


def plain(number: int = 0) -> Story:
    """A story to which nothing at all went wrong."""
    one = SHIPMENTS[number]
    return story(one.shipment, one.booked, random.Random(number))


def codes(trail: Trail, moment: datetime | None = None, history: TrailHistory | None = None) -> set[str]:
    when = moment or max(seen.record_time for seen in trail.events) + LATER
    return {signal.code for signal in signals(told(trail, when), history)}


def steps(told_of: Story, step: str) -> list[dict[str, Any]]:
    return sorted((one for one in told_of.events if one.get("bizStep") == step), key=lambda one: one["eventTime"])


def test_of_a_plain_story_there_is_little_to_say() -> None:
    said = [codes(plain(number).trail()) for number in range(8)]
    grave = {"OUT_OF_ORDER", "SKIPPED_STEP", "QUANTITY_MISMATCH", "SERIAL_TWICE", "NOT_COMMISSIONED", "DIVERTED"}
    assert not set.union(*said) & (grave | {"DOCUMENT_MISMATCH", "CONTRADICTION", "CLOCK_JUMP", "ODD_PLACE"})
    assert max(anomalies(plain(number).trail(), None, START + LATER).score or 0 for number in range(8)) < 0.9


def swap(one: Story) -> list[str]:
    first, *_, last = steps(one, "departing")
    first["eventTime"], last["eventTime"] = last["eventTime"], first["eventTime"]
    return [first["eventID"], last["eventID"]]


def skip(one: Story) -> list[str]:
    for gone in steps(one, "departing"):
        one.events.remove(gone)
    return []


def move(one: Story) -> list[str]:
    strange = steps(one, "arriving")[-1]
    strange["readPoint"] = world.location(905)
    return [strange["eventID"]]


def copy(one: Story) -> list[str]:
    made = next(made for made in one.events if made.get("bizStep") == "commissioning" and "trailseal:plan" not in made)
    again = dict(made) | {"eventID": "urn:uuid:copy", "readPoint": world.location(901)}
    again |= {"eventTime": made["eventTime"] + timedelta(hours=9), "trailseal:capturedBy": world.party(1)}
    one.events.append(again | {"recordTime": again["eventTime"]})
    return ["urn:uuid:copy"]


def insert(one: Story) -> list[str]:
    unpacked = [
        found for found in steps(one, "unpacking") if len(found["childEPCs"]) and "/21/" in found["childEPCs"][0]
    ]
    unpacked[0]["childEPCs"] = [*unpacked[0]["childEPCs"], world.item(3, 3, 77)]
    return [unpacked[0]["eventID"]]


def lose(one: Story) -> list[str]:
    unpacked = [found for found in steps(one, "unpacking") if "childQuantityList" in found]
    unpacked[0]["childQuantityList"] = [unpacked[0]["childQuantityList"][0] | {"quantity": 3}]
    return [unpacked[0]["eventID"]]


def ahead(one: Story) -> list[str]:
    jumped = steps(one, "arriving")[0]
    jumped["recordTime"] = jumped["eventTime"] - timedelta(hours=5)
    return [jumped["eventID"]]


def backdate(one: Story) -> list[str]:
    late = [*steps(one, "departing")[:2], *steps(one, "arriving")[:2]]
    for at, found in enumerate(late):
        found["recordTime"] = START + timedelta(days=40, seconds=at)
    return [late[0]["eventID"]]


def divert(one: Story) -> list[str]:
    final = [found for found in steps(one, "receiving") if found["trailseal:capturedBy"] == one.consignee][-1]
    final["readPoint"] = final["bizLocation"] = world.location(933)
    return [final["eventID"]]


def misname(one: Story) -> list[str]:
    shipped = steps(one, "shipping")[0]
    shipped["destinationList"] = [{"type": "owning_party", "destination": world.party(7)}]
    return [shipped["eventID"]]


def contradict(one: Story) -> list[str]:
    said = steps(one, "departing")[0]
    other = dict(said) | {"eventID": "urn:uuid:other", "eventTime": said["eventTime"] + timedelta(hours=3)}
    one.events.append(other | {"recordTime": other["eventTime"]})
    return ["urn:uuid:other"]


def seize(one: Story) -> list[str]:
    way = steps(one, "departing")[0]
    at = way["eventTime"] + timedelta(minutes=20)
    opened = event("ObjectEvent", at, world.party(2), "unpacking", 940, action="OBSERVE", epcList=way["epcList"])
    one.events.append(opened | {"eventID": "urn:uuid:opened", "recordTime": at})
    return ["urn:uuid:opened"]


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (swap, "OUT_OF_ORDER"),
        (skip, "SKIPPED_STEP"),
        (move, "ODD_PLACE"),
        (copy, "SERIAL_TWICE"),
        (insert, "NOT_COMMISSIONED"),
        (insert, "QUANTITY_MISMATCH"),
        (lose, "QUANTITY_MISMATCH"),
        (ahead, "CLOCK_JUMP"),
        (backdate, "BACK_DATED"),
        (divert, "DIVERTED"),
        (misname, "DOCUMENT_MISMATCH"),
        (contradict, "CONTRADICTION"),
        (seize, "PARTY_WITHOUT_CUSTODY"),
        (seize, "IMPOSSIBLE_TRAVEL"),
    ],
)
def test_what_is_planted_is_said_with_its_events(plant: Callable[[Story], list[str]], code: str) -> None:
    one = plain(2)
    before = codes(one.trail())
    planted = plant(one)
    trail = one.trail()
    found = [signal for signal in signals(told(trail, START + LATER), None) if signal.code == code]
    assert code not in before
    assert found
    assert not planted or {name for signal in found for name in signal.events} & set(planted)


def test_a_fault_is_not_known_before_it_was_recorded() -> None:
    one = plain(2)
    divert(one)
    trail = one.trail()
    final = next(seen for seen in trail.events if seen.read_point == world.location(933)["id"])
    assert "DIVERTED" not in codes(trail, final.record_time - timedelta(seconds=1))
    assert "DIVERTED" in codes(trail, final.record_time)


def test_a_trail_that_was_imported_as_a_whole_is_not_called_back_dated() -> None:
    one = plain(1)
    for at, found in enumerate(one.events):
        found["recordTime"] = START + timedelta(days=50, seconds=at)
    assert "BACK_DATED" not in codes(one.trail())


def test_a_history_knows_who_works_where_and_without_one_nothing_is_said_of_it() -> None:
    past = [plain(number) for number in range(8)]
    history = history_of(one.trail() for one in past)
    one = plain(9)
    steps(one, "arriving")[0]["trailseal:capturedBy"] = world.party(99)
    steps(one, "arriving")[-1]["readPoint"] = world.location(955)
    assert {"ODD_PARTY", "ODD_PLACE"} <= codes(one.trail(), history=history)
    assert "ODD_PARTY" not in codes(one.trail())
    assert TrailHistory.from_json(history.to_json()) == history
    assert np.isnan(sizes((), with_history=False)).sum() == 6


def test_a_withdrawn_event_is_not_held_against_anybody() -> None:
    one = plain(2)
    planted = copy(one)
    wrong = next(found for found in one.events if found["eventID"] == planted[0])
    one.events.append(dict(wrong) | {"errorDeclaration": {"declarationTime": "2026-01-30T00:00:00Z"}})
    assert "SERIAL_TWICE" not in codes(one.trail())


def test_places_with_coordinates_are_as_far_apart_as_they_are() -> None:
    def read(place: str, hour: int) -> dict[str, Any]:
        return {
            "type": "ObjectEvent",
            "eventID": f"{place}{hour}",
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "eventTime": (START + timedelta(hours=hour)).isoformat(),
            "epcList": ["https://id.gs1.org/01/09521321000008/21/1"],
            "readPoint": {"id": place},
        }

    berlin, tokyo = "geo:52.52,13.40", "geo:35.68,139.69"
    assert "IMPOSSIBLE_TRAVEL" in codes(trail_of_events([read(berlin, 0), read(tokyo, 4)]), history=TrailHistory())
    assert "IMPOSSIBLE_TRAVEL" not in codes(trail_of_events([read(berlin, 0), read(tokyo, 14)]), history=TrailHistory())


def test_a_score_says_how_many_trails_in_order_score_as_high() -> None:
    surprise = np.random.default_rng(0).exponential(2.0, 4000)
    scale = Scale.of(surprise, np.full(4000, 25.0))
    fresh = np.random.default_rng(1).exponential(2.0, 4000)
    scores = np.array([scale.score(float(one), 25) for one in fresh])
    for share in (0.5, 0.9, 0.99):
        assert abs((scores >= share).mean() - (1 - share)) < 0.02
    assert 0 == scale.score(0.0, 25) < scale.score(1e3, 25) <= 1.0
    assert scale.score(30.0, 25) < scale.score(31.0, 25)


def test_hidden_signals_surprise_nobody() -> None:
    head = Anomalies.load()
    row = np.full(len(NAMES), np.nan)
    assert Steps.of(np.zeros((3, len(NAMES)))).levels(row[None]).tolist() == [[HIDDEN] * len(NAMES)]
    assert head._surprise.surprises(row, np.zeros(6)).sum() == 0


def test_nothing_known_is_no_score() -> None:
    assert anomalies(Trail(), None, START).score is None
    assert anomalies(plain().trail(), None, datetime(1999, 1, 1, tzinfo=UTC)).score is None


def test_a_flood_of_reports_does_not_lower_the_score_and_is_said() -> None:
    one = plain(2)
    divert(one)
    before = anomalies(one.trail(), None, START + LATER)
    flooded = one.published()
    echo = next(found for found in flooded if found["bizStep"] == "arriving")
    flooded += [dict(echo) | {"eventID": f"urn:uuid:{at}"} for at in range(25_000)]
    after = anomalies(trail_of_events(flooded), None, START + LATER)
    assert after.score is not None
    assert before.score is not None
    assert after.score >= before.score
    assert {"FLOODED", "DIVERTED"} <= {finding.code for finding in after.findings}


STORY = plain(3).published()
MEMBERS = sorted({name for one in STORY for name in one})
JUNK: st.SearchStrategy[Any] = st.none() | st.floats() | st.text(max_size=8) | st.just([]) | st.just({}) | st.integers()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(STORY) - 1), st.sampled_from(MEMBERS), JUNK), max_size=8))
def test_no_junk_in_a_trail_breaks_its_score(spoilt: list[tuple[int, str, Any]]) -> None:
    events = [dict(one) for one in STORY]
    for at, name, junk in spoilt:
        events[at][name] = junk
    found = anomalies(trail_of_events(events), None, START + LATER)
    assert found.score is None or 0 <= found.score <= 1


def test_a_score_does_not_depend_on_the_order_in_which_events_come() -> None:
    events = plain(5).published()
    mixed = random.Random(1).sample(events, len(events))
    assert anomalies(trail_of_events(events), None, START + LATER) == anomalies(
        trail_of_events(mixed), None, START + LATER
    )
