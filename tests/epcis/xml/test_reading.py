import json
from typing import Any

import pytest

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.xml import read_xml, write_document
from tests.epcis.xml.examples import NAMESPACES, THING, WHEN, document, event, extension, object_event


def rules(xml: bytes) -> set[tuple[str, str]]:
    """Each fault's XPath and rule."""
    translated = read_xml(xml)
    with pytest.raises(InvalidDocument) as refusal_by_rules:
        parse(translated.value)
    return {(translated.place(fault.pointer), fault.rule) for fault in refusal_by_rules.value.faults}


# What extensions hold


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<example:x>text</example:x>", "text"),
        ("<example:x> text \n</example:x>", "text"),
        ('<example:x xml:space="preserve"> text </example:x>', " text "),
        ("<example:x/>", ""),
        ("<example:x><![CDATA[<a>&]]></example:x>", "<a>&"),
        ("<example:x>a<!-- b -->c<?d e?></example:x>", "ac"),
        ("<example:x>1</example:x><example:x>2</example:x>", ["1", "2"]),
        ("<example:x><part1>1</part1><part2>2</part2></example:x>", {"part1": "1", "part2": "2"}),
        ("<example:x><example:y><example:z>1</example:z></example:y></example:x>", {"example:y": {"example:z": "1"}}),
        ("<example:x><y>1</y><z>2</z><y>3</y></example:x>", {"y": ["1", "3"], "z": "2"}),
        ('<example:x unit="KGM">3.5</example:x>', {"#text": "3.5", "unit": "KGM"}),
        ('<example:x example:unit="KGM"/>', {"#text": "", "example:unit": "KGM"}),
        ('<example:x a="1"><b>2</b><c><d>3</d></c></example:x>', {"#text": "", "a": "1", "b": ["2"], "c": {"d": "3"}}),
        ("<example:x>one <b>two</b> three</example:x>", {"#mixed": ["one ", {"b": "two"}, " three"]}),
    ],
)
def test_extensions_as_json(inside: str, expected: Any) -> None:
    assert extension(inside) == expected


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("integer", "10", 10), ("int", "-1", -1), ("double", "2.5", 2.5), ("decimal", "1.50", 1.5),
        ("boolean", "1", True), ("boolean", "false", False), ("string", "10", "10"),
        ("dateTime", "2026-03-01T10:00:30Z", "2026-03-01T10:00:30Z"), ("integer", "ten", "ten"),
        ("double", "INF", "INF"),
        ("decimal", "0.1234567890123456789", "0.1234567890123456789"),
    ],
)  # fmt: skip
def test_types_of_xml_schema_in_extensions(type_: str, text: str, expected: Any) -> None:
    names = (
        f'{NAMESPACES} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:s="http://www.w3.org/2001/XMLSchema"'
    )
    found = extension(f'<example:x xsi:type="s:{type_}">{text}</example:x>', namespaces=names)
    assert found == expected
    assert type(found) is type(expected)


def test_what_xml_says_of_extensions_is_written_again() -> None:
    inside = (
        '<example:x unit="KGM">3.5</example:x><example:y a="1"><b>2</b></example:y>'
        '<example:z>one <b>two</b></example:z><example:l xml:lang="de">Größe</example:l>'
    )
    first = read_xml(document(object_event(inside))).value
    again = write_document(first).decode()
    assert inside.replace("<b>", "<b>") in again.replace(' xmlns:json="urn:trailseal:epcis:json"', "").replace(
        ' json:only="true"', ""
    )
    assert read_xml(again.encode()).value == first


# Namespaces


def test_prefixes_of_the_document_stand_in_its_context() -> None:
    value = read_xml(document(object_event("<example:x>1</example:x>"))).value
    assert value["@context"][1:] == [{"example": "https://ns.example.com/epcis/"}]
    assert "@context" not in value["epcisBody"]["eventList"][0]


def test_prefixes_that_nothing_uses_do_not() -> None:
    names = f'{NAMESPACES} xmlns:xalan="http://xml.apache.org/xslt" xmlns:epcglobal="urn:epcglobal:xsd:1"'
    assert len(read_xml(document(object_event(), namespaces=names)).value["@context"]) == 1


def test_one_prefix_for_several_namespaces_and_default_namespaces() -> None:
    inside = (
        '<p:x xmlns:p="https://one.example/"><p:x xmlns:p="https://two.example/">2</p:x></p:x>'
        '<x xmlns="https://three.example/"><y>3</y><y xmlns="">plain</y></x>'
    )
    found = event(object_event(inside))
    full = {name.partition(":")[0] for name in found.source if ":" in name}
    assert {found.prefixes[prefix] for prefix in full} == {"https://one.example/", "https://three.example/"}
    one = found.source["p:x"]
    (inner,) = one
    assert found.prefixes[inner.partition(":")[0]] == "https://two.example/"
    default = next(
        name for name in found.source if found.prefixes.get(name.partition(":")[0]) == "https://three.example/"
    )
    assert found.source[default] == {default.replace(":x", ":y"): "3", "y": "plain"}


def test_events_of_one_document_may_bind_a_prefix_apart() -> None:
    first, second = (object_event("<p:x>1</p:x>", f' xmlns:p="https://{name}.example/"') for name in ("one", "two"))
    events = parse(read_xml(document(first, second)).value).events
    assert [found.prefixes["p"] for found in events] == ["https://one.example/", "https://two.example/"]


def test_prefixes_in_values_keep_what_they_stand_for() -> None:
    inside = '<example:x xmlns:q="https://q.example/">q:value</example:x>'
    inside += '<example:y xmlns:q="https://r.example/">q:v</example:y>'
    found = event(object_event(inside))
    assert found.prefixes["q"] == "https://q.example/"
    assert (found.source["example:x"], found.source["example:y"]) == ("q:value", "https://r.example/v")


@pytest.mark.parametrize("prefix", ["gs1", "rdfs", "http", "urn"])
def test_prefixes_that_mean_something_else_in_json_are_renamed(prefix: str) -> None:
    found = event(object_event(f'<{prefix}:x xmlns:{prefix}="https://own.example/">1</{prefix}:x>'))
    assert found.prefixes[next(name for name in found.source if name.endswith(":x")).partition(":")[0]] == (
        "https://own.example/"
    )


@pytest.mark.parametrize("namespace", ["urn:epcglobal:cbv:mda", "urn:epcglobal:cbv:mda:"])
def test_master_data_attributes_of_cbv_have_one_name(namespace: str) -> None:
    ilmd = f'<ilmd><m:lotNumber xmlns:m="{namespace}">A1</m:lotNumber></ilmd>'
    assert event(object_event(ilmd, action="ADD")).source["ilmd"] == {"cbvmda:lotNumber": "A1"}


def test_elements_of_the_standard_may_be_qualified() -> None:
    plain = document(object_event("<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>"))
    text = plain.decode().replace("epcis:EPCISDocument xmlns:epcis=", "EPCISDocument xmlns=").replace("</epcis:", "</")
    assert parse(read_xml(text.encode()).value).events[0].source == parse(read_xml(plain).value).events[0].source


# The standard's own


def test_every_member_of_an_event() -> None:
    found = event(
        object_event(
            """<certificationInfo>https://cert.example/1</certificationInfo>
            <errorDeclaration><declarationTime>2026-03-01T11:00:00Z</declarationTime>
              <reason>urn:epcglobal:cbv:er:did_not_occur</reason>
              <correctiveEventIDs><correctiveEventID>urn:uuid:1</correctiveEventID></correctiveEventIDs>
              <example:why>no</example:why></errorDeclaration>
            <bizStep>https://ref.gs1.org/cbv/BizStep-shipping</bizStep><disposition>cbv:Disp-in_transit</disposition>
            <readPoint><id>https://id.gs1.org/414/4012345000115</id><example:door>7</example:door></readPoint>
            <bizTransactionList>
              <bizTransaction type="urn:epcglobal:cbv:btt:po"> http://shop.example/po/1 </bizTransaction>
              <bizTransaction>http://shop.example/x</bizTransaction>
            </bizTransactionList>
            <quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.012345.Lot987</epcClass>
              <quantity>2.50</quantity><uom>KGM</uom></quantityElement></quantityList>
            <sourceList>
              <source type="urn:epcglobal:cbv:sdt:location">urn:epc:id:sgln:4012345.00011.0</source></sourceList>
            <sensorElementList><sensorElement>
              <sensorMetadata time="2026-03-01T10:00:00Z" example:room="3"/>
              <sensorReport type="gs1:Temperature" value="26.0" booleanValue="1" stringValue=" s "
                component="cbv:Comp-x" exception="gs1:ALARM_CONDITION"/>
              <example:note>n</example:note></sensorElement></sensorElementList>
            <persistentDisposition><set>urn:epcglobal:cbv:disp:damaged</set><set>x:y</set></persistentDisposition>"""
        )
    ).source
    assert found["certificationInfo"] == "https://cert.example/1"
    assert found["errorDeclaration"] == {
        "declarationTime": "2026-03-01T11:00:00Z", "reason": "did_not_occur", "correctiveEventIDs": ["urn:uuid:1"],
        "example:why": "no",
    }  # fmt: skip
    assert (found["bizStep"], found["disposition"]) == ("shipping", "in_transit")
    assert found["readPoint"] == {"id": "https://id.gs1.org/414/4012345000115", "example:door": "7"}
    assert found["bizTransactionList"] == [
        {"type": "po", "bizTransaction": "http://shop.example/po/1"}, {"bizTransaction": "http://shop.example/x"},
    ]  # fmt: skip
    assert found["quantityList"] == [
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987", "quantity": 2.5, "uom": "KGM"}
    ]
    assert found["sourceList"] == [{"type": "location", "source": "urn:epc:id:sgln:4012345.00011.0"}]
    assert found["sensorElementList"] == [
        {
            "sensorMetadata": {"time": "2026-03-01T10:00:00Z", "example:room": "3"},
            "sensorReport": [
                {"type": "Temperature", "value": 26.0, "booleanValue": True, "stringValue": " s ", "component": "x",
                 "exception": "ALARM_CONDITION"}
            ],
            "example:note": "n",
        }
    ]  # fmt: skip
    assert found["persistentDisposition"] == {"set": ["damaged", "x:y"]}


def test_elements_may_come_in_any_order() -> None:
    jumbled = f"<ObjectEvent><example:x>1</example:x><action>OBSERVE</action>{THING}{WHEN}</ObjectEvent>"
    assert event(jumbled).source == event(object_event("<example:x>1</example:x>")).source


def test_wrappings_of_1_2() -> None:
    old = (
        f"<ObjectEvent>{WHEN}<baseExtension><eventID>urn:uuid:1</eventID></baseExtension>{THING}<action>ADD</action>"
        "<extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.012345.Lot987</epcClass>"
        "</quantityElement></quantityList><ilmd><extension/><example:x>1</example:x></ilmd><extension>"
        "<sensorElementList><sensorElement><sensorReport type='gs1:Temperature' value='1'/></sensorElement>"
        "</sensorElementList></extension></extension></ObjectEvent>"
    )
    old += (
        f"<extension><TransformationEvent>{WHEN}<inputEPCList><epc>https://a.example/1</epc></inputEPCList>"
        "<outputEPCList><epc>https://a.example/2</epc></outputEPCList></TransformationEvent><extension><AssociationEvent>"
        f"{WHEN}<parentID>https://a.example/1</parentID><childEPCs><epc>https://a.example/2</epc></childEPCs>"
        "<action>ADD</action></AssociationEvent></extension></extension>"
    )
    value = read_xml(document(old, version="1.2", namespaces=NAMESPACES.replace("xsd:2", "xsd:1"))).value
    assert value["schemaVersion"] == "2.0"
    first, second, third = (found.source for found in parse(value).events)
    assert first["eventID"] == "urn:uuid:1"
    assert first["ilmd"] == {"example:x": "1"}
    assert first["quantityList"] == [{"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987"}]
    assert first["sensorElementList"] == [{"sensorReport": [{"type": "Temperature", "value": 1}]}]
    assert (second["type"], third["type"]) == ("TransformationEvent", "AssociationEvent")


def test_a_single_event() -> None:
    xml = f'<epcis:ObjectEvent {NAMESPACES} schemaVersion="2.0">{WHEN}{THING}<action>ADD</action></epcis:ObjectEvent>'
    (found,) = parse(read_xml(xml.encode()).value).events
    assert found.pointer == ""
    assert found.source["action"] == "ADD"


def test_an_extension_of_the_document_and_of_the_body() -> None:
    xml = document(object_event(), more="<example:note><a>1</a></example:note>").replace(
        b"</EPCISBody>", b"<example:b>2</example:b></EPCISBody>"
    )
    value = read_xml(xml).value
    assert parse(value).events
    assert value["example:note"] == {"a": "1"}
    assert value["epcisBody"]["example:b"] == "2"


def test_results_of_a_query() -> None:
    xml = (
        '<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2" '
        'creationDate="2026-03-01T10:00:00Z"><EPCISBody><q:QueryResults><queryName>SimpleEventQuery</queryName>'
        "<subscriptionID>s1</subscriptionID><resultsBody>"
        f"<EventList>{object_event()}</EventList></resultsBody></q:QueryResults></EPCISBody></q:EPCISQueryDocument>"
    )
    translated = read_xml(xml.encode())
    assert translated.value["type"] == "EPCISQueryDocument"
    results = translated.value["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == ("SimpleEventQuery", "s1")
    assert len(parse(translated.value).events) == 1
    assert translated.place("/epcisBody/queryResults/resultsBody/eventList/0/action") == (
        "/q:EPCISQueryDocument/EPCISBody/q:QueryResults/resultsBody/EventList/ObjectEvent[1]/action"
    )


# Refusals

QUANTITY = "<quantityList><quantityElement><epcClass>a:b</epcClass>{}</quantityElement></quantityList>"
SENSOR = (
    '<sensorElementList><sensorElement><sensorReport type="gs1:Mass"/>'
    '<sensorReport type="gs1:Mass" {}/></sensorElement></sensorElementList>'
)
ORDER = '<bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:xy">a:b</bizTransaction></bizTransactionList>'


@pytest.mark.parametrize(
    ("more", "place", "rule"),
    [
        ("<color>red</color>", "color", "unknown-field"),
        ('<epcis:colour xmlns:epcis="urn:epcglobal:epcis:xsd:2">red</epcis:colour>', "epcis:colour", "unknown-field"),
        ("<bizStep>a:b</bizStep><bizStep>a:c</bizStep>", "bizStep[1]", "value"),
        ("<readPoint>a:b</readPoint>", "readPoint", "missing"),
        ("<readPoint><id><b/></id></readPoint>", "readPoint/id", "value"),
        ("<inputEPCList/>", "inputEPCList", "unknown-field"),
        ("<ilmd><lot>1</lot></ilmd>", "ilmd/lot", "unknown-field"),
        (QUANTITY.format("<quantity>many</quantity>"), "quantityList/quantityElement/quantity", "value"),
        (QUANTITY.format("<weight>1</weight>"), "quantityList/quantityElement/weight", "unknown-field"),
        (SENSOR.format('value="warm"'), "sensorElementList/sensorElement/sensorReport[2]/@value", "value"),
        (SENSOR.format('units="KGM"'), "sensorElementList/sensorElement/sensorReport[2]/@units", "unknown-field"),
        (ORDER, "bizTransactionList/bizTransaction/@type", "vocabulary"),
        ("<bizTransactionList><order>a:b</order></bizTransactionList>", "bizTransactionList/order", "missing"),
        ("stray text", "", "unknown-field"),
        ("<type>x</type>", "type", "unknown-field"),
        ("<childEPCs><epc>a:b</epc>text</childEPCs>", "childEPCs", "unknown-field"),
    ],
)  # fmt: skip
def test_each_fault_has_its_place(more: str, place: str, rule: str) -> None:
    base = "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[1]"
    assert (f"{base}/{place}".rstrip("/"), rule) in rules(document(object_event(more)))


def test_one_bad_event_costs_only_itself_with_proceed() -> None:
    value = read_xml(document(object_event("<color>red</color>"), object_event(), "<QuantityEvent/>")).value
    found = parse(value, proceed=True)
    assert [refused.index for refused in found.refused] == [0, 2]
    assert len(found.events) == 1


def test_an_undeclared_attribute_of_an_event_is_refused() -> None:
    place = "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[1]/@colour"
    assert (place, "unknown-field") in rules(document(object_event(attributes=' colour="red"')))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"", "xml"), (b"{}", "xml"), (b"<a>", "xml"), (b"<a/>", "root"), (b"<EPCISDocument/>", "root"),
        (b"<ObjectEvent><x:a/></ObjectEvent>", "xml"), (b"<ObjectEvent>&nbsp;</ObjectEvent>", "xml"),
        (b"\xff\xfe<", "encoding"), (b"<ObjectEvent>\xff</ObjectEvent>", "encoding"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="EBCDIC-X"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="idna"?><a/>', "encoding"),
        (b"<ObjectEvent>&#0;</ObjectEvent>", "xml"), (b"<ObjectEvent a='1' a='2'/>", "xml"),
    ],
)  # fmt: skip
def test_what_is_no_document(body: bytes, rule: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read_xml(body)
    assert [(fault.rule, fault.notation) for fault in refusal.value.faults] == [(rule, "xpath")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "ascii"])
def test_encodings(encoding: str) -> None:
    text = "Größe" if encoding != "ascii" else "Gr&#246;&#xDF;e"
    named = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    xml = (
        f'<?xml version="1.0" encoding="{named}"?>\n'
        + document(object_event(f"<example:x>{text}</example:x>")).decode()
    )
    (found,) = parse(read_xml(xml.encode(encoding)).value).events
    assert found.source["example:x"] == "Größe"


def test_places_fall_back_to_what_is_around() -> None:
    place = read_xml(document(object_event("<readPoint><id>a:b</id></readPoint>"))).place
    event_place = "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[1]"
    assert place("") == "/epcis:EPCISDocument"
    assert place("/schemaVersion") == "/epcis:EPCISDocument/@schemaVersion"
    assert place("/epcisBody/eventList") == "/epcis:EPCISDocument/EPCISBody/EventList"
    assert place("/epcisBody/eventList/0") == event_place
    assert place("/epcisBody/eventList/0/type") == event_place
    assert place("/epcisBody/eventList/0/readPoint/id/what") == f"{event_place}/readPoint/id"
    assert place("/epcisBody/eventList/0/epcList/0") == f"{event_place}/epcList/epc"
    assert place("/epcisBody/eventList/7/epcList/9") == "/epcis:EPCISDocument/EPCISBody/EventList"


def test_the_value_is_json() -> None:
    value = read_xml(document(object_event("<example:x><b>1</b></example:x>"))).value
    assert json.loads(json.dumps(value)) == value


# EPC lists


@pytest.mark.parametrize("name", ["epcList", "childEPCs"])
def test_of_equal_epcs_in_a_list_the_first_is_kept_and_places_stay_right(name: str) -> None:
    said = ("urn:x:1", "urn:x:2", " urn:x:1 ", "no uri", "urn:x:2", "https://id.gs1.org/01/04012345111118")
    listed = f"<{name}>{''.join(f'<epc>{epc}</epc>' for epc in said)}</{name}>"
    type_, parent = ("ObjectEvent", "") if name == "epcList" else ("AggregationEvent", "<parentID>urn:x:0</parentID>")
    xml = document(f"<{type_}>{WHEN}{parent}{listed}<action>OBSERVE</action></{type_}>")
    (found,) = read_xml(xml).value["epcisBody"]["eventList"]
    assert found[name] == ["urn:x:1", "urn:x:2", "no uri", "https://id.gs1.org/01/04012345111118"]
    path = f"/epcis:EPCISDocument/EPCISBody/EventList/{type_}[1]/{name}/epc"
    assert rules(xml) == {(f"{path}[4]", "identifier"), (f"{path}[6]", "class-level")}


def test_two_spellings_of_one_epc_are_both_kept() -> None:
    said = "<epc>urn:epc:id:sgtin:4012345.011111.1</epc><epc>https://id.gs1.org/01/04012345111118/21/1</epc>"
    read = event(object_event().replace(THING, f"<epcList>{said}</epcList>"))
    assert len(read.source["epcList"]) == 2
