"""When a shipment will be delivered if every open milestone takes about as long as it usually does.

The projection of `ml.situation` with distributions in place of planned minutes: minutes + SHIFT of a milestone are
log-logistic with the mean and spread of `ml.usual`; the milestone that is waited for takes longer than it has taken;
the outbound leg starts with the slowest of the parallel inbound legs. The maximum has no closed form, so the way to
the final delivery is drawn a fixed number of times from a fixed table; the final stay is integrated exactly.
Nothing is learnt from who was late: only from how long things took.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ml.arrays import Array, Mask, Whole
from ml.lane_table import TimesTable
from ml.situation import Situation
from ml.usual import SHIFT

DRAWS = 32
SCALE = 1.702
"""The logistic distribution with this scale is nearest to the normal one (Haley 1952)."""
SLICE = 256
"""Moments that are drawn for at once, so that the draws stay in the processor's cache."""
LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class Completion:
    """N moments: `odds` (N,) of delivery after the planned end; `ends` (N, DRAWS), `hub` (N, DRAWS) drawn minutes from
    the booking to the final delivery and to the end of the slowest inbound leg.
    """

    odds: Array
    ends: Array
    hub: Array


@lru_cache(maxsize=8)
def table(legs: int, milestones: int) -> Array:
    """(legs, milestones, DRAWS) of uniform numbers: in each cell one in each of DRAWS equal parts (a Latin hypercube).

    A cell's numbers depend on its leg and milestone only. The generator is the one whose stream Python guarantees.
    """
    cells = np.zeros((legs, milestones, DRAWS))
    for leg in range(legs):
        for at in range(milestones):
            stream = random.Random(1_000 * at + (999 if leg == legs - 1 else leg))
            order = np.argsort([stream.random() for _ in range(DRAWS)], kind="stable")
            cells[leg, at] = (order + 0.5) / DRAWS
    return cells


@lru_cache(maxsize=8)
def _logits(legs: int, milestones: int) -> Array:
    uniform = table(legs, milestones)
    return np.asarray(np.log(uniform / (1.0 - uniform)), dtype=np.float64)


def completion(now: Situation, rows: Whole, times: TimesTable) -> Completion:
    """The completion at N moments of the shipments `rows` (N,) of `times`."""
    begins = range(0, max(len(rows), 1), SLICE)
    parts = [_slice(now.part(slice(at, at + SLICE)), rows[at : at + SLICE], times) for at in begins]
    return Completion(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("odds", "ends", "hub")))


def _slice(now: Situation, rows: Whole, times: TimesTable) -> Completion:
    mean, scale = times.mean[rows], times.spread[rows] / SCALE
    last = np.maximum(now.there.sum(axis=2)[:, -1] - 1, 0)
    ahead = _ahead(now, last)
    legs = (now.effective * now.known).sum(axis=2)[:, :, None] + _drawn(now, ahead, mean, scale)
    hub = np.max(legs[:, :-1], axis=1, initial=0.0)
    begin = hub + legs[:, -1]

    at = np.arange(len(rows))
    stay = mean[at, -1, last][:, None], scale[at, -1, last][:, None]
    waiting = now.begun & ~ahead[:, -1].any(axis=1)
    stayed = np.where(waiting[:, None], np.maximum(now.minutes[:, None] - begin, 0.0), 0.0)
    left = now.planned_end[:, -1:] - begin
    over = np.where(left > stayed, _longer(left, *stay) / _longer(stayed, *stay), 1.0)
    late = np.clip(over.mean(axis=1), LEAST, 1.0 - LEAST)
    ends = begin + _lasting(table(*mean.shape[1:])[-1, last], stayed, *stay)
    return Completion(np.log(late / (1.0 - late)), ends, hub)


def _ahead(now: Situation, last: Whole) -> Mask:
    """(N, L, M) milestones still to come before the final delivery. Once the outbound leg runs, no inbound ones are."""
    ahead = now.rest.copy()
    ahead[np.arange(len(last)), -1, last] = False
    ahead[:, :-1] &= ~now.begun[:, None, None]
    return ahead


def _drawn(now: Situation, ahead: Mask, mean: Array, scale: Array) -> Array:
    """(N, L, DRAWS) minutes of the milestones ahead on each leg. The next one lasts longer than it has been awaited."""
    total = np.zeros((*ahead.shape[:2], DRAWS))
    row, leg, at = np.nonzero(ahead)
    if not len(row):
        return total
    cells = _logits(*ahead.shape[1:])[leg, at]
    cells *= scale[row, leg, at][:, None]
    cells += mean[row, leg, at][:, None]
    np.exp(cells, out=cells)
    cells -= SHIFT
    begins = np.flatnonzero(np.diff(row * ahead.shape[1] + leg, prepend=-1))
    running = (leg[begins] < ahead.shape[1] - 1) | now.begun[row[begins]]
    awaited = np.where(running, now.minutes[row[begins]] - now.clock[row[begins], leg[begins]], 0.0)
    waiting = begins[awaited > 0.0]
    of = row[waiting], leg[waiting], at[waiting]
    lasted = awaited[awaited > 0.0][:, None]
    cells[waiting] = _lasting(table(*ahead.shape[1:])[of[1:]], lasted, mean[of][:, None], scale[of][:, None])
    np.maximum(cells, 1.0, out=cells)
    total[row[begins], leg[begins]] = np.add.reduceat(cells, begins, axis=0)
    return total


def _longer(minutes: Array, mean: Array, scale: Array) -> Array:
    """The chance to last longer than `minutes`."""
    standing = (np.log(np.maximum(minutes, 1.0 - SHIFT) + SHIFT) - mean) / scale
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(standing, -30.0, 30.0))), dtype=np.float64)


def _lasting(uniform: Array, lasted: Array, mean: Array, scale: Array) -> Array:
    """Minutes at the quantile `uniform` of what lasts longer than `lasted` (0: of anything)."""
    longer = np.where(lasted > 0.0, _longer(lasted, mean, scale), 1.0)
    left = np.clip((1.0 - uniform) * longer, 1e-9, 1.0 - 1e-9)
    return np.asarray(np.maximum(np.exp(mean + scale * np.log((1.0 - left) / left)) - SHIFT, lasted), dtype=np.float64)
