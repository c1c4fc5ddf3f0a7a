"""Scores over HTTP: from what was known when, for whom, and whatever was captured."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ml.shipment import Shipment
from ml.to_epcis import to_epcis
from service.risk.following import Follower
from service.risk.scoring import Scoring
from tests.api.conftest import Service, logs, serve, service
from tests.risk.story import Events, events_of, story, taken_back, unit, when

__all__ = ["logs", "serve", "service"]
DAY = timedelta(days=1)
BEGIN = story(1)[0].booked or datetime.now(UTC)


async def member(service: Service, name: str) -> tuple[str, str]:
    party, token = await service.member(name)
    made = await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})
    assert made.status_code == 201, made.text
    return party, token


async def capture(service: Service, token: str, events: Events) -> None:
    document = to_epcis(story(1)[0], BEGIN) | {"epcisBody": {"eventList": events}}
    answer = await service.call("POST", "/v1/captures", token, json=document)
    assert answer.status_code == 202, answer.text


async def assess(service: Service, token: str, shipment: Shipment | str, **asked: Any) -> dict[str, Any]:
    """A score that knows all that is recorded now, unless told otherwise."""
    named = shipment if isinstance(shipment, str) else unit(shipment)
    moment = {"asOf": asked.pop("as_of").isoformat()} if "as_of" in asked else {}
    question = {"shipments": [{"shipment": named, **moment}], "recordedBy": now(), **asked}
    answer = await service.call("POST", "/v1/risk/assessments", token, json=question)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["items"][0])


def now() -> str:
    return (datetime.now(UTC) + timedelta(seconds=5)).isoformat()


def codes(score: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in score["reasons"]}


async def work(service: Service, moment: datetime) -> None:
    """As the worker would, at a moment."""
    follower = Follower(service.database, lambda: moment)
    scoring = Scoring(service.database, service.settings, lambda: moment)
    while await follower.step() or await scoring.step():
        pass


async def recorded_as_it_happened(service: Service) -> None:
    async with service.database.session() as session:
        await session.execute(text("UPDATE events SET record_time = event_time"))


async def test_a_score_knows_what_had_happened_and_was_recorded(service: Service) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    events = events_of(shipment)
    await capture(service, token, events)
    moment = BEGIN + 2 * DAY
    known = await assess(service, token, shipment, as_of=moment)
    assert 0 < known["probability"] < 1
    assert known["stage"] != "delivered"
    assert all(reason["events"] for reason in known["reasons"])
    # By the clock of its own time nothing of it was recorded yet.
    unknown = await assess(service, token, shipment, as_of=moment, recordedBy=moment.isoformat())
    assert (unknown["probability"], codes(unknown)) == (None, {"NO_PLAN"})
    # What had not happened is not known, whoever recorded it.
    before = [event["eventID"] for event in events if when(event) <= moment]
    assert {event for reason in known["reasons"] for event in reason["events"]} <= set(before)
    delivered = await assess(service, token, shipment)
    assert (delivered["stage"], codes(delivered)) == ("delivered", {"DELIVERED"})
    history = (await service.call("GET", "/v1/risk/history", token, params={"shipment": unit(shipment)})).json()
    assert history["items"][0]["assessmentID"] == delivered["assessmentID"]
    assert len(history["items"]) == 3


async def test_silence_makes_riskier_and_the_worker_notices(service: Service) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    events = events_of(shipment)
    await capture(service, token, events[:2])
    await recorded_as_it_happened(service)
    scores = []
    for days in (0.5, 4, 30):
        await work(service, BEGIN + days * DAY)
        answer = await service.call("GET", "/v1/risk/history", token, params={"shipment": unit(shipment)})
        scores.append(answer.json()["items"][0])
    soon, overdue, past = scores
    assert soon["probability"] < overdue["probability"] < past["probability"] == 1.0
    assert codes(overdue) >= {"OVERDUE"}
    assert codes(past) >= {"PAST_PLANNED_END"}


async def test_the_list_is_read_page_by_page_and_leaves_out_what_is_no_question(service: Service) -> None:
    _, token = await member(service, "acme")
    _, other = await member(service, "bolt")
    shipments = story(9)
    for one in shipments[:8]:
        await capture(service, token, events_of(one)[:3])
    await capture(service, other, events_of(shipments[8])[:3])
    await recorded_as_it_happened(service)
    await work(service, BEGIN + 3 * DAY)
    service_clock = datetime.now(UTC)
    everything = (await service.call("GET", "/v1/risk/shipments", token, params={"limit": 100, "lateToo": True})).json()
    assert (len(everything["items"]), everything["next"]) == (8, None)
    chances = [one["probability"] for one in everything["items"]]
    assert chances == sorted(chances, reverse=True)
    # All were planned to end long before today: late for certain.
    assert all(datetime.fromisoformat(one["plannedEnd"]) < service_clock for one in everything["items"])
    assert (await service.call("GET", "/v1/risk/shipments", token)).json() == {"items": [], "next": None}
    pages, path = list[list[str]](), "/v1/risk/shipments?limit=3&lateToo=true"
    while path:
        answer = await service.call("GET", path, token)
        pages.append([one["shipment"] for one in answer.json()["items"]])
        path = answer.headers.get("link", "").partition(">")[0].lstrip("<")
    assert [len(one) for one in pages] == [3, 3, 2]
    assert [one for page in pages for one in page] == [one["shipment"] for one in everything["items"]]
    theirs = (await service.call("GET", "/v1/risk/shipments", other, params={"lateToo": True})).json()["items"]
    assert [one["shipment"] for one in theirs] == [unit(shipments[8])]
    for cursor in ("bm8", "IjAgbmFuIDEi", "IjAgMC41Ig"):
        refused = await service.call("GET", "/v1/risk/shipments", token, params={"cursor": cursor})
        assert refused.status_code == 400, refused.text
    as_of = {"asOf": (BEGIN + 3 * DAY).isoformat(), "limit": 5}
    listed = (await service.call("GET", "/v1/risk/shipments", token, params=as_of)).json()["items"]
    assert 0 < len(listed) <= 5


async def test_only_material_news_is_stored(service: Service) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    await capture(service, token, events_of(shipment)[:1])
    await recorded_as_it_happened(service)
    for minutes in range(0, 60, 10):
        await work(service, BEGIN + timedelta(minutes=minutes))
    history = (await service.call("GET", "/v1/risk/history", token, params={"shipment": unit(shipment)})).json()[
        "items"
    ]
    assert len(history) < 4
    await work(service, BEGIN + 1.1 * DAY)
    later = (await service.call("GET", "/v1/risk/history", token, params={"shipment": unit(shipment)})).json()["items"]
    assert len(later) > len(history)


async def test_what_a_caller_may_not_see_is_not_there(service: Service) -> None:
    _, token = await member(service, "acme")
    _, stranger = await member(service, "stranger")
    shipment = story(1)[0]
    await capture(service, token, events_of(shipment)[:4])
    absent = "https://id.gs1.org/00/095213210000000001"
    edits = [{"kind": "dropLeg", "leg": "i1"}]
    for path, asked in (
        ("/v1/risk/assessments", lambda name: {"shipments": [{"shipment": name}]}),
        ("/v1/risk/what-if", lambda name: {"shipment": name, "edits": edits}),
    ):
        seen = await service.call("POST", path, stranger, json=asked(unit(shipment)))
        none = await service.call("POST", path, stranger, json=asked(absent))
        assert seen.status_code == none.status_code == 404
        assert seen.json()["detail"].replace(unit(shipment), absent) == none.json()["detail"]
    answer = await service.call("GET", "/v1/risk/history", stranger, params={"shipment": unit(shipment)})
    assert answer.status_code == 404


async def test_reasons_name_only_events_that_the_caller_may_see(service: Service) -> None:
    """The buyer has a part in the unit that is delivered to it, and in no inbound one."""
    _, token = await member(service, "acme")
    buyer, theirs = await member(service, "buyer")
    shipment = story(1)[0]
    events = events_of(shipment)
    await capture(service, token, events[:6])
    async with service.database.session() as session:
        await session.execute(
            text("INSERT INTO trail_parties (trail, party) SELECT trail, :party FROM shipments"),
            {"party": bytes.fromhex(buyer.removeprefix("0x"))},
        )
    moment = when(events[5]) + timedelta(minutes=1)
    mine = await assess(service, token, shipment, as_of=moment)
    told = await assess(service, theirs, shipment, as_of=moment)
    assert told["probability"] == mine["probability"]
    assert any(reason["events"] for reason in mine["reasons"])
    assert all(not reason["events"] for reason in told["reasons"])  # who is shown an event is noted as it is captured


async def test_what_if_a_plan_were_another(service: Service) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    await capture(service, token, events_of(shipment)[:3])
    asked = {
        "shipment": unit(shipment),
        "asOf": (BEGIN + DAY).isoformat(),
        "recordedBy": now(),
        "edits": [{"kind": "slack", "leg": "o", "minutes": 20_000}],
    }
    answer = await service.call("POST", "/v1/risk/what-if", token, json=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["edited"]["probability"] < found["asIs"]["probability"]
    assert found["edited"]["plannedEnd"] > found["asIs"]["plannedEnd"]
    history = (await service.call("GET", "/v1/risk/history", token, params={"shipment": unit(shipment)})).json()[
        "items"
    ]
    assert [one["assessmentID"] for one in history] == [found["asIs"]["assessmentID"]]
    for edit in ({"kind": "slack", "leg": "o"}, {"kind": "dropSegment", "leg": "i1", "segment": 9}):
        refused = await service.call("POST", "/v1/risk/what-if", token, json=asked | {"edits": [edit]})
        assert (refused.status_code, refused.json()["edit"]) == (422, 0), refused.text


PLANS: Sequence[Any] = [
    "soon",
    [],
    {"trailseal:leg": [{"trailseal:slot": "o"}]},
    {"trailseal:nr": "NaN", "trailseal:leg": {"trailseal:slot": "o", "trailseal:milestone": "RCS"}},
    {"trailseal:leg": [{"trailseal:slot": slot, "trailseal:milestone": [{"trailseal:code": "RCS",
     "trailseal:minutes": minutes}]} for slot, minutes in (("i1", "NaN"), ("o", 2**53 - 1))]},
]  # fmt: skip


@pytest.mark.parametrize("plan", PLANS)
async def test_a_plan_that_cannot_be_read_is_no_fault_of_the_service(service: Service, plan: Any) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    booking, *reports = events_of(shipment)
    if isinstance(plan, dict):
        legs = plan["trailseal:leg"]
        (legs[-1] if isinstance(legs, list) else legs)["trailseal:unit"] = unit(shipment)
    await capture(service, token, [{**booking, "trailseal:plan": plan}, *reports])
    await work(service, datetime.now(UTC))
    asked = {"shipments": [{"shipment": unit(shipment)}]}
    answer = await service.call("POST", "/v1/risk/assessments", token, json=asked)
    if answer.status_code == 404:  # no unit to be delivered can be read: nothing was booked
        return
    assert answer.status_code == 200, answer.text
    score = answer.json()["items"][0]
    assert score["probability"] is None
    assert codes(score) <= {"NO_PLAN", "MALFORMED_PLAN"}
    listed = await service.call("GET", "/v1/risk/shipments", token, params={"lateToo": True})
    assert listed.status_code == 200
    edits = {"shipment": unit(shipment), "edits": [{"kind": "dropLeg", "leg": "i1"}]}
    assert (await service.call("POST", "/v1/risk/what-if", token, json=edits)).status_code == 422


async def test_moments_that_are_none_are_refused(service: Service) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    await capture(service, token, events_of(shipment)[:1])
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-01-01T00:00:00Z"):
        listed = await service.call("GET", "/v1/risk/shipments", token, params={"asOf": moment})
        asked = {"shipments": [{"shipment": unit(shipment), "asOf": moment}]}
        scored = await service.call("POST", "/v1/risk/assessments", token, json=asked)
        assert (listed.status_code, scored.status_code) == (422, 422)


async def test_a_flooded_trail_is_scored_by_what_was_told_first(service: Service) -> None:
    """More events than are read: neither time nor memory grows with them, and the flood does not look like progress."""
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    events = events_of(shipment)
    await capture(service, token, events[:3])
    calm = await assess(service, token, shipment, as_of=BEGIN + 3 * DAY)
    noise = {**events[1], "bizStep": "inspecting"}
    for begin in range(0, 4000, 2000):
        some = range(begin, begin + 2000)
        await capture(service, token, [{**noise, "eventID": f"urn:trailseal:test:noise:{at}"} for at in some])
    await capture(service, token, [events[3]])
    flooded = await assess(service, token, shipment, as_of=BEGIN + 3 * DAY)
    assert flooded["probability"] == pytest.approx(calm["probability"], abs=0.3)
    await work(service, datetime.now(UTC))
    seen = await assess(service, token, shipment, as_of=max(when(events[3]), BEGIN + 3 * DAY))
    assert seen["probability"] is not None


async def test_an_event_that_was_declared_an_error_counts_until_then(service: Service) -> None:
    _, token = await member(service, "acme")
    shipment = story(1)[0]
    events = events_of(shipment)
    await capture(service, token, events)
    delivered = await assess(service, token, shipment)
    between = now()
    await capture(service, token, [taken_back(events[-1])])
    assert delivered["stage"] == "delivered"
    open_again = await assess(
        service, token, shipment, recordedBy=(datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    )
    assert open_again["stage"] != "delivered"
    assert between < now()
