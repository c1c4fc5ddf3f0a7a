"""All rules on one trail, as signals and as sizes in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.trail_rules import clocks, order, papers, places, things
from ml.trail_rules.history import TrailHistory
from ml.trail_rules.told import Signal, Told

Array = npt.NDArray[np.float64]
NAMES: Final = (
    *("inverted", "skipped", "skipped in all", "after delivery", "overlapping legs", "never packed", "never shipped"),
    *("unplanned place", "unplanned stay", "diverted", "ends elsewhere", "opened on its way", "travel", "custody"),
    *("unseen place", "unseen party", "party elsewhere", "odd step", "odd flight", "late for its party"),
    *("made twice", "made twice elsewhere", "never made", "making untold"),
    *("contents lost", "contents added", "not put away"),
    *("amount lost", "lost and confirmed", "amount gained", "transformation"),
    *("ahead", "late", "at once", "at once together", "told twice", "one id", "flooded"),
    *("other place", "other party", "other consignee", "other order", "other amount"),
)
OF_HISTORY: Final = frozenset(NAMES[NAMES.index("unseen place") : NAMES.index("made twice")])
"""Signals that need a history of other trails."""


def signals(told: Told, history: TrailHistory | None) -> tuple[Signal, ...]:
    """Every rule's signals; of one name the largest only."""
    found: dict[str, Signal] = {}
    for signal in (
        *order.run(told),
        *places.run(told, history),
        *things.run(told),
        *clocks.run(told, history),
        *papers.run(told),
    ):
        if signal.name not in found or signal.size > found[signal.name].size:
            found[signal.name] = signal
    return tuple(found.values())


def sizes(found: Iterable[Signal], *, with_history: bool) -> Array:
    """(k,) sizes in the order of `NAMES`: 0 where a rule is silent, NaN where it could not be asked."""
    row = np.array([0.0 if with_history or name not in OF_HISTORY else np.nan for name in NAMES])
    for signal in found:
        row[NAMES.index(signal.name)] = signal.size
    return row


def context(told: Told) -> Array:
    """(6,) what a signal must be read with: how much is told, of what kind, and how far the journey is."""
    steps = {seen.step for seen in told.events}
    return np.array(
        [
            min(np.log1p(len(told.events)) / 4, 2.0),
            len(told.legs) / 4,
            float(told.delivered is not None),
            float(bool(steps & {"storing", "unpacking"})),
            float("packing" in steps),
            float(any(seen.party is not None for seen in told.events)),
        ]
    )
