"""How much each kind of knowledge moves a score: exact Shapley values (Shapley 1953) of four groups of features.

A coalition of groups keeps its features; the others take the value of a reference: lanes as late as all lanes
together, an average plan, a history exactly on plan, and no silence since the latest report. A group's weight is its
mean effect on the log-odds over all orders of arrival, so the four weights add up to the difference between the
score's log-odds and those of the reference. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial
from typing import Literal

import numpy as np

from ml.arrays import Array, Whole
from ml.inputs import MICRO, Inputs
from ml.scaling import Scaling

Group = Literal["lanes", "plan", "delay", "silence"]
GROUPS: tuple[Group, ...] = ("lanes", "plan", "delay", "silence")
COALITIONS: tuple[tuple[bool, ...], ...] = tuple(product((False, True), repeat=len(GROUPS)))
"""All subsets of the groups; the last one keeps everything."""

LANE_PREFIXES = ("lane_", "usual_", "step_slower", "place")
"""Columns with these prefixes are knowledge of lanes; 0 says: like all lanes together."""
_NOT_LANES = ("lane_base",)
_COUNTS = ("_seen",)
_ON_PLAN = ("behind_", "overdue", "past_plan")
_LINEAR = ("behind_odds", "behind_end_share")
"""Columns on plan that are no signed logarithms of hours."""
_STEPS = ("step_", "last_0", "last_1", "last_2")
_TOLD_DELAYS = ("deviation", "behind")
_TOOK = (("effective", "planned"),)
"""Columns of tokens that take the value of another one where every step went as planned."""


@dataclass(frozen=True, slots=True)
class Variants:
    """n cases under every coalition. `told`: (n, T, d) each, the sequences that occur; `which` (16,) of them belongs to
    each coalition; `state` (16, n, f).
    """

    told: Sequence[Array]
    which: Sequence[int]
    length: Whole
    state: Array


class Reference:
    """Builds the inputs of every coalition for columns named as in `scaling`, with its mean as the average plan."""

    def __init__(self, scaling: Scaling, told_names: Sequence[str]) -> None:
        names = scaling.names
        self._mean = scaling.mean
        self._lanes, self._told_lanes = _lanes(names), _lanes(told_names)
        self._plan = _named(names, ("plan_",))
        self._linear = [at for at, name in enumerate(names) if name in _LINEAR]
        self._behind = [at for at in _named(names, _ON_PLAN) if at not in self._linear]
        self._steps = _named(names, _STEPS)
        self._end, self._rest, self._reserve = (names.index(n) for n in ("behind_end", "rest_planned", "reserve"))
        self._told_delays = [at for at, name in enumerate(told_names) if name in _TOLD_DELAYS]
        self._took = [(told_names.index(a), told_names.index(b)) for a, b in _TOOK]

    def coalitions(self, inputs: Inputs) -> Variants:
        """The cases under each coalition, in the order of COALITIONS."""
        state = np.empty((len(COALITIONS), *inputs.state.shape))
        base = {(delay, silence): self._base(inputs, delay, silence) for delay in (0, 1) for silence in (0, 1)}
        for at, (lanes, plan, delay, silence) in enumerate(COALITIONS):
            state[at] = base[delay, silence]
            if not lanes:
                state[at][:, self._lanes] = 0.0
            if not plan:
                state[at][:, self._plan] = self._mean[self._plan]
        found: dict[tuple[bool, bool], int] = {}
        told, which = list[Array](), list[int]()
        for lanes, _, delay, _ in COALITIONS:
            if (lanes, delay) not in found:
                found[lanes, delay] = len(told)
                told.append(self._told(inputs.told, lanes, delay))
            which.append(found[lanes, delay])
        return Variants(told, which, inputs.length, state)

    def _base(self, inputs: Inputs, delay: int, silence: int) -> Array:
        state = (inputs.state if silence else inputs.calm).copy()
        if not delay:
            self._put_on_plan(state, inputs.calm)
        return state

    def _told(self, told: Array, lanes: bool, delay: bool) -> Array:
        if lanes and delay:
            return told
        changed = told.copy()
        if not delay:
            changed[..., self._told_delays] = 0.0
            for took, planned in self._took:
                changed[..., took] = changed[..., planned]
        if not lanes:
            changed[..., self._told_lanes] = 0.0
        return changed

    def _put_on_plan(self, states: Array, calm: Array) -> None:
        """Takes from `states` the delay that `calm` shows; what silence added since then stays."""
        states[..., self._behind] = _slogged(_hours(states[..., self._behind]) - _hours(calm[..., self._behind]))
        states[..., self._linear] -= calm[..., self._linear]
        states[..., self._steps] = 0.0
        behind = _hours(states[..., self._end])
        states[..., self._reserve] = _slogged(_hours(states[..., self._rest]) - behind)


def _named(names: Sequence[str], prefixes: tuple[str, ...]) -> list[int]:
    return [at for at, name in enumerate(names) if name.startswith(prefixes)]


def _lanes(names: Sequence[str]) -> list[int]:
    named = _named(names, LANE_PREFIXES)
    return [at for at in named if names[at] not in _NOT_LANES and not names[at].endswith(_COUNTS)]


def _hours(signed: Array) -> Array:
    return np.asarray(np.copysign(np.expm1(np.abs(signed)), signed), dtype=np.float64)


def _slogged(hours: Array) -> Array:
    return np.asarray(np.copysign(np.log1p(np.abs(hours)), hours), dtype=np.float64)


def _shares() -> Whole:
    """(groups, coalitions): in how many orders of arrival the log-odds of each coalition count for a group's weight."""
    size, shares = len(GROUPS), np.zeros((len(GROUPS), len(COALITIONS)), dtype=np.int64)
    for at in range(size):
        for which, kept in enumerate(COALITIONS):
            others = sum(kept) - kept[at]
            share = factorial(others) * factorial(size - others - 1)
            shares[at, which] = share if kept[at] else -share
    return shares


_SHARES, _ORDERS = _shares(), factorial(len(GROUPS))


def shapley(odds: Array) -> Array:
    """Weights (n, groups), in millionths, from the log-odds (n, coalitions) in the order of COALITIONS."""
    # In whole numbers, so that a weight does not depend on how a sum was split up.
    return np.asarray(np.round((np.rint(odds * MICRO).astype(np.int64) @ _SHARES.T) / (_ORDERS * MICRO), 6))
