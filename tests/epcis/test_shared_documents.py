"""Documents that others wrote: those that must be read, and each that is refused, by name, with the reason."""

from pathlib import Path

import pytest
import rfc8785

from service.epcis.custody import steps
from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.references import links, references
from tests.shared import shared

GS1 = "gs1/JSON"
OPENEPCIS = "openepcis/2.0/EPCIS/JSON"
DOCUMENTS = "openepcis/2.0/EPCIS/JSON/Capture/Documents"
FULL = f"{GS1}/WithFullCombinationOfFields"
TWICE = {"sensor-attribute-twice"}

REFUSED: dict[str, set[str]] = {
    # TCR-53 step 29: these give sensor attributes in both sensorMetadata and sensorReport, to show every field once.
    f"{FULL}/aggregation_event_all_possible_fields.jsonld": TWICE,
    f"{FULL}/association_event_all_possible_fields.jsonld": TWICE,
    f"{FULL}/object_event_all_possible_fields.jsonld": TWICE,
    f"{FULL}/transaction_event_all_possible_fields.jsonld": TWICE,
    f"{FULL}/transformation_event_all_possible_fields.jsonld": TWICE,
    f"{DOCUMENTS}/AggregationEvent_all_possible_fields.json": TWICE,
    f"{DOCUMENTS}/AssociationEvent_all_possible_fields.json": TWICE,
    f"{DOCUMENTS}/ObjectEvent_all_possible_fields.json": TWICE,
    f"{DOCUMENTS}/TransactionEvent_all_possible_fields.json": TWICE,
    f"{DOCUMENTS}/TransformationEvent_all_possible_fields.json": TWICE,
    f"{DOCUMENTS}/JumbledFieldsOrder.json": TWICE,
    # The key eventID stands twice in one event: JSON readers differ on what that says.
    f"{GS1}/AssociationEvent/AssociationEvent-h.jsonld": {"duplicate-key"},
    # A GRAI 3001345000771 whose check digit should be 6.
    f"{DOCUMENTS}/Combination_of_different_event.json": {"identifier"},
    # Measurement types that CBV 2.0 does not have, which GS1's schema refuses as well; a GRAI without its leading 0.
    f"{DOCUMENTS}/SensorData_with_combined_events.json": {"vocabulary", "identifier"},
    # The measurement type EffectiveDoseRate, which CBV 2.0 does not have; GS1's schema refuses it as well.
    f"{DOCUMENTS}/TransactionEvent_with_userExtensions.json": {"vocabulary"},
}


def names() -> list[str]:
    root = shared("epcis")
    found = [*root.joinpath(GS1).rglob("*.jsonld"), *root.joinpath(OPENEPCIS).rglob("*.json")]
    return sorted(path.relative_to(root).as_posix() for path in found)


def text(name: str) -> bytes:
    return Path(shared("epcis", *name.split("/"))).read_bytes()


def test_the_list_of_documents_is_whole() -> None:
    assert len(names()) >= 80
    assert set(names()) >= REFUSED.keys()


@pytest.mark.parametrize("name", [name for name in names() if name not in REFUSED])
def test_it_is_read_and_each_event_stands_alone(name: str) -> None:
    document = parse(text(name))
    assert document.events
    assert not document.refused
    for event in document.events:
        assert "recordTime" not in event.source
        (again,) = parse(rfc8785.dumps(event.source)).events
        assert rfc8785.dumps(again.source) == rfc8785.dumps(event.source)
        assert references(again) == references(event)
        assert links(again) == links(event)
        assert steps(again) == steps(event)


@pytest.mark.parametrize("name", [name for name in sorted(REFUSED) if REFUSED[name] <= {"vocabulary", *TWICE}])
def test_words_of_ones_own_and_sensor_attributes_told_twice_are_read_leniently(name: str) -> None:
    assert parse(text(name), lenient=True).events


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_it_is_refused_for_its_reason_only(name: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        parse(text(name))
    assert {fault.rule for fault in refusal.value.faults} == REFUSED[name]


def test_with_proceed_the_good_events_are_kept() -> None:
    document = parse(text(f"{DOCUMENTS}/SensorData_with_combined_events.json"), proceed=True)
    assert [refused.index for refused in document.refused] == [7, 10, 12]
    assert {event.pointer for event in document.events} >= {"/epcisBody/eventList/0", "/epcisBody/eventList/11"}
