"""Shipments as padded arrays, so that many are looked at in one step and a single one by the same code.

Axes: n shipments, L legs, M milestones of a leg. Inbound legs lie at 0..L-2 in their order, the outbound leg last.
L is at least 4 and M at least 8, whatever the batch, so that sums over them do not depend on who else is in it.
What is known of a shipment at a moment is always its first few reports in the order of completion (`Arrays.rank`):
a moment is therefore a row, a count of reports and a time (`Moments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ml.shipment import Milestone, Shipment

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CODES = ("RCS", "DEP", "RCF", "DLV")
LEGS, MILESTONES = 4, 8
_CODE = {code: at for at, code in enumerate(CODES)}


@dataclass(frozen=True, slots=True)
class Arrays:
    """n shipments; minutes as floats.

    `there` (n, L, M): the plan has this milestone; `planned`, `effective` (n, L, M), 0 where unknown; `unplanned`
    (n, L, M): its planned duration is unknown; `reported` (n, L, M); `when` (n, L, M): minutes since the booking,
    infinite where not reported; `rank` (n, L, M): place in the order of completion (ties: legs, then the plan), from
    `reports` (n,) on where not reported; `order` (n, L · M): the cells by rank; `code` (n, L, M) index into CODES;
    `place` (n, L, M) masked airport id or -1; `segment` (n, L, M).
    """

    there: Mask
    planned: Array
    unplanned: Mask
    effective: Array
    reported: Mask
    when: Array
    rank: Whole
    order: Whole
    reports: Whole
    code: Whole
    place: Whole
    segment: Whole

    def __len__(self) -> int:
        return len(self.reports)

    def part(self, rows: Whole) -> Arrays:
        """Some of the shipments."""
        return Arrays(*(getattr(self, one.name)[rows] for one in fields(self)))

    @property
    def planned_end(self) -> Array:
        """(n,) minutes from the booking to the planned delivery: longest inbound plan plus outbound plan."""
        whole = self.planned.sum(axis=2)
        return np.asarray(np.max(whole[:, :-1], axis=1, initial=0.0) + whole[:, -1], dtype=np.float64)

    @property
    def effective_end(self) -> Array:
        """(n,) minutes from the booking to the reported final delivery; infinite while it is open."""
        last = np.maximum(self.length[:, -1] - 1, 0)
        return np.asarray(self.when[np.arange(len(self)), -1, last], dtype=np.float64)

    @property
    def length(self) -> Whole:
        """(n, L) milestones of each leg; 0 where the shipment has no such leg."""
        return np.asarray(self.there.sum(axis=2), dtype=np.int64)


def pack(shipments: Sequence[Shipment]) -> Arrays:
    """The arrays of `shipments`, in their order."""
    legs = max((len(one.inbound) for one in shipments), default=0) + 1
    longest = max((len(leg.milestones) for one in shipments for leg in one.legs), default=0)
    shape = (len(shipments), max(legs, LEGS), max(longest, MILESTONES))
    cells, values = _cells(shipments, shape)
    planned, effective = (np.full(shape, np.nan) for _ in range(2))
    code, segment = (np.zeros(shape, dtype=np.int64) for _ in range(2))
    place = np.full(shape, -1, dtype=np.int64)
    there = np.zeros(shape, dtype=np.bool_)
    there.reshape(-1)[cells] = True
    for array, column in zip((planned, effective, code, segment, place), values, strict=True):
        array.reshape(-1)[cells] = column
    return _timed(there, planned, effective, (code, segment, place))


def _cells(shipments: Sequence[Shipment], shape: tuple[int, ...]) -> tuple[Whole, tuple[list[float], ...]]:
    """The flat cell of every milestone, and its planned, effective, code, segment and place."""
    _, legs, milestones = shape
    at, points = list[int](), list[Milestone]()
    for row, shipment in enumerate(shipments):
        begin = row * legs * milestones
        for leg in shipment.inbound:
            at += range(begin, begin + len(leg.milestones))
            points += leg.milestones
            begin += milestones
        begin = ((row + 1) * legs - 1) * milestones
        at += range(begin, begin + len(shipment.outbound.milestones))
        points += shipment.outbound.milestones
    nan = np.nan
    planned = [nan if point.planned is None else point.planned for point in points]
    effective = [nan if point.effective is None else point.effective for point in points]
    code = [float(_CODE[point.code]) for point in points]
    segment = [float(point.segment) for point in points]
    place = [-1.0 if point.place is None else float(point.place) for point in points]
    return np.array(at, dtype=np.int64), (planned, effective, code, segment, place)


def _timed(there: Mask, planned: Array, effective: Array, named: tuple[Whole, Whole, Whole]) -> Arrays:
    code, segment, place = named
    reported = ~np.isnan(effective)
    taken = np.where(reported, effective, 0.0)
    when = np.cumsum(taken, axis=2)
    when[:, -1] += np.max(when[:, :-1, -1], axis=1, initial=0.0)[:, None]
    when[~reported] = np.inf
    flat = when.reshape(len(when), -1)
    order = np.argsort(flat, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(flat.shape[1])[None], axis=1)
    unplanned = there & np.isnan(planned)
    return Arrays(
        there,
        np.nan_to_num(planned),
        unplanned,
        taken,
        reported,
        when,
        rank.reshape(when.shape),
        order,
        reported.sum(axis=(1, 2)),
        code,
        place,
        segment,
    )


@dataclass(frozen=True, slots=True)
class Moments:
    """N moments: `row` (N,) of the shipment, `count` (N,) of its known reports, `minutes` (N,) since the booking."""

    row: Whole
    count: Whole
    minutes: Array

    def __len__(self) -> int:
        return len(self.row)


def at_minutes(arrays: Arrays, row: Whole, minutes: Array) -> Moments:
    """The moments `minutes` (N,) after the booking of the shipments `row` (N,): later reports are not known."""
    known = (arrays.when[row] <= minutes[:, None, None]).sum(axis=(1, 2))
    return Moments(row, known, minutes)


def at_reports(arrays: Arrays, row: Whole, count: Whole) -> Moments:
    """The moments at which the `count`-th report (N,) of the shipments `row` came in; 0 is the booking."""
    cell = arrays.order[row, np.maximum(count - 1, 0)]
    when = arrays.when.reshape(len(arrays), -1)[row, cell]
    return Moments(row, count, np.where(count > 0, when, 0.0))
