"""Media types and versions: what is asked for is what comes, or 406; CBV values in XML as asked."""

from lxml import etree

from bench.conformance import content, examples, xmlform
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.schemas import Schemas
from bench.conformance.service import JSON, NEVER, XML, segment, told
from bench.conformance.world import World

EVENTS = (
    "/events",
    "/events/{eventID}",
    "/epcs/{epc}/events",
    "/bizSteps/{bizStep}/events",
    "/queries/{queryName}/events",
)


def negotiation(group: Group, world: World, schemas: Schemas) -> None:
    """Part of group rest."""
    party = world.party
    for template in EVENTS:
        with group.check(f"GET {template} as application/xml fits the XSD"):
            answer = party.get(world.path(template), headers={"Accept": XML})
            expect_equal(answer.status_code, 200, told(answer))
            expect("xml" in answer.headers["content-type"], f"Content-Type {answer.headers['content-type']}")
            schemas.expect_response("GET", template, answer)
            expect_equal(etree.QName(etree.fromstring(answer.content)).localname, "EPCISQueryDocument", "root")
        with group.check(f"GET {template}: JSON and XML say the same"):
            as_json = content.json_events(party.get(world.path(template), headers=NEVER).json())
            as_xml = content.xml_events(party.get(world.path(template), headers={**NEVER, "Accept": XML}).content)
            expect_equal(len(as_xml), len(as_json), "events")
            apart = [
                more for one, other in zip(as_json, as_xml, strict=True) for more in content.differences(one, other)
            ]
            expect(not apart, "; ".join(apart[:3]))
    path = world.path("/events/{eventID}")
    for accept, wanted in (
        ("application/json", "json"),
        ("application/ld+json", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("application/xml;q=0.9, application/json;q=0.1", "xml"),
        ("text/html, application/xml", "xml"),
        ("application/xml;q=0.1, application/json", "json"),
        ("image/png, */*;q=0.1", "json"),
    ):
        with group.check(f"Accept: {accept} gives {wanted}"):
            answer = party.get(path, headers={"Accept": accept})
            expect_equal(answer.status_code, 200, told(answer))
            expect(wanted in answer.headers["content-type"], f"Content-Type {answer.headers['content-type']}")
    with group.check("Accept: application/xml;q=0 alone: 406"):
        expect_equal(party.get(path, headers={"Accept": "application/xml;q=0"}).status_code, 406, "status")
    with group.check("answers that depend on Accept say so (Vary, RFC 9110 12.5.5)"):
        expect(
            "accept" in party.get(path).headers.get("Vary", "").lower(), f"Vary {party.get(path).headers.get('Vary')!r}"
        )
    for name, value, status in (
        ("GS1-EPCIS-Min", "3.0.0", 406),
        ("GS1-EPCIS-Max", "1.2.0", 406),
        ("GS1-CBV-Min", "3.0.0", 406),
        ("GS1-EPCIS-Min", "2.0.0", 200),
        ("GS1-EPCIS-Max", "2.0.0", 200),
        ("GS1-CBV-Max", "2.0.0", 200),
        ("GS1-EPCIS-Min", "1.0.0", 200),
    ):
        with group.check(f"{name}: {value} gives {status}"):
            answer = party.get(path, headers={name: value})
            expect_equal(answer.status_code, status, told(answer))
    _capture_job(group, world)
    _vocabulary(group, world)
    with group.check("a problem in XML where XML is asked for (OpenAPI: application/problem+xml)"):
        answer = party.get("/events/urn%3Auuid%3Anone", headers={"Accept": "application/xml"})
        expect_equal(answer.status_code, 404, told(answer))
        expect("problem+" in answer.headers["content-type"], f"Content-Type {answer.headers['content-type']}")


def _capture_job(group: Group, world: World) -> None:
    """OpenAPI, CaptureJob: the XML form's root, attributes and members."""
    with group.check("GET /capture/{captureID} as application/xml"):
        answer = world.party.get(world.path("/capture/{captureID}"), headers={"Accept": XML})
        expect_equal(answer.status_code, 200, told(answer))
        root = etree.fromstring(answer.content)
        expect_equal(root.tag, "{urn:epcglobal:epcis:xsd:2}EPCISCaptureJob", "root")
        expect_equal((root.get("running"), root.get("success")), ("false", "true"), "running, success")
        expect_equal(root.get("captureID"), world.present["captureID"], "captureID")
        expect_equal(
            [etree.QName(one).localname for one in root][:2], ["captureErrorBehaviour", "createdAt"], "members"
        )
    with group.check("GET / as application/xml is there or 406"):
        expect(world.party.get("/", headers={"Accept": XML}).status_code in (200, 406), "status")


def _vocabulary(group: Group, world: World) -> None:
    """GS1-CBV-XML-Format, with an event that came with URNs and one that came with web URIs."""
    party = world.party
    for stored in ("URN", "Web_URI"):
        event = examples.object_event(bizStep="packing", eventTime="2026-03-01T14:00:00Z")
        body = xmlform.document([event], {})
        if stored == "Web_URI":
            body = body.replace(b"urn:epcglobal:cbv:bizstep:packing", b"https://ref.gs1.org/cbv/BizStep-packing")
        with group.check(f"XML with CBV values as {stored} is captured"):
            party.captured(body, XML)
        for asked, wanted in (
            ("Always_URN", "urn:epcglobal:cbv:bizstep:packing"),
            ("Always_Web_URI", "https://ref.gs1.org/cbv/BizStep-packing"),
        ):
            with group.check(f"stored as {stored}, GS1-CBV-XML-Format: {asked}"):
                answer = party.get(
                    f"/events/{segment(event['eventID'])}", headers={"Accept": XML, "GS1-CBV-XML-Format": asked}
                )
                expect_equal(
                    [one.text for one in etree.fromstring(answer.content).iter("bizStep")], [wanted], "bizStep"
                )
        with group.check(f"stored as {stored}: JSON has the bare word"):
            answer = party.get(f"/events/{segment(event['eventID'])}", headers={"Accept": JSON})
            expect_equal(
                [one["bizStep"] for one in answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]],
                ["packing"],
                "bizStep",
            )
