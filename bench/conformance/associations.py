"""TCR-54, AssociationEvent: GS1's test case, step by step, with documents in JSON and again in XML."""

from pathlib import Path
from typing import Any

from bench.conformance import examples
from bench.conformance.asking import WAYS
from bench.conformance.cases import Inquiry
from bench.conformance.checks import Group
from bench.conformance.schemas import Schemas
from bench.conformance.sensors import body_of, expect_refused
from bench.conformance.service import JSON, XML, Service

LOCATION = examples.sgln(7)
CHILD = "urn:epc:id:giai:9521321.a1"


def association(**members: Any) -> dict[str, Any]:
    """An association; members that are None are left out."""
    usual = {"action": "ADD", "parentID": LOCATION, "childEPCs": [CHILD], "bizStep": "installing"}
    return examples.event(
        "AssociationEvent", **{name: value for name, value in {**usual, **members}.items() if value is not None}
    )


def tcr54(group: Group, service: Service, shared: Path) -> None:
    """Group tcr54."""
    schemas = Schemas(shared)
    for media_type in (JSON, XML):
        title, party = f"{media_type.removeprefix('application/')} ", service.party("tcr54")
        on_location = association()
        body = body_of([on_location], media_type)
        with group.check(f"{title}step 1: the document fits the schema"):
            schemas.expect_document(body, media_type)
        with group.check(f"{title}step 2: parentID is a location: captured"):
            party.captured(body, media_type)
        for way in WAYS:
            with group.check(f"{title}step 2: the system contains the event, {way}"):
                inquiry = Inquiry(group, party, {on_location["eventID"]: "association"})
                question = {"eventType": ["AssociationEvent"], "MATCH_parentID": [LOCATION]}
                inquiry.expect(question, ["association"], way)
        for action in ("ADD", "DELETE", "OBSERVE"):
            with group.check(f"{title}step 3: {action} without parentID is refused"):
                expect_refused(
                    party, body_of([association(action=action, parentID=None)], media_type), media_type, "parentID"
                )
        _without_children(group, title, media_type, party)


def _without_children(group: Group, title: str, media_type: str, party: Any) -> None:
    for action in ("ADD", "OBSERVE"):
        for way, children in (("omitted", None), ("empty", [])):
            with group.check(f"{title}step 4: {action} with children {way} is refused"):
                event = association(action=action, childEPCs=children)
                expect_refused(party, body_of([event], media_type), media_type, "child")
    with group.check(f"{title}step 4: DELETE without children is accepted"):
        event = association(action="DELETE", childEPCs=None)
        party.captured(body_of([event], media_type), media_type)
