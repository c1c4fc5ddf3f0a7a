"""Plans that cannot be used: an abstention that says what to change, never an exception."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ml.shipment import first
from ml.vocabulary import PREFIX
from tests.ml.captured import (
    BOOKED,
    PLAN,
    WHOLE,
    Event,
    assessed,
    moment,
    told,
    why,
)


def with_plan(change: Callable[[Any], Any]) -> list[Event]:
    events = told(first(WHOLE, 3))
    events[0][PLAN] = change(copy.deepcopy(events[0][PLAN]))
    return events


def _leg(at: int, **members: Any) -> Callable[[Any], Any]:
    def change(plan: Any) -> Any:
        plan[f"{PREFIX}:leg"][at].update({f"{PREFIX}:{name}": value for name, value in members.items()})
        return plan

    return change


def _point(**members: Any) -> Callable[[Any], Any]:
    def change(plan: Any) -> Any:
        point = plan[f"{PREFIX}:leg"][0][f"{PREFIX}:milestone"][1]
        point.update({f"{PREFIX}:{name}": value for name, value in members.items()})
        return plan

    return change


def _legs(change: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    return lambda plan: {**plan, f"{PREFIX}:leg": change(plan[f"{PREFIX}:leg"])}


MALFORMED: list[tuple[str, Callable[[Any], Any], str]] = [
    ("no object", lambda _: "soon", "must be an object"),
    ("a number", lambda _: 7, "must be an object"),
    ("a list", lambda plan: [plan, plan], "must be an object"),
    ("empty", lambda _: {}, "not 0 legs"),
    ("no legs", _legs(lambda _: []), "not 0 legs"),
    ("only outbound", _legs(lambda legs: legs[-1:]), "not 1 legs"),
    ("no outbound", _legs(lambda legs: legs[:-1]), "no outbound|not 1 legs"),
    ("a leg that is no object", _legs(lambda legs: [*legs[:-1], "o"]), "leg 3 is no object"),
    ("ten thousand legs", _legs(lambda legs: legs * 5_000), "not 15000 legs"),
    ("twice a slot", _leg(1, slot="i1"), "slot .i1. of another leg"),
    (
        "twice a unit",
        _legs(lambda legs: [legs[0], {**legs[1], f"{PREFIX}:unit": legs[0][f"{PREFIX}:unit"]}, legs[2]]),
        "unit",
    ),
    ("no unit", _leg(0, unit=None), "names no unit"),
    ("another slot", _leg(0, slot="i9"), "must be one of i1"),
    ("a slot that is a list", _leg(0, slot=["i1", "i2"]), "must be one of i1"),
    ("no milestones", _leg(0, milestone=[]), "0 milestones"),
    ("ten thousand milestones", _leg(0, milestone=[{}] * 10_000), "10000 milestones"),
    ("milestones of one kind", _leg(0, milestone=[{f"{PREFIX}:code": "RCS"}] * 4), "in order"),
    ("a milestone that is no object", _leg(0, milestone=[None] * 4), "is no object"),
    ("another code", _point(code="XYZ"), "must be one of RCS"),
    ("negative minutes", _point(minutes=-5), "planned to take -5 minutes"),
    ("absurd minutes", _point(minutes=10**9), "planned to take 1000000000 minutes"),
    ("minutes beyond all floats", _point(minutes=10**400), "planned to take"),
    ("half minutes", _point(minutes=1.5), "whole ones"),
    ("minutes that are no number", _point(minutes=float("nan")), "planned to take nan"),
    ("endless minutes", _point(minutes=float("inf")), "planned to take inf"),
    ("minutes in words", _point(minutes="two hours"), "planned to take 'two hours'"),
    ("minutes that are true", _point(minutes=True), "planned to take True"),
]


@pytest.mark.parametrize(("change", "fault"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_a_malformed_plan_is_no_plan_and_the_reason_says_what_to_change(
    change: Callable[[Any], Any], fault: str
) -> None:
    answer = assessed(with_plan(change), moment(first(WHOLE, 3)))
    assert answer.abstained is not None
    assert answer.abstained.code == "MALFORMED_PLAN"
    assert answer.abstained.events == ("urn:uuid:00000000-0000-4000-8000-000000000000",)
    assert re.search(fault, answer.abstained.text)


@pytest.mark.parametrize("nr", [None, "x", -1, 1.5, float("nan"), [], {}, True])
def test_a_plan_needs_no_number_of_its_own(nr: Any) -> None:
    usual = assessed(told(first(WHOLE, 3)), moment(first(WHOLE, 3)))
    answer = assessed(with_plan(lambda plan: {**plan, f"{PREFIX}:nr": nr}), moment(first(WHOLE, 3)))
    assert answer == usual


def test_without_a_plan_or_with_a_gap_in_it_there_is_no_probability() -> None:
    now = moment(first(WHOLE, 3))
    bare = told(first(WHOLE, 3))[1:]
    assert [why(assessed(events, now)) for events in ([], bare, with_plan(_point(minutes=None)))] == ["NO_PLAN"] * 3


def test_a_plan_that_can_be_read_stands_in_for_one_that_cannot() -> None:
    events = with_plan(_point(minutes="soon"))
    again = told(first(WHOLE, 3))[0] | {
        "eventID": "urn:uuid:again",
        "recordTime": (BOOKED + timedelta(hours=1)).isoformat(),
    }
    answer = assessed([*events, again], moment(first(WHOLE, 3)))
    assert answer.probability is not None
