"""Commands of a risk analyst."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from service.cli.client import Client
from service.cli.options import Key, Url, connection

AsOf = Annotated[str | None, typer.Option(help="moment to score for, ISO 8601 with offset; default: now")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def top(
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many")] = 10,
    as_of: AsOf = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """The shipments under way that are likeliest to be late, and why."""
    with Client(*connection(url, key, "analyst")) as client:
        found = client.get("/v1/risk/shipments", limit=limit, asOf=as_of)["items"]
    _show(found, as_json)


def score(
    shipments: Annotated[list[str], typer.Argument(help="any unit of each shipment: GS1 Digital Link or EPC URN")],
    as_of: AsOf = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Score shipments."""
    with Client(*connection(url, key, "analyst")) as client:
        found = client.assess([(unit, as_of) for unit in shipments])
    _show(found, as_json)


def table(assessments: Sequence[Any], title: str = "Risk of late delivery") -> Table:
    """Scores as a table, with the main reasons in words."""
    shown = Table(title=title, title_justify="left", row_styles=("", "dim"))
    shown.add_column("shipment", overflow="fold")
    shown.add_column("risk", justify="right")
    shown.add_column("band")
    shown.add_column("stage")
    shown.add_column("main reasons", ratio=1)
    for one in assessments:
        probability = one["probability"]
        risk = "—" if probability is None else f"{probability:.0%}"
        reasons = "; ".join(reason["text"] for reason in one["reasons"][:3])
        shown.add_row(one["shipment"].removeprefix("https://id.gs1.org/"), risk, one["band"], one["stage"], reasons)
    return shown


def _show(found: Sequence[Any], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        Console().print(table(found))
