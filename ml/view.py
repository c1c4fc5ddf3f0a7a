"""What features look at, and the scale that minutes enter on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.arrays import Array, Arrays, Moments, Whole
from ml.lane_table import LaneTable
from ml.situation import Situation, situation

Columns = dict[str, Array]


@dataclass(frozen=True, slots=True)
class View:
    """What the parts look at: N moments of n shipments. `row` (N,) says which shipment each moment is of."""

    arrays: Arrays
    moments: Moments
    lanes: LaneTable
    now: Situation

    @property
    def row(self) -> Whole:
        return self.moments.row


def view(arrays: Arrays, moments: Moments, lanes: LaneTable) -> View:
    """The view of `arrays` at `moments` with lane history `lanes`, one row of it for each shipment."""
    return View(arrays, moments, lanes, situation(arrays, moments))


def slog(minutes: Array) -> Array:
    """Signed logarithm of hours: sign(x) · ln(1 + |x| / 60)."""
    return np.asarray(np.copysign(np.log1p(np.abs(minutes) / 60.0), minutes), dtype=np.float64)


def unslog(signed: Array) -> Array:
    """Hours behind signed logarithms."""
    return np.asarray(np.copysign(np.expm1(np.abs(signed)), signed), dtype=np.float64)
