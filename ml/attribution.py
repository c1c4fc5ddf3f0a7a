"""How much each kind of knowledge moves a score: exact Shapley values (Shapley 1953) of four groups of features.

A coalition of groups keeps its features; the others take the value of a reference: lanes as late as all lanes
together, an average plan, a history exactly on plan, and no silence since the latest report. A group's weight is its
mean effect on the log-odds over all orders of arrival, so the four weights add up to the difference between the
score's log-odds and those of the reference. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import factorial
from typing import Literal

import numpy as np

from ml.arrays import Array
from ml.inputs import Inputs
from ml.scaling import Scaling

Group = Literal["lanes", "plan", "delay", "silence"]
GROUPS: tuple[Group, ...] = ("lanes", "plan", "delay", "silence")
COALITIONS: tuple[tuple[bool, ...], ...] = tuple(product((False, True), repeat=len(GROUPS)))
"""All subsets of the groups, in the order in which `coalitions` lays them out; the last one keeps everything."""

LANE_PREFIXES = ("lane_", "usual_", "place")
"""Columns with these prefixes are knowledge of lanes; 0 says: like all lanes together."""
_NOT_LANES = ("lane_base",)
_COUNTS = ("_seen",)
_ON_PLAN = ("behind_", "overdue", "past_plan")
_STEPS = ("step_", "last_0", "last_1", "last_2")
_TOLD_DELAYS = ("deviation", "behind")


class Reference:
    """Builds the inputs of every coalition for columns named as in a scaling, `average` (f,) being the usual state."""

    def __init__(self, scaling: Scaling, told_names: Sequence[str]) -> None:
        names = scaling.names
        self._mean = scaling.mean
        self._lanes, self._told_lanes = _lanes(names), _lanes(told_names)
        self._plan = [at for at, name in enumerate(names) if name.startswith("plan_")]
        self._told_plan = [at for at, name in enumerate(told_names) if name.startswith("plan_")]
        self._is_state = tuple(told_names) == tuple(names)
        self._behind = [at for at, name in enumerate(names) if name.startswith(_ON_PLAN)]
        self._steps = [at for at, name in enumerate(names) if name.startswith(_STEPS)]
        self._end, self._rest, self._reserve = (names.index(n) for n in ("behind_end", "rest_planned", "reserve"))
        self._told_delays = [at for at, name in enumerate(told_names) if name in _TOLD_DELAYS]
        self._took = [(told_names.index(a), told_names.index(b)) for a, b in _TOOK if a in told_names]

    def coalitions(self, inputs: Inputs) -> Inputs:
        """The cases under each coalition, in the order of COALITIONS: (16 · n, …), coalition by coalition."""
        many = [self._kept(inputs, *kept) for kept in COALITIONS]
        return replace(
            inputs,
            told=np.concatenate([one.told for one in many]),
            length=np.tile(inputs.length, len(many)),
            state=np.concatenate([one.state for one in many]),
            calm=np.concatenate([one.calm for one in many]),
        )

    def _kept(self, inputs: Inputs, lanes: bool, plan: bool, delay: bool, silence: bool) -> Inputs:  # a coalition
        told, calm = inputs.told, inputs.calm
        state = inputs.state if silence else calm
        if not delay:
            told, state = self._told_on_plan(told), self._on_plan(state, calm)
        told, state = told.copy(), state.copy()
        if not lanes:
            told[..., self._told_lanes] = 0.0
            state[:, self._lanes] = 0.0
        if not plan:
            state[:, self._plan] = self._mean[self._plan]
            if self._told_plan:
                told[..., self._told_plan] = self._mean[self._told_plan]
        return replace(inputs, told=told, state=state)

    def _told_on_plan(self, told: Array) -> Array:
        if self._is_state:
            return self._on_plan(told, told)
        changed = told.copy()
        changed[..., self._told_delays] = 0.0
        for took, planned in self._took:
            changed[..., took] = changed[..., planned]
        return changed

    def _on_plan(self, states: Array, calm: Array) -> Array:
        """`states` less the delay that `calm` shows; what silence added since then stays."""
        changed = states.copy()
        changed[..., self._behind] = _slogged(_hours(states[..., self._behind]) - _hours(calm[..., self._behind]))
        changed[..., self._steps] = 0.0
        behind = _hours(changed[..., self._end])
        changed[..., self._reserve] = _slogged(_hours(changed[..., self._rest]) - behind)
        return changed


_TOOK = (("effective", "planned"),)
"""Columns of tokens that take the value of another one where every step went as planned."""


def _lanes(names: Sequence[str]) -> list[int]:
    return [
        at
        for at, name in enumerate(names)
        if name.startswith(LANE_PREFIXES) and name not in _NOT_LANES and not name.endswith(_COUNTS)
    ]


def _hours(signed: Array) -> Array:
    return np.asarray(np.sign(signed) * np.expm1(np.abs(signed)), dtype=np.float64)


def _slogged(hours: Array) -> Array:
    return np.asarray(np.sign(hours) * np.log1p(np.abs(hours)), dtype=np.float64)


def _shares() -> Array:
    """(groups, coalitions): how much the log-odds of each coalition add to each group's weight."""
    size, shares = len(GROUPS), np.zeros((len(GROUPS), len(COALITIONS)))
    for at in range(size):
        for which, kept in enumerate(COALITIONS):
            others = sum(kept) - kept[at]
            share = factorial(others) * factorial(size - others - 1) / factorial(size)
            shares[at, which] = share if kept[at] else -share
    return shares


_SHARES = _shares()


def shapley(odds: Array) -> Array:
    """Weights (n, groups) from the log-odds (n, coalitions) in the order of COALITIONS."""
    return np.asarray(odds @ _SHARES.T, dtype=np.float64)
