"""Numbers that describe a delivery HORIZON days before it is due, from its booking and from what was known by then.

`offset` is the late rate that history alone suggests, as log-odds; models learn what to add to it. So they follow when
the general level moves, which it does: from 2 % to 24 % and back to 8 % within five years.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.datasets.scms import Delivery
from ml.tabular.history import NEVER, Array, Days, Outcomes, grouped, logit

HORIZON = 30
"""Days before the scheduled date at which a delivery is judged. Nothing that became known later counts."""
CHAIN_WEIGHT = 5.0
GROUP_WEIGHT = 10.0
BASE_PRIOR, BASE_WEIGHT, BASE_WINDOW = 0.1, 20.0, 180
_CHAINS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "lane": (("via",), ("country", "via")),
    "lane_mode": (("via",), ("country", "via"), ("country", "via", "mode")),
    "lane_maker": (("via",), ("country", "via"), ("country", "via", "vendor", "site")),
    "lane_mode_maker": (
        ("via",),
        ("country", "via"),
        ("country", "via", "mode"),
        ("country", "via", "vendor", "site"),
    ),
}
_CHAIN_WINDOWS = (90, 180, 270, 365, 730)
_OFFSET, _OFFSET_WINDOWS = "lane_mode_maker", (180, 270, 365)
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("via",),
    ("country",),
    ("country", "via"),
    ("country", "via", "mode"),
    ("country", "via", "vendor", "site"),
    ("vendor",),
    ("vendor", "site"),
    ("project",),
    ("country", "via", "project"),
    ("molecule",),
    ("item",),
    ("mode",),
    ("via", "mode"),
    ("group",),
    ("term",),
    ("country", "group"),
)
_GROUP_WINDOWS = (180, 365)


@dataclass(frozen=True, slots=True)
class Described:
    """n deliveries: `columns` (n, f) called `names`, `offset` (n,) in log-odds, and their `outcomes`; `scheduled` (n,)
    are day numbers. `lane` (n,) is the plain rate of Country × Fulfill Via over a year, without any model.
    """

    names: tuple[str, ...]
    columns: Array
    offset: Array
    outcomes: Outcomes
    scheduled: Days
    lane: Array

    @property
    def late(self) -> Array:
        return self.outcomes.late


def describe(deliveries: Sequence[Delivery]) -> Described:
    """Describes deliveries from their bookings and each other's outcomes; open ones teach nothing."""
    scheduled = np.array([one.scheduled.toordinal() for one in deliveries], dtype=np.int64)
    outcomes = Outcomes(
        scheduled - HORIZON,
        np.array([NEVER if one.known is None else one.known.toordinal() for one in deliveries], dtype=np.int64),
        np.array([float(one.late or 0) for one in deliveries]),
    )
    groups = {fields: _numbers(deliveries, fields) for fields in {*_GROUPS, *sum(_CHAINS.values(), ())}}
    everything = np.zeros(len(deliveries), dtype=np.int64)
    base = outcomes.rate(everything, BASE_WINDOW, np.full(len(deliveries), BASE_PRIOR), BASE_WEIGHT)
    chains = {
        (name, window): logit(outcomes.chain([groups[one] for one in fields], window, base, CHAIN_WEIGHT))
        for name, fields in _CHAINS.items()
        for window in _CHAIN_WINDOWS
    }
    offset = np.mean([chains[_OFFSET, window] for window in _OFFSET_WINDOWS], axis=0)
    columns = {f"{name}_{window}": odds - offset for (name, window), odds in chains.items()}
    for fields in _GROUPS:
        for window in _GROUP_WINDOWS:
            rate = outcomes.rate(groups[fields], window, base, GROUP_WEIGHT)
            columns[f"{'_x_'.join(fields)}_{window}"] = logit(rate) - logit(base)
    columns |= _bookings(deliveries)
    columns["offset"] = offset
    lane = outcomes.rate(groups["country", "via"], 365, base, CHAIN_WEIGHT)
    return Described(
        tuple(columns), np.column_stack(list(columns.values())), np.asarray(offset), outcomes, scheduled, lane
    )


def _numbers(deliveries: Sequence[Delivery], fields: tuple[str, ...]) -> Days:
    return grouped([[getattr(one, field) for field in fields] for one in deliveries])


def _bookings(deliveries: Sequence[Delivery]) -> dict[str, Array]:
    """What the bookings alone say. A lead time that is not known is -1."""
    together = grouped([[one.order, one.scheduled.isoformat()] for one in deliveries])
    lines = np.bincount(together)[together]
    rows = {
        "month": [one.scheduled.month for one in deliveries],
        "month_sine": [math.sin(math.tau * one.scheduled.month / 12) for one in deliveries],
        "month_cosine": [math.cos(math.tau * one.scheduled.month / 12) for one in deliveries],
        "day": [one.scheduled.day for one in deliveries],
        "weekday": [one.scheduled.weekday() for one in deliveries],
        "month_end": [one.scheduled.day >= 28 for one in deliveries],
        "lead_order": [_days(one.ordered, one.scheduled) for one in deliveries],
        "lead_quote": [_days(one.quoted, one.scheduled) for one in deliveries],
        "quantity": [_log(one.quantity) for one in deliveries],
        "value": [_log(one.value) for one in deliveries],
        "pack_price": [_log(one.pack_price) for one in deliveries],
        "per_pack": [-1.0 if math.isnan(one.per_pack) else one.per_pack for one in deliveries],
        "lines": np.log(lines),
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in rows.items()}


def _days(begin: date | None, end: date) -> float:
    return -1.0 if begin is None else float((end - begin).days)


def _log(amount: float) -> float:
    return math.log1p(amount) if amount >= 0 else -1.0
