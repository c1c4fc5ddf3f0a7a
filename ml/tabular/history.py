"""Late rates as of a moment, of any group of deliveries, over any window: only outcomes that were known by then count.

Rates lean on each other: a lane leans on all lanes of its kind, a product on a lane on that lane
(`(late + m · prior) / (seen + m)`, an empirical Bayes estimate of a rate that is itself one of many).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
"""The day on which the outcome of an open delivery is known."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """n deliveries: `moment` (n,) is when each is asked about, `known` (n,) from when its outcome counts, both as day
    numbers; `late` (n,) is 0/1 (anything where `known` is NEVER).
    """

    moment: Days
    known: Days
    late: Array

    def counts(self, group: Days, window: int) -> tuple[Array, Array]:
        """(seen, late), each (n,): outcomes of the same `group` (n,) known in the `window` days up to each moment."""
        seen, late = np.zeros(len(group)), np.zeros(len(group))
        order = np.lexsort((self.known, group))
        for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            known, moment = self.known[members], self.moment[members]
            passed = np.concatenate([[0.0], np.cumsum(np.where(known == NEVER, 0.0, self.late[members]))])
            until = np.searchsorted(known, moment, side="right")
            since = np.minimum(np.searchsorted(known, moment - window, side="right"), until)
            seen[members], late[members] = until - since, passed[until] - passed[since]
        return seen, late

    def rate(self, group: Days, window: int, prior: Array, weight: float) -> Array:
        """(n,) rates of each one's group, leaning on `prior` (n,) as if that were `weight` outcomes."""
        seen, late = self.counts(group, window)
        return np.asarray((late + weight * prior) / (seen + weight))

    def chain(self, groups: Sequence[Days], window: int, prior: Array, weight: float) -> Array:
        """Rates of the last group, leaning on the one before it, and so on down to `prior`."""
        for group in groups:
            prior = self.rate(group, window, prior, weight)
        return prior


def grouped(values: Sequence[Sequence[str]]) -> Days:
    """(n,) numbers, equal where the n tuples of texts are equal."""
    numbers: dict[tuple[str, ...], int] = {}
    return np.array([numbers.setdefault(tuple(one), len(numbers)) for one in values], dtype=np.int64)


def logit(probability: Array) -> Array:
    """Log-odds of probabilities in (0, 1)."""
    return np.asarray(np.log(probability) - np.log1p(-probability))


def expit(odds: Array) -> Array:
    """Probabilities behind log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))
