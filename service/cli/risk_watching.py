"""The command that keeps watchlists, and shows what on them is at risk."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

import typer

from service.cli.client import Client
from service.cli.options import As, AsJson, Key, Url, connection
from service.cli.printing import tell
from service.cli.risk_work import show_shipments


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
            tell(list(known.values()), _show_lists, as_json=as_json)
            return
        if delete:
            _delete(client, known, name)
            return
        found = _kept(client, known.get(name), name, entries, weight)
        shipments = client.get(f"/v1/risk/watchlists/{found['watchlistID']}/shipments", limit=100)["items"]
    tell({**found, "shipments": shipments}, _show_list, as_json=as_json)


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


def _show_list(found: Any) -> None:
    _show_lists([found])
    show_shipments(found["shipments"], lambda one: str(one["stage"]), "no shipment under way is on it")


def _show_lists(found: Sequence[Any]) -> None:
    for one in found:
        typer.echo(f"{one['name']} (weight {one['weight']:g}, {one['watchlistID']})")
        for entry in one["entries"]:
            until = f" > {entry['until']}" if entry.get("until") else ""
            typer.echo(f"    {entry['kind']}: {entry['value']}{until}")
    if not found:
        typer.echo("no watchlists")
