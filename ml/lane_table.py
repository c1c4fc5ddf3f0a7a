"""What lane history says about shipments, as arrays: one row for each, as of when it is looked at.

The rates themselves are those of `ml.lanes`; a row is read from them at once, since tables of rates grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ml.arrays import Array, Whole
from ml.lanes import KINDS, Lane, LaneRates, lanes, logit
from ml.shipment import Leg, Shipment
from ml.usual import MOST, SHIFT, Usual

PLACES = 8
"""Milestones of a leg that a row has places for, at least."""
_NUMBER = {kind: at for at, kind in enumerate(KINDS)}
_NOTHING = 0.0, 0.0


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One shipment's lanes: `base` log-odds overall; of each lane its kind, its log-odds above the base, how many
    outcomes were seen. `places` holds for each leg the log-odds of the place of each milestone; `usual` what is usual
    for each milestone, leg by leg, and `planned` its planned minutes.
    """

    base: float
    kinds: tuple[int, ...]
    odds: tuple[float, ...]
    seen: tuple[float, ...]
    places: tuple[tuple[float, ...], ...]
    usual: Sequence[Usual]
    planned: Sequence[int]


def lane_row(shipment: Shipment, rates: LaneRates) -> LaneRow:
    """What `rates` say about `shipment` now."""
    told = {lane: rates.told(lane) for lane in lanes(shipment)}
    return LaneRow(
        logit(rates.base),
        tuple(_NUMBER[lane[0]] for lane in told),
        tuple(odds for odds, _ in told.values()),
        tuple(seen for _, seen in told.values()),
        tuple(_along(leg, told) for leg in shipment.legs),
        rates.times.row(shipment),
        [milestone.planned or 0 for leg in shipment.legs for milestone in leg.milestones],
    )


def _along(leg: Leg, told: dict[Lane, tuple[float, float]]) -> tuple[float, ...]:
    """Log-odds of the place of each milestone, by its role on the leg."""
    ends = ("hub", "destination") if leg.slot == "o" else ("origin", "hub")
    stops = leg.places
    if not stops:
        return (0.0,) * len(leg.milestones)
    roles = [ends[0], *("via" for _ in stops[1:-1]), ends[1]]
    named = zip(roles, stops, strict=True)
    at_stop = [0.0 if place is None else told.get((role, place, -1), _NOTHING)[0] for role, place in named]
    # RCS at the first stop, DEP k leaves stop k, RCF k reaches stop k + 1, DLV at the last one.
    twice, count = [odds for odds in at_stop for _ in (0, 1)], len(leg.milestones)
    return tuple(twice[:count] + at_stop[-1:] * (count - len(twice)))


@dataclass(frozen=True, slots=True)
class TimesTable:
    """What is usual for the milestones of n rows: `mean` and `spread` (n, L, M) of ln(minutes + SHIFT), `seen`
    outcomes (n, L, M); 0, 1, 0 where there is no milestone.
    """

    mean: Array
    spread: Array
    seen: Array


@dataclass(frozen=True, slots=True)
class LaneTable:
    """n rows: `base` (n,); `mean`, `worst` and `seen` (n, kinds), 0 where a shipment has no lane of the kind: mean and
    greatest log-odds above the base, and the least number of outcomes seen; `place` (n, L, M) log-odds of places;
    `usual` and `wide` what is usual for milestones, by their places and by their kind alone.
    """

    base: Array
    mean: Array
    worst: Array
    seen: Array
    place: Array
    usual: TimesTable
    wide: TimesTable


def lane_table(rows: Sequence[LaneRow], shape: tuple[int, int, int]) -> LaneTable:
    """The rows as arrays, for arrays of `shape` (n, L, M)."""
    counts = [len(row.kinds) for row in rows]
    at = np.repeat(np.arange(len(rows)), counts)
    kind = _joined(row.kinds for row in rows).astype(np.int64)
    odds, seen = _joined(row.odds for row in rows), _joined(row.seen for row in rows)
    total, number = (np.zeros((len(rows), len(KINDS))) for _ in range(2))
    worst, least = np.full_like(total, -np.inf), np.full_like(total, np.inf)
    np.add.at(total, (at, kind), odds)
    np.add.at(number, (at, kind), 1.0)
    np.maximum.at(worst, (at, kind), odds)
    np.minimum.at(least, (at, kind), seen)
    none = number == 0
    cells = _cells(rows, shape)
    return LaneTable(
        np.array([row.base for row in rows]),
        total / np.maximum(number, 1.0),
        np.where(none, 0.0, worst),
        np.where(none, 0.0, least),
        _filled(shape, cells, [odds for row in rows for leg in row.places for odds in leg]),
        *_times(shape, cells, rows),
    )


def _joined(parts: Iterable[Sequence[float]]) -> Array:
    return np.array([value for part in parts for value in part], dtype=np.float64)


def _cells(rows: Sequence[LaneRow], shape: tuple[int, int, int]) -> Whole:
    """The flat cell of every milestone of every row."""
    _, legs, milestones = shape
    at = list[int]()
    for row, told in enumerate(rows):
        for leg, along in enumerate(told.places):
            slot = legs - 1 if leg == len(told.places) - 1 else leg
            begin = (row * legs + slot) * milestones
            at += range(begin, begin + len(along))
    return np.array(at, dtype=np.int64)


def _filled(
    shape: tuple[int, int, int], cells: Whole, values: Sequence[float] | Array, otherwise: float = 0.0
) -> Array:
    filled: Array = np.full(shape, otherwise)
    filled.reshape(-1)[cells] = values
    return filled


def _times(shape: tuple[int, int, int], cells: Whole, rows: Sequence[LaneRow]) -> tuple[TimesTable, TimesTable]:
    flat = chain.from_iterable(usual for row in rows for usual in row.usual)
    told = np.fromiter(flat, dtype=np.float64, count=len(cells) * len(Usual._fields)).reshape(-1, len(Usual._fields))
    slope, base, spread, wide_base, wide_spread, seen = told.T
    planned = np.array([minutes for row in rows for minutes in row.planned], dtype=np.float64)
    plan = slope * np.log(np.clip(planned, 0, MOST) + SHIFT)
    known = _filled(shape, cells, seen)
    narrow = TimesTable(_filled(shape, cells, base + plan), _filled(shape, cells, spread, 1.0), known)
    return narrow, TimesTable(_filled(shape, cells, wide_base + plan), _filled(shape, cells, wide_spread, 1.0), known)


def lane_rows(shipments: Sequence[Shipment], rates: LaneRates | Sequence[LaneRates]) -> list[LaneRow]:
    """A row for each shipment, by common rates or by its own."""
    own: Sequence[LaneRates] = [rates] * len(shipments) if isinstance(rates, LaneRates) else rates
    return [lane_row(shipment, told) for shipment, told in zip(shipments, own, strict=True)]
