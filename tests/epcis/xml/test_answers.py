from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from service.epcis.faults import InvalidDocument
from service.epcis.xml import read_query_xml
from service.epcis.xml.answers import (
    capture_job_xml,
    collection_xml,
    exception_xml,
    problem_xml,
    queries_xml,
    query_xml,
    subscription_xml,
    subscriptions_xml,
)
from tests.epcis.strategies import texts, values
from tests.epcis.xml.schemas import faults_by_schema

PROBLEM = {
    "type": "epcisException:ValidationException", "title": "Not valid", "status": 400, "detail": "/a: wrong <b>",
    "instance": "/capture/1", "faults": [{"xpath": "/a", "rule": "value", "message": "wrong \x00"}], "a b": None,
}  # fmt: skip
JOB = {
    "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"own": "https://own.example/"}],
    "captureID": "id 1", "running": False, "success": False, "captureErrorBehaviour": "proceed",
    "createdAt": "2026-03-01T10:00:00Z", "finishedAt": "2026-03-01T10:00:01Z", "errors": [PROBLEM], "own:state": "kept",
}  # fmt: skip
_NAMESPACE = {"p": "urn:ietf:rfc:7807"}


def test_a_collection() -> None:
    root = etree.fromstring(collection_xml(["events", "a:b&c"], {"a": "https://a.example/"}))
    assert etree.QName(root).localname == "Collection"
    assert [member.text for member in root.findall("member")] == ["events", "a:b&c"]
    assert root.nsmap["a"] == "https://a.example/"
    assert len(etree.fromstring(collection_xml([]))) == 0


def test_a_capture_job_is_valid_by_schema() -> None:
    for errors in ([], [PROBLEM], [PROBLEM, {"type": "a:b", "title": "t"}]):
        xml = capture_job_xml({**JOB, "errors": errors})
        assert faults_by_schema(xml) == []
        root = etree.fromstring(xml)
        assert (root.get("running"), root.get("captureID")) == ("false", "id 1")
        assert len(root.findall("errors/error")) == len(errors)
    assert faults_by_schema(capture_job_xml({**JOB, "errors": [], "errorFile": "https://a.example/e"})) == []
    running = {"captureID": "1", "running": True, "success": True, "captureErrorBehaviour": "rollback", "errors": []}
    assert faults_by_schema(capture_job_xml(running)) == []


def test_a_problem_as_rfc_9457_has_it() -> None:
    root = etree.fromstring(problem_xml(PROBLEM))
    assert root.tag == "{urn:ietf:rfc:7807}problem"
    assert root.findtext("p:status", namespaces=_NAMESPACE) == "400"
    assert root.findtext("p:faults/p:i/p:xpath", namespaces=_NAMESPACE) == "/a"
    assert root.findtext("p:faults/p:i/p:message", namespaces=_NAMESPACE) == "wrong \N{REPLACEMENT CHARACTER}"
    named = root.find("p:member", namespaces=_NAMESPACE)
    assert named is not None
    assert named.get("name") == "a b"


def test_an_exception_as_gs1_has_it() -> None:
    assert faults_by_schema(exception_xml(PROBLEM)) == []


@given(st.dictionaries(texts, values, max_size=4))
def test_any_members_are_well_formed(members: dict[str, Any]) -> None:
    for write in (problem_xml, exception_xml, subscription_xml, capture_job_xml):
        etree.fromstring(write(members))
    etree.fromstring(subscriptions_xml([members, members]))


_TEXT = st.text("a:/<&é", max_size=5).map(str.strip)
queries = st.dictionaries(
    st.text("EQ_abc:/#é <&", min_size=1, max_size=8).map(str.strip),
    st.lists(_TEXT, min_size=1, max_size=3) | _TEXT,
    max_size=4,
)


@given(st.text("abc é<", max_size=5).map(str.strip), queries)
def test_a_query_is_read_as_it_was_written(name: str, parameters: dict[str, Any]) -> None:
    assert read_query_xml(query_xml(name, parameters)) == (name, parameters)
    assert len(etree.fromstring(queries_xml([(name, parameters)]))) == 1


_PARAMS = """<params><param><name>eventType</name><value><string>ObjectEvent</string><string> x </string></value>
</param><param><name>GE_eventTime</name><value>2026-03-01T10:00:00Z</value></param>
<param><name>eventCountLimit</name><value xsi:type="xs:int">10</value></param>
<param><name>EQ_a</name><value xsi:type="xs:string">10</value></param>
<param><name>EXISTS_ilmd</name><value/></param></params>"""
_NAMES = (
    'xmlns:q="urn:epcglobal:epcis-query:xsd:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
)


@pytest.mark.parametrize(
    ("xml", "name"),
    [
        (f"<q:Poll {_NAMES}><queryName>SimpleEventQuery</queryName>{_PARAMS}</q:Poll>", "SimpleEventQuery"),
        (f"<q:Subscribe {_NAMES}><queryName>n</queryName>{_PARAMS}<dest>https://a.example</dest></q:Subscribe>", "n"),
        (
            f"<q:EPCISQueryDocument {_NAMES}><EPCISBody><q:Poll>{_PARAMS}</q:Poll></EPCISBody></q:EPCISQueryDocument>",
            None,
        ),
        (_PARAMS.replace("<params>", f"<params {_NAMES}>"), None),
    ],
)  # fmt: skip
def test_queries_as_clients_of_1_2_send_them(xml: str, name: str | None) -> None:
    assert read_query_xml(xml.encode()) == (
        name,
        {"eventType": ["ObjectEvent", "x"], "GE_eventTime": "2026-03-01T10:00:00Z", "eventCountLimit": 10, "EQ_a": "10",
         "EXISTS_ilmd": True},
    )  # fmt: skip


@pytest.mark.parametrize(
    "xml",
    [
        "<a/>", "<params><param/></params>", "<params><param><name>a</name></param></params>",
        "<params><name/></params>",
        "<params><param><name>a</name><value>1</value><value>2</value></param></params>", "not xml",
        "<!DOCTYPE a []><params/>",
        "<params><param><name>a</name><value><b/></value></param></params>",
        "<params><param><name>a</name><value/></param><param><name>a</name><value/></param></params>",
    ],
)  # fmt: skip
def test_what_is_no_query(xml: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read_query_xml(xml.encode())
    assert all(fault.notation == "xpath" for fault in refusal.value.faults)
