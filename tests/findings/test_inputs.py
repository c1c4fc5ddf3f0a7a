"""Use after the last day, and of what is recalled or held."""

from typing import Any

import pytest

from service.findings import Severity
from tests.findings.telling import ITEM, LOT, MAKER, MILK, SHOP, event, severities, story, transformed

MDA = "urn:epcglobal:cbv:mda:"
USED = transformed(24, [(MILK, 100, "KGM")], [(LOT, 10, "KGM")])  # on 3 March 2026, 08:00 UTC


def milk(ilmd: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    told = {"quantityList": [{"epcClass": MILK, "quantity": 100, "uom": "KGM"}], "action": "ADD", **members}
    return event(0, "commissioning", **told, **({"ilmd": ilmd} if ilmd else {}))


@pytest.mark.parametrize("name", ["cbvmda:itemExpirationDate", MDA + "itemExpirationDate"])
@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-02T23:59:59Z", "2025-03-02"])
def test_an_input_after_its_last_day(name: str, day: str) -> None:
    told = story((SHOP, milk({name: day})), (MAKER, USED))
    (found,) = told.findings()
    assert (found.rule, found.severity) == ("expired-input", Severity.HIGH)
    assert [str(name) for name in found.events] == [one["eventID"] for _, one in told.told]
    assert told.without(MAKER, USED).findings() == []
    assert told.without(*told.told[0]).findings("expired-input") == []


@pytest.mark.parametrize(
    "day", ["2026-03-03", "2027-01-01", "soon", "2026-02-31", "20260302", 20260302, ["x"], {"a": "b"}]
)
def test_an_input_on_its_last_day_or_without_one(day: Any) -> None:
    assert story((SHOP, milk({"cbvmda:itemExpirationDate": day})), (MAKER, USED)).findings() == []


def test_the_day_is_that_of_the_place() -> None:
    late = {**USED, "eventTime": "2026-03-04T03:00:00Z", "eventTimeZoneOffset": "-05:00"}
    assert story((SHOP, milk({"cbvmda:itemExpirationDate": "2026-03-03"})), (MAKER, late)).findings() == []


def test_the_last_day_by_master_data() -> None:
    told = story((SHOP, milk()), (MAKER, USED))
    assert told.findings(masterdata={MILK: {MDA + "itemExpirationDate": ("2026-03-02",)}})
    assert told.findings(masterdata={MILK: {MDA + "itemExpirationDate": ("2026-03-05",)}}) == []
    assert told.findings(masterdata={MILK: {MDA + "itemExpirationDate": (None, 7)}}) == []


def test_best_before_is_not_expired() -> None:
    told = story((SHOP, milk({"cbvmda:bestBeforeDate": "2026-03-02"})), (MAKER, USED))
    assert severities(told.findings("expired-input")) == [Severity.LOW]
    sold = event(24, "retail_selling", quantityList=[{"epcClass": MILK, "quantity": 1, "uom": "KGM"}])
    assert story((SHOP, milk({"cbvmda:bestBeforeDate": "2026-03-02"})), (SHOP, sold)).findings() == []


def test_sold_after_the_last_day_to_sell() -> None:
    sold = event(24, "retail_selling", quantityList=[{"epcClass": MILK, "quantity": 1, "uom": "KGM"}])
    told = story((SHOP, milk({"cbvmda:sellByDate": "2026-03-02"})), (SHOP, sold))
    assert severities(told.findings("expired-input")) == [Severity.MEDIUM]
    assert story((SHOP, milk({"cbvmda:sellByDate": "2026-03-02"})), (MAKER, USED)).findings() == []


def state(hours: float, **members: Any) -> dict[str, Any]:
    return event(hours, "inspecting", quantityList=[{"epcClass": MILK}], **members)


@pytest.mark.parametrize(
    "told",
    [
        {"disposition": "recalled"},
        {"disposition": "urn:epcglobal:cbv:disp:non_conformant"},
        {"disposition": "cbv:Disp-stolen"},
        {"persistentDisposition": {"set": ["https://ref.gs1.org/cbv/Disp-recalled"]}},
        {"bizStep": "holding"},
    ],
)
def test_an_input_that_was_barred(told: dict[str, Any]) -> None:
    barred = state(1, **told)
    one = story((SHOP, milk()), (SHOP, barred), (MAKER, USED))
    (found,) = one.findings("barred-input")
    assert found.severity is Severity.HIGH
    assert found.trail == MILK
    assert str(found.events[1]) == USED["eventID"]
    assert one.without(SHOP, barred).findings("barred-input") == []
    assert one.without(MAKER, USED).findings("barred-input") == []


@pytest.mark.parametrize(
    ("bar", "freed"),
    [
        ({"disposition": "recalled"}, {"disposition": "conformant"}),
        ({"persistentDisposition": {"set": ["recalled"]}}, {"persistentDisposition": {"unset": ["recalled"]}}),
        ({"persistentDisposition": {"set": ["damaged"]}}, {}),
    ],
)
def test_an_input_that_was_freed_in_time(bar: dict[str, Any], freed: dict[str, Any]) -> None:
    told = story((SHOP, milk()), (SHOP, state(1, **bar)), (SHOP, state(2, **freed)), (MAKER, USED))
    assert told.findings() == []


def test_barred_only_after_its_use() -> None:
    assert story((SHOP, milk()), (MAKER, USED), (SHOP, state(30, disposition="recalled"))).findings() == []


def test_the_disposition_of_what_is_made_is_not_that_of_the_inputs() -> None:
    spoilt = transformed(20, [(MILK, 1, "KGM")], [(LOT, 1, "KGM")], disposition="non_conformant")
    assert story((SHOP, milk()), (MAKER, spoilt), (MAKER, USED)).findings() == []


def test_a_recalled_item_that_is_sold() -> None:
    told = story((SHOP, event(0, disposition="recalled")), (SHOP, event(1, "retail_selling", epcList=[ITEM])))
    assert severities(told.findings("barred-input")) == [Severity.HIGH]
