"""Whether a new model may score: only if a paired case bootstrap shows it no worse than the best challenger.

Non-inferiority: the lower end of the 95 % interval of the difference in AUROC over all prefixes (ours less the
challenger's, shipments resampled, the same draws for both) must lie above -MARGIN, and the upper end of that of the
Brier score below +MARGIN. The best challenger is the one of highest AUROC on the same rows. It is decided on the rows
after `validate_after`, by models that learnt from the rows before: test rows have no say.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.arrays import Array
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
    best = max(rivals, key=lambda one: auroc(tested.late, one.probability, tested.weight))
    gaps = []
    for drawn in resamples(tested.nr, times):
        told, kept = tested.weight * drawn, drawn > 0
        pair = [
            (auroc(tested.late[kept], p[kept], told[kept]), brier(tested.late[kept], p[kept], told[kept]))
            for p in (ours, best.probability)
        ]
        gaps.append(np.subtract(pair[0], pair[1]))
    low, high = np.round(np.quantile(gaps, [0.025, 0.975], axis=0), 4)
    promoted = bool(low[0] > -MARGIN and high[1] < MARGIN)
    return Verdict(promoted, best.name, (float(low[0]), float(high[0])), (float(low[1]), float(high[1])))


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
