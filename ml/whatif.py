"""What if the plan were another: the same shipment scored with an edited plan, beside the score as it is.

The edited plan (`ml.replanning`) is also the promise that lateness is measured against. Pure: nothing is stored,
nothing is shared with the case as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ml.assessment import Assessment, Case
from ml.edits import Edit
from ml.replanning import edited


class Scores(Protocol):
    """What scores: `ml.scorer.Scorer`."""

    def score(self, cases: Sequence[Case], *, reasons: bool = True) -> list[Assessment]:
        """One assessment for each case."""
        ...


def whatif(scorer: Scores, case: Case, edits: Sequence[Edit]) -> tuple[Assessment, Assessment]:
    """The assessment of `case` as it is, and with its plan edited, the edits applied in their order. Raises BadEdit."""
    before, after = scorer.score([case, replace(case, shipment=edited(case.shipment, edits))])
    return before, after
