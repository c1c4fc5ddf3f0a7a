"""The four POSTs: success, what is wrong with a body, what is there already, what is too large."""

from bench.conformance import examples
from bench.conformance.asking import definition
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.problems import expect_headers, expect_problem
from bench.conformance.schemas import Schemas
from bench.conformance.service import Connection, segment, told
from bench.conformance.world import STEP, World, subscription

CREATED = ["GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Extensions", "Location"]
LIMITS = ["GS1-EPCIS-Capture-Limit", "GS1-EPCIS-Capture-File-Size-Limit"]
TEMPLATES = ("/capture", "/events", "/queries", "/queries/{queryName}/subscriptions")


def bodies(group: Group, world: World, schemas: Schemas) -> None:
    """Part of group rest."""
    _captures(group, world.party)
    _events(group, world, schemas)
    _queries(group, world.party)
    _subscriptions(group, world, schemas)
    _unreadable(group, world)
    _too_large(group, world.party)


def _captures(group: Group, party: Connection) -> None:
    with group.check("POST /capture: 202 with Location and versions"):
        answer = party.capture(examples.encoded([examples.object_event()]))
        expect_equal(answer.status_code, 202, told(answer))
        expect_headers(answer, CREATED)
        expect_equal(party.follow(answer.headers["Location"]).status_code, 200, "GET of its Location")
    with group.check("POST /capture: an EPCISQueryDocument is accepted"):
        event = examples.object_event()
        results = {
            "queryName": "q",
            "resultsBody": {"eventList": [{name: value for name, value in event.items() if name != "@context"}]},
        }
        body = {**examples.document([]), "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
        answer = party.send("POST", "/capture", json=body)
        expect(party.job(answer)["success"], told(answer))
        expect_equal(party.get(f"/events/{segment(event['eventID'])}").status_code, 200, "GET of its event")
    with group.check("POST /capture: GS1-EPCIS-Version 3.0.0 is not accepted"):
        answer = party.capture(examples.encoded([examples.object_event()]), **{"GS1-EPCIS-Version": "3.0.0"})
        expect(answer.status_code in (406, 415), told(answer))


def _events(group: Group, world: World, schemas: Schemas) -> None:
    party = world.party
    with group.check("POST /events: 201 with Location, versions and the event"):
        event = examples.object_event()
        answer = party.send("POST", "/events", json=event)
        expect_equal(answer.status_code, 201, told(answer))
        expect_headers(answer, CREATED)
        expect_equal(answer.json()["eventID"], event["eventID"], "eventID of the answer")
        schemas.expect_response("POST", "/events", answer)
        expect_equal(party.follow(answer.headers["Location"]).status_code, 200, "GET of its Location")
    with group.check("POST /events: an event without id gets one, and its Location leads to it"):
        event = {name: value for name, value in examples.object_event().items() if name != "eventID"}
        answer = party.send("POST", "/events", json=event)
        expect_equal(answer.status_code, 201, told(answer))
        expect_equal(party.follow(answer.headers["Location"]).status_code, 200, "GET of its Location")
    with group.check("POST /events: 409 for an id that is there already"):
        expect_problem(party.send("POST", "/events", json={**world.event, "eventTime": "2026-03-01T09:59:00Z"}), 409)
    with group.check("POST /events: 400 for an event that is none"):
        expect_problem(party.send("POST", "/events", json={**examples.object_event(), "action": "MOVE"}), 400)


def _queries(group: Group, party: Connection) -> None:
    with group.check("POST /queries: 201 with Location, and 409 the second time"):
        name = f"twice{examples.fresh()}"
        answer = party.send("POST", "/queries", json=definition(name, {"EQ_bizStep": [STEP]}))
        expect_equal(answer.status_code, 201, told(answer))
        expect_headers(answer, CREATED)
        expect_equal(party.follow(answer.headers["Location"]).json()["name"], name, "name at its Location")
        expect_problem(party.send("POST", "/queries", json=definition(name, {"EQ_bizStep": [STEP]})), 409)
        party.send("DELETE", f"/queries/{name}")
    with group.check("GET /queries/{queryName}/events: 413 QueryTooLargeException"):
        name = f"large{examples.fresh()}"
        party.send("POST", "/queries", json=definition(name, {"maxEventCount": 1}))
        answer = party.get(f"/queries/{name}/events")
        expect_problem(answer, 413)
        expect_equal(answer.json()["type"], "epcisException:QueryTooLargeException", "type")
    with group.check("GET /events: 400 QueryParameterException"):
        answer = party.get("/events", params={"EQ_action": "MOVE"})
        expect_problem(answer, 400)
        expect_equal(answer.json()["type"], "epcisException:QueryParameterException", "type")


def _subscriptions(group: Group, world: World, schemas: Schemas) -> None:
    party = world.party
    with group.check("POST subscriptions: 201 with Location, without the secret"):
        answer = party.send("POST", f"/queries/{world.query}/subscriptions", json=subscription())
        expect_equal(answer.status_code, 201, told(answer))
        expect_headers(answer, ["Location"])
        schemas.expect_response("POST", "/queries/{queryName}/subscriptions", answer)
        expect("13df38d8275b13f05704629e5f1cf3d45d6132d5" not in answer.text, "the answer reveals signatureToken")
        location = answer.headers["Location"]
        expect(location.endswith(answer.json()["subscriptionID"]), f"Location {location} is not the subscription's")
        expect_equal(party.follow(location).status_code, 200, "GET of its Location")
        expect_equal(party.http.delete(party.absolute(location)).status_code, 204, "DELETE of its Location")
    for title, body in (
        ("neither stream nor schedule", {"dest": "https://client.example.com/cb"}),
        ("both stream and schedule", subscription(stream=True, schedule={"minute": "5"})),
        ("a second of 75", subscription(schedule={"second": "75"})),
        ("a destination that is no URL", subscription("nowhere", stream=True)),
    ):
        with group.check(f"POST subscriptions: 400 for {title}"):
            expect_problem(party.send("POST", f"/queries/{world.query}/subscriptions", json=body), 400)


def _unreadable(group: Group, world: World) -> None:
    party = world.party
    for template in TEMPLATES:
        with group.check(f"POST {template}: 415 for text/plain"):
            answer = party.send("POST", world.path(template), content=b"hello", headers={"Content-Type": "text/plain"})
            expect_problem(answer, 415)
        with group.check(f"POST {template}: 400 for JSON that is none"):
            answer = party.send(
                "POST", world.path(template), content=b"{", headers={"Content-Type": "application/json"}
            )
            expect_problem(answer, 400)


def _too_large(group: Group, party: Connection) -> None:
    with group.check("POST /capture: 413 for more events than GS1-EPCIS-Capture-Limit"):
        limits = party.send("OPTIONS", "/capture").headers
        event = examples.object_event(["urn:epc:id:sgtin:9521321.000001.x"])
        short = {name: event[name] for name in ("type", "action", "eventTime", "eventTimeZoneOffset", "epcList")}
        answer = party.capture(examples.encoded([short] * (int(limits["GS1-EPCIS-Capture-Limit"]) + 1)))
        expect_problem(answer, 413)
        expect_headers(answer, LIMITS)
    with group.check("POST /capture: 413 for more octets than GS1-EPCIS-Capture-File-Size-Limit"):
        limit = int(party.send("OPTIONS", "/capture").headers["GS1-EPCIS-Capture-File-Size-Limit"])
        answer = party.capture(b" " * (limit + 1))
        expect_problem(answer, 413)
        expect_headers(answer, LIMITS)
