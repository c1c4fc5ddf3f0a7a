"""Why a shipment scores as it does, in the vocabulary of `ml.reason_codes`.

`weight` is in log-odds of lateness: positive raises the risk, negative lowers it. The weights of one assessment and
its reference add up to its uncalibrated log-odds (see `ml.attribution`); codes that state a fact weigh 0. A weight is
that of a whole kind of knowledge (lanes, plan, delay, silence); the text names the leg or lane that stands out in it.
Plans hold large buffers, so being only a little ahead of plan may well raise the risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from ml.lanes import Lane, LaneRates, logit
from ml.projection import LegOutlook, Outlook
from ml.reason_codes import ReasonCode
from ml.shipment import Milestone, Note, Shipment, Slot

__all__ = [
    "ENOUGH",
    "NOT_BOOKED",
    "NO_PLAN",
    "Reason",
    "ReasonCode",
    "delay_reason",
    "delivered_reason",
    "lane_reason",
    "noted",
    "overdue_reason",
    "overrun_reason",
    "plan_reason",
    "silence_reason",
    "span",
]

ENOUGH = 5
"""Outcomes that a lane must have shown to be spoken of."""
_LANE_TEXTS = {"hub": "over {}", "destination": "to {}", "pair": "over {} to {}"}
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


def noted(notes: Iterable[Note], minutes: float) -> tuple[Reason, ...]:
    """What was odd about the events of a shipment, as far as it was known at the moment. Facts, of weight 0."""
    return tuple(
        Reason(cast("ReasonCode", note.code), note.text, 0.0, note.leg, note.milestone, None, note.events)
        for note in notes
        if note.since <= minutes
    )


def delivered_reason(shipment: Shipment, behind: float) -> Reason:
    """That the outcome is known: `behind` the planned end by so many minutes."""
    side = "after" if behind > 0 else "before"
    last = shipment.outbound.milestones[-1]
    said = f"delivered {span(behind)} {side} the planned end" if behind else "delivered at the planned end"
    return Reason("DELIVERED", said, 0.0, "o", "DLV", shipment.destination, _ids(last.event))


def overrun_reason(shipment: Shipment, past: float) -> Reason:
    """That the planned end passed so many minutes ago."""
    said = f"the planned end passed {span(past)} ago and delivery is open"
    return Reason("PAST_PLANNED_END", said, events=_ids(shipment.booking))


def delay_reason(shipment: Shipment, ahead: Outlook, weight: float) -> Reason:
    """About the leg that decides the end, in the outlook at its latest report: behind or ahead of plan, or overdue."""
    leg = _deciding(ahead, weight)
    if leg.overdue > max(leg.deviation, 0.0):
        return overdue_reason(shipment, leg, weight)
    last = leg.latest
    place = _place(leg, last) if last else next(iter(leg.leg.places), None)
    where = f"at {_at(shipment, leg, place)}" + (f" ({NAMES[last.code]})" if last else "")
    side: ReasonCode = "BEHIND_PLAN" if leg.deviation > 0 else "AHEAD_OF_PLAN"
    how = "behind" if leg.deviation > 0 else "ahead of"
    said = f"{span(leg.deviation)} {how} plan {where}" if round(leg.deviation) else f"on plan {where}"
    return Reason(side, said, weight, leg.leg.slot, _label(last), place, _ids(last.event if last else shipment.booking))


def _deciding(ahead: Outlook, weight: float) -> LegOutlook:
    """The outbound leg once it can run; before, the inbound leg that stands out in the direction of the weight."""
    if ahead.outbound.done > 0 or all(leg.complete for leg in ahead.inbound):
        return ahead.outbound
    waiting = [leg for leg in ahead.inbound if not leg.complete]
    if weight > 0:
        return max(waiting, key=lambda leg: leg.deviation + leg.overdue)
    return min(waiting, key=lambda leg: leg.deviation + leg.overdue)


def overdue_reason(shipment: Shipment, leg: LegOutlook, weight: float) -> Reason:
    """About the next report on a leg, which should have come; from the report before it, or the booking."""
    return _coming(shipment, leg, weight, "OVERDUE", f"is {span(leg.overdue)} overdue")


def silence_reason(shipment: Shipment, ahead: Outlook, minutes: float, weight: float) -> Reason:
    """About the report that is missing the longest; where none is overdue, about the wait for the next one."""
    waiting = max(ahead.legs, key=lambda leg: leg.overdue)
    if waiting.overdue > 0:
        return overdue_reason(shipment, waiting, weight)
    coming = min((leg for leg in ahead.legs if leg.due is not None), key=lambda leg: leg.due or 0.0)
    return _coming(shipment, coming, weight, "AWAITED", f"is awaited, due in {span((coming.due or 0.0) - minutes)}")


def _coming(shipment: Shipment, leg: LegOutlook, weight: float, code: ReasonCode, said: str) -> Reason:
    milestone, last = leg.coming or leg.leg.milestones[-1], leg.latest
    place = _place(leg, milestone)
    text = f"{NAMES[milestone.code]} at {_at(shipment, leg, place)} {said}"
    since = _ids(last.event if last else shipment.booking)
    return Reason(code, text, weight, leg.leg.slot, _label(milestone), place, since)


def lane_reason(shipment: Shipment, rates: LaneRates, weight: float) -> Reason:
    """About hub, destination or both, whichever says most in the direction of the weight; with its counts."""
    hub, destination = shipment.hub, shipment.destination
    told = [lane for lane in _spoken_of(hub, destination) if rates.seen(lane) >= ENOUGH]
    events = _ids(shipment.booking)
    if not told:
        said = f"too little is known over {_named(shipment, hub, 'hub')} to {_named(shipment, destination)}"
        return Reason("UNKNOWN_LANE", said, weight, place=hub, events=events)
    side = 1.0 if weight > 0 else -1.0
    lane = max(told, key=lambda one: side * logit(rates.rate(one)))
    names = [_named(shipment, lane[1], "airport" if lane[0] == "destination" else "hub"), _named(shipment, lane[2])]
    count = rates.counts[lane]
    often = f"{count.late:.0f} of {count.seen:.0f} known shipments {_LANE_TEXTS[lane[0]].format(*names)} were late"
    said = f"{often} ({count.late / count.seen:.0%}; {rates.base:.0%} overall)"
    return Reason("LANE_LATE_RATE", said, weight, place=lane[1], events=events)


def _spoken_of(hub: int | None, destination: int | None) -> Iterator[Lane]:
    if hub is not None:
        yield "hub", hub, -1
    if destination is not None:
        yield "destination", destination, -1
        if hub is not None:
            yield "pair", hub, destination


def plan_reason(shipment: Shipment, ahead: Outlook, weight: float) -> Reason:
    """About the shape of the plan, in the direction that its weight says."""
    side: ReasonCode = "TIGHT_PLAN" if weight > 0 else "AMPLE_PLAN"
    often = "more" if weight > 0 else "less"
    said = f"plans like this one ({span(ahead.planned_end)}, {len(ahead.inbound)} inbound) run late {often} often"
    return Reason(side, said, weight, events=_ids(shipment.booking))


def _place(leg: LegOutlook, milestone: Milestone) -> int | None:
    if milestone.place is not None or not leg.leg.places:
        return milestone.place
    return leg.leg.places[0 if milestone.code == "RCS" else -1]


def _label(milestone: Milestone | None) -> str | None:
    return None if milestone is None else milestone.name


def _at(shipment: Shipment, leg: LegOutlook, place: int | None) -> str:
    is_hub = place is not None and place == shipment.hub and place == leg.leg.places[0 if leg.leg.slot == "o" else -1]
    return _named(shipment, place, "hub" if is_hub else "airport")


def _named(shipment: Shipment, place: int | None, kind: str = "airport") -> str:
    """A place as people call it: the masked airport id, or the identifier of a place that is none of those."""
    if place is None or place < 0:
        return f"an unnamed {kind}"
    return f"{kind} {place}" if place < 100_000 else f"{kind} {shipment.names.get(place, place)}"


def _ids(event: str | None) -> tuple[str, ...]:
    return (event,) if event else ()
