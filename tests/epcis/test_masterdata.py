"""Master data in documents."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.masterdata import MOST_ELEMENTS, VocabularyElement
from tests.epcis.examples import OBJECT_EVENT, REMOVED, document, varied
from tests.epcis.test_jsontext import json_values, never_anything_but_invalid_document

LOCATIONS = "urn:epcglobal:epcis:vtype:BusinessLocation"
SITE = {
    "id": "urn:epc:id:sgln:4012345.00005.0",
    "attributes": [
        {"id": "cbvmda:site", "attribute": "4012345000054"},
        {"id": "https://example.com/mda/address", "attribute": {"type": "Address", "city": "Köln", "storeys": 3}},
        {"id": "https://example.com/mda/storeys", "attribute": 3},
    ],
    "children": ["urn:epc:id:sgln:4012345.00005.1", "https://brand.example/414/4012345000054/254/1"],
}
LIST = "/epcisHeader/epcisMasterData/vocabularyList"


def with_master_data(*elements: Any, events: tuple[Any, ...] = (), **vocabulary: Any) -> dict[str, Any]:
    vocabularies = [varied({"type": LOCATIONS, "vocabularyElementList": list(elements)}, **vocabulary)]
    return document(*events, epcisHeader={"epcisMasterData": {"vocabularyList": vocabularies}})


def places(value: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDocument) as refusal:
        parse(value)
    return [(fault.pointer, fault.rule) for fault in refusal.value.faults]


def test_a_vocabulary_element_is_read() -> None:
    read = parse(with_master_data(SITE, events=(OBJECT_EVENT,)))
    assert len(read.events) == 1
    assert read.vocabularies == (
        VocabularyElement(
            vocabulary=LOCATIONS,
            id="https://id.gs1.org/414/4012345000054",
            sent="urn:epc:id:sgln:4012345.00005.0",
            attributes=(
                ("urn:epcglobal:cbv:mda:site", "4012345000054"),
                ("https://example.com/mda/address", {"type": "Address", "city": "Köln", "storeys": 3}),
                ("https://example.com/mda/storeys", 3),
            ),
            children=("https://id.gs1.org/414/4012345000054/254/1",),
        ),
    )


def test_a_document_may_hold_master_data_only() -> None:
    assert parse(with_master_data(SITE)).vocabularies
    bodied = {"vocabularyList": with_master_data(SITE)["epcisHeader"]["epcisMasterData"]["vocabularyList"]}
    only = document(type="EPCISMasterDataDocument", epcisBody=bodied)
    assert parse(only).vocabularies == parse(with_master_data(SITE)).vocabularies
    results = {"queryResults": {"queryName": "SimpleMasterDataQuery", "resultsBody": bodied}}
    query = document(type="EPCISQueryDocument", epcisBody=results)
    assert parse(query).vocabularies == parse(only).vocabularies
    assert not parse(query).events


def test_a_document_without_master_data_has_none() -> None:
    headers: list[dict[str, Any]] = [
        {},
        {"epcisMasterData": {}},
        {"epcisMasterData": {"vocabularyList": []}},
        {"example:sbdh": [1]},
    ]
    for header in headers:
        read = parse(document(OBJECT_EVENT, epcisHeader=header))
        assert read.events
        assert read.vocabularies == ()


def test_an_element_told_twice_says_what_both_say() -> None:
    other = {"id": "https://id.gs1.org/414/4012345000054", "attributes": [{"id": "cbvmda:site", "attribute": "x"}]}
    (element,) = parse(with_master_data(SITE, other, SITE)).vocabularies
    assert [name for name, _ in element.attributes].count("urn:epcglobal:cbv:mda:site") == 2
    assert len(element.attributes) == 4
    assert len(element.children) == 1


@pytest.mark.parametrize(
    ("element", "place", "rule"),
    [
        (varied(SITE, id="dock 7"), "/id", "identifier"),
        (varied(SITE, id=REMOVED), "", "missing"),
        (varied(SITE, id="https://id.gs1.org/414/4012345000055"), "/id", "identifier"),
        (varied(SITE, children=["urn:epc:id:sgln:1.2.3"]), "/children/0", "identifier"),
        (varied(SITE, children="urn:x:1"), "/children", "value"),
        (varied(SITE, attributes=[{"attribute": "x"}]), "/attributes/0", "missing"),
        (varied(SITE, attributes=[{"id": "no uri", "attribute": "x"}]), "/attributes/0/id", "identifier"),
        (varied(SITE, attributes=[{"id": "urn:x:a", "attribute": ["x"]}]), "/attributes/0/attribute", "value"),
        (varied(SITE, attributes=[{"id": "urn:x:a", "attribute": "x" * 20_000}]), "/attributes/0/attribute", "length"),
        (varied(SITE, id="urn:x:" + "x" * 3000), "/id", "length"),
        (varied(SITE, atributes=[]), "/atributes", "unknown-field"),
        ("urn:x:1", "", "value"),
    ],
)
def test_a_fault_is_found_at_its_place(element: Any, place: str, rule: str) -> None:
    assert places(with_master_data(SITE, element)) == [(f"{LIST}/0/vocabularyElementList/1{place}", rule)]


def test_faults_of_vocabularies_and_header() -> None:
    assert places(with_master_data(SITE, type="Locations")) == [(f"{LIST}/0/type", "identifier")]
    assert places(document(epcisHeader={"masterData": {}})) == [("/epcisHeader/masterData", "unknown-field")]
    assert places(document(epcisHeader={"epcisMasterData": {"vocabularyList": {}}})) == [(LIST, "value")]
    with pytest.raises(InvalidDocument):  # they are of the document, which `proceed` does not pass over
        parse(with_master_data(varied(SITE, id="dock 7"), events=(OBJECT_EVENT,)), proceed=True)


def test_there_is_an_end_to_it() -> None:
    many = [{"id": f"urn:x:{number}"} for number in range(MOST_ELEMENTS)]
    assert len(parse(with_master_data(*many)).vocabularies) == MOST_ELEMENTS
    assert places(with_master_data(*many, SITE)) == [(LIST, "too-many")]
    assert places(with_master_data(varied(SITE, children=["urn:x:1"] * 100_001))) == [(LIST, "too-many")]


names = st.sampled_from(["type", "vocabularyElementList", "id", "attributes", "attribute", "children", "x:y"])
vocabularies = st.recursive(
    json_values | st.just("urn:x:1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


@given(vocabularies)
def test_any_values_as_master_data(value: Any) -> None:
    never_anything_but_invalid_document(document(epcisHeader={"epcisMasterData": {"vocabularyList": value}}))
    never_anything_but_invalid_document(with_master_data(value))
    never_anything_but_invalid_document(json.dumps(with_master_data(SITE, value)).encode())
    never_anything_but_invalid_document(document(type="EPCISMasterDataDocument", epcisBody=value))
