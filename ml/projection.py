"""When a shipment will end if everything still open takes as long as planned: a critical path over parallel legs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.arrays import at_minutes, pack
from ml.shipment import Leg, Milestone, Shipment
from ml.situation import Situation, situation


@dataclass(frozen=True, slots=True)
class LegOutlook:
    """One leg at a moment, of which the first `done` milestones are behind us; minutes since the booking.

    `planned_begin` and `planned_end` by the plan alone; `clock` is when its latest milestone was reached (its begin
    before the first); `due` is when the next one should come given that clock, None once the leg is complete or
    before it can begin; `overdue` is how long the moment lies behind `due`; `end` is the projected end, in which the
    next milestone comes no earlier than the moment itself; `deviation` is how far behind plan (negative: ahead) the
    latest milestone was reached.
    """

    leg: Leg
    done: int
    planned_begin: float
    planned_end: float
    clock: float
    due: float | None
    overdue: float
    end: float
    deviation: float

    @property
    def complete(self) -> bool:
        return 0 < len(self.leg.milestones) == self.done

    @property
    def latest(self) -> Milestone | None:
        return self.leg.milestones[self.done - 1] if self.done else None

    @property
    def coming(self) -> Milestone | None:
        return self.leg.milestones[self.done] if self.done < len(self.leg.milestones) else None


@dataclass(frozen=True, slots=True)
class Outlook:
    """All legs of a shipment at a moment, and the ends that follow."""

    inbound: tuple[LegOutlook, ...]
    outbound: LegOutlook

    @property
    def legs(self) -> tuple[LegOutlook, ...]:
        return (*self.inbound, self.outbound)

    @property
    def critical(self) -> LegOutlook:
        """The inbound leg that the hub is projected to wait for."""
        return max(self.inbound, key=lambda leg: leg.end)

    @property
    def planned_end(self) -> float:
        return self.outbound.planned_end

    @property
    def end(self) -> float:
        return self.outbound.end


def outlook(shipment: Shipment, minutes: float) -> Outlook:
    """The outlook at `minutes` after the booking, from what was reported by then. Needs a full plan."""
    arrays = pack([shipment])
    moments = at_minutes(arrays, np.zeros(1, dtype=np.int64), np.array([float(minutes)]))
    return outlooks([shipment], situation(arrays, moments))[0]


def outlooks(shipments: Sequence[Shipment], now: Situation) -> list[Outlook]:
    """The outlook of each of n shipments in the situation of its own moment."""
    columns = [now.planned_begin, now.planned_end, now.clock, now.due, now.overdue, now.end, now.deviation]
    told = np.stack(columns, axis=2).tolist()
    found = []
    for shipment, legs, done in zip(shipments, told, now.done.tolist(), strict=True):
        slots = (*range(len(shipment.inbound)), len(done) - 1)
        made = [_leg(leg, done[at], legs[at]) for leg, at in zip(shipment.legs, slots, strict=True)]
        found.append(Outlook(tuple(made[:-1]), made[-1]))
    return found


def _leg(leg: Leg, done: int, told: Sequence[float]) -> LegOutlook:
    begin, planned_end, clock, due, overdue, end, deviation = told
    # NaN is not equal to itself: none can come.
    return LegOutlook(leg, done, begin, planned_end, clock, due if due == due else None, overdue, end, deviation)  # noqa: PLR0124
