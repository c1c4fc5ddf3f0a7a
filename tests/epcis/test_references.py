from service.epcis.documents import Event, parse
from service.epcis.references import Link, Reference, links, references
from tests.epcis.examples import (
    AGGREGATION_EVENT,
    ASSOCIATION_EVENT,
    OBJECT_EVENT,
    REMOVED,
    TRANSACTION_EVENT,
    TRANSFORMATION_EVENT,
    varied,
)

GTIN = "https://id.gs1.org/01/04012345111118"
LOT = "https://id.gs1.org/01/04012345123456/10/Lot987"
PALLET = "https://id.gs1.org/00/340123451111111111"


def read(event: dict[str, object], **changes: object) -> Event:
    return parse(varied(event, **changes)).events[0]


def test_items_and_lots_are_things_and_classes_are_not() -> None:
    event = read(
        OBJECT_EVENT,
        quantityList=[
            {"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987"},
            {"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*"},
            {"epcClass": "https://id.gs1.org/01/04012345123456"},
            {"epcClass": "urn:example:class:7"},
        ],
    )
    assert references(event) == (
        Reference(f"{GTIN}/21/1", "subject"),
        Reference(f"{GTIN}/21/2", "subject"),
        Reference(LOT, "subject"),
    )


def test_two_spellings_of_one_thing_are_one_reference() -> None:
    event = read(OBJECT_EVENT, epcList=[f"https://brand.example{GTIN[18:]}/21/2", *OBJECT_EVENT["epcList"]])
    assert [reference.identifier for reference in references(event)] == [f"{GTIN}/21/2", f"{GTIN}/21/1"]


def test_compact_uris_are_expanded_by_the_events_own_context() -> None:
    first = read(OBJECT_EVENT, epcList=["x:7"], **{"@context": {"x": "https://a.example/"}})
    second = read(OBJECT_EVENT, epcList=["x:7"], **{"@context": {"x": "https://b.example/"}})
    assert references(first) == (Reference("https://a.example/7", "subject"),)
    assert references(second) == (Reference("https://b.example/7", "subject"),)


def test_roles() -> None:
    assert [reference.role for reference in references(read(AGGREGATION_EVENT))] == ["parent", "child", "child"]
    assert [reference.role for reference in references(read(ASSOCIATION_EVENT))] == ["parent", "child"]
    assert [reference.role for reference in references(read(TRANSFORMATION_EVENT))] == ["input", "output", "output"]
    with_parent = read(TRANSACTION_EVENT, parentID="urn:epc:id:sscc:4012345.3111111111")
    assert [reference.role for reference in references(with_parent)] == ["subject", "parent"]


def test_what_goes_in_and_comes_out_is_an_input() -> None:
    event = read(TRANSFORMATION_EVENT, inputEPCList=["urn:epc:id:sgtin:4012345.011111.7"])
    assert {found.identifier: found.role for found in references(event)}[f"{GTIN}/21/7"] == "input"


def test_links_of_an_aggregation() -> None:
    child = f"{GTIN}/21/1"
    assert links(read(AGGREGATION_EVENT)) == (
        Link(PALLET, child, "aggregation", "add"),
        Link(PALLET, LOT, "aggregation", "add"),
    )
    emptied = read(AGGREGATION_EVENT, action="DELETE", childEPCs=REMOVED, childQuantityList=REMOVED)
    assert links(emptied) == (Link(PALLET, None, "aggregation", "delete"),)
    assert links(read(AGGREGATION_EVENT, action="OBSERVE", parentID=REMOVED)) == ()


def test_links_of_an_association() -> None:
    (link,) = links(read(ASSOCIATION_EVENT, action="DELETE"))
    assert (link.kind, link.action) == ("association", "delete")


def test_links_of_a_transformation() -> None:
    made = [f"{GTIN}/21/7", f"{GTIN}/21/8"]
    assert links(read(TRANSFORMATION_EVENT)) == tuple(Link(LOT, item, "transformation", "add") for item in made)
    process = "urn:example:process:7"
    assert links(read(TRANSFORMATION_EVENT, transformationID=process)) == (
        Link(LOT, process, "transformation", "add"),
        *(Link(process, item, "transformation", "add") for item in made),
    )


def test_other_events_tie_nothing() -> None:
    assert links(read(OBJECT_EVENT)) == links(read(TRANSACTION_EVENT)) == ()
