"""Shipments as arrays: the state after every milestone, and one state in the silence that follows each.

A prefix of k milestones is described at the moment its k-th one completed (k = 0: the booking), for k below the number
of milestones: with the last one in, the outcome is a fact. The second description lies at a random moment before the
next milestone, so that a model learns what silence means.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.features import describe
from ml.lanes import FREEZE, LAG, LaneRates, as_of
from ml.shipment import Shipment, first, late, milestones, planned_end

Array = npt.NDArray[np.float64]
Checkpoint = dict[str, int]
CHECKPOINTS: Checkpoint = {"C0": 0, "C1": 1, "C3": 3}
"""C0: plan only. C1: inbound complete, nothing outbound. C3: only the final DLV open. Any other prefix is -1."""


@dataclass(frozen=True, slots=True)
class Examples:
    """n prefixes of several shipments, those of one shipment side by side in the order of time.

    `state` and `silence` (n, f) describe each prefix at its last milestone and at a later moment before the next one;
    `late` (n,) is 0/1; `weight` (n,) is 1 / number of prefixes, so that shipments weigh the same; `nr`, `checkpoint`
    (n,) are whole numbers; `overrun` (n,) is 1 where the planned end had already passed.
    """

    names: tuple[str, ...]
    state: Array
    silence: Array
    late: Array
    weight: Array
    nr: npt.NDArray[np.int64]
    checkpoint: npt.NDArray[np.int64]
    overrun: Array

    def where(self, mask: npt.NDArray[np.bool_]) -> Examples:
        arrays = (self.state, self.silence, self.late, self.weight, self.nr, self.checkpoint, self.overrun)
        return Examples(self.names, *(array[mask] for array in arrays))  # type: ignore[arg-type] # order as declared

    def upto(self, last: int) -> Examples:
        return self.where(self.nr <= last)

    def beyond(self, last: int) -> Examples:
        return self.where(self.nr > last)


def examples(
    shipments: Sequence[Shipment],
    *,
    freeze: int = FREEZE,
    lag: int = LAG,
    seed: int = 0,
    advance: Callable[[int], None] = lambda _count: None,
) -> Examples:
    """All prefixes of delivered `shipments` (in the order of `nr`), with lane rates as of each booking.

    Raises ValueError where a shipment has no outcome or no full plan. `advance` hears of each finished shipment.
    """
    rng, rows = random.Random(seed), list[_Row]()
    for shipment, rates in as_of(shipments, freeze=freeze, lag=lag):
        rows += _rows(shipment, rates, rng)
        advance(1)
    names = tuple(rows[0].state)
    return Examples(
        names,
        np.array([list(row.state.values()) for row in rows]),
        np.array([list(row.silence.values()) for row in rows]),
        np.array([row.late for row in rows], dtype=np.float64),
        np.array([row.weight for row in rows]),
        np.array([row.nr for row in rows]),
        np.array([row.checkpoint for row in rows]),
        np.array([row.overrun for row in rows], dtype=np.float64),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    state: dict[str, float]
    silence: dict[str, float]
    late: bool
    weight: float
    nr: int
    checkpoint: int
    overrun: bool


def _rows(shipment: Shipment, rates: LaneRates, rng: random.Random) -> Iterable[_Row]:
    outcome, end = late(shipment), planned_end(shipment)
    if outcome is None or end is None or shipment.nr is None:
        raise ValueError(f"shipment {shipment.nr} has no outcome to learn from: it is open or lacks a plan")
    seen = milestones(shipment)
    inbound = sum(len(leg.milestones) for leg in shipment.inbound)
    for count, coming in enumerate(seen):
        at = seen[count - 1].completed if count else 0
        known, later = first(shipment, count), at + rng.random() * (coming.completed - at)
        state, silence = describe(known, at, rates), describe(known, later, rates)
        place = _checkpoint(count, inbound, len(seen))
        yield _Row(state, silence, outcome, 1 / len(seen), shipment.nr, place, at > end)


def _checkpoint(count: int, inbound: int, total: int) -> int:
    return CHECKPOINTS.get({0: "C0", inbound: "C1", total - 1: "C3"}.get(count, ""), -1)
