"""Whether a new model of bookings may take the released one's place: the rule of `ml.promotion` on past years.

The years before the one that the model is trained for are judged as they would have gone: every quarter our recipe and
each challenger are fitted anew to what was known 30 days before it. Orders are resampled, not lines: lines of one order
that are due the same day mostly arrive together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ml.datasets.scms import Delivery
from ml.promotion import TIMES, Judged, Verdict, compared
from ml.tabular.challengers import OURS
from ml.tabular.history import Array, grouped


def orders(deliveries: Sequence[Delivery]) -> npt.NDArray[np.int64]:
    """One case (n,) for all lines of an order that are due the same day."""
    return grouped([[one.order, one.scheduled.isoformat()] for one in deliveries])


def verdict(late: Array, case: npt.NDArray[np.int64], chances: Mapping[str, Array], *, times: int = TIMES) -> Verdict:
    """Judges `chances` (n,) by model, of which `OURS` is one, on deliveries that no model learnt from.

    Raises ValueError where all ended the same.
    """
    rivals = {name: told for name, told in chances.items() if name != OURS}
    return compared(Judged(late, np.ones(len(late)), case), chances[OURS], rivals, times=times)
