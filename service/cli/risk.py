"""Commands of a risk analyst."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from service.cli.client import Client
from service.cli.options import AsJson, Key, Url, connection
from service.cli.printing import tell

AsOf = Annotated[str | None, typer.Option(help="moment to score for, ISO 8601 with offset; default: now")]
RecordedBy = Annotated[
    str | None, typer.Option(help="with --as-of: know what was recorded by then; default: that moment itself")
]


def top(
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many")] = 10,
    as_of: AsOf = None,
    recorded_by: RecordedBy = None,
    late_too: Annotated[bool, typer.Option(help="also those whose planned end has passed")] = False,
    *,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """The shipments under way that are likeliest to be late, and why."""
    with Client(*connection(url, key, "analyst")) as client:
        asked = {"limit": limit, "asOf": as_of, "recordedBy": recorded_by, "lateToo": late_too}
        found = client.get("/v1/risk/shipments", **asked)["items"]
    tell(found, _print, as_json=as_json)


def score(
    shipments: Annotated[list[str], typer.Argument(help="any unit of each shipment: GS1 Digital Link or EPC URN")],
    as_of: AsOf = None,
    *,
    recorded_by: RecordedBy = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Score shipments."""
    with Client(*connection(url, key, "analyst")) as client:
        found = client.assess([(unit, as_of) for unit in shipments], recorded_by)
    tell(found, _print, as_json=as_json)


def table(assessments: Sequence[Any], title: str = "Risk of late delivery") -> Table:
    """Scores as a table, with the main reasons in words."""
    shown = Table(title=title, title_justify="left", box=SIMPLE_HEAD, expand=True)
    shown.add_column("shipment", no_wrap=True)
    shown.add_column("risk", justify="right", no_wrap=True)
    shown.add_column("band", no_wrap=True)
    shown.add_column("stage", no_wrap=True)
    shown.add_column("main reasons", ratio=1)
    for one in assessments:
        probability = one["probability"]
        risk = "—" if probability is None else f"{probability:.0%}"
        reasons = "; ".join(reason["text"] for reason in _raising(one["reasons"])[:2])
        shown.add_row(one["shipment"].removeprefix("https://id.gs1.org/"), risk, one["band"], one["stage"], reasons)
    return shown


def _raising(reasons: Sequence[Any]) -> list[Any]:
    """What speaks for acting comes first; what speaks against it only where nothing speaks for it."""
    raising = [reason for reason in reasons if reason["weight"] > 0]
    return sorted(raising, key=lambda reason: -float(reason["weight"])) or list(reasons)


def _print(found: Sequence[Any]) -> None:
    Console().print(table(found))
