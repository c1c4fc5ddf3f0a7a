import copy
from collections.abc import Iterator
from typing import Any

import pytest

from bench.conformance import content, examples, freight, sensor_events, sources, xmlform
from bench.conformance.schemas import Schemas
from bench.conformance.sensors import body_of
from bench.conformance.service import JSON, XML
from tests.shared import shared

PREFIXES = {**content.STANDARD_PREFIXES, "example": examples.EXAMPLE}
NAMESPACES = {"example": examples.EXAMPLE, "gs1": "https://gs1.org/voc/", "cbv": "https://ref.gs1.org/cbv/"}
# Attributes hold text, so an extension of sensor metadata that is an object has no form in XML.
EVENTS = {label: event for label, event in freight.events().items() if label != "sensed"} | sensor_events.set1()


@pytest.mark.parametrize("label", EVENTS)
def test_an_event_says_the_same_in_json_and_xml(label: str) -> None:
    in_json = content.of_json(EVENTS[label], PREFIXES)
    in_xml = content.xml_events(xmlform.document([EVENTS[label]], NAMESPACES))[0]
    assert content.differences(in_json, in_xml) == []


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every single value of an event."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))
    else:
        yield path


def changed(event: Any, path: tuple[Any, ...], *, removed: bool) -> Any:
    other = copy.deepcopy(event)
    place = other
    for part in path[:-1]:
        place = place[part]
    if removed:
        del place[path[-1]]
    else:
        before = place[path[-1]]
        later = "2026-01-05T00:00:00.000Z"
        place[path[-1]] = not before if isinstance(before, bool) else later if "T" in str(before) else f"{before}1"
    return other


@pytest.mark.parametrize("label", EVENTS)
@pytest.mark.parametrize("removed", [True, False], ids=["removed", "changed"])
def test_no_value_can_change_or_go_unnoticed(label: str, removed: bool) -> None:
    event = {name: value for name, value in EVENTS[label].items() if name != "@context"}
    before = content.of_json(event, PREFIXES)
    for path in places(event):
        after = content.of_json(changed(event, path, removed=removed), PREFIXES)
        assert content.differences(before, after), path


def test_spellings_that_mean_the_same_are_the_same() -> None:
    one = {
        "type": "ObjectEvent", "eventTime": "2026-03-01T12:00:00.50+02:00", "bizStep": "shipping", "recordTime": "x",
        "epcList": ["urn:a:1", "urn:a:2"], "quantityList": [{"epcClass": "urn:c", "quantity": 1.50}], "ex:a": ["only"],
    }  # fmt: skip
    other = {
        "type": "ObjectEvent", "eventTime": "2026-03-01T10:00:00.500Z", "bizStep": "urn:epcglobal:cbv:bizstep:shipping",
        "epcList": ["urn:a:2", "urn:a:1"], "quantityList": [{"quantity": 1.5, "epcClass": "urn:c"}],
        "https://example.com/ns/a": "only",
    }  # fmt: skip
    prefixes = {**PREFIXES, "ex": examples.EXAMPLE}
    assert content.of_json(one, prefixes) == content.of_json(other, prefixes)


def test_the_benchs_own_documents_fit_gs1s_schemas() -> None:
    schemas = Schemas(shared("epcis"))
    header = freight.header()
    schemas.expect_document(examples.encoded(freight.events().values(), epcisHeader=header), JSON)
    schemas.expect_document(xmlform.document(list(EVENTS.values()), NAMESPACES), XML)
    for events in (sensor_events.set1(), sensor_events.set2()):
        for media_type in (JSON, XML):
            schemas.expect_document(body_of(list(events.values()), media_type), media_type)


def test_the_schemas_refuse_what_is_wrong() -> None:
    schemas = Schemas(shared("epcis"))
    good = examples.document([examples.object_event()])
    for bad in ({**good, "schemaVersion": None}, {**good, "type": "EPCISQueryDocument"}):
        with pytest.raises(AssertionError):
            schemas.expect_query_document(bad)
    with pytest.raises(AssertionError):
        schemas.expect_document(xmlform.document([examples.object_event()], {}).replace(b"OBSERVE", b"MOVE"), XML)


def test_gs1s_openapi_has_29_paths_and_63_operations() -> None:
    operations = Schemas(shared("epcis")).operations()
    assert len({path for _, path, _ in operations}) == 29
    assert len(operations) == 63


def test_every_document_that_is_to_be_refused_is_there() -> None:
    root = shared("epcis")
    found = {
        one.path: one
        for one in (*sources.json_sources(root), *sources.xml_sources(root), *sources.old_xml_sources(root))
    }
    assert set(sources.REFUSED) <= set(found)
    assert set(sources.LENIENT) <= set(found)
    assert sum(one.refusal is None for one in found.values()) > 130


def test_check_digits_and_links() -> None:
    assert examples.with_check_digit("629104150021") == "6291041500213"
    assert examples.sgtin_link("1").startswith("https://id.gs1.org/01/0952132100001")
    assert content.differences({"a": 1}, {"a": 2}) == ["/a: 1 became 2"]
