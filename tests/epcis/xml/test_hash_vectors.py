"""The published event hashes of events in XML, read and judged as any document is.

Each event is read from XML, judged by `documents.parse` (leniently where it names measurement types that CBV 2.0 as
published does not have), and hashed in both revisions.
"""

import json
from functools import lru_cache
from typing import Any

import pytest

from service.epcis.documents import Event, parse
from service.epcis.eventhash import event_hash
from service.epcis.xml import read_xml
from tests.shared import shared

REVISIONS: dict[Any, str] = {"2.0": "head_5d2f1c3", "2026": "main_2026"}
NOT_EXPANDED = (
    "the reference leaves compact URIs in XML values (type='example:Ghi') as they stand; it expands them in JSON, and "
    "so the same event had two hashes"
)
DIFFERENT = {("SensorDataExamples", index): NOT_EXPANDED for index in (5, 6, 7, 9, 11)}
"""Events whose hash is another, and why."""
LENIENTLY = {"SensorDataExamples"}
"""Written before CBV 2.0 was published: measurement types such as gs1:MT-Temperature, which it does not have."""


@lru_cache(maxsize=64)
def events(name: str) -> tuple[Event, ...]:
    body = shared("epcis", "event-hash", "examples", name).read_bytes()
    return parse(read_xml(body).value, lenient=name.removesuffix(".xml") in LENIENTLY).events


def vectors() -> list[Any]:
    found: list[Any] = json.loads(shared("epcis", "_derived", "hash_vectors_stability.json").read_text())
    return [vector for vector in found if any(name.endswith(".xml") for name in vector["docs"])]


def test_all_vectors_in_xml_are_there() -> None:
    assert len(vectors()) == 38
    assert sum(vector["status"] == "stable" for vector in vectors()) == 19
    assert DIFFERENT.keys() <= {(vector["name"], vector["index"]) for vector in vectors()}


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: f"{vector['name']}-{vector['index']}")
def test_published_hashes(vector: Any, revision: Any) -> None:
    event = events(f"{vector['name']}.xml")[vector["index"]]
    published = f"ni:///sha-256;{vector[REVISIONS[revision]]}?ver=CBV2.0"
    differs = (vector["name"], vector["index"]) in DIFFERENT
    assert (event_hash(event, revision) != published) is differs


IGNORING = {"epcisXmlDocHavingEventWithIgnoreFields", "epcisXmlQueryDocHavingEventWithIgnoreFields"}
"""Their published hashes leave out fields that a repository-x:ignoreFields in the document names: that is no part of
EPCIS or of CBV, and who has only the event could not compute the hash again."""


def names() -> list[str]:
    return sorted(path.stem for path in shared("epcis", "event-hash", "examples").glob("*.xml"))


@pytest.mark.parametrize("name", names())
def test_every_hash_published_beside_a_document(name: str) -> None:
    published = shared("epcis", "event-hash", "examples", f"{name}.hashes").read_text().split()
    found = events(f"{name}.xml")
    assert len(found) == len(published)
    if name not in IGNORING:
        wrong = {index for index, event in enumerate(found) if event_hash(event, "2.0") != published[index]}
        assert wrong == {index for other, index in DIFFERENT if other == name}


@pytest.mark.parametrize(
    "name",
    [
        "differentRepresentationsOfAggregationEvent", "differentRepresentationsOfObjectEvent",
        "differentRepresentationsOfTransactionEvent", "differentRepresentationsOfTransformationEvent",
        "ignoreEmptyEpcList", "numberPrecision", "timestampPrecision", "timestampTimeZone", "timestampTimeZone2",
        "timestampTimeZone3",
    ],
)  # fmt: skip
@pytest.mark.parametrize("revision", REVISIONS)
def test_events_that_must_hash_alike(name: str, revision: Any) -> None:
    body = shared("epcis", "event-hash", "expected_equal", f"{name}.xml").read_bytes()
    found = parse(read_xml(body).value, lenient=True).events
    assert len(found) > 1
    assert len({event_hash(event, revision) for event in found}) == 1
