"""Commands of who has to recall something, in the middle of the night."""

import time
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

import typer

from service.cli.client import Client, Unreachable
from service.cli.options import As, AsJson, Key, Url, connection
from service.cli.printing import print_json, tell

Things = Annotated[list[str], typer.Argument(help="the things: GS1 Digital Links or EPC URNs (items, lots, pallets)")]
Since = Annotated[str | None, typer.Option(help="when it began, ISO 8601 with offset; default: since ever")]
Until = Annotated[str | None, typer.Option(help="when it ended, ISO 8601 with offset; default: it goes on")]
Backward = Annotated[
    bool, typer.Option("--backward/--forward", help="where it came from, or what it may have affected")
]
Spread = Annotated[bool, typer.Option("--spread", help="it spreads to the container and the neighbours, too")]
_HOW = {
    None: "where it began",
    "was-in": "was in",
    "contained": "contained",
    "attached-to": "was attached to",
    "carried": "carried",
    "made-of": "was made of",
    "used-for": "was used for",
}
_PATIENCE_SECONDS = 60
_TRIES = 5


def trace(
    things: Things,
    since: Since = None,
    until: Until = None,
    *,
    backward: Backward = False,
    spread: Spread = False,
    as_json: AsJson = False,
    member: As = "auditor",
    url: Url = None,
    key: Key = None,
) -> None:
    """Show what a thing may have affected, or where it came from. Writes nothing, tells nobody."""
    with Client(*connection(url, key, member)) as client:
        found = client.post("/v1/traces", _asked(things, since, until, backward=backward, spread=spread))
    if as_json:
        print_json(found)
        return
    _show_things(found["affected"], "Where it came from" if backward else "What may be affected")
    _say(found["things"], found["hidden"], found["bound"], found["more"])


def recall(
    things: Things,
    reason: Annotated[str, typer.Option(help="why; everybody who is notified reads it")],
    since: Since = None,
    until: Until = None,
    *,
    hold: Annotated[bool, typer.Option("--hold", help="hold on chain what you may hold")] = False,
    backward: Backward = False,
    spread: Spread = False,
    disposition: Annotated[str, typer.Option(help="CBV: recalled, unavailable, expired, stolen ...")] = "recalled",
    member: As = "regulator",
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Recall what things may have affected: everybody concerned is notified, and --hold holds it on chain."""
    asked = _asked(things, since, until, backward=backward, spread=spread)
    asked |= {"reason": reason, "hold": hold, "disposition": disposition}
    with Client(*connection(url, key, member)) as client:
        opened = _opened(client, asked)
        found = _until_held(client, opened)
        affected = client.get(f"/v1/recalls/{opened['recallID']}/things", limit=500)
    if as_json:
        print_json(found)
        return
    _show_things(affected["items"], f"Recall {found['recallID']}")
    _say(found["affected"], found["hidden"], found["bound"], 0)
    _say_who(found)
    _say_held(found)
    typer.echo(f"It grows by itself with what is captured later. Follow it: trailseal recalls {found['recallID']}")


def recalls(
    recall_id: Annotated[str | None, typer.Argument(help="one recall; default: all that you may read")] = None,
    *,
    close: Annotated[bool, typer.Option("--close", help="close it: its holds are lifted")] = False,
    member: As = "regulator",
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """The recalls: what each reached, how far its holds are, who has not acknowledged. With --close, ends one."""
    if close and recall_id is None:
        raise typer.BadParameter("say which recall to close")
    with Client(*connection(url, key, member)) as client:
        if recall_id is None:
            found = client.get("/v1/recalls", limit=100)["items"]
            tell(found, _show_recalls, as_json=as_json)
            return
        one = client.post(f"/v1/recalls/{recall_id}/close", None) if close else client.get(f"/v1/recalls/{recall_id}")
        affected = client.get(f"/v1/recalls/{recall_id}/things", limit=500)
    if as_json:
        print_json({**one, "items": affected["items"]})
        return
    _show_things(affected["items"], f"Recall {one['recallID']}: {one['reason']}")
    _say(one["affected"], one["hidden"], one["bound"], max(0, one["affected"] - one["hidden"] - len(affected["items"])))
    _say_who(one)
    _say_held(one)


def _asked(
    things: Sequence[str], since: str | None, until: str | None, *, backward: bool, spread: bool
) -> dict[str, Any]:
    window = {name: moment for name, moment in (("since", since), ("until", until)) if moment}
    ways = {"direction": "backward" if backward else "forward", "spread": "container" if spread else "contents"}
    return {"things": list(things), **window, **ways}


def _opened(client: Client, asked: Any) -> Any:
    """The recall; asked again under the same key where the answer was lost, so that it is opened once."""
    headers = {"Idempotency-Key": str(uuid4())}
    for left in range(_TRIES, 0, -1):
        try:
            return client.send("POST", "/v1/recalls", json=asked, headers=headers).json()
        except Unreachable:
            if left == 1:
                raise
            time.sleep(1)
    return None


def _until_held(client: Client, opened: Any) -> Any:
    """The recall once its holds are on the chain, or nothing moves any more."""
    found, patience = opened, time.monotonic() + _PATIENCE_SECONDS
    while _states(found) & {"waiting", "captured"} and time.monotonic() < patience:
        time.sleep(0.5)
        found = client.get(f"/v1/recalls/{opened['recallID']}")
    return found


def _states(recall: Any) -> set[str]:
    return {one["state"] for one in recall["holds"]}


def _show_things(affected: Sequence[Any], title: str) -> None:
    """One line for each thing, to be read, copied and searched as it is."""
    typer.secho(title, bold=True)
    for one in affected:
        held = _held(one["hold"])
        typer.echo(f"  {_short(one['identifier'])}  {_why(one)}{f'  [{held}]' if held else ''}")


def _at(moment: str) -> str:
    """A time to the second, UTC as Z."""
    return f"{moment[:19]}Z" if moment.endswith(("+00:00", "Z")) else moment


def _short(identifier: str) -> str:
    return identifier.removeprefix("https://id.gs1.org/")


def _why(one: Any) -> str:
    path = one["path"]
    if len(path) == 1:
        return _HOW[None]
    last, before = path[-1], path[-2]
    if before["hidden"]:
        name = "something that you do not see"
    else:
        name = _short(before["identifier"]) if before["identifier"] else "a process"
    how = _HOW[last["how"]] or ""
    when = f" at {_at(last['began']['eventTime'])}" if last["began"] else ""
    away = f" ({one['depth']} steps away)" if one["depth"] > 1 else ""
    return f"{how} {name}{when}{away}{', as far as anybody said' if one['supposed'] else ''}"


def _held(hold: Any) -> str:
    return "" if hold is None else f"{hold['step']} {hold['state']}"


def _say(things: int, hidden: int, bound: str | None, more: int) -> None:
    line = f"{things} things, {hidden} of them not yours to see"
    typer.echo(f"{line}; {more} more are not listed" if more else line)
    if bound:
        typer.secho(f"NOT COMPLETE: the trace ended at its limit of {bound}; there may be more", fg=typer.colors.RED)


def _say_who(recall: Any) -> None:
    for one in recall["notified"]:
        seen = f"acknowledged {_at(one['acknowledgedAt'])}" if one["acknowledgedAt"] else "NOT acknowledged: call them"
        typer.echo(f"notified: {one['name']} ({one['things']} things), {seen}")
    others = recall["others"]
    if others["notified"]:
        typer.echo(f"notified: {others['notified']} others, {others['acknowledged']} of them acknowledged")


def _say_held(recall: Any) -> None:
    for one in recall["holds"]:
        typer.echo(f"{one['step']}: {one['things']} things {one['state']}")
    if not recall["hold"]:
        typer.echo("Nothing is held: recall again with --hold to hold it on chain")
    elif "to-sign" in _states(recall):
        typer.echo(f"Sign the holds with your own key: POST /v1/recalls/{recall['recallID']}/prepare")


def _show_recalls(found: Sequence[Any]) -> None:
    if not found:
        typer.echo("no recalls that you may read")
        return
    for one in found:
        holds = "".join(f", {held['things']} {held['step']} {held['state']}" for held in one["holds"])
        state = "closed" if one["closedAt"] else "open" if one["complete"] else "open, NOT COMPLETE"
        typer.echo(f"{one['recallID']}  {_at(one['openedAt'])}  {one['by']['name']}: {one['reason']}")
        typer.echo(f"    {one['affected']} things{holds}; {state}")
