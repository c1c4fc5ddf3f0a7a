"""Whatever a valid event holds, it can be indexed, and it is found by what it holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.identifiers import resolved
from service.epcis.query.indexing import MOST_TERMS, indexed
from service.epcis.query.language import parse_query
from service.epcis.query.matching import facts, matches
from service.epcis.query.sent import url_parameters
from tests.epcis.examples import OBJECT_EVENT, document, varied
from tests.epcis.query.asking import RECORDED, seen
from tests.epcis.strategies import events
from tests.shared import shared


@given(events())
def test_any_event_is_found_by_its_own_members(event: dict[str, Any]) -> None:
    known = facts(parse(event).events[0], RECORDED)
    assert all(-(2**63) <= term < 2**63 for term in known.indexed.terms)
    assert all(abs(value) < float("inf") for _, value in known.indexed.numbers)
    asked: dict[str, Any] = {
        "@context": event.get("@context"), "eventType": event["type"], "GE_eventTime": event["eventTime"],
        "EQ_action": event.get("action"), "EQ_bizStep": event.get("bizStep"),
        "EQ_disposition": event.get("disposition"),
        "EQ_readPoint": event.get("readPoint", {}).get("id"), "WD_bizLocation": event.get("bizLocation", {}).get("id"),
        "MATCH_epc": event.get("epcList") or event.get("childEPCs"), "MATCH_parentID": event.get("parentID"),
        "MATCH_inputEPC": event.get("inputEPCList"), "MATCH_outputEPC": event.get("outputEPCList"),
        "EQ_transformationID": event.get("transformationID"), "EQ_eventID": event.get("eventID"),
        "EXISTS_errorDeclaration": "errorDeclaration" in event,
        "EXISTS_sensorElement": bool(event.get("sensorElementList")),
    }  # fmt: skip
    asked |= {f"EXISTS_{name}": True for name in event if ":" in name and len(name) > 3}
    query = parse_query({name: value for name, value in asked.items() if value not in (None, [])})
    assert matches(query, known)


def documents() -> list[Any]:
    root = shared("epcis", "gs1", "JSON")
    return [pytest.param(path, id=path.name) for path in sorted(root.rglob("*.jsonld"))]


@pytest.mark.parametrize("path", documents())
def test_events_of_gs1_are_found_by_the_other_spelling_of_their_epcs(path: Any) -> None:
    for event in parse(path.read_bytes(), proceed=True).events:
        known = facts(event, RECORDED)
        epcs = [
            *event.source.get("epcList", ()),
            *event.source.get("childEPCs", ()),
            *event.source.get("inputEPCList", ()),
        ]
        for epc in epcs:
            assert matches(parse_query({"MATCH_anyEPC": resolved(epc)[0]}), known)
            assert matches(parse_query(url_parameters([("MATCH_anyEPC", f"urn:x:y|{epc}")]).query), known)


def test_an_event_with_too_much_to_be_found_by_is_refused() -> None:
    many = [f"https://example.com/{number}" for number in range(MOST_TERMS)]
    event = parse(document(varied(OBJECT_EVENT, epcList=many))).events[0]
    with pytest.raises(InvalidDocument) as refused:
        indexed(event)
    assert refused.value.faults[0].rule == "too-many-values"
    assert refused.value.faults[0].pointer == event.pointer


@given(st.integers(1, 400))
def test_long_texts_are_read_as_short_ones_are(length: int) -> None:
    text = "x" * length
    known = seen(varied(OBJECT_EVENT, **{"example:note": text}))
    assert matches(parse_query({"EQ_example:note": text}), known)
    assert not matches(parse_query({"EQ_example:note": text + "x"}), known)
