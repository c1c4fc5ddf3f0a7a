"""Strict and lenient: words of the CBV, and sensor attributes that are told twice."""

from typing import Any

import pytest

from service.epcis.custody import steps
from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.faults import InvalidDocument
from service.sealing.meaning import steps_of
from tests.epcis.examples import OBJECT_EVENT, document, varied


def measured(**report: Any) -> list[dict[str, Any]]:
    return [{"sensorReport": [{"type": "Temperature", "value": 1, **report}]}]


OWN_WORDS: list[tuple[dict[str, Any], str]] = [
    ({"bizStep": "polishing"}, "/bizStep"),
    ({"bizStep": "urn:epcglobal:cbv:bizstep:polishing"}, "/bizStep"),
    ({"bizStep": "https://ref.gs1.org/cbv/Disp-active"}, "/bizStep"),
    ({"bizStep": "https://ns.gs1.org/cbv/BizStep-shipping"}, "/bizStep"),
    ({"bizStep": "so to speak"}, "/bizStep"),
    ({"disposition": "cbv:Disp-lost"}, "/disposition"),
    ({"persistentDisposition": {"set": ["gone"]}}, "/persistentDisposition/set/0"),
    ({"persistentDisposition": {"unset": ["gone"]}}, "/persistentDisposition/unset/0"),
    ({"bizTransactionList": [{"type": "letter", "bizTransaction": "urn:x:1"}]}, "/bizTransactionList/0/type"),
    ({"sourceList": [{"type": "landlord", "source": "urn:x:1"}]}, "/sourceList/0/type"),
    ({"destinationList": [{"type": "landlord", "destination": "urn:x:1"}]}, "/destinationList/0/type"),
    ({"errorDeclaration": {"declarationTime": "2026-03-02T10:00:00Z", "reason": "oops"}}, "/errorDeclaration/reason"),
    ({"sensorElementList": measured(type="EffectiveDoseRate")}, "/sensorElementList/0/sensorReport/0/type"),
    ({"sensorElementList": measured(exception="gs1:FIRE")}, "/sensorElementList/0/sensorReport/0/exception"),
    ({"sensorElementList": measured(component="w")}, "/sensorElementList/0/sensorReport/0/component"),
]


@pytest.mark.parametrize(("changes", "place"), OWN_WORDS)
def test_words_that_the_standard_lacks_are_refused_unless_lenient(changes: dict[str, Any], place: str) -> None:
    event = varied(OBJECT_EVENT, **changes)
    with pytest.raises(InvalidDocument) as refusal:
        parse(document(event))
    assert [(fault.pointer, fault.rule) for fault in refusal.value.faults] == [
        (f"/epcisBody/eventList/0{place}", "vocabulary")
    ]
    (read,) = parse(document(event), lenient=True).events
    assert {name: read.source[name] for name in changes} == changes
    assert event_hash(read).startswith("ni:///sha-256;")


@pytest.mark.parametrize("changes", [changes for changes, _ in OWN_WORDS])
def test_an_auditor_reads_a_sealed_event_whatever_its_words(changes: dict[str, Any]) -> None:
    (read,) = parse(varied(OBJECT_EVENT, **changes), lenient=True).events
    assert steps_of(read.source) == steps(read)


def test_sensor_attributes_may_be_in_both_metadata_and_report_leniently() -> None:
    twice = {"time": "2026-03-01T10:00:00Z", "deviceID": "urn:epc:id:giai:4000001.111"}
    element = {"sensorMetadata": twice, "sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL", **twice}]}
    event = varied(OBJECT_EVENT, sensorElementList=[element])
    with pytest.raises(InvalidDocument) as refusal:
        parse(event)
    assert {fault.rule for fault in refusal.value.faults} == {"sensor-attribute-twice"}
    (read,) = parse(event, lenient=True).events
    assert read.source["sensorElementList"] == [element]
    assert event_hash(read) != event_hash(parse(OBJECT_EVENT).events[0])
    assert steps_of(read.source) == steps(read)


def test_every_other_rule_holds_leniently() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        parse(varied(OBJECT_EVENT, bizStep="polishing", epcList=["no uri"], action="SEE"), lenient=True)
    assert {fault.rule for fault in refusal.value.faults} == {"identifier", "value"}


@pytest.mark.parametrize("own", ["https://example.com/steps/polishing", "example:polishing", "urn:example:polishing"])
def test_a_uri_of_ones_own_is_accepted_strictly(own: str) -> None:
    assert parse(document(varied(OBJECT_EVENT, bizStep=own))).events


@pytest.mark.parametrize("thing", ["urn:epc:id:sgtin:4012345.011111.1", "urn:epc:id:sscc:4012345.0000000001"])
def test_a_single_thing_is_no_class_but_lenient_takes_it(thing: str) -> None:
    event = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T10:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "quantityList": [{"epcClass": thing, "quantity": 1}],
    }
    with pytest.raises(InvalidDocument) as refusal:
        parse(event)
    assert [(one.pointer, one.rule) for one in refusal.value.faults] == [("/quantityList/0/epcClass", "instance-level")]
    assert parse(event, lenient=True).events
