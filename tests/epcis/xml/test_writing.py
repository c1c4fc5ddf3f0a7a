from typing import Any

import pytest
from lxml import etree

from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.xml import InexpressibleInXml, read_xml, write_document
from tests.epcis.examples import EVENTS, OBJECT_EVENT, document, varied
from tests.epcis.xml.schemas import faults_by_schema

SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
MASTER_DATA = {
    "vocabularyList": [
        {
            "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
            "vocabularyElementList": [
                {
                    "id": "urn:epc:id:sgln:0037000.00729.0",
                    "attributes": [
                        {"id": "urn:epcglobal:cbv:mda:sst", "attribute": "201"},
                        {"id": "https://a.example/latitude", "attribute": 18.5},
                        {"id": "https://a.example/open", "attribute": True},
                        {
                            "id": "https://a.example/address",
                            "attribute": {"example:Address": {"City": "Fancy", "n": 1}},
                        },
                        {"id": "https://a.example/weight", "attribute": {"#text": "3", "unit": "KGM"}},
                        {"id": "https://a.example/several", "attribute": ["a", "b"]},
                    ],
                    "children": ["urn:epc:id:sgln:0037000.00729.8201"],
                    "example:more": "x",
                },
                {"id": "urn:epc:id:sgln:0037000.00729.8201"},
            ],
        },
        {"type": "urn:epcglobal:epcis:vtype:ReadPoint"},
    ]
}


def query_document(results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "@context": document()["@context"],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T10:00:00Z",
        "epcisBody": {"queryResults": {"queryName": "q", **more, "resultsBody": results}},
    }


def back(value: dict[str, Any], **options: Any) -> dict[str, Any]:
    xml = write_document(value, **options)
    assert faults_by_schema(xml) == []
    return read_xml(xml).value


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event["type"]))
def test_each_event_type(event: dict[str, Any]) -> None:
    (found,) = parse(back(document(event))).events
    assert {name: value for name, value in found.source.items() if name != "@context"} == event


def test_standard_values_as_urns_or_web_uris() -> None:
    urn, web = write_document(OBJECT_EVENT, cbv="urn").decode(), write_document(OBJECT_EVENT, cbv="web").decode()
    assert "<bizStep>urn:epcglobal:cbv:bizstep:inspecting</bizStep>" in urn
    assert "<bizStep>https://ref.gs1.org/cbv/BizStep-inspecting</bizStep>" in web


def test_results_of_a_query() -> None:
    value = query_document({"eventList": [varied(OBJECT_EVENT, recordTime="2026-03-01T10:00:00Z")]}, subscriptionID="s")
    assert back(value)["epcisBody"] == value["epcisBody"]


def test_master_data_in_a_header_and_as_results() -> None:
    header = document(epcisHeader={"epcisMasterData": MASTER_DATA})
    assert back(header)["epcisHeader"] == header["epcisHeader"]
    results = query_document({"eventList": [], **MASTER_DATA})
    assert back(results)["epcisBody"] == results["epcisBody"]


def test_events_and_vocabularies_in_one_result_are_too_much_for_xml() -> None:
    with pytest.raises(InexpressibleInXml):
        write_document(query_document({"eventList": [OBJECT_EVENT], **MASTER_DATA}))


def test_sender_receiver_and_instance_identifier_are_a_business_header() -> None:
    parties = {
        "sender": "urn:epc:id:sgln:0353579.00001.0", "receiver": "urn:epc:id:sgln:5012345.00001.0",
        "instanceIdentifier": "1234567890",
    }  # fmt: skip
    value = document(OBJECT_EVENT, **parties)
    root = etree.fromstring(write_document(value))
    assert root.findtext(f".//{{{SBDH}}}Sender/{{{SBDH}}}Identifier") == parties["sender"]
    again = back(value)
    assert {name: again[name] for name in parties} == parties
    assert "epcisHeader" not in again
    alone = back(document(OBJECT_EVENT, sender="urn:epc:id:sgln:0353579.00001.0"))
    assert (alone["sender"], "receiver" in alone) == ("urn:epc:id:sgln:0353579.00001.0", False)


def test_a_business_header_is_kept_whole() -> None:
    header = (
        f'<EPCISHeader><sbdh:StandardBusinessDocumentHeader xmlns:sbdh="{SBDH}">'
        "<sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>"
        '<sbdh:Sender><sbdh:Identifier Authority="SGLN">urn:s</sbdh:Identifier><sbdh:ContactInformation><sbdh:Contact>A'
        "</sbdh:Contact><sbdh:EmailAddress>a@a.example</sbdh:EmailAddress></sbdh:ContactInformation></sbdh:Sender>"
        "<sbdh:Receiver><sbdh:Identifier>urn:r</sbdh:Identifier></sbdh:Receiver><sbdh:DocumentIdentification><sbdh:Standard>"
        "EPCglobal</sbdh:Standard><sbdh:TypeVersion>1.0</sbdh:TypeVersion><sbdh:InstanceIdentifier>7</sbdh:InstanceIdentifier>"
        "<sbdh:Type>Events</sbdh:Type><sbdh:CreationDateAndTime>2026-03-01T10:00:00Z</sbdh:CreationDateAndTime>"
        "</sbdh:DocumentIdentification></sbdh:StandardBusinessDocumentHeader></EPCISHeader>"
    )
    xml = write_document(document(OBJECT_EVENT)).replace(b"<EPCISBody>", header.encode() + b"<EPCISBody>")
    value = read_xml(xml).value
    assert (value["sender"], value["receiver"], value["instanceIdentifier"]) == ("urn:s", "urn:r", "7")
    shuffled = {**value, "epcisHeader": _reversed(value["epcisHeader"])}
    written = write_document(shuffled)
    assert faults_by_schema(written) == []
    assert header.replace(f' xmlns:sbdh="{SBDH}"', "") in written.decode()
    assert read_xml(written).value == value
    assert parse(value).events


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(value[name]) for name in reversed(list(value))}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def test_what_the_schema_has_no_place_for_survives() -> None:
    event = varied(
        OBJECT_EVENT,
        certificationInfo=["https://a.example/1", "https://a.example/2", "https://a.example/3"],
        quantityList=[{"epcClass": "https://a.example/c", "quantity": 1e-7, "example:note": [{"a": None}]}],
        bizTransactionList=[{"bizTransaction": "https://a.example/t", "example:note": 1}],
        sensorElementList=[
            {
                "sensorReport": [
                    {"type": "Mass", "value": 1e21, "stringValue": "\x01", "example:n": 2.5, "example:o": {}}
                ]
            }
        ],
    )
    event["https://a.example/1st field"] = "x"
    event.pop("https://a.example/1st field")
    event["https://a.example/1st"] = {"": [], "#text": "t", "a b": [["x"], []]}
    value = document(event)
    again = back(value)
    assert parse(again).events[0].source | {"@context": 0} == {**event, "@context": 0}


def test_an_event_of_a_store_stands_in_a_document_with_its_own_context() -> None:
    own = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"a": "https://a.example/"}]}
    other = {"@context": {"a": "https://b.example/", "vocab": {"@id": "https://v.example/", "@type": "@id"}}}
    value = document({**OBJECT_EVENT, **own, "a:x": 1}, {**OBJECT_EVENT, **other, "a:x": 2})
    before, after = parse(value).events, parse(back(value)).events
    assert [event.prefixes["a"] for event in after] == ["https://a.example/", "https://b.example/"]
    assert [event_hash(event) for event in after] == [event_hash(event) for event in before]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"type": "Invoice"}, "/type"),
        ({}, "/type"),
        (document({"type": "QuantityEvent"}), "/epcisBody/eventList/0/type"),
        (document(7), "/epcisBody/eventList/0"),
        (document(varied(OBJECT_EVENT, color="red")), "/epcisBody/eventList/0/color"),
        (document(varied(OBJECT_EVENT, eventID="\x01")), "/epcisBody/eventList/0/eventID"),
        (document(varied(OBJECT_EVENT, epcList="urn:a:b")), "/epcisBody/eventList/0/epcList"),
        (document(varied(OBJECT_EVENT, readPoint="urn:a:b")), "/epcisBody/eventList/0/readPoint"),
        (document(OBJECT_EVENT, epcisBody=[]), "/epcisBody"),
        (document(OBJECT_EVENT, id="\x01"), "/id"),
        (document(OBJECT_EVENT, note="x"), "/note"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_place(value: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InexpressibleInXml) as refusal:
        write_document(value)
    assert refusal.value.pointer == pointer
    assert refusal.value.status == 406
