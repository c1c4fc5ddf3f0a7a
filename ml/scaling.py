"""Normalisation of features: mean 0, deviation 1 over the training prefixes, clipped, so no input can run away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.examples import Array, Examples

CLIP = 5.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """`mean` and `deviation` (f,) for the features called `names`."""

    names: tuple[str, ...]
    mean: Array
    deviation: Array

    @classmethod
    def of(cls, learning: Examples) -> Scaling:
        """Rounded to six digits, so that what is written down is what was used."""
        deviation = np.maximum(learning.state.std(axis=0), 1e-3)
        return cls(learning.names, np.round(learning.state.mean(axis=0), 6), np.round(deviation, 6))

    def apply(self, states: Array) -> Array:
        """States (…, f) -> normalised (…, f), within ±CLIP."""
        return np.clip((states - self.mean) / self.deviation, -CLIP, CLIP)
