"""Quantities: what goes into a process and comes out of it, and how much of a lot there is."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.findings import Limits, Severity
from tests.findings.telling import (
    CARRIER,
    ITEM,
    LOT,
    MAKER,
    MILK,
    SHOP,
    event,
    received,
    severities,
    shipped,
    story,
    transformed,
)

PROCESS = "urn:epc:id:gdti:9521321.00001.7"


def cheese(into: list[Any], out_of: list[Any], **members: Any) -> list[Severity]:
    return severities(story((MAKER, transformed(0, into, out_of, **members))).findings("mass-balance"))


def test_more_cheese_than_milk() -> None:
    told = story((MAKER, transformed(0, [(MILK, 100, "KGM")], [(LOT, 0.25, "TNE")])))
    (found,) = told.findings()
    assert (found.rule, found.severity) == ("mass-balance", Severity.HIGH)
    assert "250 kg came out of 100 kg that went in: 150.0 % more" in found.detail
    assert told.without(*told.told[0]).findings() == []


def test_less_cheese_than_milk_is_how_it_is() -> None:
    assert cheese([(MILK, 100, "KGM")], [(LOT, 11, "KGM")]) == []


def test_a_corrected_event_counts_instead() -> None:
    bad = transformed(
        0, [(MILK, 10, "KGM")], [(LOT, 11, "KGM")], eventID="urn:uuid:0f0e6c2e-4a2b-4a30-a2c5-4a5d10d9c3a1"
    )
    good = transformed(
        0, [(MILK, 100, "KGM")], [(LOT, 11, "KGM")], eventID="urn:uuid:0f0e6c2e-4a2b-4a30-a2c5-4a5d10d9c3a2"
    )
    assert story((MAKER, bad), (MAKER, good)).without(MAKER, bad).findings() == []
    assert story((MAKER, bad), (MAKER, good)).without(MAKER, good).findings("mass-balance")


@pytest.mark.parametrize("made", [(LOT, 100, "KGM"), (LOT, 102, "KGM"), (LOT, 220.4, "LBR"), (LOT, 100000, "GRM")])
def test_what_balances_in_any_unit(made: tuple[str, float, str]) -> None:
    assert cheese([(MILK, 100, "KGM")], [made]) == []


def test_the_tolerance_is_a_parameter() -> None:
    told = story((MAKER, transformed(0, [(MILK, 100, "KGM")], [(LOT, 101, "KGM")])))
    assert told.findings() == []
    assert told.findings(limits=Limits(gain=0.0))
    assert told.findings(limits=Limits(gain=0.0, loss=0.0))
    losing = story((MAKER, transformed(0, [(MILK, 100, "KGM")], [(LOT, 45, "KGM")])))
    assert losing.findings() == []
    assert severities(losing.findings(limits=Limits(loss=0.5))) == [Severity.LOW]


@pytest.mark.parametrize(
    ("into", "out_of"),
    [
        ([(MILK, 100, "KGM"), ITEM], [(LOT, 250, "KGM")]),
        ([(MILK, 100, "KGM"), ("https://id.gs1.org/01/09521321000032/10/W",)], [(LOT, 250, "KGM")]),
        ([(MILK, 100, "LTR")], [(LOT, 250, "KGM")]),
        ([(MILK, 100)], [(LOT, 250)]),
        ([(MILK, 100, "ZZ")], [(LOT, 250, "ZZ")]),
        ([(MILK, -100, "KGM")], [(LOT, 250, "KGM")]),
        ([(MILK, 0, "KGM")], [(LOT, 250, "KGM")]),
    ],
    ids=["an item", "no amount", "litres", "pieces", "unknown unit", "less than nothing", "nothing"],
)
def test_what_cannot_be_compared_is_not_judged(into: list[Any], out_of: list[Any]) -> None:
    assert cheese(into, out_of) == []


def test_events_of_one_process_are_added_up() -> None:
    parts = [
        transformed(0, [(MILK, 60, "KGM")], [(LOT, 1, "KGM")], transformationID=PROCESS),
        transformed(
            1, [(MILK, 1, "KGM")], [(LOT, 50, "KGM")], transformationID="https://id.gs1.org/253/9521321000018" + "7"
        ),
    ]
    told = story(*((MAKER, part) for part in parts))
    assert told.findings("mass-balance") == []
    alone = story((MAKER, parts[1]))
    (found,) = alone.findings("mass-balance")
    assert found.severity is Severity.LOW
    assert "not shown" in found.detail


@given(
    some.lists(some.integers(1, 10**9), min_size=1, max_size=5),
    some.lists(some.integers(1, 10**9), min_size=1, max_size=5),
    some.sampled_from([("KGM", Fraction(1)), ("GRM", Fraction(1, 1000)), ("TNE", Fraction(1000))]),
)
def test_a_finding_is_made_exactly_where_more_comes_out(
    into: list[int], out_of: list[int], unit: tuple[str, Fraction]
) -> None:
    told = story((MAKER, transformed(0, [(MILK, n, "KGM") for n in into], [(LOT, n, unit[0]) for n in out_of])))
    more = sum(out_of) * unit[1] > sum(into) * Fraction("1.02")
    high = [one for one in told.findings("mass-balance") if one.severity is Severity.HIGH]
    assert bool(high) == more


def lot(quantity: float, uom: str | None = "KGM") -> dict[str, Any]:
    return {"quantityList": [{"epcClass": LOT, "quantity": quantity} | ({"uom": uom} if uom else {})]}


def test_more_of_a_lot_was_used_than_made() -> None:
    told = story(
        (MAKER, event(0, "commissioning", action="ADD", **lot(100))),
        (MAKER, transformed(1, [(LOT, 70, "KGM")], [(MILK, 1, "KGM")])),
        (MAKER, event(2, "destroying", action="DELETE", **lot(40))),
    )
    (found,) = told.findings("lot-balance")
    assert found.severity is Severity.HIGH
    assert "110 kg of the lot were used up, of 100 kg that were made" in found.detail
    assert told.without(*told.told[2]).findings("lot-balance") == []


def test_more_of_a_lot_was_shipped_than_made() -> None:
    told = story(
        (MAKER, event(0, "commissioning", action="ADD", **lot(100, None))),
        (MAKER, shipped(1, MAKER, CARRIER, **lot(70, None))),
        (MAKER, shipped(2, MAKER, SHOP, **lot(40, None))),
    )
    (found,) = told.findings("lot-balance")
    assert "shipped 110 pieces" in found.detail
    assert told.without(*told.told[1]).findings("lot-balance") == []


def test_a_lot_that_came_back_is_shipped_again() -> None:
    told = story(
        (MAKER, event(0, "commissioning", action="ADD", **lot(100))),
        (MAKER, shipped(1, MAKER, SHOP, **lot(100))),
        (MAKER, received(2, SHOP, MAKER, **lot(100))),
        (MAKER, shipped(3, MAKER, SHOP, **lot(100))),
        (SHOP, shipped(4, SHOP, CARRIER, **lot(100))),
    )
    assert told.findings("lot-balance") == []


@pytest.mark.parametrize(
    "made", [lot(100, "ZZ"), {"quantityList": [{"epcClass": LOT}]}], ids=["unknown unit", "no amount"]
)
def test_a_lot_of_unknown_size_is_not_judged(made: dict[str, Any]) -> None:
    told = story(
        (MAKER, event(0, "commissioning", action="ADD", **made)),
        (MAKER, transformed(1, [(LOT, 700, "KGM")], [(MILK, 1, "KGM")])),
    )
    assert told.findings("lot-balance") == []
