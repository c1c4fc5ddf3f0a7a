"""JSON to XML to JSON is the identity on an event's meaning."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.xml import read_xml, write_document
from tests.epcis.strategies import documents, events
from tests.epcis.xml.examples import document as xml_document
from tests.epcis.xml.examples import object_event
from tests.epcis.xml.meaning import document_meaning, meaning
from tests.epcis.xml.schemas import faults_by_schema

slow = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def assert_same(before: Any, after: Any) -> None:
    first, second = parse(before), parse(after)
    assert len(first.events) == len(second.events)
    for one, other in zip(first.events, second.events, strict=True):
        assert meaning(other) == meaning(one)
        assert event_hash(other, "2.0") == event_hash(one, "2.0")
        assert event_hash(other, "2026") == event_hash(one, "2026")


@slow
@given(event=events())
@pytest.mark.parametrize("cbv", ["urn", "web"])
def test_any_event_survives(event: dict[str, Any], cbv: Any) -> None:
    assert_same(event, read_xml(write_document(event, cbv=cbv)).value)


@slow
@given(document=documents())
def test_any_document_survives_and_is_valid_by_schema(document: dict[str, Any]) -> None:
    xml = write_document(document)
    after = read_xml(xml).value
    assert_same(document, after)
    assert document_meaning(after) == document_meaning(document)
    assert write_document(after) is not None
    assert faults_by_schema(xml) == []


_TAGS = ("{https://a.example/}a", "{https://a.example/}b", "{urn:b:}b", "plain", "{urn:epcglobal:cbv:mda}lot", "other")
_PREFIXES = {"p": "https://a.example/", "q": "urn:b:", "r": "urn:epcglobal:cbv:mda"}
_said = st.text("ab <&\u00e9\n", max_size=4)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3, tags: tuple[str, ...] = _TAGS) -> etree._Element:
    """Any element as others' extensions have them: attributes, text, and elements in any mixture."""
    found = etree.Element(draw(st.sampled_from(tags)), nsmap=_PREFIXES)
    for name in draw(st.sets(st.sampled_from(_TAGS), max_size=2)):
        found.set(name, draw(_said))
    found.text = draw(_said)
    for _ in range(draw(st.integers(0, 3 if depth else 0))):
        child = draw(elements(depth - 1))
        child.tail = draw(_said)
        found.append(child)
    return found


def _infoset(element: etree._Element) -> Any:
    """What an element is, without the order of elements of different names where no text is between them."""
    texts = [element.text or "", *(child.tail or "" for child in element)]
    children = [_infoset(child) for child in element]
    mixed = len(children) > 0 and any(text.strip() for text in texts)
    attributes = sorted((str(key), text) for key, text in element.items() if "trailseal" not in str(key))
    kept = texts if mixed else [texts[0].strip()]
    return (str(element.tag), attributes, kept, children if mixed else sorted(children, key=repr))


@slow
@given(found=elements(tags=_TAGS[:3]))
def test_extensions_of_others_are_written_as_they_were_read(found: etree._Element) -> None:
    before = read_xml(xml_document(object_event(etree.tostring(found).decode()))).value
    after = write_document(before)
    assert read_xml(after).value["epcisBody"] == before["epcisBody"]
    again = etree.fromstring(after).find(".//ObjectEvent")
    assert again is not None
    assert _infoset(again[-1]) == _infoset(found)
