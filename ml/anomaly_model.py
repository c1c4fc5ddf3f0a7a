"""How surprising the signals of a trail are, given everything else about it: the learned part of the anomaly head.

Sizes are cut into levels: 0 silent, then by the 50th, 80th and 95th percentile of what the rule says when it speaks. A
network learns, on trails as they come and without any labels, the chance of each signal's level from any set of others
and the context, by guessing levels that are hidden from it (a masked autoencoder that is a density in any order:
B. Uria et al., A Deep and Tractable Density Estimator, ICML 2014). The surprise of a signal is -ln of the chance of
its level or a higher one. What a rule could not be asked stays hidden and surprises nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.trail_rules.all import NAMES

Array = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int64]
PERCENTILES: Final = (50, 80, 95)
LEVELS: Final = len(PERCENTILES) + 2
HIDDEN: Final = -1
CONTEXT: Final = 6
ORDERS: Final = 4
LEAST: Final = 1e-6
"""Chances below are not told apart."""
WIDTH: Final = len(NAMES) * (LEVELS + 1) + CONTEXT


@dataclass(frozen=True, slots=True)
class Steps:
    """Edges (k, 3) between the levels of each signal."""

    edges: Array

    @classmethod
    def of(cls, sizes: Array) -> Steps:
        """Edges from (n, k) sizes; a rule that hardly ever spoke has one level above silence."""
        edges = np.full((sizes.shape[1], len(PERCENTILES)), np.inf)
        for at, column in enumerate(sizes.T):
            spoken = column[np.isfinite(column) & (column > 0)]
            if len(spoken) >= 20:
                edges[at] = np.percentile(spoken, PERCENTILES)
        return cls(edges)

    def levels(self, sizes: Array) -> Levels:
        """(n, k) levels: `HIDDEN` for NaN, 0 for silence, then 1 to 4."""
        spoken = 1 + (sizes[..., None] > self.edges).sum(-1)
        return np.where(np.isnan(sizes), HIDDEN, np.where(sizes > 0, spoken, 0)).astype(np.int64)


def encoded(levels: Levels, context: Array) -> Array:
    """(n, k) levels and (n, 6) context -> (n, `WIDTH`) of zeros and ones; a hidden level has its own column."""
    one_hot = levels[..., None] == np.arange(HIDDEN, LEVELS)
    return np.concatenate([one_hot.reshape(len(levels), -1), context], axis=1).astype(np.float64)


class Surprise:
    """The learned network: two hidden layers in numpy and float64."""

    def __init__(self, steps: Steps, weights: Sequence[Mapping[str, npt.NDArray[np.float32]]]) -> None:
        self.steps = steps
        self._members = [{name: value.astype(np.float64) for name, value in member.items()} for member in weights]

    def chances(self, rows: Array) -> Array:
        """(n, `WIDTH`) -> (n, k, `LEVELS`) chances, the mean over the members."""
        return np.asarray(np.mean([_softmax(_forward(member, rows)) for member in self._members], axis=0))

    def surprises(self, sizes: Array, context: Array) -> Array:
        """(k,) sizes and (6,) context -> (k,) surprises in nats, in millionths; 0 for silent and hidden signals.

        Their sum is the surprise of all that speak together (chain rule), shared out by the mean over `ORDERS` orders
        in which they are told: signals that go with one another share their surprise.
        """
        levels = self.steps.levels(sizes[None])[0]
        spoken = np.flatnonzero(levels > 0)
        found = np.zeros(len(sizes))
        if not len(spoken):
            return found
        rows, asked = [], []
        for order in range(ORDERS):
            shown = levels.copy()
            shown[spoken] = HIDDEN
            for name in np.random.default_rng(order).permutation(spoken):
                rows.append(shown.copy())
                asked.append(int(name))
                shown[name] = levels[name]
        chances = self.chances(encoded(np.array(rows), np.repeat(context[None], len(rows), axis=0)))
        for row, name in enumerate(asked):
            found[name] -= np.log(max(float(chances[row, name, levels[name] :].sum()), LEAST)) / ORDERS
        return np.round(found, 6)


def _forward(member: Mapping[str, Array], rows: Array) -> Array:
    hidden = _silu(rows @ member["first.weight"].T + member["first.bias"])
    hidden = hidden + _silu(hidden @ member["second.weight"].T + member["second.bias"])
    logits = hidden @ member["third.weight"].T + member["third.bias"]
    return np.asarray(logits.reshape(len(rows), len(NAMES), LEVELS))


def _silu(values: Array) -> Array:
    return np.asarray(values / (1 + np.exp(-np.clip(values, -60, 60))), dtype=np.float64)


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), dtype=np.float64)
