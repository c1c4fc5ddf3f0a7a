"""Sensor readings of an EPCIS event (EPCIS 2.0, 7.3.7: sensorElementList), in one unit for each quantity.

Kept are temperature (°C), relative humidity (%), and shock, that is acceleration (g, without sign). Units are codes of
UN/CEFACT Recommendation 20. A report of another quantity, of a unit unknown for its quantity, without a finite number
or outside what is physically possible is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from ml.lenient import instant, many, number, text, word

Quantity = Literal["temperature", "humidity", "shock"]
STANDARD_GRAVITY: Final = 9.80665
MOST: Final = 2_000
"""Readings of one event that are kept: its extremes, and the others evenly spread."""
EXTREMES: Final = 6
"""The lowest and the highest of each quantity."""
_QUANTITIES: Final[Mapping[str, Quantity]] = {
    "Temperature": "temperature",
    "RelativeHumidity": "humidity",
    "Humidity": "humidity",
    "Acceleration": "shock",
    "Shock": "shock",
}
_UNITS: Final[Mapping[Quantity, Mapping[str, tuple[float, float]]]] = {
    "temperature": {
        "CEL": (1.0, 0.0),
        "KEL": (1.0, -273.15),
        "FAH": (5 / 9, -160 / 9),
        "A48": (5 / 9, -273.15),
    },
    "humidity": {"P1": (1.0, 0.0), "C62": (100.0, 0.0), "NX": (0.1, 0.0)},
    "shock": {
        code: (metres / STANDARD_GRAVITY, 0.0)
        for code, metres in {
            "K40": STANDARD_GRAVITY, "MSK": 1.0, "M38": 1000.0, "M39": 0.01, "M41": 0.001, "A76": 0.01, "C11": 1e-5,
            "A73": 0.3048, "IV": 0.0254,
        }.items()
    },
}  # fmt: skip
"""Factor and offset into our unit: A48 is the degree Rankine, P1 per cent, NX per mille, C62 one, K40 the standard
acceleration of free fall, MSK the metre per second squared; the others are its multiples, the gal, feet and inches."""
_DEFAULT_UNIT: Final[Mapping[Quantity, str]] = {"temperature": "CEL", "humidity": "P1", "shock": "K40"}
_POSSIBLE: Final[Mapping[Quantity, tuple[float, float]]] = {
    "temperature": (-273.15, 1000.0),
    "humidity": (0.0, 110.0),
    "shock": (0.0, 5000.0),
}


class Reading(NamedTuple):
    """One report. `start` to `end` is the time it is about, one instant for a single measurement.

    `value` is its value or mean, `low` and `high` its extremes, all in the unit of its quantity; UTC instants.
    """

    quantity: Quantity
    start: datetime
    end: datetime
    value: float
    low: float
    high: float
    device: str | None


def readings_of(event: Mapping[str, Any], event_time: datetime, most: int = MOST) -> tuple[tuple[Reading, ...], int]:
    """The event's readings in the order sent, at most `most`, and how many of the known quantities were left out."""
    found: list[Reading] = []
    lost = 0
    for element in many(event.get("sensorElementList")):
        if not isinstance(element, Mapping):
            lost += 1
            continue
        shared = element.get("sensorMetadata")
        metadata = shared if isinstance(shared, Mapping) else {}
        for report in many(element.get("sensorReport")):
            one = _reading(report, metadata, event_time) if isinstance(report, Mapping) else None
            if one is not None:
                found.append(one)
            elif not isinstance(report, Mapping) or _quantity(report) is not None:
                lost += 1
    kept = found if len(found) <= most else list(_thinned(found, most))
    return tuple(kept), lost + len(found) - len(kept)


def _quantity(report: Mapping[str, Any]) -> Quantity | None:
    name = word(report.get("type"))
    return _QUANTITIES.get(name) if name else None


def _reading(report: Mapping[str, Any], metadata: Mapping[str, Any], event_time: datetime) -> Reading | None:
    quantity = _quantity(report)
    if quantity is None:
        return None
    unit = text(report.get("uom"))
    sent = [number(report.get(name)) for name in ("value", "meanValue", "minValue", "maxValue")]
    values = [None if one is None else converted(one, quantity, unit) for one in sent]
    known = [one for one in values if one is not None]
    if not known:
        return None
    if quantity == "shock":
        known, values = [abs(one) for one in known], [None if one is None else abs(one) for one in values]
    low, high = min(known), max(known)
    middle = next((one for one in values[:2] if one is not None), (low + high) / 2)
    least, most = _POSSIBLE[quantity]
    if low < least or high > most:
        return None
    start, end = _span(report, metadata, event_time)
    device = text(report.get("deviceID")) or text(metadata.get("deviceID"))
    return Reading(quantity, start, end, middle, low, high, device)


def converted(value: float, quantity: Quantity, unit: str | None) -> float | None:
    """A value in our unit of the quantity; None where the unit is none of the quantity. Without one, it is in ours."""
    scale = _UNITS[quantity].get((unit or _DEFAULT_UNIT[quantity]).upper())
    return None if scale is None else value * scale[0] + scale[1]


def _span(report: Mapping[str, Any], metadata: Mapping[str, Any], event_time: datetime) -> tuple[datetime, datetime]:
    """A report's own time, else the metadata's interval or time, else that of the event."""
    at = instant(report.get("time"))
    if at is not None:
        return at, at
    start, end = instant(metadata.get("startTime")), instant(metadata.get("endTime"))
    if start is not None and end is not None and start <= end:
        return start, end
    single = instant(metadata.get("time")) or end or start or event_time
    return single, single


def _thinned(found: list[Reading], most: int) -> Iterator[Reading]:
    """Every k-th reading, and of each quantity the lowest and the highest."""
    extremes = set()
    for quantity in _UNITS:
        those = [at for at, one in enumerate(found) if one.quantity == quantity]
        if those:
            extremes |= {min(those, key=lambda at: found[at].low), max(those, key=lambda at: found[at].high)}
    step = -(-len(found) // max(1, most - len(extremes)))
    evenly = most > EXTREMES
    return (one for at, one in enumerate(found) if at in extremes or (evenly and at % step == 0))
