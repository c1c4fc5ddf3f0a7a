"""Whatever stands in documents, findings are made in order, repeatably and without a fault."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.findings import RULES, Limits, Statement, find
from service.findings.find import gathered
from service.findings.fsma.sheets import Spreadsheet
from service.sealing.entries import Step
from tests.findings.telling import (
    BASEL,
    CARRIER,
    ITEM,
    LOT,
    MAKER,
    MILK,
    OSAKA,
    PALLET,
    SHOP,
    Story,
    event,
    packed,
    received,
    shipped,
    story,
    transformed,
)
from tests.shared import shared

_parties = some.sampled_from([MAKER, CARRIER, SHOP])
_words = some.sampled_from(
    ["recalled", "retail_sold", "sellable_accessible", "active", "destroyed", "expired", "urn:x:own", "no_such_word"]
)
_steps = some.sampled_from(
    ["inspecting", "holding", "destroying", "commissioning", "retail_selling", "urn:x:own", "void_shipping"]
)
_hours = some.floats(0, 200, allow_nan=False)


@some.composite
def _events(draw: some.DrawFn) -> dict[str, Any]:
    hours, sender, recipient = draw(_hours), draw(_parties), draw(_parties)
    where = draw(some.sampled_from([None, BASEL, OSAKA, "geo:91,0", "urn:x:nowhere"]))
    amounts = some.sampled_from([(LOT, 5, "KGM"), (LOT, 1e300, "TNE"), (MILK, 3), (MILK, 2, "ZZZ"), (LOT,), ITEM])
    return draw(
        some.sampled_from(
            [
                shipped(hours, sender, recipient, where=where),
                received(hours, sender, recipient, where=where),
                packed(hours, draw(some.sampled_from(["ADD", "DELETE", "OBSERVE"]))),
                packed(hours, "ADD", [PALLET], "https://id.gs1.org/00/095210010000000024"),
                packed(hours, "ADD", ["https://id.gs1.org/00/095210010000000024"], PALLET),
                event(
                    hours,
                    draw(_steps),
                    disposition=draw(_words),
                    where=where,
                    action=draw(some.sampled_from(["ADD", "OBSERVE", "DELETE"])),
                ),
                event(hours, persistentDisposition={"set": [draw(_words)], "unset": [draw(_words)]}),
                transformed(hours, [draw(amounts)], [draw(amounts)], transformationID="urn:x:process"),
                transformed(hours, [draw(amounts)], [draw(amounts)], ilmd={"cbvmda:itemExpirationDate": "2026-03-03"}),
                event(
                    hours,
                    "commissioning",
                    action="ADD",
                    quantityList=[{"epcClass": LOT, "quantity": 3}],
                    ilmd={"cbvmda:itemExpirationDate": {"@value": "2026-03-02"}},
                ),
            ]
        )
    )


_stories = some.lists(some.tuples(_parties, _events()), max_size=12).map(lambda told: story(*told))


@settings(max_examples=60)
@given(_stories, some.randoms())
def test_the_same_statements_give_the_same_findings_in_whatever_order_they_come(
    told: Story, dice: random.Random
) -> None:
    found = told.findings()
    mixed = list(told.statements)
    dice.shuffle(mixed)
    assert find(mixed) == found
    assert len({one.id for one in found}) == len({(one.rule, one.trail, one.detail, one.events) for one in found})
    for one in found:
        assert one.rule in RULES
        assert one.events
        assert one.title
        assert one.ask
    Spreadsheet.of(gathered(mixed)).sheets()


@settings(max_examples=40)
@given(_stories)
def test_what_was_wholly_taken_back_leaves_nothing(told: Story) -> None:
    ids = {(party, one["eventID"]) for party, one in told.told}
    for party, one in list(told.told):
        if (party, one["eventID"]) in ids:
            ids.remove((party, one["eventID"]))
            told = told.without(party, one)
    assert told.findings() == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "ObjectEvent"},
        {"type": ["ObjectEvent"]},
        {"type": "EPCISDocument", "epcisBody": {"eventList": []}},
        {
            "type": "ObjectEvent",
            "eventTime": "9999-12-31T23:59:59.999Z",
            "eventTimeZoneOffset": "+14:00",
            "action": "ADD",
        },
    ],
    ids=range(5),
)
def test_what_is_no_event_is_like_what_is_withheld(document: dict[str, Any]) -> None:
    statement = Statement(ITEM, 0, b"\1" * 32, document, MAKER, Step.OBSERVE, None, 2**62)
    assert find([statement]) == []


def test_a_seal_that_another_party_recorded_too_counts_once_and_is_not_its_word() -> None:
    told = story((MAKER, transformed(0, [(MILK, 100, "KGM")], [(LOT, 90, "KGM")], transformationID="urn:x:process")))
    copies = [replace(one, index=1, party=SHOP) for one in told.statements]
    assert find([*told.statements, *copies], processes=["urn:x:process"], limits=Limits(gain=0)) == []
    hidden = [replace(one, document=None) for one in copies]
    case = gathered([*told.statements, *hidden])
    assert [one.event is None for one in case.trails[MILK].told] == [False, True]


def test_the_end_of_the_calendar_is_a_time_like_others() -> None:
    late = event(0) | {
        "eventTime": "9999-12-31T23:00:00Z",
        "eventTimeZoneOffset": "+14:00",
        "bizStep": "retail_selling",
    }
    early = event(0) | {
        "eventTime": "0001-01-01T00:00:00Z",
        "eventTimeZoneOffset": "-14:00",
        "bizStep": "retail_selling",
    }
    made = event(0, "commissioning", action="ADD", ilmd={"cbvmda:itemExpirationDate": "0001-01-01"})
    statements = [
        Statement(ITEM, index, bytes([index]) * 32, one, MAKER, Step.OBSERVE, None, time)
        for index, (one, time) in enumerate(((late, 0), (early, 2**53 - 1), (made, 5)))
    ]
    assert {"recorded-ahead", "late-recording", "expired-input"} <= {one.rule for one in find(statements)}


def test_the_examples_of_gs1_raise_no_false_alarm() -> None:
    """Each document by itself, sealed as it happened: only that some begin with a receipt, and end on the way."""
    found: set[str] = set()
    documents = 0
    for path in sorted(shared("epcis", "gs1", "JSON").rglob("*.jsonld")):
        try:
            events = parse(path.read_bytes(), lenient=True, proceed=True).events
        except InvalidDocument:
            continue
        documents += 1
        told = Story()
        for one in events:
            told.tell(MAKER, one.source)
        found |= {finding.rule for finding in told.findings()}
    assert documents > 40
    assert found <= {"receipt-without-shipment"}
