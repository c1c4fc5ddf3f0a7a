"""Commands of an analyst's day: what to act on, what came of it, and by which policy."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer

from service.cli.client import Client
from service.cli.options import Key, Url, connection
from service.cli.risk_group import risk_app

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
As = Annotated[str, typer.Option("--as", help="member of the local consortium to speak for")]
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
    if as_json:
        _print_json(found)
    else:
        _show(found, _of_alert, "no alerts that wait for a word")


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
    if as_json:
        _print_json(made)
    else:
        typer.echo(f"{made['verdict']}, the {made['number']}. word about {made['assessmentID']}")
        typer.echo(f"    to correct it: --replace {made['dispositionID']}")


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
    if as_json:
        _print_json(found)
    else:
        _show_policy(found)


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
    if as_json:
        _print_json(found)
    else:
        _show(found, _of_inspection, "nothing was drawn")


@risk_app.command()
def watch(
    name: Annotated[str | None, typer.Argument(help="a watchlist; default: show all of them")] = None,
    *,
    shipment: Annotated[list[str] | None, typer.Option(help="add a shipment, by any of its units")] = None,
    party: Annotated[list[str] | None, typer.Option(help="add who has a part in it")] = None,
    place: Annotated[list[str] | None, typer.Option(help="add a place that is planned")] = None,
    lane: Annotated[list[str] | None, typer.Option(help="add a lane, FROM>TO, both places")] = None,
    weight: Annotated[float | None, typer.Option(help="how many times the penalty being late costs")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="delete the watchlist")] = False,
    as_json: AsJson = False,
    member: As = "analyst",
    url: Url = None,
    key: Key = None,
) -> None:
    """Show watchlists, make or add to one, and the shipments under way that are on it."""
    entries = [
        *({"kind": "shipment", "value": one} for one in shipment or ()),
        *({"kind": "party", "value": one} for one in party or ()),
        *({"kind": "place", "value": one} for one in place or ()),
        *({"kind": "lane", "value": one.partition(">")[0], "until": one.partition(">")[2]} for one in lane or ()),
    ]
    with Client(*connection(url, key, member)) as client:
        known = {one["name"]: one for one in client.get("/v1/risk/watchlists", limit=500)["items"]}
        if name is None:
            _print_json(list(known.values())) if as_json else _show_lists(list(known.values()))
            return
        if delete:
            _delete(client, known, name)
            return
        found = _kept(client, known.get(name), name, entries, weight)
        shipments = client.get(f"/v1/risk/watchlists/{found['watchlistID']}/shipments", limit=100)["items"]
    if as_json:
        _print_json({**found, "shipments": shipments})
    else:
        _show_lists([found])
        _show(shipments, lambda one: str(one["stage"]), "no shipment under way is on it")


@risk_app.command()
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
    if as_json:
        _print_json(found)
        return
    if not found:
        typer.echo("no shipments that you see were booked in this time")
    for one in found:
        typer.secho(_subject(one), bold=True)
        typer.echo(f"    {', '.join(_card(one))}")


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _hook(known: Any, wanted: str | None, token: str | None) -> dict[str, Any] | None:
    if wanted == _NOTHING or (wanted is None and known is None):
        return None
    return {"dest": wanted or known["dest"], **_given(signatureToken=token)}


def _kept(client: Client, known: Any, name: str, entries: list[dict[str, Any]], weight: float | None) -> Any:
    """The watchlist, made where it is not there, with what is added to it."""
    if known is None:
        asked = {"name": name, "weight": weight or 1, "entries": entries}
        return client.send("POST", "/v1/risk/watchlists", json=asked, headers={"Idempotency-Key": str(uuid4())}).json()
    if not entries and weight is None:
        return known
    old = [{name: value for name, value in one.items() if value is not None} for one in known["entries"]]
    new = [one for one in entries if one not in old]
    asked = {"name": name, "weight": weight or known["weight"], "entries": [*old, *new]}
    return client.post(f"/v1/risk/watchlists/{known['watchlistID']}", asked, method="PUT")


def _delete(client: Client, known: dict[str, Any], name: str) -> None:
    if name not in known:
        raise typer.BadParameter(f"there is no watchlist {name!r}")
    client.send("DELETE", f"/v1/risk/watchlists/{known[name]['watchlistID']}")
    typer.echo(f"deleted {name}")


def _show(found: Sequence[Any], head: Callable[[Any], str], otherwise: str) -> None:
    """Some lines for each, to be read, copied and searched as they are."""
    for one in found:
        risk = "no score" if one["probability"] is None else f"{one['probability']:.0%}"
        typer.secho(f"{risk:>4}  {one['shipment'].removeprefix('https://id.gs1.org/')}  {head(one)}", bold=True)
        for reason in one["reasons"][:2]:
            typer.echo(f"      {reason['text']}")
    if not found:
        typer.echo(otherwise)


def _of_alert(one: Any) -> str:
    return f"worth {one['benefit']:.1f}  alert {one['alertID']}{_said(one)}"


def _of_inspection(one: Any) -> str:
    return f"drawn {one['day']}  assessment {one['assessmentID']}{_said(one)}"


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


def _show_lists(found: Sequence[Any]) -> None:
    for one in found:
        typer.echo(f"{one['name']} (weight {one['weight']:g}, {one['watchlistID']})")
        for entry in one["entries"]:
            until = f" > {entry['until']}" if entry.get("until") else ""
            typer.echo(f"    {entry['kind']}: {entry['value']}{until}")
    if not found:
        typer.echo("no watchlists")


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


def _print_json(found: Any) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
