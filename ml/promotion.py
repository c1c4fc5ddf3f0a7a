"""Whether a new model may score: only if a paired case bootstrap shows it no worse than the best challenger.

Non-inferiority: the lower end of the 95 % interval of the difference in AUROC over all prefixes (ours less the
challenger's, shipments resampled, the same draws for both) must lie above -MARGIN, and the upper end of that of the
Brier score below +MARGIN. The best challenger is the one of highest AUROC on the same rows. It is decided on the rows
that choose (`ml.choosing`), by models that learnt from the rows before them: test rows have no say.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.arrays import Array, Whole
from ml.bootstrap import resamples
from ml.challengers import Challenger
from ml.examples import Examples
from ml.metrics import auroc, brier
from ml.model_files import read, write

MARGIN = 0.01
TIMES = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`promoted`, against whom, and the 95 % intervals of the paired differences (ours less theirs)."""

    promoted: bool
    challenger: str
    auroc: tuple[float, float]
    brier: tuple[float, float]
    margin: float = MARGIN
    forced: bool = False

    @property
    def text(self) -> str:
        """One sentence for whoever started the training."""
        word = "promoted" if self.promoted else "not promoted"
        return (
            f"{word}: against {self.challenger}, AUROC differs by {self.auroc[0]:+.3f} to {self.auroc[1]:+.3f} and"
            f" Brier by {self.brier[0]:+.3f} to {self.brier[1]:+.3f} (95 % of paired case resamples; margin"
            f" {self.margin})"
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def verdict(tested: Examples, ours: Array, rivals: Iterable[Challenger], *, times: int = TIMES) -> Verdict:
    """Judges probabilities `ours` (n,) on prefixes that neither side learnt from."""
    theirs = {one.name: one.probability for one in rivals}
    return compared(Judged(tested.late, tested.weight, tested.nr), ours, theirs, times=times)


@dataclass(frozen=True, slots=True)
class Judged:
    """What both sides were asked about: `late` (n,) is 0/1, `weight` (n,), and `case` (n,) what is resampled."""

    late: Array
    weight: Array
    case: Whole


def compared(asked: Judged, ours: Array, rivals: Mapping[str, Array], *, times: int = TIMES) -> Verdict:
    """Judges probabilities `ours` (n,) beside those of each rival. Resamples in which all ended the same tell nothing.

    Raises ValueError where all ended the same.
    """
    if len(np.unique(asked.late)) < 2:
        raise ValueError("what is judged by was only late or only punctual: nothing can be told apart")
    best = max(rivals, key=lambda name: auroc(asked.late, rivals[name], asked.weight))
    gaps = []
    for drawn in resamples(asked.case, times):
        kept, weight = drawn > 0, asked.weight * drawn
        if len(np.unique(asked.late[kept])) < 2:
            continue
        pair = [
            [figure(asked.late[kept], p[kept], weight[kept]) for figure in (auroc, brier)] for p in (ours, rivals[best])
        ]
        gaps.append(np.subtract(pair[0], pair[1]))
    low, high = np.round(np.quantile(gaps, [0.025, 0.975], axis=0), 4)
    promoted = bool(low[0] > -MARGIN and high[1] < MARGIN)
    return Verdict(promoted, best, (float(low[0]), float(high[0])), (float(low[1]), float(high[1])))


def released(candidate: Path, folder: Path, told: Verdict | None, *, force: bool = False) -> bool:
    """Puts the candidate in the place of `folder` if it is promoted or forced; whether it did.

    A forced release says so in its description: `metrics.promotion.forced`.
    """
    if told is None or not (told.promoted or force):
        return False
    model = read(candidate)
    metrics = {**model.description["metrics"], "promotion": {**told.to_json(), "forced": not told.promoted}}
    write(folder, {**model.description, "metrics": metrics}, model.weights)
    shutil.rmtree(candidate)
    return True
