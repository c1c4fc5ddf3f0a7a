"""Whether a new model of bookings may take the released one's place: the rule of `ml.promotion` on past years.

The years before the one that the model is trained for are judged as they would have gone: every quarter our recipe and
each challenger are fitted anew to what was known 30 days before it. Orders are resampled, not lines: lines of one order
that are due the same day mostly arrive together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ml.bootstrap import resamples
from ml.datasets.scms import Delivery
from ml.metrics import auroc, brier
from ml.promotion import MARGIN, TIMES, Verdict
from ml.tabular.challengers import OURS
from ml.tabular.history import Array, grouped


def orders(deliveries: Sequence[Delivery]) -> npt.NDArray[np.int64]:
    """One case (n,) for all lines of an order that are due the same day."""
    return grouped([[one.order, one.scheduled.isoformat()] for one in deliveries])


def verdict(late: Array, case: npt.NDArray[np.int64], chances: Mapping[str, Array], *, times: int = TIMES) -> Verdict:
    """Judges `chances` (n,) by model, of which `OURS` is one, on deliveries that no model learnt from.

    Raises ValueError where all ended the same.
    """
    if len(np.unique(late)) < 2:
        raise ValueError("the years of judging have only late or only punctual deliveries: nothing can be told apart")
    even = np.ones(len(late))
    best = max((name for name in chances if name != OURS), key=lambda name: auroc(late, chances[name], even))
    gaps = []
    for drawn in resamples(case, times):
        kept = drawn > 0
        if len(np.unique(late[kept])) < 2:
            continue
        ours, theirs = (
            np.array([figure(late[kept], chances[name][kept], drawn[kept]) for figure in (auroc, brier)])
            for name in (OURS, best)
        )
        gaps.append(ours - theirs)
    low, high = np.round(np.quantile(gaps, [0.025, 0.975], axis=0), 4)
    promoted = bool(low[0] > -MARGIN and high[1] < MARGIN)
    return Verdict(promoted, best, (float(low[0]), float(high[0])), (float(low[1]), float(high[1])))
