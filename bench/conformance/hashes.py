"""The CBV event hash: published vectors in both revisions, and representations that must hash alike.

The service gives an event without eventID its hash as id, so the vectors that both revisions agree on are also asked
over HTTP. The other revision has no path of its own: it is asked of `service.epcis`, which every caller uses.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from bench.conformance.checks import Group, expect, expect_equal
from bench.conformance.service import JSON, XML, Service, segment, told
from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared
from service.epcis.eventhash import Revision, prehash
from service.epcis.xml import read_xml

REVISIONS: dict[Revision, str] = {"2.0": "head_5d2f1c3", "2026": "main_2026"}
UNHASHED = re.compile(r"ignoreFields$")
Hashed = tuple[dict[str, Any], Prefixes]


def hash_vectors(group: Group, service: Service, shared: Path) -> None:
    """Group hash_vectors."""
    folder = shared / "event-hash"
    vectors = json.loads((shared / "_derived" / "hash_vectors_stability.json").read_text())
    for vector in vectors:
        for name in vector["docs"]:
            _published(group, folder / "examples" / name, vector)
    for path in sorted((folder / "examples").glob("*.prehashes")):
        _prehashes(group, path)
    for path in sorted((folder / "expected_equal").iterdir()):
        with group.check(f"expected_equal/{path.name}: all events hash alike"):
            found = {_sha(_prehash(event)) for event in events_of(path)}
            expect(len(found) == 1, f"{len(found)} different hashes")
    _over_http(group, service, folder, vectors)


def events_of(path: Path) -> list[Hashed]:
    """The events of a document as JSON members, with the prefixes in force."""
    document: Mapping[str, Any] = (
        read_xml(path.read_bytes()).value if path.suffix == ".xml" else json.loads(path.read_text())
    )
    outer = declared(document.get("@context"), "", STANDARD_PREFIXES, [])
    body = document["epcisBody"]
    listed = body["eventList"] if "eventList" in body else body["queryResults"]["resultsBody"]["eventList"]
    return [(event, declared(event["@context"], "", outer, []) if "@context" in event else outer) for event in listed]


def _published(group: Group, path: Path, vector: Mapping[str, Any]) -> None:
    for revision, column in REVISIONS.items():
        with group.check(f"{path.name}[{vector['index']}], revision {revision} ({vector['status']})"):
            text = _prehash(events_of(path)[vector["index"]], revision)
            expect_equal(_sha(text), vector[column], f"hash of {text[:200]}")


def _prehashes(group: Group, path: Path) -> None:
    """The pre-hash strings themselves, where they are what the published hash is made of."""
    hashes = path.with_suffix(".hashes")
    wanted = [line.split("sha-256;")[1][:64] for line in hashes.read_text().split()] if hashes.exists() else []
    for at, line in enumerate(path.read_text().splitlines()):
        if at >= len(wanted) or _sha(line) != wanted[at]:
            continue  # three published lines do not hash to the published hash
        for document in (path.with_suffix(suffix) for suffix in (".jsonld", ".xml")):
            if document.exists():
                with group.check(f"{document.name}[{at}]: pre-hash string as published"):
                    texts = {_prehash(events_of(document)[at], revision) for revision in REVISIONS}
                    expect(line in texts, f"expected {line[:250]}, got {min(texts)[:250]}")


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
            body = without_ids(path)
            party.captured(body, XML if path.suffix == ".xml" else JSON)
            for wanted in sorted(stable[name]):
                answer = party.get(f"/events/{segment(wanted)}")
                expect_equal(answer.status_code, 200, f"GET /events/{wanted} ({told(answer)})")

    group.each(sorted(stable), ask)


def without_ids(path: Path) -> bytes:
    """The document without its event ids (those in the examples are stale)."""
    if path.suffix == ".xml":
        root = etree.fromstring(path.read_bytes())
        for element in list(root.iter("{*}eventID")):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
        return etree.tostring(root)
    return re.sub(rb'"eventID"\s*:\s*"[^"]*"\s*,', b"", path.read_bytes())


def _prehash(event: Hashed, revision: Revision = "2.0") -> str:
    return prehash(*event, revision=revision)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
