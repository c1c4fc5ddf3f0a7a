"""Bad input: refused with the place and the rule; `rollback` keeps nothing of it, `proceed` keeps the good events."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from bench.conformance import examples, xmlform
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.faults import documents, faults, xml_documents
from bench.conformance.sensors import expect_refused
from bench.conformance.service import JSON, XML, Connection, Service, segment, told

PROCEED, ROLLBACK = {"GS1-Capture-Error-Behaviour": "proceed"}, {"GS1-Capture-Error-Behaviour": "rollback"}


def refusals(group: Group, service: Service, _: Path) -> None:
    """Group refusals."""
    party = service.party("refusals")
    for title, change, places in faults():
        with group.check(f"JSON: {title}"):
            event = _changed(change)
            expect_refused(party, examples.encoded([event]), JSON, *places)
    for title, text, places in documents():
        with group.check(f"JSON document: {title}"):
            expect_refused(party, text, JSON, *places)
    for title, body, places in xml_documents():
        with group.check(f"XML: {title}"):
            expect_refused(party, body, XML, *places)
    for media_type in (JSON, XML):
        _behaviours(group, service, media_type)
    _shape(group, party)


def _behaviours(group: Group, service: Service, media_type: str) -> None:
    """Two good events around a bad one."""
    title = media_type.removeprefix("application/")
    for headers, name in ((ROLLBACK, "rollback"), ({}, "the default"), (PROCEED, "proceed")):
        party = service.party("behaviour")
        first, bad, last = (examples.object_event() for _ in range(3))
        bad["action"] = "MOVE"
        events = [first, bad, last]
        body = examples.encoded(events) if media_type == JSON else xmlform.document(events, {})
        kept = 2 if headers is PROCEED else 0
        answer = party.capture(body, media_type, **headers)
        if headers is PROCEED:
            with group.check(f"{title}, proceed: the job lists the refused event with its place"):
                job = party.job(answer)
                expect_equal(job["success"], False, "success")
                expect_equal(job["captureErrorBehaviour"], "proceed", "captureErrorBehaviour")
                expect(len(job["errors"]) >= 1, "no errors")
                place = "eventList/1" if media_type == JSON else "ObjectEvent[2]"
                expect(place in json.dumps(job["errors"]), f"no error names {place}: {json.dumps(job['errors'])[:400]}")
                expect(
                    "action" in json.dumps(job["errors"]), f"no error names action: {json.dumps(job['errors'])[:400]}"
                )
        else:
            with group.check(f"{title}, {name}: the whole document is refused"):
                expect(answer.status_code == 400 or party.job(answer)["success"] is False, told(answer))
        with group.check(f"{title}, {name}: {kept} of three events are kept"):
            found = [party.get(f"/events/{segment(event['eventID'])}").status_code for event in events]
            expect_equal(found, [200, 404, 200] if kept else [404, 404, 404], "GET of the three")
            expect_equal(len(party.events(())), kept, "GET /events")
        if not kept:
            with group.check(f"{title}, {name}: the good events can be captured afterwards"):
                rest = [first, last]
                party.captured(examples.encoded(rest) if media_type == JSON else xmlform.document(rest, {}), media_type)


def _shape(group: Group, party: Connection) -> None:
    """The problem document itself."""
    with group.check("every fault of a document is reported at once, each with pointer and rule"):
        events = [_changed({"action": "MOVE"}), _changed({"eventTime": "yesterday"}), _changed({"epcList": ["x y"]})]
        answer = party.capture(examples.encoded(events))
        expect_equal(answer.status_code, 400, told(answer))
        text = answer.text
        for place in (
            "/epcisBody/eventList/0/action",
            "/epcisBody/eventList/1/eventTime",
            "/epcisBody/eventList/2/epcList/0",
        ):
            expect(place in text, f"no pointer {place}: {text[:500]}")
        faults_told = answer.json().get("faults") or answer.json().get("errors")
        expect(faults_told and all("rule" in fault for fault in faults_told), f"no rule: {text[:400]}")
    with group.check("a faulty XML document is refused with problem+json where the request accepts anything"):
        answer = party.capture(b"<html/>", XML)
        expect("application/problem+json" in answer.headers["content-type"], answer.headers["content-type"])
    with group.check("an XML fault has an XPath that finds the element"):
        events = [examples.object_event(), {**examples.object_event(), "action": "MOVE"}]
        body = xmlform.document(events, {})
        answer = party.capture(body, XML, Accept=JSON)
        expect_equal(answer.status_code, 400, told(answer))
        told_faults = answer.json().get("faults") or answer.json().get("errors")
        places = [fault.get("xpath") or fault.get("pointer") or "" for fault in told_faults]
        root = etree.fromstring(body)
        found = [one for place in places for one in root.xpath(place, namespaces={"epcis": xmlform.EPCIS})]
        expect(any(getattr(one, "text", "") == "MOVE" for one in found), f"XPaths {places} do not lead to the action")


def _changed(change: Mapping[str, Any]) -> dict[str, Any]:
    event = {**examples.object_event(), **change}
    return {name: value for name, value in event.items() if value is not None}
