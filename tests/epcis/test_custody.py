import pytest

from service.epcis.custody import Step, movement, party, steps
from service.epcis.documents import Event, parse
from tests.epcis.examples import (
    AGGREGATION_EVENT,
    ASSOCIATION_EVENT,
    OBJECT_EVENT,
    REMOVED,
    TRANSFORMATION_EVENT,
    varied,
)

SELLER, BUYER, CARRIER = (f"urn:epc:id:pgln:4000001.0000{number}" for number in range(3))
BUYER_LINK = "https://id.gs1.org/417/4000001000012"
CARRIER_LINK = "https://id.gs1.org/417/4000001000029"


def read(event: dict[str, object], **changes: object) -> Event:
    return parse(varied(event, **changes)).events[0]


def at(type_: str, source: str) -> dict[str, str]:
    return {"type": type_, "source": source}


def to(type_: str, destination: str) -> dict[str, str]:
    return {"type": type_, "destination": destination}


FROM_SELLER = [at("possessing_party", SELLER), at("owning_party", SELLER)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"bizStep": "inspecting"}, Step.OBSERVE),
        ({"bizStep": "departing", "destinationList": [to("possessing_party", BUYER)]}, Step.OBSERVE),
        ({"bizStep": "transporting"}, Step.OBSERVE),
        ({"bizStep": "void_shipping", "destinationList": [to("possessing_party", BUYER)]}, Step.OBSERVE),
        ({"bizStep": REMOVED}, Step.OBSERVE),
        ({"bizStep": "commissioning", "action": "ADD"}, Step.COMMISSION),
        ({"bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning", "action": "ADD"}, Step.COMMISSION),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:commissioning", "action": "ADD"}, Step.COMMISSION),
        ({"bizStep": "cbv:BizStep-commissioning", "action": "ADD"}, Step.COMMISSION),
        ({"bizStep": "https://own.example/steps/printing", "action": "ADD"}, Step.COMMISSION),
        ({"bizStep": "decommissioning", "action": "DELETE"}, Step.DECOMMISSION),
        ({"bizStep": "destroying", "action": "OBSERVE"}, Step.DECOMMISSION),
        ({"bizStep": "retail_selling", "action": "DELETE"}, Step.DECOMMISSION),
        ({"bizStep": "shipping"}, Step.OBSERVE),
        ({"bizStep": "shipping", "destinationList": [to("location", "urn:epc:id:sgln:4000001.00001.0")]}, Step.OBSERVE),
        ({"bizStep": "receiving"}, Step.OBSERVE),
        ({"bizStep": "receiving", "sourceList": FROM_SELLER}, Step.RECEIVE),
        ({"bizStep": "receiving", "destinationList": [to("possessing_party", BUYER)]}, Step.RECEIVE),
        ({"bizStep": "accepting"}, Step.RECEIVE),
        (
            {
                "bizStep": "accepting",
                "sourceList": [at("possessing_party", SELLER)],
                "destinationList": [to("possessing_party", SELLER)],
            },
            Step.OBSERVE,
        ),
        ({"bizStep": "holding"}, Step.HOLD),
        ({"persistentDisposition": {"set": ["recalled"]}}, Step.HOLD),
        ({"persistentDisposition": {"unset": ["urn:epcglobal:cbv:disp:recalled"]}}, Step.LIFT),
        ({"persistentDisposition": {"set": ["completeness_verified"]}}, Step.OBSERVE),
        ({"disposition": "recalled"}, Step.OBSERVE),
    ],
)
def test_what_an_object_event_does(changes: dict[str, object], expected: Step) -> None:
    event = read(OBJECT_EVENT, **changes)
    assert movement(event) == (expected, None)
    assert set(steps(event).values()) == {(expected, None)}


def test_possession_goes_before_ownership() -> None:
    both = [to("owning_party", BUYER), to("possessing_party", CARRIER)]
    event = read(OBJECT_EVENT, bizStep="shipping", sourceList=FROM_SELLER, destinationList=both)
    assert movement(event) == (Step.SHIP, CARRIER_LINK)
    event = read(OBJECT_EVENT, bizStep="consigning", destinationList=both[:1])
    assert movement(event) == (Step.SHIP, BUYER_LINK)


def test_a_move_within_one_party_is_no_shipment() -> None:
    event = read(
        OBJECT_EVENT, bizStep="shipping", sourceList=FROM_SELLER, destinationList=[to("possessing_party", SELLER)]
    )
    assert movement(event) == (Step.OBSERVE, None)


def test_the_gln_of_a_place_is_read_as_the_partys() -> None:
    assert party("urn:epc:id:sgln:4000001.00001.0") == party(BUYER) == BUYER_LINK
    assert party("https://id.gs1.org/414/4000001000012/254/7") == "https://id.gs1.org/414/4000001000012/254/7"
    assert party("did:web:buyer.example") == "did:web:buyer.example"


def test_a_transformation_commissions_its_outputs_only() -> None:
    found = steps(read(TRANSFORMATION_EVENT, bizStep="shipping", destinationList=[to("owning_party", BUYER)]))
    assert [step for step, _ in found.values()] == [Step.OBSERVE, Step.COMMISSION, Step.COMMISSION]


def test_an_aggregation_ships_all_of_its_goods_but_commissions_none() -> None:
    event = read(AGGREGATION_EVENT, bizStep="shipping", destinationList=[to("possessing_party", BUYER)])
    assert set(steps(event).values()) == {(Step.SHIP, BUYER_LINK)}
    assert len(steps(event)) == 3
    assert set(steps(read(AGGREGATION_EVENT, bizStep="commissioning")).values()) == {(Step.OBSERVE, None)}


def test_places_are_never_shipped() -> None:
    place = "urn:epc:id:sgln:4012345.00011.0"
    event = read(ASSOCIATION_EVENT, parentID=place, bizStep="shipping", destinationList=[to("owning_party", BUYER)])
    assert [step for step, _ in steps(event).values()] == [Step.OBSERVE, Step.SHIP]


def test_declaring_an_error_moves_nothing() -> None:
    event = read(
        OBJECT_EVENT,
        action="ADD",
        bizStep="commissioning",
        errorDeclaration={"declarationTime": "2026-03-02T10:00:00Z"},
    )
    assert movement(event) == (Step.OBSERVE, None)
