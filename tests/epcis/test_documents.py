import pytest

from service.epcis.documents import parse
from service.epcis.events import ObjectEvent
from service.epcis.faults import Fault, InvalidDocument
from tests.epcis.examples import CONTEXT, EVENTS, OBJECT_EVENT, REMOVED, document, encoded, varied


def faults(value: object) -> tuple[Fault, ...]:
    with pytest.raises(InvalidDocument) as refusal:
        parse(value if isinstance(value, bytes) else encoded(value))
    return refusal.value.faults


def places(value: object) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.rule) for fault in faults(value)]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event["type"]))
def test_every_type_is_read_bare_in_an_array_and_in_a_document(event: dict[str, object]) -> None:
    assert parse(encoded(event)).events[0].pointer == ""
    assert parse(encoded([event, event])).events[1].pointer == "/1"
    assert parse(document(event)).events[0].pointer == "/epcisBody/eventList/0"


def test_the_source_is_as_sent_with_the_context_it_needs() -> None:
    sent = varied(OBJECT_EVENT, recordTime="2026-03-01T10:00:30Z", **{"example:a": [1, None, {"b": True}]})
    (event,) = parse(document(sent)).events
    assert event.source == {**varied(sent, recordTime=REMOVED), "@context": CONTEXT}
    assert isinstance(event.model, ObjectEvent)
    assert event.model.extensions == {"example:a": [1, None, {"b": True}]}
    assert event.model.instant.isoformat() == "2026-03-01T09:00:30.123000+00:00"


def test_an_events_own_context_comes_after_its_documents() -> None:
    own = varied(OBJECT_EVENT, **{"@context": {"other": "https://other.example/"}, "other:x": 1, "example:y": 2})
    (event,) = parse(document(own)).events
    assert event.source["@context"] == [*CONTEXT, {"other": "https://other.example/"}]
    assert parse(event.source).events[0].source == event.source


def test_a_bare_event_without_context_stays_as_it_was() -> None:
    assert parse(OBJECT_EVENT).events[0].source == OBJECT_EVENT


def test_the_callers_mapping_is_not_shared() -> None:
    sent = varied(OBJECT_EVENT)
    (event,) = parse(sent).events
    sent["epcList"].append("urn:epc:id:sgtin:4012345.011111.99")
    assert event.source == OBJECT_EVENT


def test_a_query_document_is_read() -> None:
    body = {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [OBJECT_EVENT]}}}
    (event,) = parse(document(type="EPCISQueryDocument", epcisBody=body)).events
    assert event.pointer == "/epcisBody/queryResults/resultsBody/eventList/0"


EVENT_FAULTS = [
    ({"eventTime": "2026-02-30T10:00:00Z"}, "/eventTime", "value"),
    ({"eventTime": "2026-03-01T10:00:00"}, "/eventTime", "value"),
    ({"eventTime": "2026-03-01"}, "/eventTime", "value"),
    ({"eventTime": "2026-03-01T10:00:00+15:00"}, "/eventTime", "value"),
    ({"eventTime": 1772359230}, "/eventTime", "value"),
    ({"eventTime": "0000-01-01T00:00:00Z"}, "/eventTime", "value"),
    ({"eventTime": "0001-01-01T00:00:00+14:00"}, "/eventTime", "value"),
    ({"eventTime": "٢٠٢٦-03-01T10:00:00Z"}, "/eventTime", "value"),
    ({"eventTime": REMOVED}, "", "missing"),
    ({"recordTime": "yesterday"}, "/recordTime", "value"),
    ({"eventTimeZoneOffset": "+1:00"}, "/eventTimeZoneOffset", "value"),
    ({"eventTimeZoneOffset": "+14:30"}, "/eventTimeZoneOffset", "value"),
    ({"eventTimeZoneOffset": "Z"}, "/eventTimeZoneOffset", "value"),
    ({"eventTimeZoneOffset": REMOVED}, "", "missing"),
    ({"action": "observe"}, "/action", "value"),
    ({"action": REMOVED}, "", "missing"),
    ({"type": "QuantityEvent"}, "/type", "type"),
    ({"type": REMOVED}, "", "missing"),
    ({"type": ["ObjectEvent"]}, "/type", "type"),
    ({"eventID": "event 7"}, "/eventID", "identifier"),
    ({"eventID": 7}, "/eventID", "value"),
    ({"eventID": None}, "/eventID", "null"),
    ({"epcList": []}, "", "missing"),
    ({"epcList": [], "quantityList": []}, "", "missing"),
    ({"epcList": REMOVED}, "", "missing"),
    ({"epcList": "urn:epc:id:sgtin:4012345.011111.1"}, "/epcList", "value"),
    ({"epcList": [7]}, "/epcList/0", "value"),
    ({"epcList": ["4012345.011111.1"]}, "/epcList/0", "identifier"),
    ({"epcList": ["urn:x:1", "urn:x:1"]}, "/epcList/1", "duplicate-item"),
    ({"epcList": ["https://id.gs1.org/01/04012345111118"]}, "/epcList/0", "class-level"),
    ({"epcList": ["https://brand.example/01/04012345111119/21/1"]}, "/epcList/0", "identifier"),
    ({"bizStep": "shiping"}, "/bizStep", "vocabulary"),
    ({"disposition": "urn:epcglobal:cbv:disp:lost"}, "/disposition", "vocabulary"),
    ({"bizStep": {"id": "shipping"}}, "/bizStep", "value"),
    ({"readPoint": {}}, "/readPoint", "missing"),
    ({"readPoint": {"id": "dock 7"}}, "/readPoint/id", "identifier"),
    ({"readPoint": {"id": "urn:x:1", "name": "Dock"}}, "/readPoint/name", "unknown-field"),
    ({"ilmd": {"example:lot": "1"}}, "/ilmd", "ilmd"),
    ({"action": "ADD", "ilmd": {"lot": "1"}}, "/ilmd/lot", "unknown-field"),
    ({"childEPCs": ["urn:x:1"]}, "/childEPCs", "unknown-field"),
    ({"eventtime": "2026-03-01T10:00:00Z"}, "/eventtime", "unknown-field"),
    ({"undeclared:a": 1}, "/undeclared:a", "unknown-field"),
    ({"example:": 1}, "/example:", "unknown-field"),
    ({"a/b~c": 1}, "/a~1b~0c", "unknown-field"),
    ({"quantityList": [{"epcClass": "urn:x:1", "quantity": "5"}]}, "/quantityList/0/quantity", "value"),
    ({"quantityList": [{"epcClass": "urn:x:1", "quantity": -1}]}, "/quantityList/0/quantity", "value"),
    ({"quantityList": [{"epcClass": "urn:x:1", "quantity": True}]}, "/quantityList/0/quantity", "value"),
    ({"quantityList": [{"epcClass": "urn:x:1", "uom": "KGM"}]}, "/quantityList/0/uom", "value"),
    ({"quantityList": [{"epcClass": "urn:x:1", "quantity": 1, "uom": "kg"}]}, "/quantityList/0/uom", "value"),
    ({"quantityList": [{"quantity": 1}]}, "/quantityList/0", "missing"),
    ({"bizTransactionList": [{"type": "po"}]}, "/bizTransactionList/0", "missing"),
    ({"sourceList": [{"type": "owner", "source": "urn:x:1"}]}, "/sourceList/0/type", "vocabulary"),
    ({"destinationList": [{"destination": "urn:x:1"}]}, "/destinationList/0", "missing"),
    ({"persistentDisposition": {}}, "/persistentDisposition", "missing"),
    ({"persistentDisposition": {"set": ["gone"]}}, "/persistentDisposition/set/0", "vocabulary"),
    ({"errorDeclaration": {"reason": "incorrect_data"}}, "/errorDeclaration", "missing"),
    ({"sensorElementList": [{"sensorReport": []}]}, "/sensorElementList/0/sensorReport", "missing"),
    ({"sensorElementList": [{"sensorReport": [{"value": 1}]}]}, "/sensorElementList/0/sensorReport/0", "missing"),
    ({"@context": ["not a uri"]}, "/@context/0", "context"),
    ({"@context": {"urn": "https://evil.example/"}}, "/@context/urn", "context"),
    ({"@context": {"p": "relative"}}, "/@context/p", "context"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "rule"), EVENT_FAULTS)
def test_a_fault_is_found_at_its_place(changes: dict[str, object], pointer: str, rule: str) -> None:
    place = "/epcisBody/eventList/1"
    assert places(document(OBJECT_EVENT, varied(OBJECT_EVENT, **changes))) == [(place + pointer, rule)]


def test_sensor_attributes_must_not_be_in_both_metadata_and_report() -> None:
    twice = {"time": "2026-03-01T10:00:00Z", "deviceID": "urn:epc:id:giai:4000001.111"}
    element = {"sensorMetadata": twice, "sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL", **twice}]}
    report = "/sensorElementList/0/sensorReport/0"
    expected = [(f"{report}/deviceID", "sensor-attribute-twice"), (f"{report}/time", "sensor-attribute-twice")]
    assert places(varied(OBJECT_EVENT, sensorElementList=[element])) == expected


def test_sensor_reports_at_a_read_point_need_no_object() -> None:
    element = {"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}
    assert parse(varied(OBJECT_EVENT, epcList=REMOVED, sensorElementList=[element])).events


@pytest.mark.parametrize(
    ("index", "changes", "rule"),
    [
        (1, {"parentID": REMOVED}, "missing"),
        (1, {"childEPCs": REMOVED, "childQuantityList": []}, "missing"),
        (2, {"outputEPCList": REMOVED}, "missing"),
        (2, {"inputQuantityList": REMOVED}, "missing"),
        (3, {"bizTransactionList": REMOVED}, "missing"),
        (3, {"epcList": REMOVED}, "missing"),
        (4, {"parentID": REMOVED}, "missing"),
        (4, {"childEPCs": REMOVED}, "missing"),
    ],
)
def test_what_each_type_needs(index: int, changes: dict[str, object], rule: str) -> None:
    assert {found for _, found in places(varied(EVENTS[index], **changes))} == {rule}


def test_what_may_be_left_out_with_delete_or_a_transformation_id() -> None:
    assert parse(varied(EVENTS[1], action="DELETE", childEPCs=REMOVED, childQuantityList=REMOVED)).events
    assert parse(varied(EVENTS[1], action="OBSERVE", parentID=REMOVED)).events
    assert parse(varied(EVENTS[2], outputEPCList=REMOVED, transformationID="urn:x:batch-1")).events


def test_all_faults_of_all_events_are_reported_together() -> None:
    bad = varied(OBJECT_EVENT, eventTime="never", action="X", epcList=["bad id"], unknown=1)
    found = places(document(bad, OBJECT_EVENT, bad, schemaVersion="1.2", extra=1))
    assert len(found) == 10
    assert {pointer.split("/")[3] for pointer, _ in found if pointer.count("/") > 2} == {"0", "2"}


def test_at_most_100_faults_are_reported() -> None:
    assert len(faults(document(*[varied(OBJECT_EVENT, action="X")] * 150))) == 100


@pytest.mark.parametrize(
    ("changes", "pointer", "rule"),
    [
        ({"schemaVersion": "1.2"}, "/schemaVersion", "value"),
        ({"creationDate": "2026-03-01"}, "/creationDate", "value"),
        ({"@context": REMOVED}, "", "missing"),
        ({"type": "EPCIS"}, "/type", "type"),
        ({"type": REMOVED}, "", "missing"),
        ({"epcisBody": {}}, "/epcisBody", "missing"),
        ({"epcisBody": {"eventList": {}}}, "/epcisBody/eventList", "value"),
        ({"surprise": 1}, "/surprise", "unknown-field"),
    ],
)
def test_faults_of_the_document_itself_are_never_passed_over(
    changes: dict[str, object], pointer: str, rule: str
) -> None:
    whole = document(OBJECT_EVENT, **changes)
    assert places(whole) == [(pointer, rule)]
    with pytest.raises(InvalidDocument):
        parse(whole, proceed=True)


def test_an_event_id_may_come_twice_only_to_declare_an_error() -> None:
    event = varied(OBJECT_EVENT, eventID="urn:uuid:1")
    correction = varied(event, errorDeclaration={"declarationTime": "2026-03-02T10:00:00Z", "reason": "incorrect_data"})
    assert len(parse(document(event, correction)).events) == 2
    assert places(document(event, event)) == [("/epcisBody/eventList/1/eventID", "duplicate-event-id")]


def test_with_proceed_good_events_are_kept_and_bad_ones_named() -> None:
    bad = varied(OBJECT_EVENT, action="X")
    result = parse(document(OBJECT_EVENT, bad, OBJECT_EVENT), proceed=True)
    assert [event.pointer for event in result.events] == ["/epcisBody/eventList/0", "/epcisBody/eventList/2"]
    assert [(refused.index, refused.faults[0].pointer) for refused in result.refused] == [
        (1, "/epcisBody/eventList/1/action")
    ]


def test_with_proceed_a_lexical_fault_spoils_its_own_event_only() -> None:
    text = encoded(document(OBJECT_EVENT, varied(OBJECT_EVENT, **{"example:n": 0}))).replace(
        b'"example:n": 0', b'"example:n": NaN'
    )
    result = parse(text, proceed=True)
    assert len(result.events) == 1
    assert result.refused[0].faults[0].pointer == "/epcisBody/eventList/1/example:n"


def test_compact_uris_stand_for_what_the_context_says() -> None:
    context = {"dl": "https://id.gs1.org/01/04012345111118/21/", "step": "https://ref.gs1.org/cbv/BizStep-"}
    event = varied(OBJECT_EVENT, epcList=["dl:1"], bizStep="step:shipping", **{"@context": context})
    assert parse(event).events
    wrong = varied(event, **{"@context": {**context, "dl": "https://id.gs1.org/01/04012345111119/21/"}})
    assert places(wrong) == [("/epcList/0", "identifier")]


def test_an_extension_may_be_named_by_a_full_uri() -> None:
    assert parse(varied(OBJECT_EVENT, **{"https://ns.example.com/epcis/a": 1, "gs1:b": 2})).events
