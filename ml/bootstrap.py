"""Case bootstrap (Efron 1979): how far figures, and differences between two models' figures, would scatter.

Whole cases are drawn with replacement, never their rows: rows of one shipment or one order share their outcome.
A resample is a vector of weights, so that any figure that takes weights can be resampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """The value on all cases, and the 2.5 % and 97.5 % quantiles over the resamples."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def resamples(case: npt.NDArray[np.int64], times: int, seed: int = 0) -> Iterator[Array]:
    """`times` vectors (n,): how often each row's `case` (n,) was drawn."""
    rng = np.random.default_rng(seed)
    _, number = np.unique(case, return_inverse=True)
    cases = int(number.max()) + 1
    for _ in range(times):
        yield np.bincount(rng.integers(cases, size=cases), minlength=cases)[number].astype(np.float64)


def interval(figure: Callable[[Array], float], case: npt.NDArray[np.int64], times: int, seed: int = 0) -> Interval:
    """The figure of weights (n,), with its interval. Equal seeds give equal draws, so differences are paired."""
    drawn = [figure(weights) for weights in resamples(case, times, seed)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(figure(np.ones(len(case))), float(low), float(high))
