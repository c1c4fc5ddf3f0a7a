"""Commands of who trains and judges the risk model."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from service.cli.ledger_training import UNJUDGED, can_judge, database_url

if TYPE_CHECKING:
    from ml.promotion import Verdict

Heard = Callable[[str, int, int], None]
NOTHING_TO_JUDGE_BY = "not promoted: too little was known before the years that would judge it"

Csv = Annotated[Path, typer.Argument(help="cargo2000.csv", exists=True, dir_okay=False)]
Table = Annotated[
    Path | None, typer.Argument(help="the public table, by default cargo2000.csv; none of a ledger", dir_okay=False)
]
Source = Literal["cargo2000", "scms", "ledger"]
_PUBLIC = {name: Path(f"../shared/data/{name}/{name}.csv") for name in ("cargo2000", "scms")}


def train(
    file: Table = None,
    source: Annotated[
        Source, typer.Option("--from", help="a public set, or the sealed deliveries of this service's own ledger")
    ] = "cargo2000",
    out: Annotated[Path | None, typer.Option(help="folder of the model; default: the released one's")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same weights on the same machine")] = 0,
    force: Annotated[
        bool, typer.Option(help="release the model though a challenger is better; its card will say so")
    ] = False,
) -> None:
    """Train the scorer, choosing everything inside the training part; of a public set, report on the later rows.

    Of Cargo 2000, rows up to 2628 train; of SCMS, what was known before 2013. A ledger's own model needs a folder of
    its own (--out), best inside of TRAILSEAL_MODEL_FOLDER: `trailseal risk models promote` lets it score. A model that
    was not promoted is kept beside or in that folder as a candidate.
    """
    if source == "ledger" and (file is not None or out is None):
        raise typer.BadParameter("--from ledger takes no file, and --out: the folder that the model goes into")
    csv = file or _PUBLIC.get(source)
    if csv is not None and not csv.exists():
        raise typer.BadParameter(f"there is no file {csv}: name the table")
    with Progress(console=Console(stderr=True)) as progress:
        typer.echo(_trained(source, csv, out, seed, _bars(progress), force=force))


def _bars(progress: Progress) -> Heard:
    tasks: dict[str, TaskID] = {}

    def heard(stage: str, done: int, of: int) -> None:
        if stage not in tasks:
            tasks[stage] = progress.add_task(stage, total=of)
        progress.update(tasks[stage], completed=done, total=of)

    return heard


def _trained(source: Source, csv: Path | None, out: Path | None, seed: int, heard: Heard, *, force: bool) -> str:
    """What training gave, in words."""
    from ml.evaluate import table
    from ml.model_files import LATE

    if source == "ledger" and out is not None:
        from service.cli.ledger_training import train_on_ledger

        learnt_here = train_on_ledger(database_url(os.environ), out, seed, heard, force=force)
        where = "released in" if learnt_here.promoted else "kept in"
        found = table({"validation": learnt_here.validation})
        return f"model {learnt_here.hash}: {where} {learnt_here.folder}\n{learnt_here.why}\n{found}"
    assert csv is not None
    if source == "scms":
        from ml.tabular.model import PACKAGED as TABULAR

        return _bookings(csv, out or TABULAR, seed, heard, force=force)
    return _freight(csv, out or LATE, seed, heard, force=force)


def _freight(csv: Path, out: Path, seed: int, heard: Heard, *, force: bool) -> str:
    """Trains a candidate beside `out`, which takes its place only where it is no worse than the best challenger."""
    from ml.evaluate import table
    from ml.train import train as run

    candidate = _candidate(out)
    judged = can_judge()
    told = run(csv, candidate, seed=seed, checkpoints=candidate / "members", judged=judged, progress=heard)
    found = {"validation": told.validation} | ({"test": told.test} if told.test else {})
    return f"model {told.model.hash}: {_placed(candidate, out, told.verdict, force=force)}\n{table(found)}"


def _bookings(csv: Path, out: Path, seed: int, heard: Heard, *, force: bool) -> str:
    """The same of the model of bookings, judged on the three years before the one that it is for."""
    from ml.tabular.train import train as learn

    candidate = _candidate(out)
    told = learn(csv, candidate, seed=seed, judged=can_judge(), progress=heard)
    placed = _placed(candidate, out, told.verdict, force=force)
    return f"model {told.hash}: {told.deliveries} deliveries, {told.late:.1%} of them late; {placed}"


def _candidate(out: Path) -> Path:
    return out.parent / f"{out.name}-candidate"


def _placed(candidate: Path, out: Path, verdict: "Verdict | None", *, force: bool) -> str:
    """Releases the candidate if it may be; what was done, and why."""
    from ml.promotion import released

    where = f"released in {out}" if released(candidate, out, verdict, force=force) else f"kept in {candidate}"
    return f"{where}\n{verdict.text if verdict else NOTHING_TO_JUDGE_BY if can_judge() else UNJUDGED}"


def evaluate(
    file: Csv = Path("../shared/data/cargo2000/cargo2000.csv"),
    model: Annotated[Path | None, typer.Option(help="folder of the model; default: the released one's")] = None,
    rivals: Annotated[bool, typer.Option(help="train and judge the rivals beside it")] = True,
) -> None:
    """Judge a model on the rows that it has not seen, beside its rivals."""
    from ml.evaluate import evaluate as run
    from ml.evaluate import table

    typer.echo(table(run(file, model, rivals=rivals)))
