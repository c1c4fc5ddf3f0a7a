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
from ml.tabular.rolling import scheduled_in

TEST_YEAR = 2013


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

    `judged`: the year before that one says whether the model may be promoted (`ml.tabular.promotion`; needs lightgbm).
    Raises ValueError where fewer than 200 outcomes, or none that is late, were known by then.
    """
    import torch

    torch.set_num_threads(1)
    deliveries = read(csv)
    told = describe(deliveries)
    teaching = told.outcomes.known <= date(before, 1, 1).toordinal() - HORIZON
    if teaching.sum() < 200 or not told.late[teaching].any():
        raise ValueError(f"{csv} has {teaching.sum()} outcomes known before {before}: too few to learn from (200)")
    model = fit(told.columns[teaching], told.offset[teaching], told.late[teaching], seed=seed, progress=progress)
    verdict = _judged(deliveries, told, before - 1, seed, progress) if judged else None
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


def _judged(deliveries: list[Delivery], told: Described, year: int, seed: int, progress: Progress) -> Verdict:
    from ml.tabular.challengers import judged
    from ml.tabular.promotion import orders, verdict

    rows = scheduled_in(told, year, year)
    chances = judged(told, year, year, seed=seed, progress=progress)
    return verdict(told.late[rows], orders(deliveries)[rows], {name: found[rows] for name, found in chances.items()})
