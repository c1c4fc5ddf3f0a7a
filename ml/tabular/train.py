"""Training on the SCMS history: everything known before a year begins, for deliveries of that year on."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ml.datasets.scms import Delivery, read
from ml.promotion import Verdict
from ml.tabular.describe import HORIZON, Described, describe
from ml.tabular.model import PACKAGED, Progress, fit, write
from ml.tabular.rolling import Mask, scheduled_in

TEST_YEAR = 2013
ENOUGH = 200
"""Outcomes known before a year, without which nothing is learnt for it."""
JUDGED = 3
"""Years before the one that is trained for, on whose deliveries it is judged whether the model may be promoted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What training gave: the model's hash, how many deliveries taught it, and the share of late ones among them."""

    hash: str
    deliveries: int
    late: float
    verdict: Verdict | None = None


def train(
    csv: Path,
    out: Path = PACKAGED,
    *,
    before: int = TEST_YEAR,
    seed: int = 0,
    judged: bool = False,
    progress: Progress = lambda _stage, _done, _of: None,
) -> Report:
    """Trains on outcomes known HORIZON days before the year `before`, and writes the model into the folder `out`.

    `judged`: the JUDGED years before say whether the model may be promoted (`ml.tabular.promotion`; needs lightgbm).
    A year is left out where that little was known before it; without any there is no verdict. Raises ValueError where
    fewer than ENOUGH outcomes, or none that is late, were known by then.
    """
    import torch

    torch.set_num_threads(1)
    deliveries = read(csv)
    told = describe(deliveries)
    teaching = _known_before(told, before)
    if not _enough(told, teaching):
        raise ValueError(f"{csv} has {teaching.sum()} outcomes known before {before}: too few to learn from ({ENOUGH})")
    model = fit(told.columns[teaching], told.offset[teaching], told.late[teaching], seed=seed, progress=progress)
    verdict = _judged(deliveries, told, before, seed, progress) if judged else None
    about = {
        "name": "scms",
        "learnt_from": {
            "set": "USAID SCMS Delivery History (US government work, public domain)",
            "known_before": f"{before}-01-01 less {HORIZON} days",
            "deliveries": int(teaching.sum()),
        },
        "seed": seed,
        "names": told.names,
        "metrics": {} if verdict is None else {"promotion": verdict.to_json()},
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
    return Report(write(out, model, about), int(teaching.sum()), float(told.late[teaching].mean()), verdict)


def _known_before(told: Described, year: int) -> Mask:
    return told.outcomes.known <= date(year, 1, 1).toordinal() - HORIZON


def _enough(told: Described, teaching: Mask) -> bool:
    return bool(teaching.sum() >= ENOUGH and told.late[teaching].any())


def _judged(deliveries: list[Delivery], told: Described, before: int, seed: int, progress: Progress) -> Verdict | None:
    from ml.tabular.challengers import judged
    from ml.tabular.promotion import orders, verdict

    years = [year for year in range(before - JUDGED, before) if _enough(told, _known_before(told, year))]
    if not years:
        return None
    rows = scheduled_in(told, years[0], years[-1])
    chances = judged(told, years[0], years[-1], seed=seed, progress=progress)
    return verdict(told.late[rows], orders(deliveries)[rows], {name: found[rows] for name, found in chances.items()})
