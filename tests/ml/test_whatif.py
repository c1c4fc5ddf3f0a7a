"""What an analyst asks of a plan that could still be changed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.assessment import Assessment, Case
from ml.edits import (
    KINDS,
    AddSegment,
    BadEdit,
    DropLeg,
    DropSegment,
    Edit,
    PlannedMinutes,
    Slack,
    Stop,
    read_edits,
)
from ml.replanning import edited
from ml.scorer import Scorer
from ml.shipment import Shipment, first, milestones, planned_end
from ml.whatif import whatif
from tests.ml.freight_cases import SEASON

WIDE = next(one for one in SEASON if len(one.inbound) == 3 and len(one.outbound.segments) == 2)
BOOKED = first(WIDE, 0)
START = WIDE.booked or datetime.now(UTC)
EDITS: list[tuple[Edit, dict[str, Any]]] = [
    (PlannedMinutes("o", "DEP 1", 90), {"kind": "plannedMinutes", "leg": "o", "milestone": "DEP 1", "minutes": 90}),
    (Slack("o", 600), {"kind": "slack", "leg": "o", "minutes": 600}),
    (Stop("i1", 0, 815), {"kind": "stop", "leg": "i1", "stop": 0, "place": 815}),
    (DropSegment("o", 1), {"kind": "dropSegment", "leg": "o", "segment": 1}),
    (
        AddSegment("i2", 1, "https://id.gs1.org/414/4012345000054", 60, 300),
        {"kind": "addSegment", "leg": "i2", "segment": 1, "departure": 60, "arrival": 300}
        | {"place": "https://id.gs1.org/414/4012345000054"},
    ),
    (DropLeg("i3"), {"kind": "dropLeg", "leg": "i3"}),
]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def test_more_slack_lowers_the_risk_and_moves_the_planned_end(scorer: Scorer) -> None:
    before, after = whatif(scorer, Case(BOOKED, START + timedelta(days=1)), [Slack("o", 6 * 1440)])
    assert before.planned_end is not None
    assert after.planned_end == before.planned_end + timedelta(days=6)
    assert (after.probability or 0) < (before.probability or 0)


def test_without_edits_both_are_the_score_as_it_is(scorer: Scorer) -> None:
    case = Case(BOOKED, START + timedelta(days=1))
    assert whatif(scorer, case, []) == tuple(scorer.score([case, case]))


def test_a_plan_that_ends_before_now_is_late(scorer: Scorer) -> None:
    known = first(WIDE, 5)
    moment = START + timedelta(minutes=milestones(known)[-1].completed)
    late = [PlannedMinutes("o", name, 0) for name in ("RCS", "DEP 1", "RCF 1", "DEP 2", "RCF 2", "DLV")]
    _, after = whatif(scorer, Case(known, moment + timedelta(days=300)), late)
    assert after.probability == 1.0


def test_edits_change_what_they_name_and_nothing_else() -> None:
    whole = planned_end(BOOKED) or 0
    assert planned_end(edited(BOOKED, [Slack("o", 60)])) == whole + 60
    hub = edited(BOOKED, [Stop("o", 0, 77)])
    assert {hub.hub, *(leg.places[-1] for leg in hub.inbound)} == {77}
    assert hub.destination == BOOKED.destination
    via = edited(BOOKED, [Stop("o", 1, 99)])
    assert via.outbound.places == (BOOKED.hub, 99, BOOKED.destination)
    direct = edited(BOOKED, [DropSegment("o", 2)])
    assert direct.outbound.places == (BOOKED.hub, BOOKED.destination)
    assert [(m.code, m.segment) for m in direct.outbound.milestones] == [("RCS", 0), ("DEP", 1), ("RCF", 1), ("DLV", 0)]
    longer = edited(BOOKED, [AddSegment("o", 1, 5, 10, 20)])
    assert longer.outbound.places == (BOOKED.hub, 5, *BOOKED.outbound.places[1:])
    assert len(edited(BOOKED, [DropLeg("i2")]).inbound) == 2
    assert edited(BOOKED, []) is BOOKED


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (PlannedMinutes("o", "DEP 9", 5), "has no milestone 'DEP 9': it has RCS, DEP 1"),
        (PlannedMinutes("o", "DEP 1", -5), "from 0 to"),
        (PlannedMinutes("i1", "RCS", 5), "RCS of leg i1 is behind us"),
        (Slack("o", -(10**9)), "from 0 to"),
        (Stop("o", 7, 5), "has the stops 0 to 2"),
        (Stop("o", 1, 10**9), "masked airport ids"),
        (DropSegment("i1", 4), "has the segments"),
        (AddSegment("o", 3, 5, 1, 1), "has the segments 1 to 2"),
        (DropLeg("o"), "only one of several inbound legs"),
    ],
)
def test_what_cannot_be_edited_is_said(edit: Edit, fault: str) -> None:
    begun = replace(BOOKED, inbound=tuple(_checked_in(leg) for leg in BOOKED.inbound))
    with pytest.raises(BadEdit, match=f"^edit 2: .*{fault}") as told:
        edited(begun, [Slack("o", 5), edit])
    assert told.value.at == 1


def _checked_in(leg: Any) -> Any:
    return replace(leg, milestones=(replace(leg.milestones[0], effective=5), *leg.milestones[1:]))


def test_edits_are_read_from_json() -> None:
    assert read_edits([written for _, written in EDITS]) == [edit for edit, _ in EDITS]
    assert {type(edit) for edit, _ in EDITS} == set(KINDS.values())
    for _, written in EDITS:
        for name in written:
            with pytest.raises(BadEdit, match="edit 1: "):
                read_edits([{**written, name: None}])
            with pytest.raises(BadEdit, match="edit 1: "):
                read_edits([{other: value for other, value in written.items() if other != name}])
    junk: list[Any] = [None, {}, "x", [None], [[]], [{"kind": []}], [{"kind": "slack", "leg": [], "minutes": 1}]]
    for one in junk:
        with pytest.raises(BadEdit):
            read_edits(one)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([edit for edit, _ in EDITS]), max_size=5), st.integers(0, 12))
def test_any_edits_give_a_score_or_say_why_not(edits: list[Edit], count: int) -> None:
    known = first(WIDE, count)
    changed: Shipment = known
    with suppress(BadEdit):
        changed = edited(known, edits)
    assert planned_end(changed) is not None
    left = {leg.slot for leg in changed.legs}
    kept = [(one.slot, one.completed) for one in milestones(known) if one.slot in left]
    assert [(one.slot, one.completed) for one in milestones(changed)] == kept
    assert first(WIDE, count) == known


def test_a_shipment_without_a_plan_cannot_be_edited(scorer: Scorer) -> None:
    bare = replace(BOOKED, inbound=())
    with pytest.raises(BadEdit, match="no plan"):
        edited(bare, [Slack("o", 1)])
    with pytest.raises(BadEdit, match="at most 50"):
        edited(BOOKED, [Slack("o", 1)] * 51)
    answer: Assessment = scorer.score([Case(bare, START)])[0]
    assert answer.abstained is not None
