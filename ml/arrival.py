"""When a shipment will arrive: five quantiles of the final delivery, from the state at a moment.

A small ensemble of perceptrons tells how far the delivery will lie from a reference, the projected end, on the scale
asinh(hours / SOFT): nearly linear for delays of days, logarithmic for weeks. The quantiles cannot cross (each is its
neighbour plus or minus a positive step), and while a delivery is open none lies before the moment of scoring. Tails are
stretched by an adaptive conformal state (`ml.conformal`), the one learnt with the model or a later one.

Inference is numpy in double precision; no torch is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ml.abstention import Limits
from ml.arrays import Array
from ml.conformal import Conformal, Outcome, scaled, stretched
from ml.features import unslog
from ml.model_files import Model, Weights, read
from ml.scaling import Scaling

LEVELS = (0.05, 0.10, 0.50, 0.90, 0.95)
SOFT = 120.0
"""Hours up to which the scale of the target is nearly linear."""
STAGES = ("booked", "inbound", "hub", "outbound", "delivery")
REFERENCE = "usual_end_50"
"""How far (signed logarithm of hours) the projection by usual times lies from that of the plan."""
_NEEDED = ("done_share", "done_outbound", "hub_reached", "rest_out_rcs", "rest_out_dep", "rest_out_rcf")


def softened(minutes: Array) -> Array:
    """Minutes beside the reference on the scale of the target."""
    return np.asarray(np.arcsinh(minutes / 60.0 / SOFT), dtype=np.float64)


def minutes_of(target: Array) -> Array:
    """The minutes behind `softened`."""
    return np.asarray(np.sinh(target) * SOFT * 60.0, dtype=np.float64)


def reference(names: Sequence[str], states: Array, projected_end: Array) -> Array:
    """(n,) minutes since booking that the targets are relative to."""
    end = np.asarray(projected_end, dtype=np.float64)
    if REFERENCE not in names:
        return end
    return end + unslog(states[:, names.index(REFERENCE)]) * 60.0


def moments(names: Sequence[str], states: Array) -> tuple[Array, Array]:
    """(n,) minutes since booking of states (n, f), and (n,) the projected end as of then: what a stored state tells."""
    minutes = unslog(states[:, names.index("at")]) * 60.0
    return minutes, minutes + unslog(states[:, names.index("rest")]) * 60.0


def stages(names: Sequence[str], states: Array) -> list[str]:
    """The stage of the journey (of STAGES) that each state is in."""
    done, out, hub, *rest = (states[:, names.index(name)] for name in _NEEDED)
    last = (out > 0) & (np.abs(np.stack(rest)).max(axis=0) == 0)
    found = np.select([done == 0, last, out > 0, hub > 0], ["booked", "delivery", "outbound", "hub"], "inbound")
    return [str(stage) for stage in found]


@dataclass(frozen=True, slots=True)
class Arrival:
    """The head. States have the features of `scaling`, in that order; `conformal` is the state learnt with it, `limits`
    say where it had better be silent. `description` and `hash` are those of its files (see `ml.model_files`).
    """

    scaling: Scaling
    members: tuple[tuple[Array, ...], ...]
    conformal: Conformal = field(default_factory=Conformal)
    limits: Limits = field(default_factory=Limits)
    description: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""

    @classmethod
    def load(cls, folder: Path) -> Arrival:
        """Raises FileNotFoundError without a model there, ModelDamagedError where its files are not those listed."""
        return cls.of(read(folder))

    @classmethod
    def of(cls, model: Model) -> Arrival:
        conformal = Conformal.from_json(model.description["conformal"])
        silent = model.description["abstention"]
        bounds = Limits(silent["outcomes"], silent["strangeness"])
        return cls(model.scaling, layers(model.weights), conformal, bounds, model.description, model.hash)

    @property
    def names(self) -> tuple[str, ...]:
        return self.scaling.names

    def quantiles(
        self, states: Array, minutes: Array, projected_end: Array, conformal: Conformal | None = None
    ) -> Array:
        """Quantiles (n, 5) of the final delivery, in whole minutes since booking, at LEVELS.

        `states` (n, f) at `minutes` (n,) since booking, `projected_end` (n,) as of then; `conformal` is a later state
        of the correction than the one learnt with the model.
        """
        told = self.plain(states, minutes, projected_end)
        correction = self.conformal if conformal is None else conformal
        at = stages(self.names, states)
        factors = {stage: correction.factors(stage) for stage in set(at)}
        moved = stretched(told, np.array([factors[stage] for stage in at]).reshape(-1, 4))
        return np.rint(np.maximum(moved, np.ceil(minutes)[:, None]))

    def plain(self, states: Array, minutes: Array, projected_end: Array) -> Array:
        """The ensemble's own quantiles (n, 5) in minutes, before the conformal correction."""
        target = np.round(self.each(states).mean(axis=0), 6)
        end = reference(self.names, states, projected_end)[:, None] + minutes_of(target)
        return np.asarray(np.maximum(end, np.asarray(minutes)[:, None]), dtype=np.float64)

    def each(self, states: Array) -> Array:
        """What each member says, (members, n, 5) on the scale of the target."""
        inputs = self.scaling.apply(np.asarray(states, dtype=np.float64))
        return np.stack([_forward(member, inputs) for member in self.members])

    def disagreement(self, states: Array) -> Array:
        """(n,) deviation of the members' medians in units of the mean distance between the 10 and 90 % quantiles."""
        told = self.each(states)
        width = np.maximum((told[:, :, 3] - told[:, :, 1]).mean(axis=0), 1e-3)
        return np.asarray(told[:, :, 2].std(axis=0) / width, dtype=np.float64)

    def outcomes(
        self, keys: Iterable[str], states: Array, minutes: Array, projected_end: Array, truth: Array
    ) -> list[Outcome]:
        """What the conformal state learns from predictions whose truth (n,), minutes since booking, became known."""
        scores = scaled(np.asarray(truth, dtype=np.float64), self.plain(states, minutes, projected_end))
        told = zip(keys, stages(self.names, states), scores.tolist(), strict=True)
        return [Outcome(key, stage, tuple(row)) for key, stage, row in told]


def late_chance(quantiles: Array, planned_end: Array) -> Array:
    """(n,) the chance that delivery comes after `planned_end` (n,), read off the quantiles (n, 5), linear in between.

    The last 5 % on each side reach as far again as these lie from the median.
    """
    low = 2.0 * quantiles[:, :1] - quantiles[:, 2:3]
    high = 2.0 * quantiles[:, 4:] - quantiles[:, 2:3]
    ends = np.hstack([low, quantiles, high])
    shares = (0.005, *LEVELS, 0.995)
    told = [1.0 - np.interp(plan, row, shares) for plan, row in zip(planned_end, ends, strict=True)]
    return np.array(told, dtype=np.float64)


def layers(members: Sequence[Weights]) -> tuple[tuple[Array, ...], ...]:
    """The weights and biases of each member's layers, in double precision."""
    names = ("w0", "b0", "w1", "b1", "w2", "b2")
    return tuple(tuple(np.asarray(one[name], dtype=np.float64) for name in names) for one in members)


def _forward(member: tuple[Array, ...], inputs: Array) -> Array:
    """Two hidden layers with SiLU; the last one gives the median and the steps to the other quantiles."""
    w0, b0, w1, b1, w2, b2 = member
    hidden = _silu(_silu(inputs @ w0.T + b0) @ w1.T + b1)
    told = hidden @ w2.T + b2
    median, steps = told[:, 0], np.logaddexp(0.0, told[:, 1:])
    low, high = median - steps[:, 1], median + steps[:, 2]
    return np.stack([low - steps[:, 0], low, median, high, high + steps[:, 3]], axis=1)


def _silu(values: Array) -> Array:
    return values / (1.0 + np.exp(-values))
