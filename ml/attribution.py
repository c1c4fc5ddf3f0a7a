"""How much each kind of knowledge moves a score: exact Shapley values (Shapley 1953) of four groups of features.

A coalition of groups keeps its features; the others take the value of a reference: lanes as late as all lanes
together, an average plan, a history exactly on plan, and no silence since the latest report. A group's weight is its
mean effect on the log-odds over all orders of arrival, so the four weights add up to the difference between the
score's log-odds and those of the reference. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial
from typing import Literal

import numpy as np

from ml.examples import Array
from ml.scaling import Scaling

Group = Literal["lanes", "plan", "delay", "silence"]
GROUPS: tuple[Group, ...] = ("lanes", "plan", "delay", "silence")
COALITIONS: tuple[tuple[bool, ...], ...] = tuple(product((False, True), repeat=len(GROUPS)))
"""All subsets of the groups, in the order in which `coalitions` lays them out."""

_ON_PLAN = ("behind_", "overdue", "past_plan")
_STEPS = ("step_", "last_0", "last_1", "last_2")


@dataclass(frozen=True, slots=True)
class Told:
    """What a score is computed from: `history` (k + 1, f), states at the milestones; `moment` (f,), state now."""

    history: Array
    moment: Array


def unslog(signed: Array) -> Array:
    """Hours behind signed logarithms, the inverse of `slogged`."""
    return np.asarray(np.sign(signed) * np.expm1(np.abs(signed)), dtype=np.float64)


def slogged(hours: Array) -> Array:
    """Signed logarithms of hours, as `ml.features.slog` makes them from minutes."""
    return np.asarray(np.sign(hours) * np.log1p(np.abs(hours)), dtype=np.float64)


class Reference:
    """Builds the inputs of every coalition for features in the order of a scaling's names."""

    def __init__(self, scaling: Scaling) -> None:
        names = scaling.names
        self._mean = scaling.mean
        self._lanes = [at for at, name in enumerate(names) if name.startswith("lane_") and name != "lane_base"]
        self._odds = [at for at in self._lanes if not names[at].endswith("_seen")]
        self._plan = [at for at, name in enumerate(names) if name.startswith("plan_")]
        self._behind = [at for at, name in enumerate(names) if name.startswith(_ON_PLAN)]
        self._steps = [at for at, name in enumerate(names) if name.startswith(_STEPS)]
        self._end, self._rest, self._reserve = (names.index(n) for n in ("behind_end", "rest_planned", "reserve"))

    def coalitions(self, told: Told) -> list[Told]:
        return [self._told(told, dict(zip(GROUPS, kept, strict=True))) for kept in COALITIONS]

    def _told(self, told: Told, kept: Mapping[Group, bool]) -> Told:
        history, calm = told.history, told.history[-1]
        moment = told.moment if kept["silence"] else calm
        if not kept["delay"]:
            history, moment = self._on_plan(history, history), self._on_plan(moment, calm)
        states = np.vstack([history, moment[None]])
        if not kept["lanes"]:
            states[:, self._odds] = 0.0
        if not kept["plan"]:
            states[:, self._plan] = self._mean[self._plan]
        return Told(states[:-1], states[-1])

    def _on_plan(self, states: Array, calm: Array) -> Array:
        """`states` less the delay that `calm` shows; what silence added since then stays."""
        changed = states.copy()
        changed[..., self._behind] = slogged(unslog(states[..., self._behind]) - unslog(calm[..., self._behind]))
        changed[..., self._steps] = 0.0
        behind = unslog(changed[..., self._end])
        changed[..., self._reserve] = slogged(unslog(changed[..., self._rest]) - behind)
        return changed


def shapley(values: Sequence[float]) -> dict[Group, float]:
    """Weights of the groups from the log-odds of each coalition, in the order of COALITIONS."""
    worth = dict(zip(COALITIONS, values, strict=True))
    return {group: _weight(worth.__getitem__, at) for at, group in enumerate(GROUPS)}


def _weight(worth: Callable[[tuple[bool, ...]], float], at: int) -> float:
    total, size = 0.0, len(GROUPS)
    for kept in COALITIONS:
        if not kept[at]:
            joined = (*kept[:at], True, *kept[at + 1 :])
            share = factorial(sum(kept)) * factorial(size - sum(kept) - 1) / factorial(size)
            total += share * (worth(joined) - worth(kept))
    return total
