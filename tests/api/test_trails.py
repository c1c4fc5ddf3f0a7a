from typing import Any

import pytest

from service.api.trail_shapes import EventShape, JourneyShape, TrailName, TrailShape

from .conftest import Service
from .documents import document, event, item
from .problems import check_problem
from .test_captures import custodial
from .test_stream import seal

URN = "urn:epc:id:sgtin:9521321.000001.1"


async def captured(service: Service, token: str, *events: dict[str, Any]) -> list[str]:
    accepted = await service.call("POST", "/v1/captures", token, json=document(*events))
    assert accepted.status_code == 202, accepted.text
    ids: list[str] = accepted.json()["eventIDs"]
    return ids


async def test_a_trail_is_read_under_any_spelling(service: Service) -> None:
    _, token = await custodial(service)
    (event_id,) = await captured(service, token, event("1"))
    for spelling in (item("1"), item("1").replace("id.gs1.org", "example.com")):
        response = await service.call("GET", "/v1/trail", token, params={"identifier": spelling})
        assert response.status_code == 200, response.text
        told = TrailShape.model_validate_json(response.content)
        assert told.identifier == item("1")
        (entry,) = told.entries
        assert (entry.state, entry.step, entry.intact) == ("pending", "observe", True)
        assert entry.event is not None
        assert entry.event.eventID == event_id
        assert entry.event.document is not None
        assert entry.event.document["epcList"] == [item("1")]


async def test_a_trail_comes_in_pages(service: Service) -> None:
    _, token = await custodial(service)
    for minute in range(5):
        await captured(service, token, event("1", eventTime=f"2026-02-03T08:5{minute}:00.000+01:00"))
    seen: list[str] = []
    path = f"/v1/trail?identifier={item('1')}&limit=2"
    while path:
        response = await service.call("GET", path, token)
        seen += [entry["event"]["eventTime"] for entry in response.json()["entries"]]
        path = response.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen)


async def test_what_a_party_may_not_see_is_not_there(service: Service) -> None:
    _, token = await custodial(service)
    stranger_party, stranger = await service.member("stranger")
    _, auditor = await service.member("auditor", roles=["auditor"])
    (event_id,) = await captured(service, token, event("1"))
    probes = [
        ("/v1/trail", {"identifier": item("1")}, "trail-not-found"),
        ("/v1/trail/bundle", {"identifier": item("1")}, "trail-not-found"),
        ("/v1/trail/journey", {"identifier": item("1")}, "trail-not-found"),
        ("/v1/events", {"eventID": event_id}, "event-not-found"),
    ]
    for path, query, slug in probes:
        probed = await service.call("GET", path, stranger, params=query)
        absent = await service.call("GET", path, stranger, params={name: value + "9" for name, value in query.items()})
        check_problem(probed, 404, slug)
        check_problem(absent, 404, slug)
    assert (await service.call("GET", "/v1/trails", stranger)).json()["items"] == []
    assert (await service.call("GET", "/v1/trail", auditor, params={"identifier": item("1")})).status_code == 200
    await service.call("PUT", f"/v1/grants/{stranger_party}", token)
    assert (await service.call("GET", "/v1/trail", stranger, params={"identifier": item("1")})).status_code == 200
    await service.call("DELETE", f"/v1/grants/{stranger_party}", token)
    check_problem(
        await service.call("GET", "/v1/trail", stranger, params={"identifier": item("1")}), 404, "trail-not-found"
    )


async def test_trails_are_listed_in_pages(service: Service) -> None:
    _, token = await custodial(service)
    await captured(service, token, *[event(str(serial)) for serial in range(5)])
    seen: list[str] = []
    path = "/v1/trails?limit=2"
    while path:
        response = await service.call("GET", path, token)
        seen += [TrailName.model_validate(one).identifier for one in response.json()["items"]]
        path = response.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert sorted(seen) == [item(str(serial)) for serial in range(5)]


async def test_an_event_has_a_strong_tag(service: Service) -> None:
    _, token = await custodial(service)
    (event_id,) = await captured(service, token, event("1"))
    first = await service.call("GET", "/v1/events", token, params={"eventID": event_id})
    EventShape.model_validate_json(first.content)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    again = await service.call(
        "GET", "/v1/events", token, params={"eventID": event_id}, headers={"If-None-Match": f'"other", {tag}'}
    )
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    other = await service.call(
        "GET", "/v1/events", token, params={"eventID": event_id}, headers={"If-None-Match": '"x"'}
    )
    assert other.status_code == 200


async def test_a_journey_is_told(service: Service) -> None:
    _, token = await custodial(service)
    pallet = "https://id.gs1.org/00/095213210000000018"
    packed = {
        "type": "AggregationEvent",
        "parentID": pallet,
        "childEPCs": [item("1")],
        "action": "ADD",
        "bizStep": "packing",
        "eventTime": "2026-02-03T08:56:12.000+01:00",
        "eventTimeZoneOffset": "+01:00",
    }
    accepted = await service.call("POST", "/v1/captures", token, json=document(event("1"), packed))
    if accepted.status_code != 202:
        pytest.fail(accepted.text)
    response = await service.call("GET", "/v1/trail/journey", token, params={"identifier": item("1")})
    told = JourneyShape.model_validate_json(response.content)
    assert [one.identifier for one in told.containers] == [pallet]
    trail = await service.call("GET", "/v1/trail", token, params={"identifier": item("1")})
    assert [one.identifier for one in TrailShape.model_validate_json(trail.content).parents] == [pallet]


async def test_a_sealed_entry_says_where(service: Service) -> None:
    _, token = await custodial(service)
    await captured(service, token, event("1"))
    await seal(service, 12)
    response = await service.call("GET", "/v1/trail", token, params={"identifier": item("1")})
    (entry,) = TrailShape.model_validate_json(response.content).entries
    assert (entry.state, entry.block, entry.log, entry.blockTime) == ("sealed", 12, 1, 1770000000)
    assert entry.intact is False  # the head that this test put there is none that folds
    assert response.json()["intact"] is False


@pytest.mark.parametrize(
    "identifier", ["", "no uri", "urn:epc:id:sgtin:1.2", "https://id.gs1.org/01/1", "a:\x00", "x" * 3000]
)
async def test_what_is_no_identifier_is_refused(service: Service, identifier: str) -> None:
    for path in ("/v1/trail", "/v1/trail/bundle", "/v1/trail/journey"):
        response = await service.call("GET", path, service.admin, params={"identifier": identifier})
        assert response.status_code in (404, 422)
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("event_id", ["", "\x00", "x" * 3000])
async def test_what_is_no_event_id_is_refused(service: Service, event_id: str) -> None:
    response = await service.call("GET", "/v1/events", service.admin, params={"eventID": event_id})
    check_problem(response, 422, "request-invalid")
