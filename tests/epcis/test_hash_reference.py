"""Where the reference for event hashes is wrong: each fault that bench.hash names, shown.

Each test shows that the reference contradicts the standard or itself, that we do not, and that both agree once the
event is written so that the fault cannot strike.
"""

import json
import time
from typing import Any

import pytest

pytest.importorskip("epcis_event_hash_generator", reason="the rival of the benchmark is not installed")
pytest.importorskip("service.epcis.xml")

from epcis_event_hash_generator import hash_generator, json_to_py

from bench import hash_xml
from bench.hash_events import TYPES, documents
from bench.hash_reference import FAULTS, agree, explained, hashes_of_json, hashes_of_xml
from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.faults import InvalidDocument
from tests.epcis.examples import OBJECT_EVENT, REMOVED, varied
from tests.epcis.examples import document as frame

SLASHED = {"ext": "https://ns.example.com/epcis/"}
UNSLASHED = {"ext": "https://ns.example.com/epcis"}
GS1 = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def document(context: Any = None, **changes: Any) -> dict[str, Any]:
    event = varied(OBJECT_EVENT, **changes)
    return frame(event, **{"@context": [GS1, SLASHED] if context is None else context})


def theirs(**changes: Any) -> list[str]:
    return hashes_of_json(json.dumps(document(**changes)))


def ours(**changes: Any) -> list[str]:
    return [event_hash(event) for event in parse(document(**changes)).events]


def name_of(words: str) -> str:
    (name,) = (fault.name for fault in FAULTS if words in fault.name)
    return name


def sensed(*reports: dict[str, Any], **metadata: Any) -> list[dict[str, Any]]:
    full = [{"type": "Temperature", "value": number, **report} for number, report in enumerate(reports)]
    return [{"sensorMetadata": metadata or {"time": "2026-03-01T10:00:00Z"}, "sensorReport": full}]


def test_an_ordinary_event_has_one_hash() -> None:
    assert theirs() == ours()
    assert agree(document())
    assert all(agree({**json.loads(text)}) for type_ in TYPES for text in documents(type_, 7, 1, 1))


def test_a_time_is_rounded_half_to_even() -> None:
    to_even = {"eventTime": "2026-03-01T10:00:00.1425Z"}
    assert theirs(**to_even) == theirs(eventTime="2026-03-01T10:00:00.142Z")
    assert ours(**to_even) == ours(eventTime="2026-03-01T10:00:00.143Z")
    assert explained(document(**to_even)) == (name_of("half to even"),)


def test_an_event_whose_time_rounds_up_to_a_second_is_dropped() -> None:
    late = {"eventTime": "2026-03-01T10:00:00.9996Z"}
    assert theirs(**late) == []
    assert ours(**late) == ours(eventTime="2026-03-01T10:00:01.000Z")
    assert explained(document(**late)) == (name_of("half to even"),)


@pytest.mark.parametrize(
    ("text", "taken_for"), [("007", "7"), ("1e3", "1000"), ("1_000", "1000"), ("0.00001", "1e-05")]
)
def test_text_is_read_as_a_number(text: str, taken_for: str) -> None:
    assert theirs(**{"ext:code": text}) == theirs(**{"ext:code": taken_for})
    assert ours(**{"ext:code": text}) != ours(**{"ext:code": taken_for})
    assert explained(document(**{"ext:code": text})) == (name_of("text as numbers"),)


def test_an_event_with_the_text_inf_is_dropped() -> None:
    assert theirs(**{"ext:code": "inf"}) == []
    assert len(ours(**{"ext:code": "inf"})) == 1
    assert explained(document(**{"ext:code": "inf"})) == (name_of("text as numbers"),)


def test_a_small_number_is_written_with_an_exponent() -> None:
    small = document(sensorElementList=sensed({"sDev": 0.00001}))
    assert explained(small) == (name_of("exponent"),)
    assert not agree(small)


def test_true_is_spelled_as_in_python_in_json_only() -> None:
    said = document(sensorElementList=sensed({"booleanValue": True}))
    assert explained(said) == (name_of("True"),)
    xml = hash_xml.hashes_of_ours(XML.format(ns="", body=REPORT.format(attributes='booleanValue="true"')))
    assert hashes_of_xml(XML.format(ns="", body=REPORT.format(attributes='booleanValue="true"'))) == xml


def test_null_is_written_as_text() -> None:
    assert theirs(**{"ext:note": None}) == theirs(**{"ext:note": "None"})
    assert ours(**{"ext:note": None}) == ours()
    assert explained(document(**{"ext:note": None})) == (name_of("null"),)


def test_where_a_context_stands_changes_the_hash() -> None:
    outside = document(**{"ext:a": "x y"})
    inside = document([GS1], **{"@context": SLASHED, "ext:a": "x y"})
    assert hashes_of_json(json.dumps(outside)) != hashes_of_json(json.dumps(inside))
    assert ours(**{"ext:a": "x y"}) == [event_hash(event) for event in parse(inside).events]
    assert explained(inside) == (name_of("own @context"),)


def test_whether_a_prefix_is_declared_twice_changes_the_hash() -> None:
    once = {"ilmd": {"cbvmda:lotNumber": "L 1"}, "action": "ADD"}
    twice = [GS1, {"cbvmda": "urn:epcglobal:cbv:mda:"}]
    assert theirs(**once) != theirs(context=twice, **once)
    assert ours(**once) == ours(context=twice, **once)
    assert explained(document(**once)) == (name_of("prefixes"),)


def test_two_events_that_differ_have_one_hash() -> None:
    """An extension of the first report, or of the second: torn out of either, it stands at the end of the event."""
    first = {"sensorElementList": sensed({"ext:probe": "top"}, {})}
    second = {"sensorElementList": sensed({}, {"ext:probe": "top"})}
    assert theirs(context=[GS1, UNSLASHED], **first) == theirs(context=[GS1, UNSLASHED], **second)
    assert ours(context=[GS1, UNSLASHED], **first) != ours(context=[GS1, UNSLASHED], **second)
    assert theirs(**first) != theirs(**second)
    assert explained(document([GS1, UNSLASHED], **first)) == (name_of("tears"),)


def test_rules_of_a_report_are_torn_out_of_it() -> None:
    first = {"sensorElementList": sensed({"bizRules": "urn:x:rule"}, {})}
    second = {"sensorElementList": sensed({}, {"bizRules": "urn:x:rule"})}
    assert theirs(**first) == theirs(**second)
    assert ours(**first) != ours(**second)
    assert explained(document(**first)) == (name_of("tears"),)


def test_the_order_of_members_changes_the_hash() -> None:
    order = {"type": "po", "bizTransaction": "urn:x:1"}
    turned = dict(reversed(order.items()))
    assert theirs(bizTransactionList=[order]) != theirs(bizTransactionList=[turned])
    assert ours(bizTransactionList=[order]) == ours(bizTransactionList=[turned])
    assert explained(document(bizTransactionList=[turned])) == (name_of("order of their members"),)


def test_text_of_an_extension_is_taken_for_a_business_step() -> None:
    word = {"ext:remark": "inspecting"}
    spelled_out = {"ext:remark": "https://ref.gs1.org/cbv/BizStep-inspecting"}
    assert theirs(**word) == theirs(**spelled_out)
    assert ours(**word) != ours(**spelled_out)
    assert explained(document(**word)) == (name_of("text of extensions"),)


def test_a_time_without_offset_means_what_the_host_is_set_to(monkeypatch: pytest.MonkeyPatch) -> None:
    found: set[str] = set()
    for zone in ("UTC", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        found.add(*theirs(eventTime="2026-03-01T10:00:00"))
    monkeypatch.undo()
    time.tzset()
    assert len(found) == 2
    with pytest.raises(InvalidDocument, match="no time with an offset"):
        ours(eventTime="2026-03-01T10:00:00")


def test_a_document_changes_the_hashes_of_the_next() -> None:
    plain = json.dumps(document([GS1], epcList=["ext:7"]))
    json_to_py._namespaces.clear()
    first = json_to_py.event_list_from_epcis_document_str(plain)
    json_to_py.event_list_from_epcis_document_str(json.dumps(document()))  # declares ext
    second = json_to_py.event_list_from_epcis_document_str(plain)
    assert hash_generator.epcis_hashes_from_events(first) != hash_generator.epcis_hashes_from_events(second)


def test_a_difference_that_no_fault_explains_stays_unexplained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.hash_reference.event_hash", lambda _: "ni:///sha-256;0?ver=CBV2.0")
    assert explained(document(eventTime="2026-03-01T10:00:00.1425Z")) is None


XML = """<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0"
    creationDate="2026-03-01T12:00:00Z" {ns}>
    <EPCISBody><EventList>{body}</EventList></EPCISBody></epcis:EPCISDocument>"""
EVENT = """<ObjectEvent><eventTime>2026-03-01T10:00:00.123Z</eventTime>
    <eventTimeZoneOffset>+01:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></epcList>
    <action>ADD</action>{more}</ObjectEvent>"""
REPORT = EVENT.format(
    more="""<sensorElementList><sensorElement><sensorReport type="gs1:Temperature" {attributes}/></sensorElement>
    </sensorElementList>"""
)
QUANTITY = """<extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.012345.L1</epcClass>
    {quantity}</quantityElement></quantityList></extension>"""
EPC = "<epc>urn:epc:id:sgtin:4012345.011111.1</epc>"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def xml_name_of(words: str) -> str:
    (name,) = (fault.name for fault in hash_xml.XML_FAULTS if words in fault.name)
    return name


@pytest.mark.parametrize(
    ("words", "namespaces", "body"),
    [
        ("xsi:nil", XSI, EVENT.format(more=QUANTITY.format(quantity='<quantity xsi:nil="true"/>'))),
        (
            "CBV's attributes",
            'xmlns:cbvmda="urn:epcglobal:cbv:mda"',
            EVENT.format(more="<ilmd><cbvmda:lotNumber>L 1</cbvmda:lotNumber></ilmd>"),
        ),
        (
            "compact URIs in values",
            'xmlns:ext="https://ns.example.com/epcis/"',
            REPORT.format(attributes="").replace("gs1:Temperature", "ext:Taste"),
        ),
        ("bizRules", "", REPORT.format(attributes='value="1" bizRules="urn:x:rule"')),
        ("an EPC twice", "", EVENT.format(more="").replace("<epcList>", f"<epcList>{EPC}")),
        ("text as numbers", "", REPORT.format(attributes='stringValue="007"')),
    ],
)
def test_what_is_wrong_in_xml_only(words: str, namespaces: str, body: str) -> None:
    text = XML.format(ns=namespaces, body=body)
    assert hashes_of_xml(text) != hash_xml.hashes_of_ours(text)
    assert hash_xml.explained(text) == (xml_name_of(words),)


def test_nothing_is_removed_but_what_is_named() -> None:
    plain = document(bizStep=REMOVED)
    assert all(json.dumps(fault.spared(json.loads(json.dumps(plain)))) == json.dumps(plain) for fault in FAULTS)
