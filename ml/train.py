"""Training: everything is chosen on a time-ordered validation part inside the training rows.

1. Rows after `last` are dropped before anything is computed.
2. Members learn from rows up to `validate_after`, with lane rates as of each booking; the rows between there and `last`
   choose the number of passes (Brier score of the ensemble), the calibration and the bands.
3. New members learn from all rows up to `last` for that many passes; lane rates are frozen at `last`.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.calibration import bands, platt
from ml.datasets.cargo2000 import read
from ml.evaluate import Figures, figures, held_out, predict, table
from ml.examples import Array, Examples, examples
from ml.lanes import FREEZE, LAG, known_by
from ml.metrics import brier
from ml.model_files import PACKAGED, Model, write
from ml.scaling import Scaling
from ml.shipment import Shipment

Progress = Callable[[str, int, int], None]
"""Hears of (stage, done, of)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained on which rows: rows up to `last`, of which those after `validate_after` choose."""

    last: int = FREEZE
    validate_after: int = 2100
    lag: int = LAG
    members: int = 5
    most_epochs: int = 14
    hidden: int = 24
    width: int = 64
    dropout: float = 0.3


@dataclass(frozen=True, slots=True)
class Report:
    """What training gave: the model, its figures on validation and (where the file has later rows) on test rows."""

    model: Model
    epochs: int
    validation: Figures
    test: Figures | None


def train(
    csv: Path,
    out: Path,
    *,
    seed: int = 0,
    recipe: Recipe | None = None,
    progress: Progress = lambda _stage, _done, _of: None,
) -> Report:
    """Trains on `csv`, writes the model into the folder `out` and reports.

    The same seed, file and machine give the same weights. The test part is read only after the model is written down.
    """
    import torch

    torch.set_num_threads(1)
    recipe = recipe or Recipe()
    rows = [shipment for shipment in read(csv) if shipment.nr is not None and shipment.nr <= recipe.last]
    choice = _choose(rows, recipe, seed, progress)
    learning = _described(rows, recipe.last, recipe, progress)
    scaling = Scaling.of(learning)
    weights = _ensemble(learning, recipe, seed + 1000, choice.epochs, progress)
    description = _description(rows, scaling, recipe, seed, choice)
    model = write(out, description, weights)
    test = _tested(csv, model, recipe)
    if test is not None:
        model = write(out, {**description, "metrics": {**description["metrics"], "test": asdict(test)}}, weights)
    return Report(model, choice.epochs, choice.validation, test)


@dataclass(frozen=True, slots=True)
class _Choice:
    epochs: int
    calibration: dict[str, float]
    bands: dict[str, float]
    validation: Figures


def _described(rows: Sequence[Shipment], freeze: int, recipe: Recipe, progress: Progress) -> Examples:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress("describe", done, len(rows))

    return examples(rows, freeze=freeze, lag=recipe.lag, advance=advance)


def _choose(rows: Sequence[Shipment], recipe: Recipe, seed: int, progress: Progress) -> _Choice:
    prefixes = _described(rows, recipe.validate_after, recipe, progress)
    learning, validated = prefixes.upto(recipe.validate_after), prefixes.beyond(recipe.validate_after)
    curve = _curve(learning, validated, recipe, seed, progress)
    scores = [brier(validated.late, 1 / (1 + np.exp(-odds)), validated.weight) for odds in curve]
    best = int(np.argmin(scores))
    calibration = platt(validated.late, curve[best], validated.weight)
    chances = np.where(validated.overrun > 0, 1.0, calibration.apply(curve[best]))
    cut = bands(validated.late, chances, validated.weight)
    return _Choice(best + 1, asdict(calibration), asdict(cut), figures(validated, chances, cut.high))


def _curve(learning: Examples, validated: Examples, recipe: Recipe, seed: int, progress: Progress) -> Array:
    """Mean log-odds (epochs, n) of the members on the validation prefixes after each pass."""
    from torch import nn

    from ml.fit import fit, odds, sequences

    scaling = Scaling.of(learning)
    taught, asked = sequences(learning, scaling), sequences(validated, scaling)
    curve = np.zeros((recipe.most_epochs, len(validated.late)))
    for member in range(recipe.members):

        def each(epoch: int, network: nn.Module, member: int = member) -> None:
            curve[epoch] += odds(network, asked, asked.state) / recipe.members
            progress("choose", member * recipe.most_epochs + epoch + 1, recipe.members * recipe.most_epochs)

        fit(taught, _shape(learning, recipe), seed + member, recipe.most_epochs, each)
    return curve


def _shape(learning: Examples, recipe: Recipe) -> Any:
    from ml.network import Shape

    return Shape(len(learning.names), recipe.hidden, recipe.width, recipe.dropout)


def _ensemble(learning: Examples, recipe: Recipe, seed: int, epochs: int, progress: Progress) -> list[dict[str, Any]]:
    from ml.fit import fit, sequences

    taught = sequences(learning, Scaling.of(learning))
    members = []
    for member in range(recipe.members):

        def each(epoch: int, _network: object, member: int = member) -> None:
            progress("fit", member * epochs + epoch + 1, recipe.members * epochs)

        state = fit(taught, _shape(learning, recipe), seed + member, epochs, each)
        members.append({name: value.numpy() for name, value in state.items()})
    return members


def _description(
    rows: Sequence[Shipment], scaling: Scaling, recipe: Recipe, seed: int, choice: _Choice
) -> dict[str, Any]:
    import torch

    return {
        "name": "cargo2000-v1",
        "learnt_from": {
            "set": "Cargo 2000 Freight Tracking and Tracing (A. Metzger et al., UCI, CC BY 4.0)",
            "rows": [rows[0].nr, rows[-1].nr],
        },
        "seed": seed,
        "recipe": asdict(recipe),
        "epochs": choice.epochs,
        "members": recipe.members,
        "shape": {
            "features": len(scaling.names),
            "hidden": recipe.hidden,
            "width": recipe.width,
            "dropout": recipe.dropout,
        },
        "calibration": choice.calibration,
        "bands": choice.bands,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "metrics": {
            "command": "python -m ml.evaluate cargo2000.csv --model FOLDER",
            "validation": asdict(choice.validation),
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
    parser.add_argument("--out", type=Path, default=PACKAGED)
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
