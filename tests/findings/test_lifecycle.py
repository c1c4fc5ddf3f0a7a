"""What happens to a thing after its end, and which dispositions follow one another."""

from typing import Any

import pytest

from service.findings import Severity
from service.findings.lifecycle import FOLLOWS
from tests.findings.telling import ITEM, LOT, MAKER, PALLET, SHOP, event, made, packed, severities, story, transformed

GONE = event(5, "destroying", action="DELETE")


def test_what_happens_after_the_end() -> None:
    told = story((MAKER, made(0)), (MAKER, GONE), (SHOP, event(6, "stocking")), (SHOP, event(7, "retail_selling")))
    (found,) = told.findings()
    assert (found.rule, found.severity, found.trail) == ("after-decommissioning", Severity.HIGH, ITEM)
    assert [str(name) for name in found.events] == [one["eventID"] for _, one in told.told[1:]]
    assert told.without(MAKER, GONE).findings() == []
    assert len(told.without(*told.told[2]).findings()[0].events) == 2


@pytest.mark.parametrize(
    "later",
    [
        event(5, "inspecting"),
        event(4.9, "inspecting"),
        packed(6, "DELETE"),
        event(6, "holding"),
        event(6, **{"trailseal:erases": "0x" + "11" * 32}),
    ],
    ids=["same time", "before", "unpacked", "held", "erasure"],
)
def test_what_may_stand_after_the_end(later: dict[str, Any]) -> None:
    assert story((MAKER, made(0)), (MAKER, GONE), (MAKER, later)).findings() == []


def test_what_lost_its_number_may_be_destroyed() -> None:
    ended = event(5, "decommissioning", action="DELETE")
    assert story((MAKER, made(0)), (MAKER, ended), (MAKER, event(6, "destroying", action="OBSERVE"))).findings() == []
    assert story((MAKER, made(0)), (MAKER, ended), (MAKER, event(6, "commissioning", action="ADD"))).findings()


def test_a_killed_tag_is_not_the_end_of_its_thing() -> None:
    assert story((MAKER, made(0)), (MAKER, event(1, "killing")), (SHOP, event(2, "stocking"))).findings() == []


def test_a_part_of_a_lot_may_be_destroyed() -> None:
    def lot(quantity: int) -> dict[str, Any]:
        return {"quantityList": [{"epcClass": LOT, "quantity": quantity}]}

    told = story(
        (MAKER, event(0, "commissioning", action="ADD", **lot(9))),
        (MAKER, event(1, "destroying", action="DELETE", **lot(2))),
        (SHOP, event(2, "stocking", **lot(7))),
    )
    assert told.findings() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("retail_sold", "sellable_accessible"),
        ("recalled", "retail_sold"),
        ("expired", "sellable_not_accessible"),
        ("destroyed", "in_transit"),
        ("dispensed", "partially_dispensed"),
        ("non_conformant", "sellable_accessible"),
        ("stolen", "sellable_accessible"),
        ("active", "encoded"),
        ("disposed", "sellable_accessible"),
    ],
)
def test_dispositions_that_contradict_one_another(before: str, after: str) -> None:
    told = story(
        (MAKER, event(0, disposition=before)),
        (MAKER, event(1, disposition="in_progress") if before != "destroyed" else event(1)),
        (SHOP, event(2, disposition=f"urn:epcglobal:cbv:disp:{after}")),
    )
    (found,) = told.findings("disposition-sequence")
    assert found.severity is Severity.MEDIUM
    assert before in found.detail
    assert after in found.detail
    assert [str(name) for name in found.events] == [told.told[0][1]["eventID"], told.told[2][1]["eventID"]]
    assert told.without(*told.told[0]).findings() == []
    assert told.without(*told.told[2]).findings() == []


@pytest.mark.parametrize(
    "words",
    [
        ("active", "in_transit", "sellable_accessible", "retail_sold", "returned", "sellable_accessible"),
        ("recalled", "conformant", "sellable_accessible"),
        ("non_sellable_other", "sellable_accessible"),
        ("damaged", "available", "sellable_accessible"),
        ("stolen", "returned", "sellable_accessible"),
        ("partially_dispensed", "dispensed", "disposed", "destroyed", "inactive"),
        ("encoded", "active", "in_transit"),
        ("https://example.org/disp/own", "active"),
        ("container_closed", "container_open", "container_closed"),
    ],
)
def test_dispositions_that_may_follow_one_another(words: tuple[str, ...]) -> None:
    told = story(*((MAKER, event(hour, disposition=word)) for hour, word in enumerate(words)))
    assert told.findings() == []


def test_a_persistent_disposition_stands_until_it_is_unset() -> None:
    recalled = event(0, persistentDisposition={"set": ["recalled"]})
    sold = event(2, disposition="sellable_accessible")
    assert len(story((MAKER, recalled), (MAKER, event(1)), (MAKER, sold)).findings("disposition-sequence")) == 1
    lifted = event(1, persistentDisposition={"unset": ["recalled"]})
    assert story((MAKER, recalled), (MAKER, lifted), (MAKER, sold)).findings() == []


def test_parts_of_a_lot_have_dispositions_of_their_own() -> None:
    def part(hours: float, word: str) -> tuple[str, dict[str, Any]]:
        return MAKER, event(hours, disposition=word, quantityList=[{"epcClass": LOT, "quantity": 1}])

    assert story(part(0, "retail_sold"), part(1, "sellable_accessible")).findings() == []
    assert story(part(0, "expired"), part(1, "sellable_accessible")).findings()


def test_what_was_used_up_does_not_have_the_disposition_of_what_was_made() -> None:
    assert (
        story(
            (MAKER, event(0, disposition="retail_sold")),
            (MAKER, transformed(1, [ITEM], [PALLET], disposition="active")),
        ).findings(
            "disposition-sequence",
        )
        == []
    )


def test_a_word_that_no_vocabulary_has_is_worth_knowing() -> None:
    told = story((MAKER, event(0, disposition="nearly_sold")))
    assert severities(told.findings("disposition-sequence")) == [Severity.INFO]


def test_the_table_speaks_of_words_of_the_cbv_only() -> None:
    from service.epcis.vocabulary import DISPOSITIONS

    for word, follows in FOLLOWS.items():
        assert {word} | follows.never | follows.cleared_by <= DISPOSITIONS.words
        assert not follows.never & follows.cleared_by
