"""Custody: disputes, gaps, double shipment, receipts that nobody shipped, shipments that nobody received."""

from datetime import timedelta

import pytest

from service.findings import Severity
from tests.findings.telling import (
    CARRIER,
    ITEM,
    LOT,
    MAKER,
    PALLET,
    SHOP,
    START,
    Story,
    event,
    made,
    packed,
    received,
    severities,
    shipped,
    story,
)


def delivered() -> Story:
    """A thing on its regular way."""
    return story(
        (MAKER, made(0)),
        (MAKER, shipped(1, MAKER, CARRIER)),
        (CARRIER, received(2, MAKER, CARRIER)),
        (CARRIER, shipped(3, CARRIER, SHOP)),
        (SHOP, received(30, CARRIER, SHOP)),
    )


def test_a_regular_way_is_no_finding() -> None:
    assert delivered().findings(as_of=START + timedelta(days=400)) == []


def test_a_dispute_names_its_statement_and_what_the_reason_means() -> None:
    told = Story().tell(MAKER, made(0)).tell(SHOP, event(1), disputed=("NotOffered",))
    (found,) = told.findings("ledger-dispute")
    assert found.severity is Severity.HIGH
    assert "another party had the thing" in found.detail
    assert [name.event_id for name in found.events] == [told.told[1][1]["eventID"]]


def test_a_dispute_only_for_an_open_hold_is_less_grave() -> None:
    told = Story().tell(MAKER, made(0)).tell(MAKER, shipped(1, MAKER, SHOP), disputed=("Held",))
    assert severities(told.findings("ledger-dispute")) == [Severity.MEDIUM]


def test_a_disputed_statement_that_was_taken_back_is_no_finding() -> None:
    one = event(1)
    assert Story().tell(SHOP, one, disputed=("NotOffered",)).without(SHOP, one).findings("ledger-dispute") == []


def test_who_ships_what_another_has_leaves_a_gap() -> None:
    told = delivered().tell(MAKER, shipped(40, MAKER, CARRIER))
    (found,) = told.findings("custody-gap")
    assert found.severity is Severity.HIGH
    assert SHOP in found.detail
    assert told.without(*told.told[-1]).findings() == []


def test_who_ships_on_without_telling_that_it_received_leaves_a_small_gap() -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (CARRIER, shipped(2, CARRIER, SHOP)))
    assert severities(told.findings("custody-gap")) == [Severity.LOW]


def test_who_ships_what_entered_in_mid_life_leaves_no_gap() -> None:
    assert story((CARRIER, event(0, "inspecting")), (CARRIER, shipped(1, CARRIER, SHOP))).findings() == []


def test_a_receiver_of_a_pallet_has_what_is_on_it() -> None:
    told = story(
        (MAKER, made(0, epcList=[ITEM, PALLET])),
        (MAKER, packed(1)),
        (MAKER, shipped(2, MAKER, SHOP, epcList=[PALLET])),
        (SHOP, received(3, MAKER, SHOP, epcList=[PALLET])),
        (SHOP, packed(4, "DELETE")),
        (SHOP, shipped(5, SHOP, CARRIER)),
    )
    assert told.findings("custody-gap") == []
    assert told.findings("receipt-without-shipment") == []


def test_after_it_left_the_pallet_the_pallet_no_longer_moves_it() -> None:
    told = story(
        (MAKER, made(0, epcList=[ITEM, PALLET])),
        (MAKER, packed(1)),
        (MAKER, packed(2, "DELETE")),
        (MAKER, shipped(3, MAKER, SHOP, epcList=[PALLET])),
        (SHOP, received(4, MAKER, SHOP, epcList=[PALLET])),
        (SHOP, shipped(5, SHOP, CARRIER)),
    )
    assert [found.trail for found in told.findings("custody-gap")] == [ITEM]


def test_what_a_hidden_container_did_is_not_held_against_its_contents() -> None:
    told = story(
        (MAKER, made(0, epcList=[ITEM, PALLET])), (MAKER, packed(1)), (SHOP, received(3, MAKER, SHOP)), (SHOP, event(4))
    )
    told.statements = [one for one in told.statements if one.trail == ITEM]
    assert severities(told.findings("receipt-without-shipment")) == [Severity.INFO]


def test_a_second_shipment_while_the_first_is_on_its_way() -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (MAKER, shipped(2, MAKER, SHOP)))
    (found,) = told.findings()
    assert (found.rule, found.severity) == ("double-shipment", Severity.HIGH)
    assert [name.event_id for name in found.events] == [one["eventID"] for _, one in told.told[1:]]


def test_the_same_shipment_told_twice_is_less_grave() -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, SHOP)), (MAKER, shipped(2, MAKER, SHOP)))
    assert severities(told.findings("double-shipment")) == [Severity.MEDIUM]


@pytest.mark.parametrize("which", [1, 2])
def test_either_of_two_shipments_can_be_taken_back(which: int) -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (MAKER, shipped(2, MAKER, SHOP)))
    assert told.without(*told.told[which]).findings() == []


def test_nobody_takes_back_what_another_party_said() -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (MAKER, shipped(2, MAKER, SHOP)))
    assert told.without(CARRIER, told.told[1][1]).findings("double-shipment")


def test_a_shipment_that_was_declared_void_may_be_made_anew() -> None:
    void = event(1.5, "void_shipping")
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (MAKER, void), (MAKER, shipped(2, MAKER, SHOP)))
    assert told.findings() == []


def test_a_shipment_that_came_back_may_be_made_anew() -> None:
    back = received(1.5, CARRIER, MAKER)
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (MAKER, back), (MAKER, shipped(2, MAKER, SHOP)))
    assert told.findings() == []


def test_parts_of_a_lot_go_to_many() -> None:
    lot = {"quantityList": [{"epcClass": LOT, "quantity": 10, "uom": "KGM"}]}
    told = story(
        (
            MAKER,
            event(0, "commissioning", action="ADD", quantityList=[{"epcClass": LOT, "quantity": 99, "uom": "KGM"}]),
        ),
        (MAKER, shipped(1, MAKER, CARRIER, **lot)),
        (MAKER, shipped(1, MAKER, SHOP, **lot)),
        (CARRIER, received(2, MAKER, CARRIER, **lot)),
        (SHOP, received(2, MAKER, SHOP, **lot)),
        (CARRIER, shipped(3, CARRIER, SHOP, **lot)),
    )
    assert told.findings() == []


def test_a_part_of_a_lot_that_nobody_shipped_to_its_receiver() -> None:
    lot = {"quantityList": [{"epcClass": LOT, "quantity": 10, "uom": "KGM"}]}
    told = story((MAKER, event(0, "commissioning", action="ADD", **lot)), (SHOP, received(2, MAKER, SHOP, **lot)))
    assert severities(told.findings("receipt-without-shipment")) == [Severity.HIGH]


def test_a_receipt_by_another_than_the_recipient() -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, CARRIER)), (SHOP, received(2, MAKER, SHOP)))
    (found,) = told.findings()
    assert (found.rule, found.severity) == ("receipt-without-shipment", Severity.HIGH)
    assert told.without(*told.told[2]).findings() == []


def test_a_receipt_that_begins_a_trail_is_worth_a_question() -> None:
    assert severities(story((SHOP, received(2, MAKER, SHOP))).findings("receipt-without-shipment")) == [Severity.LOW]


def test_a_receipt_before_its_shipment() -> None:
    told = story((MAKER, made(0)), (SHOP, received(2, MAKER, SHOP)), (MAKER, shipped(3, MAKER, SHOP)))
    (found,) = told.findings("receipt-without-shipment")
    assert found.severity is Severity.HIGH
    assert "only on 2026-03-02 11:00:00 UTC" in found.detail


def test_the_order_of_recording_does_not_matter() -> None:
    told = story((SHOP, received(2, MAKER, SHOP)), (MAKER, shipped(1, MAKER, SHOP)), (MAKER, made(0)))
    assert told.findings("receipt-without-shipment") == []
    assert told.findings("custody-gap") == []


def test_hidden_statements_count_in_the_ledgers_order() -> None:
    told = Story().tell(MAKER, made(0)).tell(MAKER, shipped(1, MAKER, SHOP), hidden=True)
    told.tell(SHOP, received(2, MAKER, SHOP), hidden=True)
    assert told.findings() == []
    assert severities(told.tell(CARRIER, shipped(3, CARRIER, SHOP), hidden=True).findings()) == [Severity.HIGH]


def test_a_shipment_that_never_arrived() -> None:
    told = story((MAKER, made(0)), (MAKER, shipped(1, MAKER, SHOP)))
    assert told.findings(as_of=START + timedelta(days=60)) == []
    (found,) = told.findings(as_of=START + timedelta(days=62))
    assert (found.rule, found.severity) == ("shipment-unreceived", Severity.MEDIUM)
    assert told.without(*told.told[1]).findings(as_of=START + timedelta(days=99)) == []
