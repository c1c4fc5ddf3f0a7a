"""A made-up season of freight with the look of the real one, for demonstrations where no real rows are at hand.

Durations are log-normal; their means, spreads and correlations between plan and effect are rounded summary statistics
of the training part of Cargo 2000 (A. Metzger et al., CC BY 4.0). No row of it is in here. Airports carry its masked
ids, so that the packaged model knows the lanes; some are slow, as there.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ml.shipment import Code, Leg, Milestone, Shipment, Slot

FIRST_NR = 50_000_000
MOST = 10_000
"""Shipments in one season; ten thousand seeds have numbers, and so SSCCs, of their own."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Log-minutes: mean and spread planned, mean and spread effective, correlation of the two."""

    planned: float
    planned_spread: float
    effective: float
    effective_spread: float
    together: float


INBOUND: dict[Code, Duration] = {
    "RCS": Duration(6.9, 1.3, 6.0, 1.75, 0.81),
    "DEP": Duration(5.5, 0.8, 6.3, 0.85, 0.38),
    "RCF": Duration(6.5, 0.7, 6.3, 0.8, 0.84),
    "DLV": Duration(8.0, 0.75, 6.4, 1.75, 0.0),
}
OUTBOUND: dict[Code, Duration] = {
    "RCS": Duration(7.2, 1.25, 6.4, 1.7, 0.85),
    "DEP": Duration(5.5, 0.9, 6.4, 0.85, 0.38),
    "RCF": Duration(6.6, 0.7, 6.3, 0.75, 0.8),
    "DLV": Duration(8.0, 0.75, 6.8, 1.6, 0.0),
}
ORIGINS = (815, 128, 700, 485, 349, 671, 456, 476, 281, 431, 609, 308)
HUBS = (485, 815, 671, 700, 128, 349, 308, 281)
DESTINATIONS = (700, 485, 349, 628, 671, 174, 187, 403, 609, 597, 561, 149)
STOPS = (128, 700, 815, 349, 149)
SLOW = {561: 1.0, 597: 0.9, 349: 0.7, 671: 0.4, 308: 0.5, 628: 0.0, 174: -0.3}
USUAL = -0.8
"""Added to the effective log-minutes of check-in and delivery at an airport: by name, or as usual."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A shipment with its whole history, and when it was booked (also in `shipment.booked`)."""

    shipment: Shipment
    booked: datetime


def season(n: int, seed: int, start: datetime) -> list[Simulated]:
    """`n` delivered shipments booked from `start` on, about one every two hours; the same seed gives the same season.

    Raises ValueError unless 0 <= n <= 10,000 and 0 <= seed < 5,000, or where `start` has no offset.
    """
    if not (0 <= n <= MOST and 0 <= seed < 5_000):
        raise ValueError(f"a season holds up to {MOST} shipments and has a seed below 5000")
    if start.utcoffset() is None:
        raise ValueError("start needs an offset from UTC, for example datetime(..., tzinfo=UTC)")
    rng, booked, found = random.Random(seed), start, list[Simulated]()
    for at in range(n):
        found.append(Simulated(_shipment(rng, FIRST_NR + seed * MOST + at, booked), booked))
        booked += timedelta(minutes=1 + int(rng.expovariate(1 / 120)))
    return found


def _shipment(rng: random.Random, nr: int, booked: datetime) -> Shipment:
    hub = rng.choices(HUBS, range(len(HUBS), 0, -1))[0]
    slots: tuple[Slot, ...] = ("i1", "i2", "i3")
    inbound = tuple(_leg(rng, slot, _other(rng, ORIGINS, hub), hub) for slot in slots[: rng.choice((1, 2, 3))])
    return Shipment(nr, inbound, _leg(rng, "o", hub, _other(rng, DESTINATIONS, hub)), booked)


def _other(rng: random.Random, places: tuple[int, ...], *taken: int) -> int:
    return rng.choice([place for place in places if place not in taken])


def _leg(rng: random.Random, slot: Slot, origin: int, destination: int) -> Leg:
    kinds = OUTBOUND if slot == "o" else INBOUND
    stops = [_other(rng, STOPS, origin, destination)] if rng.random() < (0.4 if slot == "o" else 0.3) else []
    places = [origin, *stops, destination]
    points = [_point(rng, ("RCS", 0, None), kinds["RCS"], SLOW.get(origin, USUAL))]
    for segment, (departed, arrived) in enumerate(pairwise(places), 1):
        points.append(_point(rng, ("DEP", segment, departed), kinds["DEP"]))
        points.append(_point(rng, ("RCF", segment, arrived), kinds["RCF"]))
    points.append(_point(rng, ("DLV", 0, None), kinds["DLV"], SLOW.get(destination, USUAL)))
    return Leg(slot, tuple(points))


def _point(rng: random.Random, point: tuple[Code, int, int | None], duration: Duration, slow: float = 0.0) -> Milestone:
    drawn, other = rng.gauss(0, 1), rng.gauss(0, 1)
    planned = math.exp(duration.planned + duration.planned_spread * max(-2.0, min(drawn, 1.5)))
    mixed = duration.together * drawn + math.sqrt(1 - duration.together**2) * other
    effective = math.exp(duration.effective + slow + duration.effective_spread * max(-2.5, min(mixed, 2.0)))
    code, segment, place = point
    return Milestone(code, segment, max(5, 5 * round(planned / 5)), max(1, round(effective)), place)
