"""Outcomes that somebody acted on tell what the action made of them: they weigh nothing, those like them more. Pure."""

from collections.abc import Sequence
from typing import Protocol

_MOST_WEIGHT = 5.0


class Score(Protocol):
    """A stored score; `acted`: somebody acted on it."""

    @property
    def probability(self) -> float: ...

    @property
    def acted(self) -> bool: ...


def weights(scores: Sequence[Score]) -> list[float]:
    """0 for what was acted on; else one over the share of scores with a like probability that was not, some at most."""
    counts, acted = [0] * 10, [0] * 10
    for one in scores:
        counts[_tenth(one)] += 1
        acted[_tenth(one)] += one.acted
    left = [max(1 - some / all_, 1 / _MOST_WEIGHT) if all_ else 1.0 for some, all_ in zip(acted, counts, strict=True)]
    return [0.0 if one.acted else min(1 / left[_tenth(one)], _MOST_WEIGHT) for one in scores]


def _tenth(one: Score) -> int:
    return min(int(one.probability * 10), 9)
