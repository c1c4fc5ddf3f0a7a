"""Where shipments stand at moments, and when they will end if all that is open takes as long as planned.

The vectorised form of `ml.projection`: a critical path over parallel legs, for N moments at once. Needs full plans.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from ml.arrays import Array, Arrays, Mask, Moments, Whole


@dataclass(frozen=True, slots=True)
class Situation:
    """N moments; minutes since the booking; leg axis L as in `ml.arrays` (outbound last).

    `arrays`, `moments`: what it was made of. `there`, `planned`, `effective`, `code` (N, L, M) of each moment's
    shipment; `known` (N, L, M): reported by the moment; `leg` (N, L): the shipment has this leg; `done` (N, L): leading
    milestones behind us; `complete`, `open` (N, L): all or not all of them; `begun` (N,): the outbound leg can run.
    `planned_begin`, `planned_end`, `clock` (latest milestone reached), `due` (next one; NaN where none can come),
    `overdue`, `end` (projected) and `deviation` (behind plan at the latest milestone) are (N, L).
    """

    arrays: Arrays
    moments: Moments
    there: Mask
    planned: Array
    effective: Array
    code: Whole
    known: Mask
    leg: Mask
    done: Whole
    complete: Mask
    open: Mask
    begun: Mask
    planned_begin: Array
    planned_end: Array
    clock: Array
    due: Array
    overdue: Array
    end: Array
    deviation: Array

    def part(self, rows: slice) -> Situation:
        """The situation at some of the moments."""
        moments = Moments(self.moments.row[rows], self.moments.count[rows], self.moments.minutes[rows])
        others = {one.name: getattr(self, one.name)[rows] for one in fields(self)[2:]}
        return replace(self, moments=moments, **others)

    @property
    def minutes(self) -> Array:
        """(N,) minutes since the booking."""
        return self.moments.minutes

    @property
    def critical(self) -> Whole:
        """(N,) the inbound leg that the hub is projected to wait for."""
        return np.asarray(np.argmax(np.where(self.leg, self.end, -np.inf)[:, :-1], axis=1), dtype=np.int64)

    @property
    def rest(self) -> Mask:
        """(N, L, M): milestones of the plan that are not behind us."""
        return np.asarray(self.there & (np.arange(self.there.shape[2]) >= self.done[:, :, None]), dtype=np.bool_)


def situation(arrays: Arrays, moments: Moments) -> Situation:
    """The situation at N moments."""
    row, minutes = moments.row, moments.minutes[:, None]
    there, planned, effective = arrays.there[row], arrays.planned[row], arrays.effective[row]
    known = arrays.rank[row] < moments.count[:, None, None]
    steps = np.arange(there.shape[2])
    done = np.max((steps + 1) * known, axis=2)
    length = there.sum(axis=2)
    leg, complete = length > 0, (length > 0) & (done == length)
    elapsed = (effective * known).sum(axis=2)
    due_in = np.take_along_axis(planned, np.minimum(done, len(steps) - 1)[:, :, None], axis=2)[:, :, 0]
    behind = (planned * (steps < done[:, :, None])).sum(axis=2)
    whole = planned.sum(axis=2)
    rest = whole - behind

    inbound = leg[:, :-1]
    begun = (complete | ~leg)[:, :-1].all(axis=1) | (done[:, -1] > 0)
    running = np.broadcast_to(np.ones_like(begun)[:, None], leg.shape).copy()
    running[:, -1] = begun
    hub_plan = np.max(np.where(inbound, whole[:, :-1], 0.0), axis=1, initial=0.0)

    def ends(clock: Array) -> tuple[Array, Array, Array]:
        due = clock + due_in
        overdue = np.where(running & leg & ~complete, np.maximum(minutes - due, 0.0), 0.0)
        return due, overdue, np.where(complete, clock, clock + rest + overdue)

    clock = elapsed.copy()
    hub = np.where(begun[:, None], clock[:, :-1], ends(clock)[2][:, :-1])
    clock[:, -1] += np.max(np.where(inbound, hub, 0.0), axis=1, initial=0.0)
    due, overdue, end = ends(clock)
    planned_begin = np.zeros_like(clock)
    planned_begin[:, -1] = hub_plan
    return Situation(
        arrays,
        moments,
        there,
        planned,
        effective,
        arrays.code[row],
        known,
        leg,
        done,
        complete,
        leg & ~complete,
        begun,
        planned_begin,
        planned_begin + whole,
        clock,
        np.where(running & leg & ~complete, due, np.nan),
        overdue,
        end,
        clock - planned_begin - behind,
    )
