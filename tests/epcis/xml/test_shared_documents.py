"""XML documents that others wrote: those that must be read, each that is refused and why, and their JSON twins."""

from pathlib import Path
from typing import Any

import pytest

from service.epcis import times
from service.epcis.documents import Event, parse
from service.epcis.eventhash import event_hash
from service.epcis.faults import InvalidDocument
from service.epcis.xml import read_xml, write_document
from tests.epcis.xml.meaning import meaning
from tests.epcis.xml.schemas import faults_by_schema
from tests.shared import shared

NEW = "openepcis/2.0/EPCIS/XML/Capture/Documents"
OLD = "openepcis/1.2/EPCIS/XML/Capture/Documents"
FULL = "gs1/XML/WithFullCombinationOfFields"
TWICE = {"sensor-attribute-twice"}
TYPES = ("Aggregation", "Association", "Object", "Transaction", "Transformation")

REFUSED: dict[str, set[str]] = {
    # Jobs of the capture interface: no documents to capture.
    **{
        f"gs1/XML/CaptureJob/Example-CaptureJob{name}.xml": {"root"}
        for name in ("Running", "Success", "WithErrorFile", "WithErrors")
    },
    # TCR-53 step 29: these give sensor attributes in both sensorMetadata and sensorReport, to show every field once.
    **{f"{FULL}/{name.lower()}_event_all_possible_fields.xml": TWICE for name in TYPES},
    **{f"{NEW}/{name}Event_all_possible_fields.xml": TWICE for name in TYPES},
    **{
        f"{OLD}/{name}Event_all_possible_fields.xml": TWICE for name in ("Aggregation", "Association", "Transformation")
    },
    **{f"gs1/XML/WithEventHashID/event_with_identical_hash_id_{number}.xml": TWICE for number in range(1, 7)},
    f"{NEW}/JumbledFieldsOrder.xml": TWICE,
    # Besides: ilmd in an event that observes, and a certificationInfo that is no URI.
    f"{OLD}/ObjectEvent_all_possible_fields.xml": TWICE | {"ilmd", "identifier"},
    # Besides: a declarationTime without seconds.
    f"{OLD}/TransactionEvent_all_possible_fields.xml": TWICE | {"value"},
    # A GRAI 3001345000771 (3912345000771) whose check digit should be 6 (5).
    f"{NEW}/Combination_of_different_event.xml": {"identifier"},
    f"{OLD}/All_eventTypes_in_single_document.xml": {"identifier"},
    # Measurement types that CBV 2.0 does not have (Molar_concentration, EffectiveDoseRate, Humidity, MT-...); the last
    # also a GRAI without its leading 0.
    "gs1/XML/WithExtension/TransactionEvent.xml": {"vocabulary"},
    "gs1/XML/WithSensorData/SensorDataExamples.xml": {"vocabulary"},
    "event-hash/examples/SensorDataExamples.xml": {"vocabulary"},
    "event-hash/expected_equal/numberPrecision.xml": {"vocabulary"},
    f"{NEW}/TransactionEvent_with_userExtensions.xml": {"vocabulary"},
    f"{NEW}/SensorData_with_combined_events.xml": {"vocabulary", "identifier"},
}

NOT_THE_SAME: dict[str, str] = {
    "gs1/XML/Example_9.6.1-ObjectEvent-2020_06_18a.xml": "the namespace of its extension ends in / in JSON only",
    "gs1/XML/Example-TransactionEvent-2020_07_03y.xml": "an empty element that JSON does not have",
    "openepcis/2.0/EPCIS/XML/Capture/Events/TransactionEvent.xml": "an empty element that JSON does not have",
    f"{NEW}/TransactionEvent_with_userExtensions.xml": "gs1:EffectiveDoseRate, which JSON has as a bare word",
    f"{NEW}/SensorData_with_combined_events.xml": "gs1:EffectiveDoseRate and others, which JSON has as bare words",
    f"{NEW}/epcisDocWithAllGS1Keys.xml": "an SSCC that XML has twice, JSON in two spellings",
    f"{NEW}/AssociationEvent_all_possible_fields.xml": "the text 23 of an extension, which JSON has as 23.0",
}
"""Documents of one name, in XML and JSON, some of whose events say different things."""
OTHERWISE: dict[str, str] = {
    f"{NEW}/ObjectEvent_with_comment.xml": "JSON has a comment as rdfs:comment",
    f"{NEW}/epcisDocWithSensorComponent.xml": "EPC URNs in XML, Digital Links in JSON",
    f"{NEW}/TransformationEvent_with_userExtensions.xml": "attributes, which JSON has without #text",
}
"""Twins whose events hash alike and yet are written otherwise."""


def names() -> list[str]:
    root = shared("epcis")
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.xml"))


def twins() -> list[tuple[str, str]]:
    """XML documents and the JSON documents of the same name."""
    named = [
        (name, other)
        for name in names()
        for other in (name.replace("/XML/", "/JSON/").replace(".xml", ".json"), name.replace(".xml", ".jsonld"))
    ]
    found = [pair for pair in named if shared("epcis").joinpath(pair[1]).exists()]
    gs1 = {
        "Example_9.6.1-ObjectEvent-2020_06_18a": "Example_9.6.1-ObjectEvent",
        "Example-TransactionEvent-2020_07_03y": "Example-TransactionEvents-2020_07_03y",
    }
    return found + [(f"gs1/XML/{one}.xml", f"gs1/JSON/{other}.jsonld") for one, other in gs1.items()]


def read(name: str) -> bytes:
    return Path(shared("epcis", *name.split("/"))).read_bytes()


def test_the_list_of_documents_is_whole() -> None:
    assert len(names()) == 126
    assert set(names()) >= REFUSED.keys()
    assert len(twins()) >= 50


@pytest.mark.parametrize("name", [name for name in names() if name not in REFUSED])
def test_it_is_read_and_survives_being_written(name: str) -> None:
    value = read_xml(read(name)).value
    document = parse(value)
    assert document.events or document.vocabularies
    xml = write_document(value)
    if value["type"] in ("EPCISDocument", "EPCISQueryDocument"):
        assert faults_by_schema(xml) == []
    again = parse(read_xml(xml).value)
    assert again.vocabularies == document.vocabularies
    assert [meaning(event) for event in again.events] == [meaning(event) for event in document.events]
    assert [event_hash(event) for event in again.events] == [event_hash(event) for event in document.events]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_it_is_refused_for_its_reason_only(name: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        parse(read_xml(read(name)).value)
    assert {fault.rule for fault in refusal.value.faults} == REFUSED[name]


def unrecorded(event: Event) -> Any:
    """What an event says, times in UTC, without what its hash leaves out."""
    found = meaning(event)
    for name in ("recordTime", "eventID", "errorDeclaration"):
        found.pop(name, None)
    return _in_utc(found)


def _in_utc(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_utc(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_utc(item) for item in value]
    try:
        return times.instant(value) if isinstance(value, str) else value
    except times.InvalidTime:
        return value


@pytest.mark.parametrize(("name", "twin"), twins())
def test_json_twins_hash_alike_and_say_the_same(name: str, twin: str) -> None:
    xml = parse(read_xml(read(name)).value, proceed=True, lenient=True)
    json = parse(read(twin), proceed=True, lenient=True)
    if name in NOT_THE_SAME:
        hashes = [event_hash(event) for event in xml.events], [event_hash(event) for event in json.events]
        assert hashes[0] != hashes[1], "no longer to be excepted"
        return
    assert [refused.index for refused in xml.refused] == [refused.index for refused in json.refused]
    for one, other in zip(xml.events, json.events, strict=True):
        for revision in ("2.0", "2026"):
            assert event_hash(one, revision) == event_hash(other, revision)
        if name not in OTHERWISE:
            assert unrecorded(one) == unrecorded(other)
