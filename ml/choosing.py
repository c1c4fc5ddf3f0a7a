"""What is chosen before a model learns from all training rows: by rolling origin, inside the training rows.

Members that know only the rows up to an origin are asked about the rows up to the next one, three times over. The last
part, whose members learnt from nearly as much as the released ones, chooses the number of passes. All parts together,
more than half of the training rows, give the calibration, the bands and the verdict against challengers, who are taught
and asked the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.arrays import Array
from ml.calibration import Bands, Calibration, StageCalibration, bands, platt
from ml.challengers import Challenger, challengers, expit
from ml.evaluate import Figures, figures, stage
from ml.examples import Examples
from ml.metrics import brier
from ml.promotion import Verdict, verdict

EARLIER = (0.5, 0.75)
"""The earlier origins, as shares of the last one."""
INNER = 0.8
"""The share of what a challenger learns from that is not used for its threshold."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows up to `origin` taught, the prefixes `asked` follow; `curve` (passes, n) are log-odds after each pass."""

    origin: int
    asked: Examples
    curve: Array


@dataclass(frozen=True, slots=True)
class Choice:
    """The number of passes and what the calibration, the bands and the figures come to on all `asked` prefixes, whose
    calibrated probabilities are `chances` (n,).
    """

    passes: int
    calibration: Calibration
    stages: StageCalibration
    bands: Bands
    figures: Figures
    asked: Examples
    chances: Array


def origins(last: int) -> tuple[int, ...]:
    """The row numbers of all origins, of which `last` is the last one."""
    return (*(int(last * share) for share in EARLIER), last)


def rolled(prefixes: Examples, begins: Sequence[int], curve: Callable[[Examples, Examples], Array]) -> Iterator[Part]:
    """The parts that follow the origins `begins`; `curve(learning, asked)` gives the log-odds (passes, n) of members
    that learnt.
    """
    ends = (*begins[1:], int(prefixes.nr.max()))
    for begin, end in zip(begins, ends, strict=True):
        asked = prefixes.where((prefixes.nr > begin) & (prefixes.nr <= end))
        yield Part(begin, asked, curve(prefixes.upto(begin), asked))


def choose(prefixes: Examples, parts: Sequence[Part]) -> Choice:
    """Least Brier score on the last part; everything else on all of them."""
    newest = parts[-1].asked
    scores = [brier(newest.late, expit(odds), newest.weight) for odds in parts[-1].curve]
    best = int(np.argmin(scores))
    asked, odds = prefixes.beyond(parts[0].origin), np.concatenate([part.curve[best] for part in parts])
    calibration = platt(asked.late, odds, asked.weight)
    stages = StageCalibration.refitted(stage(asked), odds, asked.late, asked.weight)
    chances = np.where(asked.overrun > 0, 1.0, calibration.apply(odds))
    cut = bands(asked.late, chances, asked.weight)
    return Choice(best + 1, calibration, stages, cut, figures(asked, chances, cut.high), asked, chances)


def judged(
    prefixes: Examples,
    parts: Sequence[Part],
    choice: Choice,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Verdict:
    """What all parts together say of the choice, beside challengers taught and asked part by part; `progress` hears of
    each part.
    """
    told = list[list[Challenger]]()
    for done, part in enumerate(parts):
        progress(done, len(parts))
        told.append(list(challengers(prefixes.upto(part.origin), part.asked, int(part.origin * INNER))))
    progress(len(parts), len(parts))
    return verdict(choice.asked, choice.chances, [_joined(each) for each in zip(*told, strict=True)])


def _joined(parts: Iterable[Challenger]) -> Challenger:
    """One challenger's answers to all parts, with the threshold of the last one."""
    answers = list(parts)
    return Challenger(answers[-1].name, np.concatenate([one.probability for one in answers]), answers[-1].threshold)
