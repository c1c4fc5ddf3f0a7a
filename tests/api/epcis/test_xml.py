from typing import Any

from lxml import etree

from service.epcis.xml import read_xml, write_document
from tests.api.documents import document, event, item

from .conftest import Party
from .test_events import listed, serials

XML = {"Content-Type": "application/xml"}
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
OLD = """<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-02-03T09:00:00Z">
<EPCISBody><EventList><ObjectEvent><eventTime>2026-02-03T08:55:12.000Z</eventTime>
<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:9521321.000001.old</epc></epcList>
<action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep></ObjectEvent></EventList></EPCISBody>
</epcis:EPCISDocument>"""


def root(content: bytes) -> Any:
    """The root element, without namespaces in its name."""
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False))


async def test_an_xml_document_is_captured_and_answered_in_both_forms(acme: Party) -> None:
    body = write_document(document(event("1"), event("2", bizStep="packing")))
    for media_type in ("application/xml", "text/xml; charset=utf-8"):
        answer = await acme.call("POST", "/capture", content=body, headers={"Content-Type": media_type})
        if media_type == "application/xml":
            assert answer.status_code == 202, answer.text
            job = (await acme.service.call("GET", answer.headers["location"], acme.token)).json()
            assert (job["success"], job["errors"]) == (True, [])
    assert sorted(serials(await acme.get("/events"))) == ["1", "2"]
    for accept in ("application/xml", "text/xml", "application/xml;q=0.9, application/json;q=0.1"):
        shown = await acme.get("/events?EQ_bizStep=packing", headers={"Accept": accept})
        assert shown.status_code == 200
        assert shown.headers["content-type"].partition(";")[0] == accept.partition(";")[0]
        assert etree.QName(root(shown.content)).localname == "EPCISQueryDocument"
        (found,) = read_xml(shown.content).value["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert (found["epcList"], found["bizStep"]) == ([item("2")], "packing")
        assert found["recordTime"]


async def test_a_document_of_epcis_1_2_is_captured(acme: Party) -> None:
    for version, status in (("1.2.0", 202), ("1.1", 406)):
        headers = {**XML, "GS1-EPCIS-Version": version, "GS1-CBV-Version": version}
        answer = await acme.call("POST", "/capture", content=OLD, headers=headers)
        assert answer.status_code == status, answer.text
    assert serials(await acme.get("/events")) == ["old"]


async def test_values_of_the_cbv_are_written_in_xml_as_asked_for(acme: Party) -> None:
    await acme.capture(document(event("1")))
    urn, web = b"urn:epcglobal:cbv:bizstep:shipping", b"https://ref.gs1.org/cbv/BizStep-shipping"
    for wanted, value in ((None, urn), ("No_Preference", urn), ("Always_URN", urn), ("Always_Web_URI", web)):
        headers = {"Accept": "application/xml"} | ({"GS1-CBV-XML-Format": wanted} if wanted else {})
        assert value in (await acme.get("/events", headers=headers)).content, wanted
    (found,) = listed(await acme.get("/events", headers={"GS1-CBV-XML-Format": "Always_Web_URI"}))
    assert found["bizStep"] == "shipping"


async def test_one_event_in_xml_is_captured_and_answered(acme: Party) -> None:
    event_id = "urn:uuid:831c0292-4de1-430a-8255-2aca821abaab"
    body = write_document({"@context": CONTEXT, **event("1", eventID=event_id)})
    answer = await acme.call("POST", "/events", content=body, headers={**XML, "Accept": "application/xml"})
    assert answer.status_code == 201, answer.text
    assert etree.QName(root(answer.content)).localname == "ObjectEvent"
    assert serials(await acme.get(f"/events/{event_id}")) == ["1"]
    whole = await acme.call("POST", "/events", content=write_document(document(event("2"))), headers=XML)
    assert (whole.status_code, whole.json()["slug"]) == (400, "not-one-event")


async def test_a_fault_in_xml_is_told_by_its_xpath(acme: Party) -> None:
    body = write_document(document(event("1"), event("2"))).replace(b"OBSERVE", b"MOVE", 1)
    refused = await acme.call("POST", "/capture", content=body, headers=XML)
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    (fault, *_) = refused.json()["faults"]
    assert [found.text for found in root(body).xpath(fault["xpath"], namespaces=root(body).nsmap)] == ["MOVE"]
    as_xml = await acme.call("POST", "/capture", content=body, headers={**XML, "Accept": "application/xml"})
    assert as_xml.headers["content-type"] == "application/problem+xml"
    assert fault["xpath"].encode() in as_xml.content
    proceeding = {**XML, "GS1-Capture-Error-Behaviour": "proceed"}
    answer = await acme.call("POST", "/capture", content=body, headers=proceeding)
    assert answer.status_code == 202
    headers = {"Accept": "application/xml"}
    job = root((await acme.service.call("GET", answer.headers["location"], acme.token, headers=headers)).content)
    assert etree.QName(job).localname == "EPCISCaptureJob"
    assert (job.get("running"), job.get("success")) == ("false", "false")
    assert fault["xpath"] in etree.tostring(job, encoding="unicode")


async def test_entities_are_refused(acme: Party) -> None:
    declared = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    body = OLD.replace("?>\n", f"?>\n{declared}", 1).replace("OBSERVE", "&e;")
    answer = await acme.call("POST", "/capture", content=body, headers=XML)
    assert answer.status_code == 400
    assert b"ValidationException" in answer.content


async def test_collections_in_xml(acme: Party) -> None:
    await acme.capture(document(event("1", bizStep="https://example.com/steps/baking")))
    headers = {"Accept": "application/xml", "GS1-Extensions": "ex=https://example.com/steps/"}
    for path, member in (("", "capture"), ("/eventTypes", "ObjectEvent"), ("/epcs", item("1")), ("/bizSteps/x", "")):
        answer = await acme.get(path, headers=headers)
        if not member:
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+xml")
            continue
        assert answer.headers["content-type"].startswith("application/xml")
        assert member in [one.text for one in root(answer.content)]
    steps = root((await acme.get("/bizSteps?perPage=100", headers=headers)).content)
    assert "ex:baking" in [one.text for one in steps]
    assert steps.nsmap["ex"] == "https://example.com/steps/"
    assert (await acme.get("/capture", headers=headers)).status_code == 406
