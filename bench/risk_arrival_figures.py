"""Figures of arrival quantiles at a checkpoint, and how far they would scatter: tables of the arrival bench."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.risk_section import Asked
from ml.arrays import Array, Mask
from ml.arrival import LEVELS
from ml.bootstrap import Interval, resamples
from ml.examples import CHECKPOINTS, Examples


@dataclass(frozen=True, slots=True)
class View:
    """The prefixes of a checkpoint: `at` (n,), and their `end`, `weight` and `case` (m,)."""

    at: Mask
    end: Array
    weight: Array
    case: npt.NDArray[np.int64]

    @classmethod
    def of(cls, tested: Examples, place: str) -> View:
        at = np.ones(len(tested.nr), dtype=np.bool_) if place == "ALL" else tested.checkpoint == CHECKPOINTS[place]
        return cls(at, tested.end[at] / 60.0, tested.weight[at], tested.nr[at])

    def of_told(self, told: Array) -> Callable[[Array | None], dict[str, float]]:
        """The figures of quantiles (n, 5) under draws of the shipments (None: each once): median absolute error,
        coverage and mean width of the 90 % interval, pinball loss over all levels; hours.
        """
        hours = told[self.at] / 60.0
        error = np.abs(hours[:, 2] - self.end)
        order = np.argsort(error, kind="stable")
        inside = (hours[:, 0] <= self.end) & (self.end <= hours[:, 4])
        means = np.stack([inside, hours[:, 4] - hours[:, 0], pinball(hours, self.end)])

        def figures(drawn: Array | None = None) -> dict[str, float]:
            weight = self.weight if drawn is None else self.weight * drawn
            passed = np.cumsum(weight[order])
            median = float(error[order][np.searchsorted(passed, passed[-1] / 2.0)])
            return dict(zip(NAMED, (median, *map(float, means @ weight / weight.sum())), strict=True))

        return figures

    def figures(self, told: Array) -> dict[str, float]:
        """The figures with each shipment once."""
        return self.of_told(told)(None)

    def intervals(self, of: Callable[[Array | None], dict[str, float]], asked: Asked) -> dict[str, Interval]:
        """Each figure with its interval over resampled shipments."""
        whole = of(None)
        drawn = [of(one) for one in resamples(self.case, asked.resamples, asked.seed)]
        ends = {name: np.quantile([one[name] for one in drawn], [0.025, 0.975]) for name in whole}
        return {name: Interval(value, float(ends[name][0]), float(ends[name][1])) for name, value in whole.items()}


def pinball(told: Array, truth: Array) -> Array:
    """(n,) mean over the levels (Koenker and Bassett 1978)."""
    off, levels = truth[:, None] - told, np.array(LEVELS)
    return np.asarray(np.maximum(levels * off, (levels - 1.0) * off).mean(axis=1), dtype=np.float64)


def weighted_median(values: Array, weight: Array) -> float:
    """The least value that half of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    passed = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(passed, passed[-1] / 2.0)])


NAMED = ("error_h", "coverage", "width_h", "pinball_h")
_TITLES = "| median error h | 90 % covers | mean width h | pinball h |"


def table(told: Mapping[str, Array], views: Mapping[str, View], asked: Asked) -> Iterator[str]:
    """All figures of all models at all checkpoints."""
    yield f"| Model | at {_TITLES}"
    yield "|---|---|" + "---|" * len(NAMED)
    for place, view in views.items():
        for name, quantiles in told.items():
            found = view.intervals(view.of_told(quantiles), asked)
            yield f"| {name} | {place} | " + " | ".join(_cell(found[one], one) for one in NAMED) + " |"


def differences(
    told: Mapping[str, Array], ours: str, best: str, views: Mapping[str, View], asked: Asked
) -> Iterator[str]:
    """Our figures less those of the best challenger, on the same resamples."""
    yield f"| at {_TITLES}"
    yield "|---|" + "---|" * len(NAMED)
    for place, view in views.items():
        found = view.intervals(_apart(view.of_told(told[ours]), view.of_told(told[best])), asked)
        yield f"| {place} | " + " | ".join(_cell(found[one], one) for one in NAMED) + " |"


def _apart(
    ours: Callable[[Array | None], dict[str, float]], theirs: Callable[[Array | None], dict[str, float]]
) -> Callable[[Array | None], dict[str, float]]:
    def apart(drawn: Array | None) -> dict[str, float]:
        other = theirs(drawn)
        return {name: value - other[name] for name, value in ours(drawn).items()}

    return apart


def _cell(found: Interval, name: str) -> str:
    digits = 3 if name == "coverage" else 1
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"
