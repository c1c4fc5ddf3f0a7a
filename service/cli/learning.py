"""Commands of who trains and judges the risk model."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

Csv = Annotated[Path, typer.Argument(help="cargo2000.csv", exists=True, dir_okay=False)]


def train(
    file: Csv = Path("../shared/data/cargo2000/cargo2000.csv"),
    out: Annotated[Path | None, typer.Option(help="folder of the model; default: the released one's")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same weights on the same machine")] = 0,
) -> None:
    """Train the scorer on the rows up to 2628, choosing everything inside them; then report on the later rows."""
    from ml.evaluate import table
    from ml.model_files import PACKAGED
    from ml.train import train as run

    with Progress(console=Console(stderr=True)) as progress:
        tasks: dict[str, int] = {}

        def heard(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=of)
            progress.update(tasks[stage], completed=done, total=of)  # type: ignore[arg-type]

        report = run(file, out or PACKAGED, seed=seed, progress=heard)
    found = {"validation": report.validation} | ({"test": report.test} if report.test else {})
    typer.echo(f"model {report.model.hash}\n{table(found)}")


def evaluate(
    file: Csv = Path("../shared/data/cargo2000/cargo2000.csv"),
    model: Annotated[Path | None, typer.Option(help="folder of the model; default: the released one's")] = None,
    rivals: Annotated[bool, typer.Option(help="train and judge the rivals beside it")] = True,
) -> None:
    """Judge a model on the rows that it has not seen, beside its rivals."""
    from ml.evaluate import evaluate as run
    from ml.evaluate import table

    typer.echo(table(run(file, model, rivals=rivals)))
