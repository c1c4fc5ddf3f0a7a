"""What a score is worth doing about: bands cut by what things cost, instead of by a fixed probability. Pure.

With probability p of being late, a penalty L for a late delivery that nobody prevented, an intervention that costs i
and prevents lateness with effectiveness e, and a check (an analyst's look) that costs c and tells whether it will be
late:

    intervening at once is worth        p·e·L - i
    checking, then intervening if so    p·(e·L - i) - c

`high` is where intervening at once pays, `elevated` where at least checking does (Teinemaa et al. 2018, "Alarm-based
prescriptive process monitoring", with the check as a second, cheaper action).
"""

from dataclasses import dataclass, replace
from typing import Literal

from service.risk.errors import BadPolicy

Band = Literal["low", "elevated", "high"]


@dataclass(frozen=True, slots=True)
class Costs:
    """Amounts in any one unit, `effectiveness` in (0, 1]. The defaults are ratios to begin with, nobody's accounts.

    Raises:
        BadPolicy: an intervention costs as much as it saves at most, or the check does: nothing would ever be worth it.
    """

    penalty: float = 100.0
    checking: float = 5.0
    intervening: float = 20.0
    effectiveness: float = 0.6

    def __post_init__(self) -> None:
        if self.saved <= self.intervening + self.checking:
            raise BadPolicy(
                f"an intervention saves {self.saved:g} at most (effectiveness x penalty) and costs"
                f" {self.intervening:g}, the check before it {self.checking:g}: nothing would ever be worth an alert"
            )

    @property
    def saved(self) -> float:
        """What an intervention saves on average where the delivery would be late."""
        return self.effectiveness * self.penalty

    @property
    def high(self) -> float:
        """The probability above which intervening at once pays."""
        return self.intervening / self.saved

    @property
    def elevated(self) -> float:
        """The probability above which at least checking pays; never above `high`."""
        return min(self.checking / (self.saved - self.intervening), self.high)

    def benefit(self, probability: float) -> float:
        """What acting on it in the better of the two ways is worth; 0 where neither pays."""
        at_once = probability * self.saved - self.intervening
        after_checking = probability * (self.saved - self.intervening) - self.checking
        return max(at_once, after_checking, 0.0)

    def band(self, probability: float | None) -> Band | None:
        """The band; None for an abstention."""
        if probability is None:
            return None
        return "high" if probability > self.high else "elevated" if probability > self.elevated else "low"

    def weighed(self, weight: float) -> "Costs":
        """The costs where being late costs `weight` times as much; at least what a policy may have."""
        return self if weight <= 1 else replace(self, penalty=self.penalty * weight)
