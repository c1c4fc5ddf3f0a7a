"""Training a release on what the consortium's own ledger holds.

The heads for lateness and arrival learn from sealed deliveries; what no outcome on a ledger can teach (anomalies,
excursions) is taken over from the release that comes with the package. All of it is put together in a folder
`candidate`, which no service takes for a release, and takes the release's place only once it is promoted.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from service.cli.local import running

if TYPE_CHECKING:
    from ml.evaluate import Figures
    from ml.shipment import Shipment

Progress = Callable[[str, int, int], None]
VALIDATED = 0.2
"""The share of the history, its end, that everything is chosen on."""
_TAKEN_OVER = ("anomaly", "excursion")
UNJUDGED = (
    "not promoted: no challenger was trained, as lightgbm is not installed; with it (`pip install 'trailseal[bench]'`)"
    " the same command goes on where it stopped"
)


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gave: `folder` is the release, or the candidate that was not `promoted`."""

    folder: Path
    hash: str
    promoted: bool
    why: str
    validation: "Figures"


def database_url(environment: "os._Environ[str] | dict[str, str]") -> str:
    """Where the ledger's events are: `TRAILSEAL_DATABASE_URL`, else those of the service that runs in this folder.

    Raises:
        typer.BadParameter: neither is there.
    """
    named = environment.get("TRAILSEAL_DATABASE_URL")
    if named:
        return named
    try:
        return running()["database"]
    except (typer.BadParameter, KeyError):
        raise typer.BadParameter(
            "which ledger? Set TRAILSEAL_DATABASE_URL, or start this where `make run` runs a service"
        ) from None


def can_judge() -> bool:
    """Whether challengers can be trained here."""
    return find_spec("lightgbm") is not None


def train_on_ledger(url: str, out: Path, seed: int, progress: Progress, *, force: bool = False) -> Trained:
    """Trains on all sealed deliveries and makes the release `out` of it, if it is promoted.

    A run that was ended goes on with the members that it had finished, as long as nothing more was delivered.

    Raises:
        NotEnoughHistory.
        typer.BadParameter: `out` holds a release, whose scores have to stay reproducible.
    """
    from ml.cards import CANDIDATE
    from ml.promotion import released

    if (out / "late").exists() or (out / "model.json").exists():
        raise typer.BadParameter(f"{out} holds a release, by which its scores are computed again: name another folder")
    found, ledger = asyncio.run(_history(url, progress))
    candidate, about = out / CANDIDATE, _about(found, ledger)
    told = _late(candidate, found, about, seed, progress)
    _arrival(candidate, found, about, seed, progress)
    _taken_over(candidate)
    why = told.verdict.text if told.verdict else UNJUDGED
    if not released(candidate / "late", out / "late", told.verdict, force=force):
        return Trained(candidate, _finished(candidate, found), False, why, told.validation)
    for head in ("arrival", *_TAKEN_OVER):
        (candidate / head).rename(out / head)
    shutil.rmtree(candidate)
    return Trained(out, _finished(out, found), True, why, told.validation)


async def _history(url: str, progress: Progress) -> "tuple[list[Shipment], str]":
    from service.risk.ledger_history import Reader, enough
    from service.risk.scorers import ledger_name
    from service.store.database import Database

    database = Database(url, 1)
    progress("read the ledger", 0, 1)
    try:
        async with database.session() as session:
            name = await ledger_name(session)
        found = await enough(database, Reader())
    finally:
        await database.close()
    progress("read the ledger", 1, 1)
    from ml.datasets.table import numbered

    return list(numbered(found)), name


def _about(found: "Sequence[Shipment]", ledger: str) -> dict[str, Any]:
    return {
        "set": "the sealed deliveries of a ledger",
        "ledger": ledger,
        "shipments": len(found),
        "booked": [one.booked.isoformat() for one in (found[0], found[-1]) if one.booked is not None],
    }


def _late(candidate: Path, found: "Sequence[Shipment]", about: dict[str, Any], seed: int, progress: Progress) -> Any:
    """The lateness head; the report of `ml.train`."""
    from ml.datasets.table import write
    from ml.model_files import write as write_model
    from ml.train import Recipe, train

    candidate.mkdir(parents=True, exist_ok=True)
    table, count = candidate / "deliveries.csv", len(found)
    write(table, found)
    try:
        report = train(
            table,
            candidate / "late",
            seed=seed,
            recipe=Recipe(last=count, validate_after=count - int(count * VALIDATED)),
            checkpoints=candidate / "members",
            judged=can_judge(),
            progress=progress,
        )
    finally:
        table.unlink()
    description = {**report.model.description, "name": "ledger", "learnt_from": about}
    write_model(candidate / "late", description, report.model.weights)
    return report


def _arrival(
    candidate: Path, found: "Sequence[Shipment]", about: dict[str, Any], seed: int, progress: Progress
) -> None:
    from ml.arrival_train import train
    from ml.examples import examples

    def heard(stage: str, done: int, of: int) -> None:
        progress(f"arrival: {stage}", done, of)

    told = examples(found, freeze=len(found))
    train(told, candidate / "arrival", seed=seed, about=about, checkpoints=candidate / "members", progress=heard)


def _taken_over(candidate: Path) -> None:
    from ml.model_files import PACKAGED

    for head in _TAKEN_OVER:
        shutil.copytree(PACKAGED / head, candidate / head, dirs_exist_ok=True)


def _finished(folder: Path, found: "Sequence[Shipment]") -> str:
    """Writes the card, and what inputs looked like; the release's hash."""
    from ml.cards import write_card, write_reference
    from ml.examples import examples
    from service.risk.recomputing import training_reference

    write_reference(folder, training_reference(folder, examples(found, freeze=len(found))))
    return write_card(folder).hash
