"""What is chosen before training is chosen by rolling origin: nobody is asked about what they learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.arrays import Array
from ml.choosing import choose, judged, origins, rolled
from ml.examples import Examples, examples
from tests.ml.freight_cases import SEASON

CUTS = origins(34)


@pytest.fixture(scope="module")
def prefixes() -> Examples:
    return examples([replace(one, nr=nr) for nr, one in enumerate(SEASON)], freeze=10**9, lag=10)


def _odds(of: Examples, confidence: float) -> Array:
    """Log-odds that know the outcome, the more the higher `confidence` is."""
    noise = np.random.default_rng(1).normal(size=len(of.late))
    return np.asarray(confidence * (2.0 * of.late - 1.0) + noise, dtype=np.float64)


def test_members_are_asked_about_later_rows_only_and_about_each_once(prefixes: Examples) -> None:
    heard: list[tuple[int, int, int]] = []

    def curve(learning: Examples, asked: Examples) -> Array:
        heard.append((int(learning.nr.max()), int(asked.nr.min()), int(asked.nr.max())))
        return _odds(asked, 1.0)[None]

    parts = list(rolled(prefixes, CUTS, curve))
    assert [one.origin for one in parts] == list(CUTS) == [last for last, _, _ in heard]
    assert all(last < first for last, first, _ in heard)
    told = np.concatenate([one.asked.nr for one in parts])
    np.testing.assert_array_equal(told, prefixes.nr[prefixes.nr > CUTS[0]])


def test_the_newest_part_chooses_the_passes_and_all_parts_the_rest(prefixes: Examples) -> None:
    def curve(_: Examples, asked: Examples) -> Array:
        newest = bool(asked.nr.min() > CUTS[-1])
        # The first pass is best on the early parts, the second one on the newest.
        return np.stack([_odds(asked, 0.0 if newest else 3.0), _odds(asked, 3.0 if newest else 0.0)])

    parts = list(rolled(prefixes, CUTS, curve))
    choice = choose(prefixes, parts)
    assert choice.passes == 2
    assert len(choice.chances) == len(choice.asked.late) == sum(len(one.asked.late) for one in parts)
    assert choice.calibration.slope < 2.0  # of the newest part alone it would be more: its odds know the outcome


@pytest.mark.slow  # trains every challenger four times
def test_noise_is_not_promoted_against_challengers_on_all_parts(prefixes: Examples) -> None:
    parts = list(rolled(prefixes, CUTS, lambda _, asked: _odds(asked, 0.0)[None]))
    told = judged(prefixes, parts[1:], choose(prefixes, parts[1:]))
    assert not told.promoted
    assert told.auroc[0] < 0
