"""Judging as it would have gone: a model is fitted anew every quarter to what was known, and judges the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import numpy.typing as npt

from ml.tabular.describe import HORIZON, Described
from ml.tabular.history import Array

Mask = npt.NDArray[np.bool_]
Judge = Callable[[Mask, Mask], Array]
"""(teaching (n,), asked (n,)) -> probability for each of the asked."""
QUARTER = 3


def rolling(told: Described, first: int, last: int, judge: Judge, months: int = QUARTER) -> Array:
    """Probabilities (n,) for all deliveries scheduled in the years `first` to `last`, NaN for the others.

    What teaches are outcomes known HORIZON days before the period begins, which is when its first one is judged.
    """
    found = np.full(len(told.scheduled), np.nan)
    for year in range(first, last + 1):
        for month in range(1, 13, months):
            begin, end = date(year, month, 1), date(year + (month + months > 12), (month + months - 1) % 12 + 1, 1)
            asked = (told.scheduled >= begin.toordinal()) & (told.scheduled < end.toordinal())
            if asked.any():
                found[asked] = judge(told.outcomes.known <= begin.toordinal() - HORIZON, asked)
    return found


def scheduled_in(told: Described, first: int, last: int) -> Mask:
    """Which deliveries are scheduled in these years."""
    begin, end = date(first, 1, 1).toordinal(), date(last + 1, 1, 1).toordinal()
    return np.asarray((told.scheduled >= begin) & (told.scheduled < end))
