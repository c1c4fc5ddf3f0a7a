"""What sensors told by a moment, in the figures of good distribution practice.

Between two readings of one logger, at most `GAP` apart, the quantity is taken to run in a straight line; across a wider
gap nothing is known. So minutes and degree-minutes out of range are exact areas, whatever the sampling. A report about
an interval (startTime, endTime) counts as spread evenly between its extremes. Of several loggers the worst one counts.

Mean kinetic temperature (J. D. Haynes, J. Pharm. Sci. 60 (1971) 927; USP <1079>), with ΔH = 83.144 kJ/mol:

    T_K = (ΔH/R) / -ln( Σ w_i exp(-ΔH / (R T_i)) / Σ w_i )

T in kelvin; each reading weighs the time around it, so that even sampling gives the unweighted formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.conditions import Conditions
from ml.readings import Quantity, Reading
from ml.trail import Trail

Array = npt.NDArray[np.float64]
ACTIVATION: Final = 83.144 / 8.3144e-3
"""ΔH / R in kelvin."""
KELVIN: Final = 273.15
GAP: Final = 120.0
"""Minutes without a reading after which nothing is said about the time between."""
RECENT: Final = 180.0
"""Minutes over which the slope is taken."""
CLOCK: Final = 10.0
"""Minutes by which a reading may be dated after its event was recorded; one further ahead is left out."""
LOGGERS: Final = 32
"""Loggers that are looked at one by one, those with most readings; the others count as one."""


@dataclass(frozen=True, slots=True)
class Sensors:
    """Summaries at a moment. Minutes, °C, °C minutes, °C per hour, %, g; NaN where nothing can be said.

    `longest_gap` is between readings, `silence` since the last one. `clock_jumps` counts readings dated after they were
    recorded; `duplicates` those that say again what another said, `contradictions` those that say otherwise of the same
    logger and instant (their mean counts). `noise` is the spread between neighbouring readings, `slope` that of
    the last three hours and `slope_hour` of the last one.
    """

    readings: int
    minutes: float
    last: float
    lowest: float
    highest: float
    out_minutes: float
    degree_minutes_above: float
    degree_minutes_below: float
    mean_kinetic: float
    slope: float
    slope_hour: float
    noise: float
    longest_gap: float
    silence: float
    humidity: float
    highest_humidity: float
    humid_minutes: float
    shocks: int
    shock_peak: float
    duplicates: int
    contradictions: int
    clock_jumps: int

    @property
    def array(self) -> Array:
        """The figures in the order of the fields."""
        return np.array([getattr(self, one.name) for one in fields(self)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Series:
    """One logger's readings of one quantity in the order of time; minutes since some begin, values in our unit."""

    start: Array
    end: Array
    value: Array
    low: Array
    high: Array


def sensors(trail: Trail, moment: datetime, conditions: Conditions | None) -> Sensors | None:
    """The summaries of what `trail` knew at `moment`; None where no sensor had told anything by then."""
    told = [(seen, reading) for seen in trail.known_at(moment).standing for reading in seen.readings]
    limits = conditions or Conditions("none")
    lag = [(reading.end - seen.record_time).total_seconds() / 60 for seen, reading in told]
    kept = [reading for (_, reading), minutes in zip(told, lag, strict=True) if minutes <= CLOCK]
    if not kept:
        return None
    warm, again, against = _loggers(kept, "temperature", moment)
    humid, more_again, more_against = _loggers(kept, "humidity", moment)
    shocks = np.array([reading.high for reading in kept if reading.quantity == "shock"])
    worst = shocks.max(initial=0.0)
    times = np.sort(np.concatenate([part for one in (*warm, *humid) for part in (one.start, one.end)] or [np.zeros(0)]))
    return Sensors(
        **_temperature(warm, limits),
        readings=len(kept),
        longest_gap=float(np.diff(times).max(initial=0.0)),
        silence=float(-times[-1]) if len(times) else float("nan"),
        humidity=float(np.mean([mean(one) for one in humid])) if humid else float("nan"),
        highest_humidity=float(max((one.high.max() for one in humid), default=float("nan"))),
        humid_minutes=max((above(one, limits.most_humidity)[0] for one in humid), default=0.0),
        shocks=int((shocks > limits.most_shock).sum()),
        shock_peak=float(worst),
        duplicates=again + more_again,
        contradictions=against + more_against,
        clock_jumps=len(told) - len(kept),
    )


def _temperature(loggers: Sequence[Series], limits: Conditions) -> dict[str, float]:
    """What is said of temperatures; `minutes` is how long any logger was known."""
    if not loggers:
        nothing = ("last", "lowest", "highest", "mean_kinetic", "slope", "slope_hour", "noise")
        zero = ("minutes", "out_minutes", "degree_minutes_above", "degree_minutes_below")
        return dict.fromkeys(nothing, float("nan")) | dict.fromkeys(zero, 0.0)
    hot, cold = [above(one, limits.high) for one in loggers], [below(one, limits.low) for one in loggers]
    latest = max(loggers, key=lambda one: one.end[-1])
    return {
        "minutes": max(covered(one) for one in loggers),
        "last": float(latest.value[-1]),
        "lowest": float(min(one.low.min() for one in loggers)),
        "highest": float(max(one.high.max() for one in loggers)),
        "out_minutes": max(up[0] + down[0] for up, down in zip(hot, cold, strict=True)),
        "degree_minutes_above": max(area for _, area in hot),
        "degree_minutes_below": max(area for _, area in cold),
        "mean_kinetic": max(mean_kinetic(one) for one in loggers),
        "slope": slope(latest),
        "slope_hour": slope(latest, 60.0),
        "noise": float(np.median(np.abs(np.diff(latest.value)))) if len(latest.value) > 1 else 0.0,
    }


def _loggers(readings: Sequence[Reading], quantity: Quantity, moment: datetime) -> tuple[list[Series], int, int]:
    """A series for each logger, and how many readings were duplicates and contradictions."""
    of_device: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.quantity == quantity:
            of_device.setdefault(reading.device or "", []).append(reading)
    by_size = sorted(of_device, key=lambda device: (-len(of_device[device]), device))
    for device in by_size[LOGGERS:]:
        of_device.setdefault("", []).extend(of_device.pop(device) if device else ())
    found = [_series(those, moment) for _, those in sorted(of_device.items())]
    return [one for one, _, _ in found], sum(again for _, again, _ in found), sum(against for _, _, against in found)


def _series(readings: Sequence[Reading], moment: datetime) -> tuple[Series, int, int]:
    zero = moment.timestamp()
    rows = np.array([(one.start.timestamp(), one.end.timestamp(), *one[3:6]) for one in readings], dtype=np.float64)
    rows[:, :2] = (rows[:, :2] - zero) / 60
    distinct = np.unique(rows, axis=0)
    spans, which = np.unique(distinct[:, :2], axis=0, return_inverse=True)
    count = np.bincount(which.ravel())
    value = np.bincount(which.ravel(), distinct[:, 2]) / count
    low, high = np.full(len(spans), np.inf), np.full(len(spans), -np.inf)
    np.minimum.at(low, which.ravel(), distinct[:, 3])
    np.maximum.at(high, which.ravel(), distinct[:, 4])
    series = Series(spans[:, 0], spans[:, 1], value, low, high)
    return series, len(rows) - len(distinct), len(distinct) - len(spans)


def above(series: Series, limit: float) -> tuple[float, float]:
    """Minutes above `limit`, and the area above it (unit times minutes)."""
    if not np.isfinite(limit):
        return 0.0, 0.0
    minutes, first, second = _between(series)
    share, height = _share_above(first, second, limit)
    own_minutes, own_share, own_height = _within(series, limit)
    out = float((share * minutes).sum() + (own_share * own_minutes).sum())
    area = float((share * height * minutes).sum() + (own_share * own_height * own_minutes).sum())
    return out, area


def below(series: Series, limit: float) -> tuple[float, float]:
    """Minutes below `limit`, and the area below it (unit times minutes)."""
    mirrored = Series(series.start, series.end, -series.value, -series.high, -series.low)
    return above(mirrored, -limit)


def _between(series: Series) -> tuple[Array, Array, Array]:
    """From each reading to the next: minutes (0 across a gap), and the values at both ends."""
    minutes = series.start[1:] - series.end[:-1]
    return np.where((minutes > 0) & (minutes <= GAP), minutes, 0.0), series.value[:-1], series.value[1:]


def _within(series: Series, limit: float) -> tuple[Array, Array, Array]:
    """Of readings about an interval: its minutes, the share above the limit and the mean height above it."""
    share, height = _share_above(series.low, series.high, limit)
    return series.end - series.start, share, height


def _share_above(first: Array, second: Array, limit: float) -> tuple[Array, Array]:
    """Of a straight line between two values: the share above the limit, and the mean height of that part."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    width = np.where(high > low, high - low, 1.0)
    share = np.where(high > low, np.clip((high - limit) / width, 0.0, 1.0), (low > limit).astype(np.float64))
    height = np.where(low >= limit, (low + high) / 2 - limit, np.maximum(high - limit, 0.0) / 2)
    return share, height


def covered(series: Series) -> float:
    """Minutes of which something is known."""
    return float(_between(series)[0].sum() + (series.end - series.start).sum())


def weights(series: Series) -> Array:
    """Minutes around each reading: half of what lies before and after it; at an end, the one side twice."""
    between = np.clip(series.start[1:] - series.end[:-1], 0.0, GAP)
    before, after = np.append(between[:1], between), np.append(between, between[-1:])
    if len(series.value) == 1:
        before = after = np.zeros(1)
    around = (before + after) / 2 + (series.end - series.start)
    return around if around.sum() > 0 else np.ones(len(series.value))


def mean(series: Series) -> float:
    """The mean over time."""
    return float(np.average(series.value, weights=weights(series)))


def mean_kinetic(series: Series) -> float:
    """Mean kinetic temperature in °C of a series in °C."""
    rates = -ACTIVATION / np.maximum(series.value + KELVIN, 1.0)
    most = rates.max()
    return float(-ACTIVATION / (most + np.log(np.average(np.exp(rates - most), weights=weights(series)))) - KELVIN)


def slope(series: Series, minutes: float = RECENT) -> float:
    """Least-squares slope per hour over the last `minutes`; 0 with fewer than three readings there."""
    recent = series.end >= series.end[-1] - minutes
    at, value = series.end[recent], series.value[recent]
    if len(at) < 3 or at[-1] - at[0] < 15:
        return 0.0
    spread = at - at.mean()
    return float(60 * (spread * (value - value.mean())).sum() / (spread**2).sum())
