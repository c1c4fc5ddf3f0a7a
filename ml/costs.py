"""What acting on a risk is worth: the cost model of predictive process monitoring.

A shipment that ends late costs a `penalty`. An adaptation (rebooking, a faster truck, a call) costs `adaptation`, and
prevents the lateness with a chance, its effectiveness, that falls from `early` at the booking to `at_end` at the
planned end: what helps early no longer helps late (Metzger, Neubauer, Bohn, Pohl 2019; Fahrenkrog-Petersen et al. 2022,
"Fire now, fire later"). Each shipment is adapted at most once. An adaptation of a shipment that would have been in time
is paid for and changes nothing.

A *dynamic* policy may act after any report; a *static* one looks once, at a fixed place of the journey. Both act where
`chance · effectiveness · penalty ≥ caution · adaptation`: `caution` 1 acts as soon as acting pays on average, more
waits to be surer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
CAUTIONS = (0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)


@dataclass(frozen=True, slots=True)
class Costs:
    """Amounts in any one currency; `early` and `at_end` are chances in [0, 1]."""

    adaptation: float
    penalty: float = 1.0
    early: float = 0.9
    at_end: float = 0.3

    def __post_init__(self) -> None:
        """Raises ValueError for a negative amount, or an effectiveness that is no chance."""
        if self.adaptation < 0 or self.penalty < 0:
            raise ValueError("adaptation and penalty are costs: zero or more")
        if not (0 <= self.early <= 1 and 0 <= self.at_end <= 1):
            raise ValueError("early and at_end are chances that an adaptation helps: between 0 and 1")

    def effectiveness(self, share: Array) -> Array:
        """Chance (n,) that acting helps, where a `share` (n,) of the planned time has passed."""
        return np.asarray(self.early + (self.at_end - self.early) * np.clip(share, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Looks:
    """n moments at which a shipment was looked at, those of one side by side in the order of time.

    `case` (n,) is the shipment; `chance` (n,) its probability of lateness as told then; `share` (n,) of the planned
    time that had passed; `late` (n,) is 0/1, the outcome if nobody acts; `place` (n,) where on the journey this is (a
    checkpoint's number, or -1).
    """

    case: npt.NDArray[np.int64]
    chance: Array
    share: Array
    late: Array
    place: npt.NDArray[np.int64]

    def where(self, mask: Mask) -> Looks:
        return Looks(self.case[mask], self.chance[mask], self.share[mask], self.late[mask], self.place[mask])


def spent(looks: Looks, costs: Costs, caution: float = 1.0) -> Array:
    """Expected cost of each shipment, in the order of their numbers, if one acts the first time that it pays."""
    cases, case = np.unique(looks.case, return_inverse=True)
    helps = costs.effectiveness(looks.share)
    acts = np.flatnonzero(looks.chance * helps * costs.penalty >= caution * costs.adaptation)
    late = np.zeros(len(cases))
    late[case] = looks.late
    cost = late * costs.penalty
    acted, at = np.unique(case[acts], return_index=True)
    cost[acted] = costs.adaptation + late[acted] * (1 - helps[acts[at]]) * costs.penalty
    return cost


def saved(looks: Looks, costs: Costs, caution: float = 1.0) -> float:
    """The share of the cost of never acting that the policy saves; negative where it costs more. 0 without penalty."""
    never = spent(looks, costs, np.inf).mean()
    return float(1 - spent(looks, costs, caution).mean() / never) if never > 0 else 0.0


def tuned(looks: Looks, costs: Costs, cautions: Sequence[float] = CAUTIONS) -> float:
    """The caution that is cheapest on these shipments; the smallest of equals."""
    return min(cautions, key=lambda caution: (round(float(spent(looks, costs, caution).mean()), 12), caution))
