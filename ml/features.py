"""Numbers that describe shipments as of moments. Nothing in them depends on what came later.

A part is a function of a `View` that gives named columns (N,); `FEATURE_PARTS` lists them in order.
Times enter as signed logarithms of hours, rates as log-odds, so that one input scale fits all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ml.arrays import CODES, Array, Arrays, Mask, Moments, Whole
from ml.lane_table import LaneTable
from ml.lanes import KINDS
from ml.situation import Situation
from ml.usual_features import usual_features
from ml.view import Columns, View, slog, unslog, view

__all__ = ["FEATURE_PARTS", "Columns", "View", "columns", "describe", "slog", "unslog", "view", "without_lanes"]


def plan_features(seen: View) -> Columns:
    """What the booking alone says: size, planned hours by leg and kind of milestone, slack between inbound legs."""
    now = seen.now
    ends = np.where(now.leg, now.planned_end, -np.inf)[:, :-1]
    slowest, ordered = np.argmax(ends, axis=1), np.sort(ends, axis=1)
    first = np.min(np.where(now.leg, now.planned_end, np.inf)[:, :-1], axis=1)
    legs = now.leg[:, :-1].sum(axis=1)
    flights = now.there & (now.code == CODES.index("RCF"))
    tightest = np.min(np.where(flights, now.planned, np.inf), axis=(1, 2))
    return {
        "plan_legs": legs.astype(np.float64),
        "plan_stops": flights.sum(axis=(1, 2)).astype(np.float64),
        "plan_end": slog(now.planned_end[:, -1]),
        "plan_hub": slog(ordered[:, -1]),
        "plan_outbound": slog(now.planned_end[:, -1] - now.planned_begin[:, -1]),
        "plan_slack": slog(ordered[:, -1] - first),
        "plan_slack_second": slog(np.where(legs > 1, ordered[:, -1] - ordered[:, -2], 0.0)),
        **_parts("plan_slowest", now, slowest, now.there),
        **_parts("plan_out", now, None, now.there),
        "plan_tightest_flight": slog(np.where(np.isfinite(tightest), tightest, 0.0)),
    }


def _parts(name: str, now: Situation, leg: Whole | None, within: Mask) -> Columns:
    """Planned minutes for each kind of milestone of a leg (None: the outbound one), as far as they are `within`."""
    rows = np.arange(len(now.planned))
    at = np.full(len(rows), now.planned.shape[1] - 1) if leg is None else leg
    planned, code = (now.planned * within)[rows, at], now.code[rows, at]
    return {f"{name}_{kind.lower()}": slog((planned * (code == of)).sum(axis=1)) for of, kind in enumerate(CODES)}


def progress_features(seen: View) -> Columns:
    """How far along the shipment is, and what the plan still holds for it."""
    now, length = seen.now, seen.now.there.sum(axis=2)
    plan = np.maximum(now.planned_end[:, -1], 1.0)
    return {
        "at": slog(now.minutes),
        "at_share": np.minimum(now.minutes / plan, 3.0),
        "done_share": now.done.sum(axis=1) / np.maximum(length.sum(axis=1), 1),
        "done_outbound": now.done[:, -1] / np.maximum(length[:, -1], 1),
        "hub_reached": (~now.open[:, :-1]).all(axis=1).astype(np.float64),
        "legs_open": now.open[:, :-1].sum(axis=1).astype(np.float64),
        "rest": slog(now.end[:, -1] - now.minutes),
        **_parts("rest_critical", now, now.critical, now.rest),
        **_parts("rest_out", now, None, now.rest),
    }


def delay_features(seen: View) -> Columns:
    """How far behind plan: now, at the hub, at the end, and how long which report is overdue."""
    now = seen.now
    rows, plan = np.arange(len(now.minutes)), now.planned_end[:, -1]
    inbound, open_in = now.leg[:, :-1], now.open[:, :-1]
    active, deviation = ~np.isnan(now.due), now.deviation[:, :-1]
    behind = now.end[:, -1] - plan
    clock = np.max(np.where(active, now.clock, -np.inf), axis=1)
    rest = (now.planned * now.rest)[:, -1].sum(axis=1)
    return {
        "behind_end": slog(behind),
        "behind_end_share": np.clip(behind / np.maximum(plan, 1.0), -2.0, 2.0),
        "behind_hub": slog(np.max(np.where(inbound, now.end[:, :-1], -np.inf), axis=1) - now.planned_begin[:, -1]),
        "behind_critical": slog(deviation[rows, now.critical]),
        "behind_worst_open": slog(_or_zero(np.max(np.where(open_in, deviation, -np.inf), axis=1))),
        "behind_best_open": slog(_or_zero(np.min(np.where(open_in, deviation, np.inf), axis=1))),
        "behind_outbound": slog(np.where(active[:, -1], now.deviation[:, -1], 0.0)),
        "overdue": slog(np.max(now.overdue * active, axis=1)),
        "overdue_outbound": slog(now.overdue[:, -1]),
        "silent": slog(np.where(active.any(axis=1), now.minutes - clock, 0.0)),
        "past_plan": slog(np.maximum(0.0, now.minutes - plan)),
        "rest_planned": slog(rest),
        "reserve": slog(rest - behind),
    }


def _or_zero(values: Array) -> Array:
    return np.where(np.isfinite(values), values, 0.0)


def recent_features(seen: View) -> Columns:
    """Deviation of single steps: the last three reported, and by kind over all of them."""
    now, count = seen.now, seen.moments.count
    gone = np.where(now.known, now.effective - now.planned, 0.0)
    kinds = [(now.known & (now.code == of)) for of in range(len(CODES))]
    last = [_latest(seen, back) for back in range(3)]
    flat = gone.reshape(len(gone), -1)
    rows = np.arange(len(flat))
    newest = now.code.reshape(len(flat), -1)[rows, last[0]]
    return {
        **{f"last_{back}": slog(np.where(count > back, flat[rows, last[back]], 0.0)) for back in range(3)},
        **{f"last_{kind.lower()}": ((count > 0) & (newest == of)).astype(np.float64) for of, kind in enumerate(CODES)},
        **{f"step_{kind.lower()}": slog(_mean(gone, kinds[of])) for of, kind in enumerate(CODES)},
        "step_outbound": slog(_mean(gone[:, -1:], now.known[:, -1:])),
        "missed": (now.done.sum(axis=1) - count).astype(np.float64),
    }


def _latest(seen: View, back: int) -> Whole:
    """(N,) flat cell of the report `back` before the latest one."""
    cells: Whole = seen.arrays.order[seen.row, np.maximum(seen.moments.count - 1 - back, 0)]
    return cells


def _mean(values: Array, of: Mask) -> Array:
    number = of.sum(axis=(1, 2))
    return np.asarray((values * of).sum(axis=(1, 2)) / np.maximum(number, 1), dtype=np.float64)


def lane_features(seen: View) -> Columns:
    """Log-odds of lateness for each kind of lane, relative to the overall rate, and how much is known about each."""
    told, row = seen.lanes, seen.row
    worst = {f"lane_{kind}_worst": told.worst[row, KINDS.index(kind)] for kind in ("origin", "via")}
    return {
        "lane_base": told.base[row],
        **{f"lane_{kind}": told.mean[row, of] for of, kind in enumerate(KINDS)},
        **worst,
        **{f"lane_{kind}_seen": np.log1p(told.seen[row, of]) for of, kind in enumerate(KINDS[:3])},
    }


FEATURE_PARTS: list[Callable[[View], Columns]] = [
    plan_features,
    progress_features,
    delay_features,
    recent_features,
    lane_features,
    usual_features,
]


def columns(seen: View) -> Columns:
    """All features by name, each (N,), always in the same order."""
    return {name: column for part in FEATURE_PARTS for name, column in part(seen).items()}


def describe(arrays: Arrays, moments: Moments, lanes: LaneTable) -> tuple[tuple[str, ...], Array, Situation]:
    """Names (f,) and values (N, f) of the features at N moments, and the situation that they were read from.

    `lanes` has one row for each shipment of `arrays`.
    """
    seen = view(arrays, moments, lanes)
    found = columns(seen)
    return tuple(found), np.stack(list(found.values()), axis=1), seen.now


def is_lane(name: str) -> bool:
    """Whether a feature holds lane history: late rates, or what milestones usually take at a place."""
    return name.startswith(("lane_", "usual_", "step_slower"))


def without_lanes(names: Iterable[str]) -> list[int]:
    """Positions of the features that hold no lane history."""
    return [at for at, name in enumerate(names) if not is_lane(name)]
