"""Commands of a supplier: hand in a document; bring in real freight through the same door."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from service.cli.client import Client
from service.cli.local import LocalService, running
from service.cli.options import Key, Url, connection
from service.cli.printing import print_json
from service.cli.verifying import verified

SEED = 20_000
HELD_OUT = 2629
"""The first row of Cargo 2000 that the released model was not trained on."""
START = datetime(2026, 1, 5, tzinfo=UTC)
"""When the first imported shipment is booked; the data has no calendar dates."""
_AT_ONCE = 6
_MEDIA_TYPES = {".xml": "application/xml"} | dict.fromkeys(
    (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods"), "text/csv"
)
"""By suffix; a workbook is refused as a spreadsheet, which says how to save it."""


def capture(
    file: Annotated[
        Path, typer.Argument(help="an EPCIS document: .csv, .xml, anything else is JSON", exists=True, dir_okay=False)
    ],
    idempotency_key: Annotated[str | None, typer.Option(help="repeat a request with the same key, safely")] = None,
    proceed: Annotated[bool, typer.Option("--proceed", help="leave bad events out, and keep the good ones")] = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Hand in an EPCIS document; prints the receipt."""
    media_type = _MEDIA_TYPES.get(file.suffix.lower(), "application/json")
    with Client(*connection(url, key, "acme")) as client:
        receipt = client.capture(file.read_bytes(), idempotency_key, media_type=media_type, proceed=proceed)
    print_json(receipt)


@dataclass(frozen=True, slots=True)
class Doors:
    """The connections of an import, and the node that its bundles are verified against."""

    supplier: Client
    analyst: Client
    auditor: Client
    rpc: str


def import_cargo2000(
    file: Annotated[Path, typer.Argument(help="cargo2000.csv", exists=True, dir_okay=False)],
    limit: Annotated[int, typer.Option(min=1, help="how many shipments")] = 300,
    from_nr: Annotated[int, typer.Option(help="first row (nr); the default is the first that no model has seen")] = (
        HELD_OUT
    ),
    folder: Annotated[Path, typer.Option(help="a service of its own is started here if none runs")] = Path(
        ".trailseal/import"
    ),
) -> None:
    """Capture, seal, verify and score real air-freight shipments (Cargo 2000); the last line is JSON."""
    from ml.datasets.cargo2000 import read

    shipments = [one for one in read(file) if one.nr is not None and one.nr >= from_nr][:limit]
    if not shipments:
        raise typer.BadParameter(f"{file} has no row with nr {from_nr} or later")
    with ExitStack() as stack:
        doors = _doors(stack, folder)
        result = run_import(doors, shipments, Console(stderr=True))
    typer.echo(orjson.dumps(result).decode())
    if result["captured"] != result["sealed"] or result["verified"] != min(10, len(shipments)):
        raise typer.Exit(1)


def _doors(stack: ExitStack, folder: Path) -> Doors:
    try:
        found = running()
    except typer.BadParameter:
        service = stack.enter_context(LocalService(folder))
        found = {"url": service.url, "rpc": service.environment["TRAILSEAL_RPC_URL"], **service.keys}
    carrier, analyst, auditor = (
        stack.enter_context(Client(found["url"], found[member])) for member in ("carrier", "analyst", "auditor")
    )
    return Doors(carrier, analyst, auditor, found["rpc"])


def run_import(doors: Doors, shipments: Sequence[Any], console: Console) -> dict[str, Any]:
    """Captures the shipments, waits until they are sealed, verifies ten bundles, and scores each one.

    Each shipment is scored as of the moment at which its inbound legs were complete, from what was known then;
    `late_auroc` compares these scores with what became of the shipments.
    """
    from ml.datasets.cargo2000 import sscc, to_epcis

    documents = [to_epcis(one, START + timedelta(hours=index)) for index, one in enumerate(shipments)]
    units = [sscc(one.nr, "o") for one in shipments]
    run = f"{time.time_ns():x}"
    begin = time.monotonic()
    with Progress(console=console, transient=False) as progress:
        receipts = _each(
            progress,
            "capturing",
            list(enumerate(documents)),
            lambda one: doors.supplier.capture(one[1], f"cargo2000-{run}-{one[0]}"),
        )
        sealed = _await_sealed(progress, doors.supplier, [receipt["captureID"] for receipt in receipts])
        seconds = time.monotonic() - begin
        chosen = random.Random(SEED).sample(units, min(10, len(units)))  # noqa: S311 - a sample, not a secret
        verdicts = _each(progress, "verifying", chosen, lambda unit: verified(doors.auditor.bundle(unit), doors.rpc))
        scores = _scores(progress, doors.analyst, shipments, units)
    events = sum(receipt["events"] for receipt in receipts)
    return {
        "shipments": len(shipments),
        "events": events,
        "entries": sum(receipt["entries"] for receipt in receipts),
        "captured": len(receipts),
        "sealed": sealed,
        "seconds": round(seconds, 2),
        "events_per_s": round(events / seconds, 1),
        "verified": sum(verdicts),
        "late_auroc": scores,
    }


def _each(progress: Progress, what: str, items: Sequence[Any], use: Callable[[Any], Any]) -> list[Any]:
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(progress.track(threads.map(use, items), total=len(items), description=what))


def _await_sealed(progress: Progress, supplier: Client, captures: Sequence[str]) -> int:
    task = progress.add_task("sealing", total=len(captures))
    return supplier.until_sealed(captures, lambda done: progress.update(task, completed=done))


def _scores(progress: Progress, analyst: Client, shipments: Sequence[Any], units: Sequence[str]) -> float | None:
    """AUROC of the scores at the end of the inbound legs against lateness; None where all ended the same."""
    import numpy as np

    from ml.datasets.cargo2000 import late
    from ml.metrics import auroc
    from ml.shipment import consolidation

    asked = [
        (unit, (START + timedelta(hours=index, minutes=consolidation(one))).isoformat())
        for index, (unit, one) in enumerate(zip(units, shipments, strict=True))
    ]
    batches = [asked[start : start + 100] for start in range(0, len(asked), 100)]
    # The history was recorded just now: by the clock of its own time nobody knew it.
    recorded = datetime.now(UTC).isoformat()
    scored = [one for some in progress.track(batches, description="scoring") for one in analyst.assess(some, recorded)]
    outcomes = [late(one) for one in shipments]
    pairs = [
        (one["probability"], outcome)
        for one, outcome in zip(scored, outcomes, strict=True)
        if one["probability"] is not None and outcome is not None
    ]
    if len({outcome for _, outcome in pairs}) < 2:
        return None
    probabilities, truths = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    return round(auroc(truths, probabilities, np.ones_like(truths)), 4)
