from typing import Any
from urllib.parse import quote

import httpx

from tests.api.documents import document, event, item

from .conftest import Party

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
HASHED = "ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0"


def listed(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of an answer."""
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


def serials(answer: httpx.Response) -> list[str]:
    """The serial numbers of the first items of the events of an answer."""
    return [one["epcList"][0].rpartition("/")[2] for one in listed(answer)]


async def test_what_was_captured_is_found(acme: Party) -> None:
    await acme.capture(document(event("1"), event("2", bizStep="receiving")))
    answer = await acme.get("/events")
    assert sorted(serials(answer)) == ["1", "2"]
    told = answer.json()
    assert told["type"] == "EPCISQueryDocument"
    assert told["schemaVersion"] == "2.0"
    assert told["@context"] == [CONTEXT]
    assert told["epcisBody"]["queryResults"]["queryName"] == "SimpleEventQuery"
    assert all(one["recordTime"] and one["eventID"] for one in listed(answer))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["gs1-epcis-version"] == answer.headers["gs1-cbv-version"] == "2.0.0"
    assert "link" not in answer.headers
    assert serials(await acme.get("/events?EQ_bizStep=receiving")) == ["2"]
    assert serials(await acme.get("/events?EQ_bizStep=receiving%7Cpacking")) == ["2"]
    assert serials(await acme.get("/events", params={"MATCH_anyEPC": item("1")})) == ["1"]


async def test_the_hour_of_recording_that_an_answer_tells_finds_the_event_again(acme: Party) -> None:
    await acme.capture(document(event("1")))
    (found,) = listed(await acme.get("/events"))
    assert serials(await acme.get("/events", params={"GE_recordTime": found["recordTime"]})) == ["1"]
    assert serials(await acme.get("/events", params={"LT_recordTime": found["recordTime"]})) == []


async def test_pages_lead_to_the_end_and_keep_the_parameters(acme: Party) -> None:
    await acme.capture(document(*(event(str(serial)) for serial in range(7)), event("x", bizStep="packing")))
    seen, url = [], "/epcis/events?perPage=3&EQ_bizStep=shipping"
    for _ in range(10):
        page = await acme.service.call("GET", url, acme.token)
        seen += serials(page)
        assert len(listed(page)) <= 3
        if "next" not in page.links:
            break
        assert page.headers["gs1-next-page-token-expires"] == "9999-12-31T23:59:59Z"
        url = page.links["next"]["url"]
        assert "EQ_bizStep=shipping" in url
        assert "perPage=3" in url
    assert sorted(seen) == [str(serial) for serial in range(7)]


async def test_a_token_of_another_query_is_refused(acme: Party) -> None:
    await acme.capture(document(*(event(str(serial)) for serial in range(3))))
    page = await acme.get("/events?perPage=1")
    token = httpx.URL(page.links["next"]["url"]).params["nextPageToken"]
    for query in ({"nextPageToken": token, "EQ_action": "ADD"}, {"nextPageToken": "x"}, {"nextPageToken": "é\0"}):
        answer = await acme.get("/events", params=query)
        assert answer.status_code == 400, query
        assert answer.json()["type"] == "epcisException:QueryParameterException"


async def test_the_first_so_many_and_no_more_than_so_many(acme: Party) -> None:
    await acme.capture(document(*(event(str(serial)) for serial in range(5))))
    first = await acme.get("/events?orderBy=eventTime&eventCountLimit=3&perPage=2")
    assert len(listed(first)) == 2
    rest = await acme.service.call("GET", first.links["next"]["url"], acme.token)
    assert len(listed(rest)) == 1
    assert "next" not in rest.links
    assert len(listed(await acme.get("/events?maxEventCount=5"))) == 5
    many = await acme.get("/events?maxEventCount=4")
    assert many.status_code == 413
    assert many.json()["type"] == "epcisException:QueryTooLargeException"


SENSELESS = (
    "EQ_action=MOVE",
    "EQ_nothing=1",
    "GE_eventTime=yesterday",
    "eventCountLimit=3",
    "orderBy=eventTime&eventCountLimit=1&maxEventCount=1",
    "orderDirection=UP&orderBy=eventTime",
    "maxEventCount=0",
    "maxEventCount=" + "9" * 400,
    "EQ_bizStep=",
    "EQ_bizStep=%00",
    "EQ_eventID=%00",
    "EQ_bizLocation=%ff%fe",
    "EQ_%00=1",
    "orderBy=%00:x",
    "stream=true",
    "second=0",
    "GE_quantity=" + "9" * 500,
    "perPage=0",
)


async def test_parameters_that_make_no_sense_are_refused(acme: Party) -> None:
    for query in SENSELESS:
        answer = await acme.get(f"/events?{query}")
        assert answer.status_code == 400, (query, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "epcisException:QueryParameterException", query


async def test_a_url_that_is_too_long_is_refused(acme: Party) -> None:
    for path in ("/events", "/queries/SimpleEventQuery/events", "/epcs/urn:epc:id:sgtin:0614141.107346.2018/events"):
        answer = await acme.get(f"{path}?EQ_eventID={'x' * 9000}")
        assert answer.status_code == 414
        assert answer.json()["type"] == "epcisException:URITooLongException"


async def test_too_much_at_once_is_too_complex(acme: Party) -> None:
    answer = await acme.get("/events?" + "&".join(f"EQ_example{number}:x=1" for number in range(100)))
    assert answer.status_code == 413
    assert answer.json()["type"] == "epcisException:QueryTooComplexException"


async def test_an_extension_is_found_by_the_prefix_that_the_header_declares(acme: Party) -> None:
    extended = document(event("1", **{"example:shift": "night"}), event("2"))
    extended["@context"].append({"example": "https://example.com/ns/"})
    await acme.capture(extended)
    headers = {"GS1-Extensions": "ex=https://example.com/ns/"}
    assert serials(await acme.get("/events?EQ_ex:shift=night", headers=headers)) == ["1"]
    (found,) = listed(await acme.get("/events?EQ_https://example.com/ns/shift=night"))
    assert found["example:shift"] == "night"


async def test_an_event_is_read_by_its_id(acme: Party) -> None:
    ids = ["urn:uuid:831c0292-4de1-430a-8255-2aca821abaab", "https://example.com/events/1/events"]
    await acme.capture(document(*(event(str(serial), eventID=event_id) for serial, event_id in enumerate(ids))))
    for event_id in ids:
        for path in (event_id, quote(event_id, safe="")):
            (found,) = listed(await acme.get(f"/events/{path}"))
            assert found["eventID"] == event_id


async def test_the_hash_that_an_event_without_id_gets_is_one_to_read_it_by(acme: Party) -> None:
    await acme.capture(document(event("1")))
    (found,) = listed(await acme.get("/events"))
    event_id = found["eventID"]
    assert event_id.startswith("ni:///sha-256;")
    for path in (quote(event_id, safe=""), quote(event_id, safe=":/;?="), event_id.replace(":///", ":/")):
        assert serials(await acme.get(f"/events/{path}")) == ["1"], path


async def test_an_error_declaration_is_read_with_its_event(acme: Party) -> None:
    event_id = "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab"
    declared = event("1", eventID=event_id, errorDeclaration={"declarationTime": "2026-02-04T09:00:00Z"})
    await acme.capture(document(event("1", eventID=event_id)))
    await acme.capture(document(declared))
    found = listed(await acme.get(f"/events/{event_id}"))
    assert ["errorDeclaration" in one for one in found] == [False, True]


async def test_what_is_not_there_is_not_found(acme: Party) -> None:
    for path in ("urn:uuid:0", HASHED, "%00", "%FF%FE", "a%0Ab", "x" * 5000, "%25", "ä"):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await acme.call(method, f"/events/{path}")
            assert answer.status_code == 404, path
            assert method == "HEAD" or answer.json()["type"] == "epcisException:NoSuchResourceException"


async def test_one_event_is_captured_and_answered(acme: Party) -> None:
    one = {"@context": CONTEXT, **event("1", eventID="urn:uuid:831c0292-4de1-430a-8255-2aca821abaab")}
    answer = await acme.call("POST", "/events", json=one)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == "http://trailseal.test/epcis/events/" + quote(one["eventID"], safe="")
    assert answer.json()["eventID"] == one["eventID"]
    assert answer.json()["recordTime"]
    assert serials(await acme.service.call("GET", answer.headers["location"], acme.token)) == ["1"]
    again = await acme.call("POST", "/events", json=one)
    assert again.status_code == 409
    assert again.json()["type"] == "epcisException:ResourceAlreadyExistsException"


async def test_one_event_is_captured_by_who_may_not_read(acme: Party) -> None:
    writer = await acme.service.key(acme.id, ["captures:write"])
    answer = await acme.service.call("POST", "/epcis/events", writer, json={"@context": CONTEXT, **event("1")})
    assert answer.status_code == 201
    assert answer.content == b""
    assert serials(await acme.service.call("GET", answer.headers["location"], acme.token)) == ["1"]


async def test_a_document_is_no_event(acme: Party) -> None:
    for body in (document(event("1")), [event("1"), event("2")], {"type": "EPCISQueryDocument"}):
        answer = await acme.call("POST", "/events", json=body)
        assert answer.status_code == 400
        assert answer.json()["type"] == "epcisException:ValidationException"
        assert answer.json()["slug"] == "not-one-event"


async def test_what_is_nothing_at_all_is_refused(acme: Party) -> None:
    for body in (b"", b"{", b"null", b"{}", b'"x"', b"[" * 5000, b"\xff", b"<x/>"):
        for path in ("/events", "/capture"):
            answer = await acme.call("POST", path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, body
            assert answer.json()["type"] == "epcisException:ValidationException"


async def test_a_bad_event_is_refused_with_its_place(acme: Party) -> None:
    answer = await acme.call("POST", "/events", json={"@context": CONTEXT, **event("1", action="TELEPORT")})
    assert answer.status_code == 400
    assert answer.json()["faults"][0]["pointer"] == "/action"


async def test_a_party_sees_what_it_may_and_nothing_else(acme: Party, party: Any) -> None:
    other = await party("other")
    stranger = await party("stranger")
    event_id = "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab"
    await acme.capture(document(event("1", eventID=event_id), event("2")))
    await other.capture(document(event("3", bizStep="receiving")))
    assert sorted(serials(await acme.get("/events"))) == ["1", "2"]
    assert serials(await other.get("/events")) == ["3"]
    assert (await other.get(f"/events/{event_id}")).status_code == 404
    granted = await acme.service.call("PUT", f"/v1/grants/{other.id}", acme.token)
    assert granted.status_code == 200, granted.text
    assert sorted(serials(await other.get("/events"))) == ["1", "2", "3"]
    assert len(listed(await other.get(f"/events/{event_id}"))) == 1
    assert listed(await stranger.get("/events")) == []
    assert (await stranger.get(f"/events/{event_id}")).status_code == 404
    assert listed(await stranger.get("/events", params={"EQ_eventID": event_id})) == []
    auditor = await party("auditor", roles=["auditor"])
    assert len(listed(await auditor.get("/events"))) == 3


URN = "urn:epc:id:sgtin:9521321.000001.10001"


async def test_epcs_are_written_as_asked_for(acme: Party) -> None:
    place = {"id": "urn:epc:id:sgln:9521321.00002.0"}
    more = event("2", quantityList=[{"epcClass": "urn:epc:class:lgtin:9521321.000001.L1", "quantity": 2}])
    await acme.capture(document(event("1", epcList=[URN], readPoint=place, bizLocation=place), more))
    for wanted, epc, at in (
        (None, item("10001"), "https://id.gs1.org/414/9521321000025"),
        ("Always_GS1_Digital_Link", item("10001"), "https://id.gs1.org/414/9521321000025"),
        ("Always_EPC_URN", URN, place["id"]),
        ("Never_Translates", URN, place["id"]),
        ("No_Preference", URN, place["id"]),
    ):
        headers = {"GS1-EPC-Format": wanted} if wanted else {}
        answer = await acme.get("/events", params={"MATCH_epc": item("10001")}, headers=headers)
        (found,) = listed(answer)
        assert found["epcList"] == [epc], wanted
        assert found["readPoint"]["id"] == found["bizLocation"]["id"] == at
    (lot,) = listed(await acme.get("/events", params={"MATCH_epc": item("2")}))
    assert lot["quantityList"][0]["epcClass"] == "https://id.gs1.org/01/09521321000018/10/L1"
    (kept,) = listed(
        await acme.get("/events", params={"MATCH_epc": item("2")}, headers={"GS1-EPC-Format": "Always_EPC_URN"})
    )
    assert kept["epcList"] == [item("2")], "nothing tells the length of the company prefix"


async def test_prefixes_are_declared_once_where_they_mean_the_same(acme: Party) -> None:
    for serial, namespace in (("1", "https://a.example/"), ("2", "https://a.example/")):
        told = document(event(serial, **{"example:x": serial}))
        told["@context"].append({"example": namespace})
        await acme.capture(told)
    shared = await acme.get("/events")
    assert shared.json()["@context"] == [CONTEXT, {"example": "https://a.example/"}]
    assert all("@context" not in one for one in listed(shared))
    told = document(event("3", **{"example:x": "3"}))
    told["@context"].append({"example": "https://b.example/"})
    await acme.capture(told)
    differing = await acme.get("/events")
    assert differing.json()["@context"] == [CONTEXT]
    meant = {one["epcList"][0][-1]: one["@context"]["example"] for one in listed(differing)}
    assert meant == {"1": "https://a.example/", "2": "https://a.example/", "3": "https://b.example/"}


async def test_an_answer_can_be_captured_elsewhere(acme: Party, party: Any) -> None:
    extended = document(event("1", **{"example:shift": "night"}))
    extended["@context"].append({"example": "https://example.com/ns/"})
    await acme.capture(extended)
    answer = (await acme.get("/events")).json()
    other = await party("other")
    await other.capture(answer)
