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
from ml.datasets.scms import Delivery, read
from ml.metrics import auroc, average_precision, brier, ece
from ml.tabular.describe import Described, describe
from ml.tabular.history import Array, expit, grouped
from ml.tabular.linear import Linear
from ml.tabular.model import fit
from ml.tabular.rolling import Mask, rolling, scheduled_in

OURS, LANE = "trailseal", "no ML: Country × Fulfill Via, 365 days"
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.02,
    "num_leaves": 7,
    "min_child_samples": 80,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.4,
    "lambda_l2": 20.0,
    "num_threads": 2,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
}
ROUNDS = 120
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
    told, orders = describe(deliveries), _orders(deliveries)
    last = date.fromordinal(int(told.scheduled.max())).year
    chances = judged(told, last - 1, last)
    test, before = (_Year(told, orders, chances, year, asked) for year in (last, last - 1))
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


def judged(told: Described, first: int, last: int) -> dict[str, Array]:
    """Probabilities (n,) by model for the years `first` to `last`, NaN outside."""
    history = [at for at, name in enumerate(told.names) if name[-4:-3] == "_" or name[-3:-2] == "_" or name == "offset"]
    booking = [at for at in range(len(told.names)) if at not in history]

    def ours(teaching: Mask, asked: Mask) -> Array:
        fitted = fit(told.columns[teaching], told.offset[teaching], told.late[teaching])
        return fitted.chance(told.columns[asked], told.offset[asked])

    def linear(teaching: Mask, asked: Mask) -> Array:
        fitted = Linear.fit(told.columns[teaching], told.offset[teaching], told.late[teaching])
        return expit(told.offset[asked] + fitted.odds(told.columns[asked]))

    return {
        OURS: rolling(told, first, last, ours),
        LANE: np.where(scheduled_in(told, first, last), told.lane, np.nan),
        "no ML: smoothed chain of lanes": np.where(scheduled_in(told, first, last), expit(told.offset), np.nan),
        "logistic regression + lanes": rolling(told, first, last, linear),
        "LightGBM, no lane history": rolling(told, first, last, _boosted(told, booking, offset=False)),
        "LightGBM + lanes": rolling(told, first, last, _boosted(told, list(range(len(told.names))), offset=False)),
        "LightGBM + lanes, offset": rolling(
            told, first, last, _boosted(told, list(range(len(told.names))), offset=True)
        ),
    }


def _boosted(told: Described, columns: list[int], *, offset: bool) -> Callable[[Mask, Mask], Array]:
    import lightgbm

    base = told.offset if offset else np.zeros(len(told.offset))

    def judge(teaching: Mask, asked: Mask) -> Array:
        def one(seed: int) -> Array:
            settings = {**SETTINGS, "seed": seed, "boost_from_average": not offset}
            rows = lightgbm.Dataset(
                told.columns[teaching][:, columns],
                told.late[teaching],
                init_score=base[teaching] if offset else None,
                feature_name=[told.names[at] for at in columns],
            )
            trees = lightgbm.train(settings, rows, num_boost_round=ROUNDS)
            return np.asarray(trees.predict(told.columns[asked][:, columns], raw_score=True), dtype=np.float64)

        return expit(base[asked] + np.mean([one(seed) for seed in range(3)], axis=0))

    return judge


def _orders(deliveries: list[Delivery]) -> np.ndarray:
    """One case for all lines of an order that are due the same day: they mostly arrive together."""
    return grouped([[one.order, one.scheduled.isoformat()] for one in deliveries])


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
