"""Why a shipment scores as it does: a fixed vocabulary, so that screens and rules can rely on the codes.

`weight` is in log-odds of lateness: positive raises the risk, negative lowers it. The weights of one assessment and
its reference add up to its uncalibrated log-odds (see `ml.attribution`); codes that state a fact weigh 0. A weight is
that of a whole kind of knowledge (lanes, plan, delay, silence); the text names the leg or lane that stands out in it.
Plans hold large buffers, so being only a little ahead of plan may well raise the risk.

| Code | Says |
|---|---|
| BEHIND_PLAN | a milestone was reached later than planned |
| AHEAD_OF_PLAN | the latest milestones were reached earlier than planned |
| OVERDUE | a report that should have come has not |
| AWAITED | time has passed since the latest report, but none is overdue yet |
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

from ml.lanes import LaneRates, lanes, logit
from ml.projection import LegOutlook, Outlook
from ml.shipment import Milestone, Shipment, Slot

ReasonCode = Literal[
    "BEHIND_PLAN",
    "AHEAD_OF_PLAN",
    "OVERDUE",
    "AWAITED",
    "LANE_LATE_RATE",
    "TIGHT_PLAN",
    "AMPLE_PLAN",
    "UNKNOWN_LANE",
    "PAST_PLANNED_END",
    "DELIVERED",
    "NO_PLAN",
    "NOT_BOOKED",
    # of the trail itself (ml.anomaly)
    "OUT_OF_ORDER",
    "SKIPPED_STEP",
    "ODD_PLACE",
    "ODD_PARTY",
    "PARTY_WITHOUT_CUSTODY",
    "IMPOSSIBLE_TRAVEL",
    "QUANTITY_MISMATCH",
    "CLOCK_JUMP",
    "BACK_DATED",
    "CONTRADICTION",
    "SERIAL_TWICE",
    "NOT_COMMISSIONED",
    "DIVERTED",
    "DOCUMENT_MISMATCH",
    "UNUSUAL_RHYTHM",
    "FLOODED",
    # of the conditions (ml.excursion)
    "OUT_OF_RANGE",
    "NEARING_LIMIT",
    "NO_READING",
    "UNSTEADY",
    "HUMID",
    "SHOCKED",
    "NO_CONDITIONS",
]

ENOUGH = 5
"""Outcomes that a lane must have shown to be spoken of."""
_LANE_TEXTS = {"hub": "over hub {}", "destination": "to airport {}", "pair": "through hub {} to {}"}
NAMES = {"RCS": "check-in", "DEP": "departure", "RCF": "arrival", "DLV": "delivery"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `leg`, `milestone` (such as `DEP 1`) and `place` (masked airport id) where it is about one.

    `events` are the ids of the EPCIS events that it comes from.
    """

    code: ReasonCode
    text: str
    weight: float = 0.0
    leg: Slot | None = None
    milestone: str | None = None
    place: int | None = None
    events: tuple[str, ...] = ()


NO_PLAN = Reason("NO_PLAN", "no complete plan is known: capture the booking event with its plan")
NOT_BOOKED = Reason("NOT_BOOKED", "the shipment was not booked yet at this moment")


def span(minutes: float) -> str:
    """A duration as people say it: minutes under an hour, hours under two days, else days."""
    size = abs(minutes)
    if size < 60:
        return f"{size:.0f} min"
    return f"{size / 60:.0f} h" if size < 48 * 60 else f"{size / 1440:.1f} days"


def delay_reason(ahead: Outlook, weight: float) -> Reason:
    """About the leg that decides the end, in the outlook at its latest report: behind or ahead of plan, or overdue."""
    leg = _deciding(ahead, weight)
    if leg.overdue > max(leg.deviation, 0.0):
        return overdue_reason(leg, weight)
    last = leg.leg.milestones[leg.leg.done - 1] if leg.leg.done else None
    place = _place(leg, last) if last else leg.leg.places[0]
    where = f"at {_at(place)}" + (f" ({NAMES[last.code]})" if last else "")
    side: ReasonCode = "BEHIND_PLAN" if leg.deviation > 0 else "AHEAD_OF_PLAN"
    how = "behind" if leg.deviation > 0 else "ahead of"
    text = f"{span(leg.deviation)} {how} plan {where}" if round(leg.deviation) else f"on plan {where}"
    return Reason(side, text, weight, leg.leg.slot, _label(last), place)


def _deciding(ahead: Outlook, weight: float) -> LegOutlook:
    """The outbound leg once it can run; before, the inbound leg that stands out in the direction of the weight."""
    if ahead.outbound.leg.done > 0 or all(leg.leg.complete for leg in ahead.inbound):
        return ahead.outbound
    waiting = [leg for leg in ahead.inbound if not leg.leg.complete]
    if weight > 0:
        return max(waiting, key=lambda leg: leg.deviation + leg.overdue)
    return min(waiting, key=lambda leg: leg.deviation + leg.overdue)


def overdue_reason(leg: LegOutlook, weight: float) -> Reason:
    """About the next report on a leg, which should have come."""
    coming = leg.leg.milestones[leg.leg.done]
    place = _place(leg, coming)
    text = f"{NAMES[coming.code]} at {_at(place)} is {span(leg.overdue)} overdue"
    return Reason("OVERDUE", text, weight, leg.leg.slot, _label(coming), place)


def silence_reason(ahead: Outlook, minutes: float, weight: float) -> Reason:
    """About the report that is missing the longest; where none is overdue, about the wait for the next one."""
    waiting = max(ahead.legs, key=lambda leg: leg.overdue)
    if waiting.overdue > 0:
        return overdue_reason(waiting, weight)
    coming = min((leg for leg in ahead.legs if leg.due is not None), key=lambda leg: leg.due or 0.0)
    milestone = coming.leg.milestones[coming.leg.done]
    place = _place(coming, milestone)
    text = f"{NAMES[milestone.code]} at {_at(place)} is awaited, due in {span((coming.due or 0.0) - minutes)}"
    return Reason("AWAITED", text, weight, coming.leg.slot, _label(milestone), place)


def lane_reason(shipment: Shipment, rates: LaneRates, weight: float) -> Reason:
    """About the lane that stands out most among hub, destination and the pair of them."""
    hub, destination = shipment.hub, shipment.destination
    told = [lane for lane in lanes(shipment) if lane[0] in _LANE_TEXTS and rates.seen(lane) >= ENOUGH]
    if not told:
        return Reason("UNKNOWN_LANE", f"too little is known over {_at(hub)} to {_at(destination)}", weight, place=hub)
    lane = max(told, key=lambda one: abs(logit(rates.rate(one)) - logit(rates.base)))
    where = _LANE_TEXTS[lane[0]].format(*lane[1:])
    basis = f"smoothed, {rates.seen(lane)} seen; {rates.base:.0%} overall"
    text = f"{rates.rate(lane):.0%} of recent shipments {where} were late ({basis})"
    return Reason("LANE_LATE_RATE", text, weight, place=lane[1])


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
