"""What the collections list, and that a value leads to its events however it is spelled, by path and by parameter."""

from typing import Any

from bench.conformance import content, examples
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.examples import sgln, sgtin, sgtin_link, with_check_digit
from bench.conformance.schemas import Schemas
from bench.conformance.service import NEVER, XML, Connection, event_list, segment, told
from bench.conformance.world import World

EVENT_TYPES = ["AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent"]


def resources(group: Group, world: World, schemas: Schemas) -> None:
    """Part of group rest."""
    party = world.party
    with group.check("GET / names all nine resources"):
        wanted = {
            "queries",
            "capture",
            "events",
            "eventTypes",
            "epcs",
            "readPoints",
            "bizLocations",
            "dispositions",
            "bizSteps",
        }
        expect(wanted <= set(members(party, "/")), f"members {members(party, '/')}")
    with group.check("GET /eventTypes names the five types"):
        expect(set(EVENT_TYPES) <= set(members(party, "/eventTypes")), f"members {members(party, '/eventTypes')}")
    for collection, value in (("bizSteps", "receiving"), ("dispositions", "in_progress")):
        with group.check(f"GET /{collection} names the bare word of what was captured"):
            expect(value in members(party, f"/{collection}"), f"members {members(party, f'/{collection}')[:10]}")
    for collection, urn, link in spellings():
        _listed(group, party, collection, urn, link)
        for way, value in (("URN", urn), ("Digital Link", link)):
            with group.check(f"GET /{collection}/{{value}} by {way}: leads to events"):
                expect("events" in members(party, f"/{collection}/{segment(value)}"), "no events")
            with group.check(f"GET /{collection}/{{value}}/events by {way}"):
                answer = party.get(f"/{collection}/{segment(value)}/events")
                expect_equal(answer.status_code, 200, told(answer))
                expect_equal(
                    [event["eventID"] for event in event_list(answer.json())], [world.event["eventID"]], "events"
                )
    for path, value in (("bizSteps", "receiving"), ("dispositions", "in_progress"), ("eventTypes", "ObjectEvent")):
        with group.check(f"GET /{path}/{{value}}/events"):
            ids = [
                event["eventID"]
                for event in event_list(party.get(f"/{path}/{value}/events", params={"perPage": "1000"}).json())
            ]
            expect(world.event["eventID"] in ids, f"events {ids[:5]}")
        with group.check(f"GET /{path}/{{value}}/events filtered by a query parameter"):
            answer = party.get(
                f"/{path}/{value}/events", params={"EQ_readPoint": sgln(31), "EQ_eventID": world.event["eventID"]}
            )
            expect_equal([event["eventID"] for event in event_list(answer.json())], [world.event["eventID"]], "events")
            answer = party.get(f"/{path}/{value}/events", params={"EQ_readPoint": sgln(88)})
            expect_equal(event_list(answer.json()), [], "events at another read point")
    for word in ("urn:epcglobal:cbv:bizstep:receiving", "https://ref.gs1.org/cbv/BizStep-receiving"):
        with group.check(f"GET /bizSteps/{word}/events"):
            ids = [event["eventID"] for event in event_list(party.get(f"/bizSteps/{segment(word)}/events").json())]
            expect(world.event["eventID"] in ids, f"events {ids[:5]}")
    _both_directions(group, world)
    _privacy(group, world)
    _errors(group, world, schemas)


def spellings() -> list[tuple[str, str, str]]:
    """Collection, and a value of the world's event in both spellings."""
    return [
        ("epcs", sgtin("r1"), sgtin_link("r1")),
        ("readPoints", sgln(31), "https://id.gs1.org/414/" + with_check_digit(f"{examples.PREFIX}00031")),
        ("bizLocations", sgln(32), "https://id.gs1.org/414/" + with_check_digit(f"{examples.PREFIX}00032")),
    ]


def members(party: Connection, path: str, **headers: str) -> list[str]:
    """The members of a Collection, over all pages."""
    found: list[str] = []
    for page in party.pages(path, headers=headers):
        collection: dict[str, Any] = page.json()
        expect_equal(collection["type"], "Collection", "type")
        expect("@context" in collection, "no @context")
        found += collection["member"]
    return found


def _listed(group: Group, party: Connection, collection: str, urn: str, link: str) -> None:
    listed = [("", link), ("Always_GS1_Digital_Link", link), ("Always_EPC_URN", urn), ("Never_Translates", urn)]
    for asked, wanted in listed:
        with group.check(f"GET /{collection} with GS1-EPC-Format {asked or 'left out'}"):
            found = members(party, f"/{collection}", **({"GS1-EPC-Format": asked} if asked else {}))
            expect(
                wanted in found,
                f"expected {wanted}, got {[one for one in found if '31' in one or 'r1' in one][:4] or found[:4]}",
            )
            expect(len(found) == len(set(found)), "a member comes twice")


def _both_directions(group: Group, world: World) -> None:
    """An event spelled either way is found by either spelling, and answered in the one that is asked for."""
    party = world.party
    urn, link = sgtin("both"), sgtin_link("both")
    for stored in (urn, link):
        event = examples.object_event([stored], eventTime="2026-03-01T12:00:00Z")
        party.send("POST", "/events", json=event)
        path = f"/events/{segment(event['eventID'])}"
        for asked, wanted in (
            ("Always_GS1_Digital_Link", link),
            ("Always_EPC_URN", urn),
            ("Never_Translates", stored),
            ("", link),
        ):
            name = "URN" if stored == urn else "link"
            with group.check(f"an event stored with a {name}, GS1-EPC-Format {asked or 'left out'}"):
                answer = party.get(path, headers={"GS1-EPC-Format": asked} if asked else {})
                # A link says nothing of how long its company prefix is; without that there is no URN (EPC TDS 2.0, 7).
                either = {wanted, stored} if asked == "Always_EPC_URN" and stored == link else {wanted}
                expect(
                    event_list(answer.json())[0]["epcList"][0] in either,
                    f"epcList {event_list(answer.json())[0]['epcList']}",
                )
            with group.check(f"an event stored with a {name}, GS1-EPC-Format {asked or 'left out'}, XML"):
                answer = party.get(path, headers={"Accept": XML, **({"GS1-EPC-Format": asked} if asked else {})})
                either = {wanted, stored} if asked == "Always_EPC_URN" and stored == link else {wanted}
                expect(content.xml_events(answer.content)[0]["epcList"][0] in either, told(answer))
        for spelled in (urn, link):
            with group.check(f"found by MATCH_epc: stored {stored[:8]}, asked {spelled[:8]}"):
                ids = [one["eventID"] for one in party.events({"MATCH_epc": spelled})]
                expect(event["eventID"] in ids, f"events {ids}")
            with group.check(f"found by path: stored {stored[:8]}, asked {spelled[:8]}"):
                ids = [one["eventID"] for one in party.events((), f"/epcs/{segment(spelled)}/events")]
                expect(event["eventID"] in ids, f"events {ids}")


def _privacy(group: Group, world: World) -> None:
    """What another party captured is not there at all."""
    other = world.service.party("rest")
    with group.check("another party's event: 404, as one that does not exist"):
        expect_equal(other.get(f"/events/{segment(world.event['eventID'])}").status_code, 404, "GET /events/{eventID}")
        expect_equal(other.get(f"/epcs/{segment(sgtin('r1'))}").status_code, 404, "GET /epcs/{epc}")
        expect_equal(event_list(other.get("/events").json()), [], "GET /events")
    with group.check("another party's capture job: 404"):
        expect_equal(other.get(f"/capture/{world.present['captureID']}").status_code, 404, "GET /capture/{captureID}")
    with group.check("another party's named query: 404"):
        expect_equal(other.get(f"/queries/{world.query}").status_code, 404, "GET /queries/{queryName}")


def _errors(group: Group, world: World, schemas: Schemas) -> None:
    """An error declaration has the id of the event that it takes back, and GET gives both (7.4.1.4)."""
    party = world.party
    event = examples.object_event(eventTime="2026-03-01T12:30:00Z")
    declaration = {**event, "errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}}
    with group.check("GET /events/{eventID} gives the event and its error declaration"):
        expect_equal(party.send("POST", "/events", json=event).status_code, 201, "the event")
        answer = party.send("POST", "/events", json=declaration)
        expect_equal(answer.status_code, 201, f"its declaration ({told(answer)})")
        answer = party.get(f"/events/{segment(event['eventID'])}", headers=NEVER)
        schemas.expect_query_document(answer.json())
        expect_equal(
            sorted("errorDeclaration" in one for one in event_list(answer.json())), [False, True], "declarations"
        )
    with group.check("the same in XML"):
        answer = party.get(f"/events/{segment(event['eventID'])}", headers={"Accept": XML})
        expect_equal(
            sorted("errorDeclaration" in one for one in content.xml_events(answer.content)),
            [False, True],
            "declarations",
        )
        schemas.expect_response("GET", "/events/{eventID}", answer)
