"""The command that prints scorecards of suppliers, carriers and lanes."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from service.cli.client import Client
from service.cli.options import As, AsJson, Key, Url, connection
from service.cli.printing import tell


def scorecards(
    by: Annotated[str, typer.Option(help="supplier, carrier or lane")] = "supplier",
    since: Annotated[str | None, typer.Option(help="booked from then on; default: 90 days ago")] = None,
    until: Annotated[str | None, typer.Option(help="booked before; default: now")] = None,
    *,
    as_json: AsJson = False,
    member: As = "analyst",
    url: Url = None,
    key: Key = None,
) -> None:
    """How suppliers, carriers or lanes did, with 95 % intervals, and against others on the same lanes."""
    with Client(*connection(url, key, member)) as client:
        found = client.get("/v1/risk/scorecards", by=by, since=since, until=until)["items"]
    tell(found, _show, as_json=as_json)


def _show(found: Sequence[Any]) -> None:
    if not found:
        typer.echo("no shipments that you see were booked in this time")
    for one in found:
        typer.secho(_subject(one), bold=True)
        typer.echo(f"    {', '.join(_card(one))}")


def _subject(one: Any) -> str:
    return str(one["name"] or one["subject"].replace("https://id.gs1.org/414/", "").replace(">", " > "))


def _card(one: Any) -> list[str]:
    late, adjusted, delay, missing = one["late"], one["adjusted"], one["delayHours"], one["missingReports"]
    told = [f"{one['shipments']} shipments"]
    if late:
        told.append(f"{late['share']:.0%} of {late['of']} late (95 %: {late['low']:.0%} to {late['high']:.0%})")
    else:
        told.append("not enough history")
    if adjusted:
        told.append(f"{adjusted['ratio']:.2f} x as many as others on its lanes")
        told[-1] += f" ({adjusted['low']:.2f} to {adjusted['high']:.2f})"
    if delay:
        told.append(f"half of them within {delay['p50']:+.1f} h of the plan, nine in ten within {delay['p90']:+.1f} h")
    if missing:
        told.append(f"{missing['share']:.1%} of reports missing")
    if one["anomalous"]:
        told.append(f"{one['anomalous']['share']:.0%} odd trails")
    if one["disputes"]:
        told.append(f"{one['disputes']} disputes")
    if one["excursions"]:
        told.append(f"{one['excursions']['share']:.0%} excursions")
    return told
