"""The projection read off legs and milestones one by one: what `ml.situation` must come to in arrays."""

from __future__ import annotations

from dataclasses import dataclass

from ml.shipment import Leg, Shipment


@dataclass(frozen=True, slots=True)
class LegOutlook:
    """One leg at a moment; minutes since the booking.

    `planned_begin` and `planned_end` by the plan alone; `clock` is when its latest milestone was reached (its begin
    before the first); `due` is when the next one should come given that clock, None once the leg is complete or
    before it can begin; `overdue` is how long the moment lies behind `due`; `end` is the projected end, in which the
    next milestone comes no earlier than the moment itself.
    """

    leg: Leg
    planned_begin: int
    planned_end: int
    clock: float
    due: float | None
    overdue: float
    end: float

    @property
    def deviation(self) -> float:
        """Minutes behind plan (negative: ahead) at the latest milestone reached."""
        return self.clock - (self.planned_begin + sum(m.planned or 0 for m in self.leg.milestones[: self.leg.done]))


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
    def planned_end(self) -> int:
        return self.outbound.planned_end

    @property
    def end(self) -> float:
        return self.outbound.end


def outlook(known: Shipment, minutes: float) -> Outlook:
    """The outlook at `minutes` after the booking, from what was `known` then. Needs a full plan (see `planned_end`)."""
    inbound = tuple(_leg(leg, 0, 0.0, minutes, begun=True) for leg in known.inbound)
    begun = all(leg.complete for leg in known.inbound) or known.outbound.done > 0
    planned_hub = max(leg.planned_end for leg in inbound)
    hub = max(leg.clock if begun else leg.end for leg in inbound)
    return Outlook(inbound, _leg(known.outbound, planned_hub, hub, minutes, begun=begun))


def _leg(leg: Leg, planned_begin: int, begin: float, minutes: float, *, begun: bool) -> LegOutlook:
    clock = begin + leg.elapsed
    rest = [milestone.planned or 0 for milestone in leg.milestones[leg.done :]]
    planned_end = planned_begin + (leg.planned or 0)
    if not rest:
        return LegOutlook(leg, planned_begin, planned_end, clock, None, 0.0, clock)
    due = clock + rest[0]
    overdue = max(0.0, minutes - due) if begun else 0.0
    end = due + overdue + sum(rest[1:])
    return LegOutlook(leg, planned_begin, planned_end, clock, due if begun else None, overdue, end)
