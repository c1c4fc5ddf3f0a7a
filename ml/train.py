"""Training: everything is chosen by rolling origin inside the training rows.

1. Rows after `last` are dropped before anything is computed.
2. Members learn from the rows up to an origin, with lane history as of each booking, and are asked about the rows up to
   the next one, three times over (`ml.choosing`): that chooses the number of passes (Brier score of the ensemble), the
   calibration and the bands. The last origin is `validate_after`.
3. New members learn from all rows up to `last` for that many passes; lane rates are frozen at `last`.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ml.arrays import Array
from ml.choosing import Choice, choose, origins, rolled
from ml.choosing import judged as against_challengers
from ml.datasets.cargo2000 import read
from ml.evaluate import Figures, figures, held_out, predict, table
from ml.examples import Examples, examples
from ml.lanes import FREEZE, LAG, known_by
from ml.members import Smith
from ml.model_files import LATE, Model, write
from ml.promotion import Verdict
from ml.scaling import Scaling
from ml.shipment import Shipment
from ml.tokens import TOKEN_NAMES

Progress = Callable[[str, int, int], None]
"""Hears of (stage, done, of)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained on which rows: rows up to `last`; `validate_after` is the last of the origins that choose."""

    last: int = FREEZE
    validate_after: int = 2100
    lag: int = LAG
    members: int = 3
    most_epochs: int = 10
    hidden: int = 16
    width: int = 48
    heads: int = 4
    dropout: float = 0.5
    rate: float = 5e-4


@dataclass(frozen=True, slots=True)
class Report:
    """What training gave: the model, its figures on validation and (where the file has later rows) on test rows."""

    model: Model
    epochs: int
    validation: Figures
    test: Figures | None
    verdict: Verdict | None = None


def train(
    csv: Path,
    out: Path,
    *,
    seed: int = 0,
    recipe: Recipe | None = None,
    checkpoints: Path | None = None,
    judged: bool = False,
    progress: Progress = lambda _stage, _done, _of: None,
) -> Report:
    """Trains on `csv`, writes the model into the folder `out` and reports.

    The same seed, file and machine give the same weights. Members that lie in `checkpoints` are not fitted again, so
    a run that was ended can be started once more. `judged`: challengers are trained on the same rows (needs lightgbm),
    and the rows that choose say whether the model may be promoted (`ml.promotion`). The test part is read only
    after the model is written down.
    """
    import torch

    torch.set_num_threads(1)
    recipe = recipe or Recipe()
    rows = [shipment for shipment in read(csv) if shipment.nr is not None and shipment.nr <= recipe.last]
    learning = _described(rows, recipe, progress)
    shape, schedule, cuts = _shape(learning, recipe), {"rate": recipe.rate}, origins(recipe.validate_after)
    smith = Smith(shape, schedule, checkpoints, _counting("choose", recipe.members * len(cuts), progress))
    parts = list(rolled(learning, cuts, _curve(smith, recipe, seed)))
    choice = choose(learning, parts)
    smith = Smith(shape, schedule, checkpoints, _counting("fit", recipe.members, progress))
    weights = [smith.member(learning, seed + 1000 + at, choice.passes)[0] for at in range(recipe.members)]
    description = _description(rows, Scaling.of(learning), recipe, seed, choice)
    told = against_challengers(learning, parts, choice, partial(progress, "judge")) if judged else None
    if told is not None:
        description["metrics"]["promotion"] = told.to_json()
    model = write(out, description, weights)
    test = _tested(csv, model, recipe)
    if test is not None:
        model = write(out, {**description, "metrics": {**description["metrics"], "test": asdict(test)}}, weights)
    return Report(model, choice.passes, choice.figures, test, told)


def _described(rows: Sequence[Shipment], recipe: Recipe, progress: Progress) -> Examples:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress("describe", done, len(rows))

    return examples(rows, freeze=recipe.last, lag=recipe.lag, advance=advance)


def _curve(smith: Smith, recipe: Recipe, seed: int) -> Callable[[Examples, Examples], Array]:
    """How the members that learn from some rows are asked about others: their mean log-odds (passes, n)."""

    def told(learning: Examples, asked: Examples) -> Array:
        each = [smith.member(learning, seed + at, recipe.most_epochs, asked)[1] for at in range(recipe.members)]
        return np.asarray(np.mean(each, axis=0), dtype=np.float64)

    return told


def _counting(name: str, members: int, progress: Progress) -> Callable[[], None]:
    """Tells `progress` of each of the members when it is called."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress(name, done, members)

    return advance


def _shape(learning: Examples, recipe: Recipe) -> dict[str, Any]:
    return {
        "features": len(learning.names),
        "told": learning.tokens.values.shape[2],
        "hidden": recipe.hidden,
        "width": recipe.width,
        "heads": recipe.heads,
        "dropout": recipe.dropout,
    }


def _description(
    rows: Sequence[Shipment], scaling: Scaling, recipe: Recipe, seed: int, choice: Choice
) -> dict[str, Any]:
    import torch

    return {
        "name": "freight-late",
        "learnt_from": {
            "set": "Cargo 2000 Freight Tracking and Tracing (A. Metzger et al., UCI, CC BY 4.0)",
            "rows": [rows[0].nr, rows[-1].nr],
        },
        "seed": seed,
        "recipe": asdict(recipe),
        "epochs": choice.passes,
        "members": recipe.members,
        "told": "tokens",
        "shape": {
            "features": len(scaling.names),
            "told": len(TOKEN_NAMES),
            "hidden": recipe.hidden,
            "width": recipe.width,
            "heads": recipe.heads,
            "dropout": recipe.dropout,
        },
        "calibration": asdict(choice.calibration),
        "stage_calibration": choice.stages.to_json(),
        "bands": asdict(choice.bands),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "metrics": {
            "command": "python -m ml.evaluate cargo2000.csv --model FOLDER",
            "validation": asdict(choice.figures),
        },
        "scaling": {
            "names": list(scaling.names),
            "mean": scaling.mean.tolist(),
            "deviation": scaling.deviation.tolist(),
        },
        "lanes": known_by(rows, recipe.last).to_json(),
    }


def _tested(csv: Path, model: Model, recipe: Recipe) -> Figures | None:
    if not any(shipment.nr is not None and shipment.nr > recipe.last for shipment in read(csv)):
        return None
    tested = held_out(csv, last=recipe.last, lag=recipe.lag)
    return figures(tested, predict(model, tested), model.bands.high)


def main(argv: Sequence[str] | None = None) -> None:
    """`python -m ml.train CSV [--out FOLDER] [--seed N]`."""
    from rich.progress import Progress as Bars

    parser = argparse.ArgumentParser(prog="ml.train", description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--out", type=Path, default=LATE)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    with Bars() as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=of)
            bars.update(tasks[stage], completed=done, total=of)

        report = train(asked.csv, asked.out, seed=asked.seed, progress=show)
    told = {"validation": report.validation} | ({"test": report.test} if report.test else {})
    sys.stdout.write(f"{table(told)}\nmodel {report.model.hash}, {report.epochs} passes\n")


if __name__ == "__main__":
    main()
