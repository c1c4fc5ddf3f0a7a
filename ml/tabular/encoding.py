"""Piecewise linear encoding of numbers (Gorishniy, Rubachev, Babenko 2022): how a network reads them as trees do.

A feature becomes one input for each of its quantile bins: 0 below it, 1 above it, linear within. Whatever lies outside
what was learnt stays at the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.tabular.history import Array

BINS = 12


@dataclass(frozen=True, slots=True)
class Encoding:
    """`edges`: for each feature the ascending borders of its bins; a feature that never varied has fewer than two."""

    edges: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, columns: Array, bins: int = BINS) -> Encoding:
        """The quantiles of `columns` (n, f), rounded to six digits so that what is written down is what was used."""
        levels = np.linspace(0, 1, bins + 1)
        return cls(tuple(tuple(np.unique(np.round(np.quantile(column, levels), 6)).tolist()) for column in columns.T))

    @property
    def width(self) -> int:
        return sum(max(len(one) - 1, 0) for one in self.edges)

    def apply(self, columns: Array) -> Array:
        """(n, f) -> (n, width), each within ±1/2."""
        parts = [self._bins(column, edges) for column, edges in zip(columns.T, self.edges, strict=True)]
        return np.concatenate(parts, axis=1) - 0.5

    @staticmethod
    def _bins(column: Array, edges: Sequence[float]) -> Array:
        if len(edges) < 2:
            return np.empty((len(column), 0))
        low, high = np.asarray(edges[:-1]), np.asarray(edges[1:])
        return np.asarray(np.clip((column[:, None] - low) / (high - low), 0.0, 1.0))
