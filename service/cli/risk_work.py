"""Commands of an analyst's day: what to act on, what came of it, and by which policy."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import uuid4

import typer

from service.cli.client import Client
from service.cli.options import As, AsJson, Key, Url, connection
from service.cli.printing import tell
from service.cli.risk_group import risk_app

Day = Annotated[str | None, typer.Option(help="the party's local day, like 2026-02-03; default: all")]
_NOTHING = "nothing"


@risk_app.command()
def alerts(
    day: Day = None,
    every: Annotated[bool, typer.Option("--all", help="also those that somebody disposed of")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    *,
    as_json: AsJson = False,
    member: As = "analyst",
    url: Url = None,
    key: Key = None,
) -> None:
    """The alerts that nobody has said anything about yet, the most worth acting on first."""
    with Client(*connection(url, key, member)) as client:
        found = client.get("/v1/risk/alerts", day=day, undisposed=not every, limit=limit)["items"]
    found.sort(key=lambda one: -one["benefit"])
    tell(found, _show_alerts, as_json=as_json)


@risk_app.command()
def dispose(
    what: Annotated[str, typer.Argument(help="the id of an alert; with --assessment, of any assessment")],
    verdict: Annotated[str, typer.Argument(help="confirmed, dismissed or acted")],
    note: Annotated[str, typer.Option(help="what you found or did")] = "",
    replace: Annotated[str | None, typer.Option(help="id of the disposition that this one takes the place of")] = None,
    *,
    assessment: Annotated[bool, typer.Option("--assessment", help="it is the id of an assessment")] = False,
    as_json: AsJson = False,
    member: As = "analyst",
    url: Url = None,
    key: Key = None,
) -> None:
    """Say what an alert turned out to be. It can be said again: the history keeps both."""
    path = f"/v1/risk/{'assessments' if assessment else 'alerts'}/{what}/dispositions"
    said = {"verdict": verdict, "note": note, "replaces": replace}
    with Client(*connection(url, key, member)) as client:
        if not assessment:
            client.post(f"/v1/risk/alerts/{what}/acknowledge", None)
        made = client.send("POST", path, json=said, headers={"Idempotency-Key": str(uuid4())}).json()
    tell(made, _show_disposition, as_json=as_json)


@risk_app.command()
def policy(
    *,
    penalty: Annotated[float | None, typer.Option(help="what a late delivery costs")] = None,
    checking: Annotated[float | None, typer.Option(help="what an analyst's look costs")] = None,
    intervening: Annotated[float | None, typer.Option(help="what an intervention costs")] = None,
    effectiveness: Annotated[float | None, typer.Option(help="how many late ones it prevents, 0 to 1")] = None,
    budget: Annotated[int | None, typer.Option(help="alerts a day at most")] = None,
    timezone: Annotated[str | None, typer.Option(help="in which days begin, like Europe/Berlin")] = None,
    inspect: Annotated[float | None, typer.Option(help="share that is drawn whatever its score, 0 to 0.5")] = None,
    webhook: Annotated[str | None, typer.Option(help=f"URL to send alerts to; '{_NOTHING}': none")] = None,
    token: Annotated[str | None, typer.Option(envvar="TRAILSEAL_ALERT_TOKEN", help="signs what is sent")] = None,
    on: Annotated[bool | None, typer.Option("--alerts/--no-alerts", help="whether to alert at all")] = None,
    as_json: AsJson = False,
    member: As = "analyst",
    url: Url = None,
    key: Key = None,
) -> None:
    """Show the risk policy, or change what is given of it."""
    costs = _given(penalty=penalty, checking=checking, intervening=intervening, effectiveness=effectiveness)
    changes = _given(alerts=on, budget=budget, timezone=timezone, inspectionShare=inspect)
    with Client(*connection(url, key, member)) as client:
        found = client.get("/v1/risk/policy")
        if costs or changes or webhook:
            wanted = {name: found[name] for name in ("alerts", "budget", "timezone", "inspectionShare")} | changes
            wanted["costs"] = found["costs"] | costs
            wanted["webhook"] = _hook(found["webhook"], webhook, token)
            found = client.post("/v1/risk/policy", wanted, method="PUT")
    tell(found, _show_policy, as_json=as_json)


@risk_app.command()
def inspections(
    day: Day = None,
    *,
    as_json: AsJson = False,
    member: As = "analyst",
    url: Url = None,
    key: Key = None,
) -> None:
    """Shipments that the draw wants looked at whatever their score. Dispose of them by --assessment."""
    with Client(*connection(url, key, member)) as client:
        found = client.get("/v1/risk/inspections", day=day, limit=500)["items"]
    tell(found, _show_inspections, as_json=as_json)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _hook(known: Any, wanted: str | None, token: str | None) -> dict[str, Any] | None:
    if wanted == _NOTHING or (wanted is None and known is None):
        return None
    return {"dest": wanted or known["dest"], **_given(signatureToken=token)}


def show_shipments(found: Sequence[Any], head: Callable[[Any], str], otherwise: str) -> None:
    """Some lines for each, to be read, copied and searched as they are."""
    for one in found:
        risk = "no score" if one["probability"] is None else f"{one['probability']:.0%}"
        typer.secho(f"{risk:>4}  {one['shipment'].removeprefix('https://id.gs1.org/')}  {head(one)}", bold=True)
        for reason in one["reasons"][:2]:
            typer.echo(f"      {reason['text']}")
    if not found:
        typer.echo(otherwise)


def _show_alerts(found: Sequence[Any]) -> None:
    def head(one: Any) -> str:
        return f"worth {one['benefit']:.1f}  alert {one['alertID']}{_said(one)}"

    show_shipments(found, head, "no alerts that wait for a word")


def _show_inspections(found: Sequence[Any]) -> None:
    def head(one: Any) -> str:
        return f"drawn {one['day']}  assessment {one['assessmentID']}{_said(one)}"

    show_shipments(found, head, "nothing was drawn")


def _show_disposition(made: Any) -> None:
    typer.echo(f"{made['verdict']}, the {made['number']}. word about {made['assessmentID']}")
    typer.echo(f"    to correct it: --replace {made['dispositionID']}")


def _said(one: Any) -> str:
    return f"  [{one['disposition']['verdict']}]" if one["disposition"] else ""


def _show_policy(found: Any) -> None:
    costs, bands = found["costs"], found["bands"]
    typer.echo(
        f"a late delivery costs {costs['penalty']:g}, a look {costs['checking']:g}, an intervention"
        f" {costs['intervening']:g}, which prevents {costs['effectiveness']:.0%} of them"
    )
    typer.echo(f"so looking pays above {bands['elevated']:.1%}, intervening at once above {bands['high']:.1%}")
    state = f"{found['budget']} alerts a day at most" if found["alerts"] else "no alerts (turn them on with --alerts)"
    typer.echo(f"{state}; days of {found['timezone']}; {found['inspectionShare']:.1%} inspected at random")
    hook = found["webhook"]
    if hook:
        fault = f": {hook['fault']}" if hook["fault"] else ""
        typer.echo(f"sent to {hook['dest']} ({hook['state']}{fault})")
