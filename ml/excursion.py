"""The chance of a condition excursion: at least 15 minutes out of range within the next 12 hours, or until delivery.

Only where a logger tells temperatures and the booking, or the caller, tells limits; else None, with the reason. A small
ensemble reads the sensor summaries and the stage (`ml.excursion_features`), its odds are calibrated on other shipments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.conditions import Conditions, conditions_of
from ml.excursion_features import NAMES, Array, described, sided
from ml.model_files import Model, read
from ml.reasons import Reason, span
from ml.sensors import Sensors, sensors
from ml.trail import Trail
from ml.trail_rules.told import ids

PACKAGED: Final = Path(__file__).parent / "models" / "freight" / "excursion"
SILENT: Final = 360.0
"""Minutes without a reading that are told."""
UNSTEADY: Final = 0.12
"""Share of the range by which neighbouring readings usually differ, from which on they are unsteady."""
NO_CONDITIONS: Final = Reason(
    "NO_CONDITIONS", "readings are there, but no limits: tell them in the booking as trailseal:conditions"
)


@dataclass(frozen=True, slots=True)
class Odds:
    """A loaded ensemble: normalisation, two hidden layers, and the calibration of the mean log-odds."""

    mean: Array
    deviation: Array
    members: Sequence[Mapping[str, npt.NDArray[np.float64]]]
    slope: float
    intercept: float

    def raw(self, rows: Array) -> Array:
        """(n, f) -> (n,) mean log-odds of the members, before calibration."""
        scaled = standardised(rows, self.mean, self.deviation)
        return np.asarray(np.mean([_forward(member, scaled) for member in self.members], axis=0))

    def chances(self, rows: Array) -> Array:
        """(n, f) -> (n,) calibrated chances."""
        odds = np.round(self.raw(rows), 6) * self.slope + self.intercept
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def standardised(rows: Array, mean: Array, deviation: Array) -> Array:
    """In standard deviations, at most four: what was never seen is no reason to be surer than ever."""
    return np.asarray(np.clip((rows - mean) / deviation, -4.0, 4.0))


def _forward(member: Mapping[str, npt.NDArray[np.float64]], rows: Array) -> Array:
    hidden = np.tanh(rows @ member["first.weight"].T + member["first.bias"])
    hidden = np.tanh(hidden @ member["second.weight"].T + member["second.bias"])
    wide = rows @ member["wide.weight"].T
    return np.asarray((hidden @ member["third.weight"].T + member["third.bias"] + wide)[:, 0])


class Excursion:
    """A loaded head. Thread-safe; loads no torch."""

    def __init__(self, model: Model) -> None:
        told_of = model.description["excursion"]
        if tuple(told_of["names"]) != NAMES:
            raise ValueError("this model knows other features: train it anew with `python -m ml.excursion_train`")
        self.hash = model.hash
        members = [{name: value.astype(np.float64) for name, value in member.items()} for member in model.weights]
        mean, deviation = np.array(told_of["mean"]), np.array(told_of["deviation"])
        self.odds = Odds(mean, deviation, members, told_of["slope"], told_of["intercept"])

    @classmethod
    def load(cls, folder: Path | None = None) -> Excursion:
        """The head in `folder`, or the packaged one; raises as `ml.model_files.read`."""
        return cls(read(PACKAGED if folder is None else folder))

    def chance(
        self, trail: Trail, moment: datetime, limits: Conditions | None = None
    ) -> tuple[float | None, tuple[Reason, ...]]:
        """The chance, and what speaks for it; None without temperatures or limits, and once delivery was told.

        `limits` stand in where the booking tells none.
        """
        known = trail.known_at(moment)
        agreed = conditions_of(known) or limits
        told = sensors(known, moment, agreed)
        if told is None:
            return None, ()
        reasons = _facts(known, told, agreed)
        if np.isnan(told.last) or agreed is None or not agreed.has_temperature:
            return None, (NO_CONDITIONS, *reasons) if agreed is None else reasons
        if _delivered(known):
            return None, reasons
        rows = described(known, moment, told, agreed)[None]
        return round(float(self.odds.chances(rows)[0]), 6), reasons


def _delivered(known: Trail) -> bool:
    """Whether the unit to be delivered, the last that the booking names, was received."""
    booking = next((seen for seen in known.standing if seen.plan is not None and seen.epcs), None)
    unit = booking.epcs[-1] if booking is not None else None
    return any(seen.step == "receiving" and unit in seen.epcs for seen in known.standing)


def _facts(known: Trail, told: Sensors, limits: Conditions | None) -> tuple[Reason, ...]:
    found: list[Reason] = []
    last = [seen for seen in known.standing if seen.readings][-1:]
    if limits is not None and limits.has_temperature and not np.isnan(told.last):
        found += _temperatures(known, told, limits)
    if told.silence >= SILENT:
        found.append(Reason("NO_READING", f"no reading for {span(told.silence)}", events=ids(last)))
    elif told.longest_gap >= SILENT:
        found.append(Reason("NO_READING", f"no reading for {span(told.longest_gap)} on the way", events=ids(last)))
    if limits is not None and told.humid_minutes > 0:
        text = (
            f"{span(told.humid_minutes)} above {limits.most_humidity:g} % humidity, up to {told.highest_humidity:.0f} %"
        )
        found.append(Reason("HUMID", text, events=ids(last)))
    if told.shocks:
        shaken = [seen for seen in known.standing if any(one.quantity == "shock" for one in seen.readings)]
        text = f"{told.shocks} shocks beyond the limit, the hardest {told.shock_peak:.0f} g"
        found.append(Reason("SHOCKED", text, events=ids(shaken)))
    if told.clock_jumps:
        text = f"{told.clock_jumps} readings are dated after they were recorded, and left out"
        found.append(Reason("CLOCK_JUMP", text, events=ids(last)))
    return tuple(found)


def _temperatures(known: Trail, told: Sensors, limits: Conditions) -> list[Reason]:
    found = []
    low, high = sided(limits)
    warm = [
        seen
        for seen in known.standing
        if any(one.quantity == "temperature" and (one.high > high or one.low < low) for one in seen.readings)
    ]
    if told.out_minutes > 0 and warm:
        worst = told.highest if told.degree_minutes_above >= told.degree_minutes_below else told.lowest
        area = told.degree_minutes_above + told.degree_minutes_below
        text = (
            f"{span(told.out_minutes)} outside {low:g} to {high:g} °C, {area:.0f} °C min, at worst {worst:.1f} °C;"
            f" mean kinetic temperature {told.mean_kinetic:.1f} °C"
        )
        found.append(Reason("OUT_OF_RANGE", text, events=ids(warm)))
    room, side = (high - told.last, high) if told.slope > 0 else (told.last - low, low)
    hours = room / abs(told.slope) if told.slope else np.inf
    if room > 0 and hours <= 12 and abs(told.slope) * 12 > (high - low) / 4:
        text = f"{told.last:.1f} °C and {told.slope:+.1f} °C an hour: {side:g} °C is reached in {span(hours * 60)}"
        found.append(Reason("NEARING_LIMIT", text, events=ids([seen for seen in known.standing if seen.readings][-1:])))
    if told.noise > UNSTEADY * (high - low):
        text = f"readings jump by {told.noise:.1f} °C from one to the next"
        found.append(Reason("UNSTEADY", text, events=ids([seen for seen in known.standing if seen.readings][-1:])))
    return found


def written(odds: Odds, made: Mapping[str, Any]) -> dict[str, Any]:
    """What model.json says of an excursion head; `made` tells how it came about."""
    return {
        "head": "excursion",
        "members": len(odds.members),
        "excursion": {
            "names": list(NAMES),
            "mean": np.round(odds.mean, 6).tolist(),
            "deviation": np.round(odds.deviation, 6).tolist(),
            "slope": round(odds.slope, 6),
            "intercept": round(odds.intercept, 6),
        },
        **made,
    }
