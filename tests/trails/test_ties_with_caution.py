"""Stays as recalls tell them, against an evaluator that looks at every moment by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.recall.amounts import amounts_in
from service.recall.stays import Amount, Tie, ties
from service.store.ties import WordRow
from service.trails.ties import EARLIEST, LATEST
from tests.trails.consortium import packed

START = datetime(2026, 3, 1, tzinfo=UTC)
PALLET, CASE = b"P", b"c"


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def word(action: str, minute: float, child: bytes = CASE, **changes: Any) -> WordRow:
    plain = WordRow(PALLET, child, "aggregation", action, 0, at(minute), b"x", True, True, "logistic_unit", "item")
    return plain._replace(**changes)


def told(*words: WordRow, born: datetime | None = None, amounts: dict[tuple[int, bytes], Amount] | None = None) -> Any:
    numbered = [one._replace(event=number) if not one.event else one for number, one in enumerate(words, 1)]
    found = ties(numbered, {CASE: born} if born else {}, amounts or {})
    return [(one.since, one.until, one.supposed) for one in sorted(found, key=lambda tie: tie.since)]


def test_put_in_and_taken_out() -> None:
    assert told(word("add", 1), word("delete", 3), word("add", 5)) == [
        (at(1), at(3), False),
        (at(5), LATEST, False),
    ]


def test_what_is_seen_inside_was_there_before_since_nobody_knows_when() -> None:
    assert told(word("observe", 4)) == [(EARLIEST, LATEST, True)]
    assert told(word("observe", 4), born=at(2)) == [(at(2), LATEST, True)]
    assert told(word("add", 1), word("delete", 2), word("observe", 4)) == [(at(1), at(2), False), (at(2), LATEST, True)]


def test_what_is_taken_out_and_never_went_in_was_inside_until_then() -> None:
    assert told(word("delete", 4)) == [(EARLIEST, at(4), True)]
    assert told(word("delete", 4), born=at(1)) == [(at(1), at(4), True)]
    assert told(word("delete", 4), word("delete", 6)) == [(EARLIEST, at(4), True), (at(4), at(6), True)]


def test_emptying_the_parent_ends_the_stay_of_everything() -> None:
    emptied = word("delete", 4, b"", in_child=False)
    assert told(word("add", 1), emptied) == [(at(1), at(4), False)]
    assert told(emptied._replace(event_time=at(0)), word("observe", 4)) == [(at(0), LATEST, True)]


def test_nobody_takes_out_what_it_has_nothing_to_do_with() -> None:
    stranger: dict[str, Any] = {"in_parent": False, "in_child": False}
    assert told(word("add", 1), word("delete", 2, **stranger)) == [(at(1), LATEST, False)]
    assert told(word("add", 1), word("delete", 2, in_parent=False)) == [(at(1), at(2), False)]
    # Who has a part in one child does not empty the parent for all the others.
    assert told(word("add", 1), word("delete", 2, b"", in_parent=False)) == [(at(1), LATEST, False)]
    # But what a stranger puts in is inside: too much is affected rather than too little.
    assert told(word("add", 1, **stranger)) == [(at(1), LATEST, False)]


def test_of_claims_with_one_time_the_later_captured_counts_last() -> None:
    assert told(word("add", 1), word("delete", 1)) == [(at(1), at(1), False)]
    assert told(word("add", 0), word("delete", 1), word("add", 1)) == [(at(0), at(1), False), (at(1), LATEST, False)]


@pytest.mark.parametrize(
    ("added", "taken", "expected"),
    [
        ((100.0, None), [(40.0, None)], (LATEST, False)),  # a part of it is still inside
        ((100.0, None), [(40.0, None), (60.0, None)], (at(3), False)),
        ((100.0, None), [(None, None)], (at(2), False)),  # the lot as such is taken out
        ((None, None), [(40.0, None)], (LATEST, True)),  # of how much, nobody said
        ((100.0, "KGM"), [(100.0, "LBR")], (LATEST, True)),
        ((0.3, "KGM"), [(0.1, "KGM"), (0.2, "KGM")], (at(3), False)),
    ],
)
def test_of_a_lot_a_part_may_be_taken_out(added: Amount, taken: list[Amount], expected: tuple[datetime, bool]) -> None:
    words = [word("add", 1, child_kind="lot")]
    words += [word("delete", 2 + number, child_kind="lot") for number in range(len(taken))]
    amounts = {(number, CASE): amount for number, amount in enumerate([added, *taken], 1)}
    assert [(until, supposed) for _, until, supposed in told(*words, amounts=amounts)] == [expected]


def test_an_erased_event_takes_nothing_of_a_lot_out() -> None:
    words = [word("add", 1, child_kind="lot"), word("delete", 2, child_kind="lot")]
    assert told(*words, amounts={(1, CASE): (5.0, None)}) == [(at(1), LATEST, True)]


def test_quantities_are_read_in_whatever_spelling_and_summed() -> None:
    lot = "https://id.gs1.org/01/09521141234563/10/L1"
    event = packed("https://id.gs1.org/00/095211400000000015") | {
        "childQuantityList": [
            {"epcClass": "urn:epc:class:lgtin:952114.0123456.L1", "quantity": 2},
            {"epcClass": lot, "quantity": 3},
            {"epcClass": "https://id.gs1.org/01/09521141234563/10/L2", "quantity": 1.5, "uom": "KGM"},
            {"epcClass": "https://id.gs1.org/01/09521141234563/10/L3"},
        ]
    }
    event["childEPCs"] = ["https://id.gs1.org/01/09521141234563/21/1"]
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
    found = amounts_in(orjson.dumps({"@context": context, **event}))
    assert found == {
        lot: (5.0, None),
        lot.replace("L1", "L2"): (1.5, "KGM"),
        lot.replace("L1", "L3"): (None, None),
        "https://id.gs1.org/01/09521141234563/21/1": (None, None),
    }


WORDS = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b"]),
        st.sampled_from([b"c", b"d", b""]),
        st.sampled_from(["add", "observe", "delete"]),
        st.integers(0, 12),
        st.booleans(),
        st.booleans(),
    ).filter(lambda one: one[2] == "delete" or one[1] != b""),
    max_size=14,
)


@given(WORDS, st.integers(0, 6))
def test_inside_is_whoever_may_have_been_inside(
    said: list[tuple[bytes, bytes, str, int, bool, bool]], born: int
) -> None:
    """At every moment, by the rules as they read: the last word before, else the next one after tells."""
    rows = sorted(
        (
            WordRow(parent, child, "aggregation", action, number, at(minute), b"x", mine, mine and theirs, "k", "item")
            for number, (parent, child, action, minute, mine, theirs) in enumerate(said)
        ),
        key=lambda row: (row.event_time, row.event),
    )
    births = {b"c": at(born)}
    found = ties(rows, births, {})
    for parent in (b"a", b"b"):
        for child in (b"c", b"d"):
            for half in range(-2, 30):
                moment = at(half / 2 + 0.25)
                assert _inside(found, parent, child, moment) == naive(rows, births, parent, child, moment)


def _inside(found: list[Tie], parent: bytes, child: bytes, moment: datetime) -> bool:
    return any(tie.parent == parent and tie.child == child and tie.since <= moment <= tie.until for tie in found)


def naive(rows: list[WordRow], births: dict[bytes, datetime], parent: bytes, child: bytes, moment: datetime) -> bool:
    """Between two words: inside, if the one before puts it in or sees it there; else if the one after, about this child
    alone, sees it there or takes it out, and the child existed by then, as far as its birth is believable.
    """
    heard = [
        row
        for row in rows
        if row.parent == parent and row.child in (child, b"") and (row.action != "delete" or row.in_parent)
    ]
    before = [row for row in heard if row.event_time <= moment]
    after = [row for row in heard if row.event_time > moment]
    if before and before[-1].action != "delete":
        return True
    following = next((row for row in after if row.child == child), None)
    if following is None or following.action == "add":
        return False
    if any(row.child == b"" for row in after[: after.index(following)]):
        return False
    birth = births.get(child, EARLIEST)
    return birth <= moment or birth > following.event_time
