"""Training the scorer on what the consortium's own ledger holds."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from service.cli.operate import settings
from service.config import Settings

Progress = Callable[[str, int, int], None]
VALIDATED = 0.2
"""The share of the history, its end, that everything is chosen on."""


def train_on_ledger(out: Path, seed: int, progress: Progress) -> Any:
    """Trains on all sealed deliveries and writes the model into the folder `out`; the report of `ml.train`.

    Needs the service's settings (`TRAILSEAL_DATABASE_URL` …). Raises NotEnoughHistory.
    """
    from ml.datasets.table import numbered, write
    from ml.model_files import write as write_model
    from ml.train import Recipe, train
    from service.risk.ledger_history import lag

    found, ledger = asyncio.run(_history(settings()))
    count = len(found)
    recipe = Recipe(last=count, validate_after=count - int(count * VALIDATED), lag=lag(found))
    with TemporaryDirectory() as folder:
        table = Path(folder) / "ledger.csv"
        write(table, numbered(told.shipment for told in found))
        report = train(table, out, seed=seed, recipe=recipe, progress=progress)
    first, last = found[0].shipment.booked, found[-1].shipment.booked
    learnt_from = {
        "set": "the sealed deliveries of a ledger",
        "ledger": ledger,
        "shipments": count,
        "booked": [None if moment is None else moment.isoformat() for moment in (first, last)],
    }
    description = {**report.model.description, "name": "ledger", "learnt_from": learnt_from}
    return report, write_model(out, description, report.model.weights)


async def _history(given: Settings) -> tuple[list[Any], str]:
    from service.risk.ledger_history import Reader, enough
    from service.risk.scorers import ledger_name
    from service.store.database import Database

    database = Database(given.database_url, 1)
    try:
        async with database.session() as session:
            name = await ledger_name(session)
        return await enough(database, Reader()), name
    finally:
        await database.close()
