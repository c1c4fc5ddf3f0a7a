"""The CBV event hash: published vectors in both revisions, and representations that must hash alike.

The service gives an event without eventID its hash as id, so the vectors that both revisions agree on are also asked
over HTTP. The other revision has no path of its own: it is asked of `service.epcis`, which every caller uses.

Two habits of the generator that made the vectors are no part of the CBV. It leaves out fields that the document's
header names in `ignoreFields`: here they are left out before hashing. And of compact URIs in XML it expands `gs1:` and
`cbv:` only, in JSON all of them, so that one event has two hashes: `COMPACT_IN_XML` names those vectors, and the events
must hash as their JSON form does.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from bench.conformance import content, sources
from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.service import JSON, XML, Service, segment, told
from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared
from service.epcis.eventhash import prehash
from service.epcis.faults import InvalidDocument
from service.epcis.hashvalues import Revision
from service.epcis.xml import read_xml

REVISIONS: dict[Revision, str] = {"2.0": "head_5d2f1c3", "2026": "main_2026"}
COMPACT_IN_XML = {"SensorDataExamples.xml": frozenset((5, 6, 7, 9, 11))}
PAIRS = ("openepcis/2.0/EPCIS/XML", "openepcis/2.0/EPCIS/JSON")
Hashed = tuple[dict[str, Any], Prefixes]


def hash_vectors(group: Group, service: Service, shared: Path) -> None:
    """Group hash_vectors."""
    folder = shared / "event-hash"
    vectors = json.loads((shared / "_derived" / "hash_vectors_stability.json").read_text())
    for vector in vectors:
        for name in vector["docs"]:
            if vector["index"] not in COMPACT_IN_XML.get(name, ()):
                _published(group, folder / "examples" / name, vector)
    known = {(vector["name"], vector["index"]) for vector in vectors}
    for path in sorted((folder / "examples").glob("*.hashes")):
        _other_hashes(group, path, known)
        _prehashes(group, path)
    for path in sorted((folder / "expected_equal").iterdir()):
        with group.check(f"expected_equal/{path.name}: all events hash alike"):
            found = {_sha(_prehash(event)) for event in events_of(path)}
            expect(len(found) == 1, f"{len(found)} different hashes")
    _same_in_both_bindings(group, shared)
    _over_http(group, service, folder, vectors)


def events_of(path: Path) -> list[Hashed]:
    """The events of a document as JSON members, with the prefixes in force."""
    body = path.read_bytes()
    document: Mapping[str, Any] = read_xml(body).value if path.suffix == ".xml" else json.loads(body)
    outer = declared(document.get("@context"), "", STANDARD_PREFIXES, [])
    inside = document.get("epcisBody", {"eventList": [document]})
    listed = inside["eventList"] if "eventList" in inside else inside["queryResults"]["resultsBody"]["eventList"]
    ignored = _ignored(body, document)
    return [_without(event, declared(event.get("@context"), "", outer, []), ignored) for event in listed]


def _ignored(body: bytes, document: Mapping[str, Any]) -> frozenset[str]:
    """The local names of the fields that the generator is told to leave out."""
    if body.lstrip().startswith(b"<"):
        named = [one for field in etree.fromstring(body).iterfind("{*}ignoreFields") for one in field]
        return frozenset(str(etree.QName(one).localname) for one in named)
    inside = document.get("epcisBody", {}).get("queryResults", {})
    members = [*document.items(), *inside.items()]
    named_in_json: list[str] = next((value for name, value in members if name.endswith(":ignoreFields")), [])
    return frozenset(name.rpartition(":")[2] for name in named_in_json)


def _without(event: Mapping[str, Any], prefixes: Prefixes, ignored: frozenset[str]) -> Hashed:
    kept = {name: value for name, value in event.items() if ":" not in name or name.rpartition(":")[2] not in ignored}
    return kept, prefixes


def _published(group: Group, path: Path, vector: Mapping[str, Any]) -> None:
    for revision, column in REVISIONS.items():
        with group.check(f"{path.name}[{vector['index']}], revision {revision} ({vector['status']})"):
            text = _prehash(events_of(path)[vector["index"]], revision)
            expect_equal(_sha(text), vector[column], f"hash of {text[:200]}")


def _other_hashes(group: Group, path: Path, known: set[tuple[str, int]]) -> None:
    """Published hashes of which it is not said how the revisions compare: one of them must give it."""
    for at, wanted in enumerate(_hashes(path)):
        for document in _documents(path) if (path.stem, at) not in known else ():
            with group.check(f"{document.name}[{at}], as published"):
                found = {_sha(_prehash(events_of(document)[at], revision)) for revision in REVISIONS}
                expect(wanted in found, f"expected {wanted}, got {sorted(found)}")


def _prehashes(group: Group, path: Path) -> None:
    """The pre-hash strings themselves, where they are what the published hash is made of."""
    strings, wanted = path.with_suffix(".prehashes"), _hashes(path)
    for at, line in enumerate(strings.read_text().splitlines() if strings.exists() else ()):
        if at >= len(wanted) or _sha(line) != wanted[at]:
            continue  # three published lines do not hash to the published hash
        for document in _documents(path):
            if at not in COMPACT_IN_XML.get(document.name, ()):
                with group.check(f"{document.name}[{at}]: pre-hash string as published"):
                    texts = {_prehash(events_of(document)[at], revision) for revision in REVISIONS}
                    expect(line in texts, f"expected {line[:250]}, got {min(texts)[:250]}")


def _same_in_both_bindings(group: Group, shared: Path) -> None:
    """One event in XML and in JSON has one hash; pairs are those whose content is equal, whatever their files."""
    xml, other = (shared / folder for folder in PAIRS)
    for path in sorted(xml.rglob("*.xml")):
        partner = other / path.relative_to(xml).with_suffix(".json")
        if partner.exists() and not {path.relative_to(shared).as_posix()} & {*sources.REFUSED, *sources.LENIENT}:
            _alike(group, path, [partner])
    sensors = shared / "gs1/JSON/WithSensorData"
    for name in COMPACT_IN_XML:
        _alike(group, shared / "event-hash/examples" / name, sorted(sensors.iterdir()))


def _alike(group: Group, path: Path, partners: list[Path]) -> None:
    said = [(one, event) for partner in partners for one, event in _contents(partner)]
    for at, (one, event) in enumerate(_contents(path)):
        for twin in [hashed for other, hashed in said if not content.differences(other, one, across=False)][:1]:
            for revision in REVISIONS:
                with group.check(f"{path.name}[{at}] in XML and JSON, revision {revision}: one hash"):
                    expect_equal(_prehash(event, revision), _prehash(twin, revision), "pre-hash string")


def _contents(path: Path) -> Iterator[tuple[dict[str, Any], Hashed]]:
    body = path.read_bytes()
    said = content.xml_events(body) if path.suffix == ".xml" else content.json_events(json.loads(body))
    try:
        events = events_of(path)
    except InvalidDocument:  # what cannot be read has no hash; other groups tell whether that is right
        return
    for one, event in zip(said, events, strict=True):
        yield content.without_id({name: value for name, value in one.items() if name != "errorDeclaration"}), event


def _over_http(group: Group, service: Service, folder: Path, vectors: list[dict[str, Any]]) -> None:
    """An event without eventID gets its hash as id, from JSON and from XML."""
    stable: dict[str, set[str]] = {}
    for vector in vectors:
        for name in vector["docs"]:
            if vector["status"] == "stable":
                stable.setdefault(name, set()).add(f"ni:///sha-256;{vector['head_5d2f1c3']}?ver=CBV2.0")

    def ask(name: str) -> None:
        with group.check(f"{name}: the service assigns the hash as eventID"):
            path = folder / "examples" / name
            party = service.lenient_party("hashes")
            party.captured(without_ids(path), XML if path.suffix == ".xml" else JSON)
            for wanted in sorted(stable[name]):
                answer = party.get(f"/events/{segment(wanted)}")
                expect_equal(answer.status_code, 200, f"GET /events/{wanted} ({told(answer)})")

    group.each(sorted(stable), ask)


def without_ids(path: Path) -> bytes:
    """The document without its event ids (those in the examples are stale)."""
    if path.suffix != ".xml":
        return re.sub(rb'"eventID"\s*:\s*"[^"]*"\s*,', b"", path.read_bytes())
    root = etree.fromstring(path.read_bytes())
    for element in list(root.iter("{*}eventID")):
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
    return etree.tostring(root)


def _hashes(path: Path) -> list[str]:
    return [line.split("sha-256;")[1][:64] for line in path.read_text().split()]


def _documents(path: Path) -> list[Path]:
    return [document for document in map(path.with_suffix, (".jsonld", ".xml")) if document.exists()]


def _prehash(event: Hashed, revision: Revision = "2.0") -> str:
    return prehash(*event, revision=revision)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
