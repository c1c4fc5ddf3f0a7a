"""Numbers that describe a shipment as of a moment. Nothing in them depends on what came later.

`describe` takes what was known at the moment, the moment, and the lane rates known when the shipment was booked.
Times enter as signed logarithms of hours, rates as log-odds, so that one network input scale fits all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ml.lanes import KINDS, LaneRates, lanes, logit
from ml.projection import LegOutlook, Outlook, outlook
from ml.shipment import Completed, Leg, Shipment, milestones

CODES = ("RCS", "DEP", "RCF", "DLV")


def slog(minutes: float) -> float:
    """Signed logarithm of hours: sign(x) · ln(1 + |x| / 60)."""
    return math.copysign(math.log1p(abs(minutes) / 60.0), minutes)


def hours(signed: float) -> float:
    """The hours behind a `slog`."""
    return math.copysign(math.expm1(abs(signed)), signed)


def describe(known: Shipment, minutes: float, rates: LaneRates) -> dict[str, float]:
    """Named features of `known` at `minutes` after the booking, always in the same order."""
    ahead = outlook(known, minutes)
    seen = milestones(known)
    return {
        **plan_features(known, ahead),
        **progress_features(known, ahead, minutes),
        **delay_features(ahead, minutes),
        **recent_features(known, seen),
        **lane_features(known, rates),
    }


def plan_features(known: Shipment, ahead: Outlook) -> dict[str, float]:
    """What the booking alone says: size, planned hours by leg and kind of milestone, slack between inbound legs."""
    ends = sorted(leg.planned_end for leg in ahead.inbound)
    slowest = max(ahead.inbound, key=lambda leg: leg.planned_end).leg
    return {
        "plan_legs": float(len(known.inbound)),
        "plan_stops": float(sum(len(leg.segments) for leg in known.legs)),
        "plan_end": slog(ahead.planned_end),
        "plan_hub": slog(ends[-1]),
        "plan_outbound": slog(known.outbound.planned or 0),
        "plan_slack": slog(ends[-1] - ends[0]),
        "plan_slack_second": slog(ends[-1] - ends[-2]) if len(ends) > 1 else 0.0,
        **_parts("plan_slowest", slowest, 0),
        **_parts("plan_out", known.outbound, 0),
        "plan_tightest_flight": slog(_tightest(known)),
    }


def _parts(name: str, leg: Leg, begin: int) -> dict[str, float]:
    """Planned minutes for each kind of milestone from position `begin` of a leg on."""
    rest = leg.milestones[begin:]
    return {f"{name}_{code.lower()}": slog(sum(m.planned or 0 for m in rest if m.code == code)) for code in CODES}


def _tightest(known: Shipment) -> int:
    return min((m.planned or 0 for leg in known.legs for m in leg.milestones if m.code == "RCF"), default=0)


def progress_features(known: Shipment, ahead: Outlook, minutes: float) -> dict[str, float]:
    """How far along the shipment is, and what the plan still holds for it."""
    done = sum(leg.done for leg in known.legs)
    return {
        "at": slog(minutes),
        "at_share": min(minutes / max(ahead.planned_end, 1), 3.0),
        "done_share": done / sum(len(leg.milestones) for leg in known.legs),
        "done_outbound": known.outbound.done / len(known.outbound.milestones),
        "hub_reached": float(all(leg.complete for leg in known.inbound)),
        "legs_open": float(sum(not leg.complete for leg in known.inbound)),
        "rest": slog(ahead.end - minutes),
        **_parts("rest_critical", ahead.critical.leg, ahead.critical.leg.done),
        **_parts("rest_out", known.outbound, known.outbound.done),
    }


def delay_features(ahead: Outlook, minutes: float) -> dict[str, float]:
    """How far behind plan: now, at the hub, at the end, and how long which report is overdue."""
    open_legs = [leg for leg in ahead.inbound if not leg.leg.complete]
    active = [leg for leg in ahead.legs if leg.due is not None]
    hub_plan = ahead.outbound.planned_begin
    behind = ahead.end - ahead.planned_end
    return {
        "behind_end": slog(behind),
        "behind_end_share": max(-2.0, min(behind / max(ahead.planned_end, 1), 2.0)),
        "behind_hub": slog(max(leg.end for leg in ahead.inbound) - hub_plan),
        "behind_critical": slog(ahead.critical.deviation),
        "behind_worst_open": slog(max((leg.deviation for leg in open_legs), default=0.0)),
        "behind_best_open": slog(min((leg.deviation for leg in open_legs), default=0.0)),
        "behind_outbound": slog(ahead.outbound.deviation) if ahead.outbound.due is not None else 0.0,
        "overdue": slog(max((leg.overdue for leg in active), default=0.0)),
        "overdue_outbound": slog(ahead.outbound.overdue),
        "silent": slog(minutes - max((leg.clock for leg in active), default=minutes)),
        "past_plan": slog(max(0.0, minutes - ahead.planned_end)),
        "rest_planned": slog(_rest_planned(ahead.outbound)),
        "reserve": slog(_rest_planned(ahead.outbound) - behind),
    }


def _rest_planned(leg: LegOutlook) -> int:
    return sum(milestone.planned or 0 for milestone in leg.leg.milestones[leg.leg.done :])


def recent_features(known: Shipment, seen: Sequence[Completed]) -> dict[str, float]:
    """Deviation of single steps: the last three reported, and by kind over all of them."""
    last = [*(_deviation(one) for one in reversed(seen[-3:])), 0.0, 0.0, 0.0]
    kinds = {code: [_deviation(one) for one in seen if one.milestone.code == code] for code in CODES}
    outbound = [_deviation(one) for one in seen if one.slot == "o"]
    return {
        **{f"last_{at}": slog(last[at]) for at in range(3)},
        **{f"last_{code.lower()}": float(bool(seen) and seen[-1].milestone.code == code) for code in CODES},
        **{f"step_{code.lower()}": slog(_mean(kinds[code])) for code in CODES},
        "step_outbound": slog(_mean(outbound)),
        "missed": float(sum(leg.done for leg in known.legs) - len(seen)),
    }


def _deviation(one: Completed) -> float:
    return float((one.milestone.effective or 0) - (one.milestone.planned or 0))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def lane_features(known: Shipment, rates: LaneRates) -> dict[str, float]:
    """Log-odds of lateness for each kind of lane, relative to the overall rate, and how much is known about each."""
    base = logit(rates.base)
    odds: dict[str, list[float]] = {}
    seen: dict[str, list[int]] = {}
    for lane in lanes(known):
        odds.setdefault(lane[0], []).append(logit(rates.rate(lane)) - base)
        seen.setdefault(lane[0], []).append(rates.seen(lane))
    single = {f"lane_{kind}": _mean(odds.get(kind, ())) for kind in KINDS}
    known_counts = {f"lane_{kind}_seen": math.log1p(min(seen.get(kind, (0,)))) for kind in KINDS[:3]}
    worst = {f"lane_{kind}_worst": max(odds.get(kind, (0.0,))) for kind in ("origin", "via")}
    return {"lane_base": base, **single, **worst, **known_counts}


def is_lane(name: str) -> bool:
    """Whether a feature holds lane history."""
    return name.startswith("lane_")


def without_lanes(names: Iterable[str]) -> list[int]:
    """Positions of the features that hold no lane history."""
    return [at for at, name in enumerate(names) if not is_lane(name)]
