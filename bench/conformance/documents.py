"""Every document that must be accepted is captured, found again event by event, and says what it said before."""

import json
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from lxml import etree

from bench.conformance import content, examples, sources
from bench.conformance.checks import Failed, Group, expect, expect_equal
from bench.conformance.service import NEVER, XML, Connection, Service, event_list, segment, told
from bench.conformance.sources import Source

Content = dict[str, Any]


class Documents:
    """Runs the checks of one set of documents.

    Many of them use the same event ids for different events, and an id is unique in a repository. So documents that
    share one are captured by different parties; each has as many as its documents need.
    """

    def __init__(self, group: Group, service: Service) -> None:
        self.group, self.service = group, service
        self._parties: list[tuple[Connection, set[str]]] = []
        self._lock = threading.Lock()

    def judge(self, source: Source) -> None:
        """All checks of one document."""
        if source.refusal is not None:
            self._refused(source)
        elif source.lenient is not None:
            self._by_vocabulary(source)
        elif is_master_data(source):
            self._master_data(source)
        else:
            self._accepted(source, self._party(contents(source)))

    def _accepted(self, source: Source, party: Connection) -> None:
        wanted = contents(source)
        with self.group.check(f"{source.path}: captured"):
            self._capture(source, party)
        for at, event in enumerate(wanted):
            with self.group.check(f"{source.path}: event {at} found by its id and unchanged"):
                self._unchanged(party, event, from_xml=source.path.endswith(".xml"))

    def _capture(self, source: Source, party: Connection) -> None:
        if is_single_event(source):
            answer = party.send("POST", "/events", content=source.body, headers={"Content-Type": source.media_type})
            expect_equal(answer.status_code, 201, f"POST /events ({told(answer)})")
            expect(answer.headers.get("Location"), "POST /events: 201 without Location")
        else:
            party.captured(source.body, source.media_type)

    def _unchanged(self, party: Connection, event: Content, *, from_xml: bool) -> None:
        identity = event.get("eventID") or self._assigned(party, event)
        found = party.get(f"/events/{segment(identity)}", headers=NEVER)
        expect_equal(found.status_code, 200, f"GET /events/{identity} ({told(found)})")
        _closest(event, content.json_events(found.json()), f"GET /events/{identity} as JSON", across=from_xml)
        found = party.get(f"/events/{segment(identity)}", headers={**NEVER, "Accept": XML})
        expect_equal(found.status_code, 200, f"GET /events/{identity} as XML ({told(found)})")
        _closest(event, content.xml_events(found.content), f"GET /events/{identity} as XML", across=True)

    def _assigned(self, party: Connection, event: Content) -> str:
        """The id that the service gave an event without one (OpenAPI: "the server should populate the event ID")."""
        for page in party.pages("/events", headers=NEVER):
            for found in content.json_events(page.json()):
                if not content.differences(event, content.without_id(found)):
                    return str(found["eventID"])
        raise Failed("no event of GET /events has this content")

    def _refused(self, source: Source) -> None:
        assert source.refusal is not None
        with self.group.check(f"{source.path}: refused ({source.refusal.clause})"):
            reason = refusal_of(source, self.service.party("refused"))
            expect(reason, f"it was accepted, against {source.refusal.clause}")
            expect(source.refusal.place in reason, f"the problem does not name {source.refusal.place}: {reason[:400]}")

    def _by_vocabulary(self, source: Source) -> None:
        with self.group.check(f"{source.path}: refused for a strict party ({source.lenient})"):
            reason = refusal_of(source, self.service.party("strict"))
            expect(reason, f"it was accepted, against {source.lenient}")
            expect("sensorReport" in reason, f"the problem does not name sensorReport: {reason[:400]}")
        self._accepted(source, self.service.lenient_party("lenient"))

    def _master_data(self, source: Source) -> None:
        party = self.service.party("masterdata")
        with self.group.check(f"{source.path}: captured"):
            party.captured(source.body, source.media_type)
        for field, places in _places_of(source.body).items():
            with self.group.check(f"{source.path}: its {field} hierarchy and attributes answer queries"):
                _queried(party, field, places)

    def _party(self, events: list[Content]) -> Connection:
        # An event without id gets its hash as id, so different documents may come to share one.
        if not all("eventID" in event for event in events):
            return self.service.party(self.group.name)
        identities = {str(event["eventID"]) for event in events}
        with self._lock:
            for party, taken in self._parties:
                if not taken & identities:
                    taken.update(identities)
                    return party
        party = self.service.party(self.group.name)
        with self._lock:
            self._parties.append((party, identities))
        return party


def json_documents(group: Group, service: Service, shared: Path) -> None:
    """Group documents_json."""
    _run(group, service, sources.json_sources(shared))


def xml_documents(group: Group, service: Service, shared: Path) -> None:
    """Group documents_xml_2_0."""
    _run(group, service, sources.xml_sources(shared))


def old_xml_documents(group: Group, service: Service, shared: Path) -> None:
    """Group documents_xml_1_2."""
    _run(group, service, sources.old_xml_sources(shared))


def _run(group: Group, service: Service, found: list[Source]) -> None:
    documents = Documents(group, service)
    group.each(found, partial(_guarded, group, documents))


def _guarded(group: Group, documents: Documents, source: Source) -> None:
    try:
        documents.judge(source)
    except Exception as fault:
        with group.check(f"{source.path}: prepared"):
            raise Failed(f"{type(fault).__name__}: {fault}") from fault


def contents(source: Source) -> list[Content]:
    """What the document's events say."""
    return (
        content.xml_events(source.body)
        if source.path.endswith(".xml")
        else content.json_events(json.loads(source.body))
    )


def is_single_event(source: Source) -> bool:
    """Whether it is one event rather than a document of them."""
    if source.path.endswith(".xml"):
        return str(etree.QName(etree.fromstring(source.body)).localname) in content.EVENT_TYPES
    return json.loads(source.body).get("type") in content.EVENT_TYPES


def is_master_data(source: Source) -> bool:
    """Whether it has vocabularies and no events."""
    return b"VocabularyElement" in source.body and not contents(source)


def refusal_of(source: Source, party: Connection) -> str:
    """The problem that refuses the document, as text; empty where it is accepted."""
    if is_single_event(source):
        return _problem(party.send("POST", "/events", content=source.body, headers={"Content-Type": source.media_type}))
    answer = party.capture(source.body, source.media_type)
    if answer.status_code != 202:
        return _problem(answer)
    job = party.job(answer)
    return "" if job["success"] else json.dumps(job["errors"])


def _problem(answer: httpx.Response) -> str:
    if answer.status_code < 300:
        return ""
    expect_equal(answer.status_code, 400, f"a faulty document ({told(answer)})")
    expect("application/problem+" in answer.headers["content-type"], f"no problem: {answer.headers['content-type']}")
    return answer.text


def _closest(wanted: Content, found: list[Content], asked: str, *, across: bool) -> None:
    """One of the events that were found (an id may also name an error declaration) says the same."""
    expect(found, f"{asked}: no event")
    compared = [one if "eventID" in wanted else content.without_id(one) for one in found]
    told_apart = min((content.differences(wanted, one, across=across) for one in compared), key=len)
    expect(not told_apart, f"{asked}: {'; '.join(told_apart)}")


def _places_of(body: bytes) -> dict[str, dict[str, Any]]:
    """The vocabularies that events can name: field to place to its attributes and children."""
    fields = {"BusinessLocation": "bizLocation", "ReadPoint": "readPoint"}
    found: dict[str, dict[str, Any]] = {}
    for vocabulary in etree.fromstring(body).iter("Vocabulary"):
        field = fields.get(vocabulary.get("type", "").rpartition(":")[2])
        for element in vocabulary.iter("VocabularyElement") if field else ():
            found.setdefault(str(field), {})[str(element.get("id"))] = {
                "attributes": [(one.get("id"), one.text) for one in element.iterfind("attribute") if not len(one)],
                "children": [str(child.text).strip() for child in element.iterfind("children/id")],
            }
    return found


def _queried(party: Connection, field: str, places: Mapping[str, Any]) -> None:
    """An event at each place; then what hierarchy and attributes say must find exactly those that they name."""
    everywhere = {*places, *(child for place in places.values() for child in place["children"])}
    for at, place in enumerate(sorted(everywhere)):
        event = examples.object_event([examples.sgtin(9000 + at)], **{field: {"id": place}})
        expect_equal(party.send("POST", "/events", json=event).status_code, 201, f"an event at {place}")
    for place in places:
        _expect_places(party, field, {f"WD_{field}": place}, _below(place, places))
        for attribute, value in places[place]["attributes"]:
            wanted = {one for one, said in places.items() if (attribute, value) in said["attributes"]}
            _expect_places(party, field, {f"EQATTR_{field}_{attribute}": value}, wanted)


def _below(place: str, places: Mapping[str, Any]) -> set[str]:
    """The place and its direct and indirect descendants (EPCIS 2.0, 6.5)."""
    found, waiting = {place}, [place]
    while waiting:
        fresh = set(places.get(waiting.pop(), {"children": ()})["children"]) - found
        found |= fresh
        waiting += fresh
    return found


def _expect_places(party: Connection, field: str, query: Mapping[str, str], wanted: set[str]) -> None:
    answer = party.get("/events", params={**query, "perPage": "100"}, headers=NEVER)
    expect_equal(answer.status_code, 200, f"GET /events?{query} ({told(answer)})")
    expect_equal({event[field]["id"] for event in event_list(answer.json())}, wanted, f"places of GET /events?{query}")
