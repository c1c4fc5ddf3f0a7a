"""JSON to XML to JSON is the identity on an event's meaning."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.xml import read_xml, write_document
from tests.epcis.strategies import documents, events
from tests.epcis.xml.meaning import document_meaning, meaning
from tests.epcis.xml.schemas import faults_by_schema

slow = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
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
