"""What the excursion head reads: sensor summaries relative to the agreed range, and where the goods are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.conditions import Conditions
from ml.sensors import Sensors
from ml.trail import Seen, Trail

Array = npt.NDArray[np.float64]
HORIZON: Final = timedelta(hours=12)
STEPS: Final = ("accepting", "departing", "arriving", "receiving", "packing")
NAMES: Final = (
    *("room_above", "room_below", "room", "slope", "slope_hour", "in_3h_above", "in_3h_below", "in_8h"),
    *("highest", "lowest", "kinetic", "out_minutes", "degree_minutes", "noise", "longest_gap", "silence"),
    *("hours_known", "hours_at_step", "humid", "shocks"),
    *(f"after_{step}" for step in STEPS),
)


def described(trail: Trail, moment: datetime, told: Sensors, limits: Conditions) -> Array:
    """(f,) in the order of `NAMES`; `trail` as known at `moment`, with temperatures in `told`."""
    low, high = sided(limits)
    width = high - low
    above, below = (high - told.last) / width, (told.last - low) / width
    slope, hour = told.slope / width, told.slope_hour / width
    last = _last_step(trail)
    known = [
        above,
        below,
        min(above, below),
        np.arcsinh(20 * slope),
        np.arcsinh(20 * hour),
        above - 3 * slope,
        below + 3 * slope,
        min(above - 8 * slope, below + 8 * slope),
        (told.highest - high) / width,
        (low - told.lowest) / width,
        (told.mean_kinetic - (low + high) / 2) / width,
        np.log1p(told.out_minutes),
        np.log1p((told.degree_minutes_above + told.degree_minutes_below) / width),
        told.noise / width,
        np.log1p(told.longest_gap),
        np.log1p(max(told.silence, 30.0)),
        np.log1p(told.minutes / 60),
        np.log1p(max((moment - last.event_time).total_seconds() / 3600, 0.0)) if last else 0.0,
        float(told.humid_minutes > 0),
        np.log1p(told.shocks),
        *(float(last is not None and last.step == step) for step in STEPS),
    ]
    return np.asarray(np.round(np.clip(np.array(known, dtype=np.float64), -20.0, 20.0), 6), dtype=np.float64)


def sided(limits: Conditions) -> tuple[float, float]:
    """Both limits; one that is missing lies 40 °C from the other."""
    low = limits.low if np.isfinite(limits.low) else limits.high - 40
    high = limits.high if np.isfinite(limits.high) else limits.low + 40
    return low, high


def _last_step(trail: Trail) -> Seen | None:
    return next((seen for seen in reversed(trail.standing) if seen.step in STEPS), None)
