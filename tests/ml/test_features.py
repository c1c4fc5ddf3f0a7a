"""The arrays say of each shipment what its legs and milestones say, at any moment, alone or among many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.arrays import Array, Moments, at_minutes, at_reports, pack
from ml.examples import examples
from ml.features import columns, describe, slog, unslog, view
from ml.lane_table import lane_rows, lane_table
from ml.lanes import known_by
from ml.projection import outlook as in_arrays
from ml.shipment import Leg, Milestone, Shipment, first, known_at, late, milestones, planned_end
from ml.tokens import TOKEN_NAMES, tokens
from tests.ml.freight_cases import SEASON, shipments
from tests.ml.projection_oracle import outlook

ORDERED = [replace(shipment, nr=nr) for nr, shipment in enumerate(SEASON)]
RATES = known_by(ORDERED, 30)


def planned(shipment: Shipment) -> Shipment:
    """The same, with every plan known."""

    def full(leg: Leg) -> Leg:
        return Leg(leg.slot, tuple(replace(m, planned=m.planned or 60) for m in leg.milestones))

    return replace(shipment, inbound=tuple(map(full, shipment.inbound)), outbound=full(shipment.outbound))


def told(shipments_: list[Shipment], moments: Moments | None = None) -> dict[str, Array]:
    arrays = pack(shipments_)
    everyone = np.arange(len(shipments_))
    lanes = lane_table(lane_rows(shipments_, RATES), arrays.there.shape)
    return columns(view(arrays, moments or at_reports(arrays, everyone, arrays.reports), lanes))


@settings(max_examples=80, deadline=None)
@given(st.lists(shipments(), min_size=1, max_size=4), st.floats(0, 60_000))
def test_the_projection_in_arrays_is_that_of_the_legs(drawn: list[Shipment], minutes: float) -> None:
    many = [planned(shipment) for shipment in drawn]
    arrays = pack(many)
    moments = at_minutes(arrays, np.arange(len(many)), np.full(len(many), minutes))
    now = view(arrays, moments, lane_table(lane_rows(many, RATES), arrays.there.shape)).now
    for row, shipment in enumerate(many):
        known = known_at(shipment, minutes)
        ahead = outlook(known, minutes)
        assert moments.count[row] == len(milestones(known))
        assert now.end[row, -1] == pytest.approx(ahead.end)
        assert now.planned_end[row, -1] == ahead.planned_end == planned_end(known)
        for at, leg in zip((*range(len(known.inbound)), -1), ahead.legs, strict=True):
            assert now.done[row, at] == leg.leg.done
            assert now.clock[row, at] == pytest.approx(leg.clock)
            assert now.overdue[row, at] == pytest.approx(leg.overdue)
            assert now.deviation[row, at] == pytest.approx(leg.deviation)
            assert np.isnan(now.due[row, at]) if leg.due is None else now.due[row, at] == pytest.approx(leg.due)
        told_ends = [leg.end for leg in in_arrays(shipment, minutes).legs]
        assert told_ends == pytest.approx([leg.end for leg in ahead.legs])


def test_features_read_off_a_shipment_by_hand() -> None:
    def leg(slot: str, *points: tuple[str, int, int, int | None, int | None]) -> Leg:
        return Leg(slot, tuple(Milestone(*point) for point in points))  # type: ignore[arg-type] # literals, spread

    one = leg(
        "i1", ("RCS", 0, 60, 90, None), ("DEP", 1, 120, 120, 7), ("RCF", 1, 300, None, 9), ("DLV", 0, 60, None, None)
    )
    two = leg(
        "i2", ("RCS", 0, 600, 500, None), ("DEP", 1, 60, None, 8), ("RCF", 1, 60, None, 9), ("DLV", 0, 60, None, None)
    )
    out = leg(
        "o", ("RCS", 0, 30, None, None), ("DEP", 1, 30, None, 9), ("RCF", 1, 200, None, 5), ("DLV", 0, 40, None, None)
    )
    shipment = Shipment(1, (one, two), out)
    arrays = pack([shipment])
    found = told([shipment], at_minutes(arrays, np.zeros(1, dtype=np.int64), np.array([630.0])))
    hours = {name: round(float(unslog(column)[0]), 6) for name, column in found.items()}
    # i1 reached DEP at 210, 30 behind; its RCF was due at 510, is 120 overdue at 630; i2 reached RCS 100 early.
    assert (hours["behind_worst_open"], hours["overdue"]) == (0.5, 2.0)
    assert hours["behind_best_open"] == pytest.approx(-100 / 60)
    # i1 ends at 630 + 60; i2, at DEP due 560 and 70 overdue, at 630 + 120; planned 540 and 780; outbound 300 more.
    assert hours["behind_hub"] == pytest.approx((750 - 780) / 60)
    assert hours["plan_end"] == pytest.approx(1080 / 60)
    assert hours["rest"] == pytest.approx((750 + 300 - 630) / 60)
    assert hours["silent"] == pytest.approx((630 - 500) / 60)
    assert (found["last_rcs"][0], found["missed"][0], found["legs_open"][0]) == (1.0, 0.0, 2.0)
    assert hours["last_0"] == pytest.approx(-100 / 60)


def test_a_shipment_reads_alone_as_among_others() -> None:
    whole = told(SEASON)
    for row in (0, 7, 31):
        alone = told([SEASON[row]])
        assert {name: column[0] for name, column in alone.items()} == {name: col[row] for name, col in whole.items()}


def test_signed_logarithms_of_hours_have_an_inverse() -> None:
    minutes = np.array([-90.0, 0.0, 45.0, 1e7])
    assert unslog(slog(minutes)) == pytest.approx(minutes / 60)


def test_tokens_tell_the_reports_in_their_order() -> None:
    arrays = pack(SEASON)
    said = tokens(arrays, lane_table(lane_rows(SEASON, RATES), arrays.there.shape))
    for row, shipment in enumerate(SEASON):
        seen = milestones(shipment)
        assert said.mask[row].sum() == len(seen) + 1
        clock = unslog(said.values[row, 1 : len(seen) + 1, TOKEN_NAMES.index("clock")])
        assert clock == pytest.approx([one.completed / 60 for one in seen])
        assert not said.values[row, len(seen) + 1 :].any()
        prefix = pack([first(shipment, 3)])
        short = tokens(prefix, lane_table(lane_rows([shipment], RATES), prefix.there.shape))
        assert np.array_equal(short.values[0], said.values[row, :4])


def test_examples_are_every_prefix_of_every_shipment() -> None:
    found = examples(ORDERED, freeze=30, lag=5)
    assert len(found.nr) == sum(len(milestones(shipment)) for shipment in ORDERED)
    names, state = found.names, found.state
    for row in range(0, len(found.nr), 37):
        shipment, count = ORDERED[found.nr[row]], int(found.count[row])
        known = first(shipment, count)
        at = milestones(known)[-1].completed if count else 0
        ahead = outlook(known, at)
        assert found.minutes[row] == at
        assert at <= found.silent_minutes[row] <= milestones(shipment)[count].completed
        assert found.projected[row] == pytest.approx(ahead.end)
        assert found.end[row] == milestones(shipment)[-1].completed
        assert found.late[row] == bool(late(shipment))
        assert unslog(state[row, [names.index("behind_end")]])[0] == pytest.approx((ahead.end - ahead.planned_end) / 60)
    kept = found.where(found.checkpoint == 0)
    assert (kept.count == 0).all()
    assert len(kept.nr) == len(ORDERED)


def test_names_and_columns_agree() -> None:
    arrays = pack(SEASON[:3])
    moments = at_reports(arrays, np.arange(3), np.zeros(3, dtype=np.int64))
    names, table, _ = describe(arrays, moments, lane_table(lane_rows(SEASON[:3], RATES), arrays.there.shape))
    assert table.shape == (3, len(names)) == (3, len(set(names)))
    assert np.isfinite(table).all()
