"""Deliveries of medicines (SCMS): late or not, told 30 days before they are due, beside what needs no model and others.

The last year of the file (and, as the year in which everything was chosen, the one before) is judged as it would have
gone: every quarter each model is fitted anew to the outcomes known 30 days before it. All read the same as-of columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import torch

from bench.risk_section import Asked, Section
from ml.bootstrap import interval
from ml.datasets.scms import read
from ml.metrics import auroc, average_precision, brier, ece
from ml.tabular.challengers import LANE, OURS, judged
from ml.tabular.describe import Described, describe
from ml.tabular.history import Array
from ml.tabular.promotion import orders
from ml.tabular.rolling import Mask, scheduled_in

FIGURES: Mapping[str, Callable[[Array, Array, Array], float]] = {
    "AUROC": auroc,
    "AP": average_precision,
    "Brier": brier,
    "ECE": ece,
}
LOWER_IS_BETTER = ("Brier", "ECE")


def section(asked: Asked) -> Section:
    """The table of the last year, and the same of the year before it."""
    torch.set_num_threads(1)
    deliveries = read(asked.scms)
    told, cases = describe(deliveries), orders(deliveries)
    last = date.fromordinal(int(told.scheduled.max())).year
    chances = judged(told, last - 1, last)
    test, before = (_Year(told, cases, chances, year, asked) for year in (last, last - 1))
    text = [
        _intro(test, last),
        test.table(),
        "",
        test.paired(),
        "",
        f"The year of choice, {last - 1}:",
        "",
        before.table(),
    ]
    figures = {f"scms_{name.lower()}": test.value(OURS, name) for name in FIGURES}
    best = {name: test.value(test.best(name), name) for name in FIGURES}
    figures |= {f"challenger_scms_{name.lower()}": value for name, value in best.items()}
    return Section("SCMS: deliveries of medicines", "\n".join(text), figures)


@dataclass(frozen=True, slots=True)
class _Year:
    told: Described
    orders: np.ndarray
    chances: Mapping[str, Array]
    year: int
    asked: Asked

    @property
    def rows(self) -> Mask:
        return scheduled_in(self.told, self.year, self.year)

    def value(self, model: str, name: str, weight: Array | None = None) -> float:
        late = self.told.late[self.rows]
        return FIGURES[name](late, self.chances[model][self.rows], np.ones(len(late)) if weight is None else weight)

    def best(self, name: str) -> str:
        """The challenger with the best figure of this kind."""
        sign = 1 if name in LOWER_IS_BETTER else -1
        return min((one for one in self.chances if one != OURS), key=lambda one: sign * self.value(one, name))

    def table(self) -> str:
        head = ["| Model | " + " | ".join(FIGURES) + " |", "|---|" + "---|" * len(FIGURES)]
        lines = [
            f"| {model} | " + " | ".join(self._cell(model, name) for name in FIGURES) + " |" for model in self.chances
        ]
        return "\n".join([*head, *lines])

    def _cell(self, model: str, name: str) -> str:
        return str(
            interval(
                lambda weight: self.value(model, name, weight),
                self.orders[self.rows],
                self.asked.resamples,
                self.asked.seed,
            )
        )

    def paired(self) -> str:
        """Ours less the best challenger, by figure, and whether it is better as asked."""
        lines = ["| Aim | ours − best challenger | reached |", "|---|---|---|"]
        for name in ("AUROC", "AP", "Brier"):
            lines += [self._against(name, self.best(name)), self._against(name, LANE)]
        return "\n".join(lines)

    def _against(self, name: str, other: str) -> str:
        found = interval(
            lambda weight: self.value(OURS, name, weight) - self.value(other, name, weight),
            self.orders[self.rows],
            self.asked.resamples,
            self.asked.seed,
        )
        better = found.value < 0 if name in LOWER_IS_BETTER else found.value > 0
        sign = "below" if name in LOWER_IS_BETTER else "above"
        return f"| {name} {sign} {other} | {found} | {'yes' if better else '**no**'} |"


def _intro(test: _Year, year: int) -> str:
    rows = test.rows
    return (
        f"{int(rows.sum())} deliveries scheduled in {year} ({test.told.late[rows].mean():.1%} late), each told 30 days"
        " before; 95 % intervals by resampling orders.\n"
    )
