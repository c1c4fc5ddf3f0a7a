"""Why a shipment scores as it does: a fixed vocabulary, so that screens and rules can rely on the codes.

`weight` is in log-odds of lateness: positive raises the risk, negative lowers it. The weights of one assessment and
its reference add up to its uncalibrated log-odds (see `ml.attribution`); codes that state a fact weigh 0.

| Code | Says |
|---|---|
| BEHIND_PLAN | a milestone was reached later than planned |
| AHEAD_OF_PLAN | the latest milestones were reached earlier than planned |
| OVERDUE | a report that should have come has not |
| LANE_LATE_RATE | how often recent shipments over this hub and to this destination were late |
| TIGHT_PLAN | plans of this shape run late more often than the average plan |
| AMPLE_PLAN | plans of this shape run late less often than the average plan |
| UNKNOWN_LANE | nothing is known about this hub or destination; the overall rate stands in |
| PAST_PLANNED_END | the planned end has passed: lateness is a fact |
| DELIVERED | the outcome is a fact |
| NO_PLAN | abstained: the booking with its plan is missing or incomplete |
| NOT_BOOKED | abstained: the moment lies before the booking, or the instant of booking is unknown |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ml.lanes import LaneRates
from ml.projection import LegOutlook, Outlook
from ml.shipment import Milestone, Shipment, Slot

ReasonCode = Literal[
    "BEHIND_PLAN",
    "AHEAD_OF_PLAN",
    "OVERDUE",
    "LANE_LATE_RATE",
    "TIGHT_PLAN",
    "AMPLE_PLAN",
    "UNKNOWN_LANE",
    "PAST_PLANNED_END",
    "DELIVERED",
    "NO_PLAN",
    "NOT_BOOKED",
]

NAMES = {"RCS": "check-in", "DEP": "departure", "RCF": "arrival", "DLV": "delivery"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `leg`, `milestone` (such as `DEP 1`) and `place` (masked airport id) where it is about one."""

    code: ReasonCode
    text: str
    weight: float = 0.0
    leg: Slot | None = None
    milestone: str | None = None
    place: int | None = None


NO_PLAN = Reason("NO_PLAN", "no complete plan is known: capture the booking event with its plan")
NOT_BOOKED = Reason("NOT_BOOKED", "the shipment was not booked yet at this moment")


def span(minutes: float) -> str:
    """A duration as people say it: minutes under an hour, hours under two days, else days."""
    size = abs(minutes)
    if size < 60:
        return f"{size:.0f} min"
    return f"{size / 60:.0f} h" if size < 48 * 60 else f"{size / 1440:.1f} days"


def delay_reason(ahead: Outlook, weight: float) -> Reason:
    """About the leg that decides the end: overdue where the wait outweighs the delay, else behind or ahead of plan."""
    leg = _deciding(ahead)
    if leg.overdue > max(leg.deviation, 0.0):
        return overdue_reason(leg, weight)
    last = leg.leg.milestones[leg.leg.done - 1] if leg.leg.done else None
    place = _place(leg, last) if last else leg.leg.places[0]
    where = f"at {_at(place)}" + (f" ({NAMES[last.code]})" if last else "")
    side: ReasonCode = "BEHIND_PLAN" if leg.deviation > 0 else "AHEAD_OF_PLAN"
    how = "behind" if leg.deviation > 0 else "ahead of"
    text = f"{span(leg.deviation)} {how} plan {where}" if round(leg.deviation) else f"on plan {where}"
    return Reason(side, text, weight, leg.leg.slot, _label(last), place)


def _deciding(ahead: Outlook) -> LegOutlook:
    started = ahead.outbound.leg.done > 0 or all(leg.leg.complete for leg in ahead.inbound)
    return ahead.outbound if started else ahead.critical


def overdue_reason(leg: LegOutlook, weight: float) -> Reason:
    """About the next report on a leg, which should have come."""
    coming = leg.leg.milestones[leg.leg.done]
    place = _place(leg, coming)
    text = f"{NAMES[coming.code]} at {_at(place)} is {span(leg.overdue)} overdue"
    return Reason("OVERDUE", text, weight, leg.leg.slot, _label(coming), place)


def silence_reason(ahead: Outlook, weight: float) -> Reason:
    """About the report that is missing the longest; where none is due yet, about the time that runs without one."""
    waiting = max(ahead.legs, key=lambda leg: leg.overdue)
    return overdue_reason(waiting, weight) if waiting.overdue > 0 else delay_reason(ahead, weight)


def lane_reason(shipment: Shipment, rates: LaneRates, weight: float) -> Reason:
    """About the lane from hub to destination: its smoothed rate beside the overall one."""
    hub, destination = shipment.hub, shipment.destination
    if (
        hub is None
        or destination is None
        or not (rates.seen(("hub", hub, -1)) or rates.seen(("destination", destination, -1)))
    ):
        return Reason("UNKNOWN_LANE", f"no shipment over {_at(hub)} to {_at(destination)} is known", weight, place=hub)
    pair = ("pair", hub, destination)
    rate, seen = rates.rate(pair), rates.seen(pair)
    basis = f"smoothed, {seen} seen; {rates.base:.0%} overall"
    text = f"{rate:.0%} of recent shipments through hub {hub} to {destination} were late ({basis})"
    return Reason("LANE_LATE_RATE", text, weight, place=hub)


def plan_reason(ahead: Outlook, weight: float) -> Reason:
    """About the shape of the plan, in the direction that its weight says."""
    side: ReasonCode = "TIGHT_PLAN" if weight > 0 else "AMPLE_PLAN"
    often = "more" if weight > 0 else "less"
    text = f"plans like this one ({span(ahead.planned_end)}, {len(ahead.inbound)} inbound) run late {often} often"
    return Reason(side, text, weight)


def _place(leg: LegOutlook, milestone: Milestone) -> int | None:
    if milestone.place is not None or not leg.leg.places:
        return milestone.place
    return leg.leg.places[0 if milestone.code == "RCS" else -1]


def _label(milestone: Milestone | None) -> str | None:
    return None if milestone is None else f"{milestone.code} {milestone.segment}".removesuffix(" 0")


def _at(place: int | None) -> str:
    return "an unnamed airport" if place is None else f"airport {place}"
