"""Commands of who asks whether scores were right, and of who decides which model gives them."""

from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from service.cli.client import Client
from service.cli.options import AsJson, Key, Url, connection
from service.cli.printing import tell
from service.cli.risk_group import risk_app

Since = Annotated[str | None, typer.Option(help="from when, ISO 8601 with offset; default: four weeks before the end")]
Until = Annotated[str | None, typer.Option(help="until when; default: now")]
Hash = Annotated[str, typer.Argument(help="hash of the model, or enough of its beginning")]

registry = typer.Typer(no_args_is_help=True, help="Which models there are, and which of them scores.")


def reproduce(
    assessment: Annotated[str, typer.Argument(help="id of the score")],
    bundle: Annotated[Path | None, typer.Option(help="offline: a bundle with the shipment's risk trail")] = None,
    inputs: Annotated[
        Path | None, typer.Option(help="offline: the score's inputs, as --save-inputs wrote them")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="offline: folder of the release, or of releases")] = None,
    save_inputs: Annotated[Path | None, typer.Option(help="write what the score was computed from to a file")] = None,
    *,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Compute a score again, bit for bit, and say what differs; exits with 1 where something does."""
    if bundle is not None or inputs is not None:
        if bundle is None or inputs is None:
            raise typer.BadParameter("offline takes both --bundle and --inputs")
        from service.risk.offline import check

        told = check(assessment, bundle.read_bytes(), inputs.read_bytes(), model)
    else:
        with Client(*connection(url, key, "analyst")) as client:
            if save_inputs is not None:
                save_inputs.write_bytes(orjson.dumps(client.get(f"/v1/risk/assessments/{assessment}/inputs")) + b"\n")
            told = client.get(f"/v1/risk/assessments/{assessment}/reproduction")
    tell(told, _reproduced, as_json=as_json)
    if not told["reproduced"]:
        raise typer.Exit(1)


def backtest(
    since: Since = None,
    until: Until = None,
    by: Annotated[Literal["week", "lane"], typer.Option(help="week or lane")] = "week",
    *,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
) -> None:
    """Were we right? What was shown, judged by what became of it; nothing is computed anew."""
    with Client(*connection(url, key, "analyst")) as client:
        told = client.get("/v1/risk/backtest", since=since, until=until, by=by)
    tell(told, lambda one: Console().print(_record(one)), as_json=as_json)


def drift(
    since: Since = None, until: Until = None, *, as_json: AsJson = False, url: Url = None, key: Key = None
) -> None:
    """How far what is scored now is from what the model learnt from."""
    with Client(*connection(url, key, "analyst")) as client:
        told = client.get("/v1/risk/drift", since=since, until=until)
    tell(told, lambda one: Console().print(*_drifts(one), sep="\n"), as_json=as_json)


risk_app.command()(reproduce)
risk_app.command()(backtest)
risk_app.command()(drift)
risk_app.add_typer(registry, name="models")


@registry.command("list")
def list_models(*, as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """The models that are known, the one that scores first."""
    with Client(*connection(url, key, "analyst")) as client:
        found = client.get("/v1/risk/models")["items"]
    tell(found, lambda some: Console().print(_models(some)), as_json=as_json)


@registry.command()
def show(model: Hash, *, as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """The card of a model."""
    with Client(*connection(url, key, "analyst")) as client:
        told = client.get(f"/v1/risk/models/{_whole(client, model)}")
    tell(told, lambda one: typer.echo(one["card"]), as_json=as_json)


@registry.command()
def promote(
    model: Hash,
    anyway: Annotated[bool, typer.Option(help="also where its card does not show that it is no worse")] = False,
    *,
    url: Url = None,
    key: Key = None,
) -> None:
    """Let a model score from now on."""
    _decide(model, "promotion", {"anyway": anyway}, url, key)


@registry.command()
def retire(model: Hash, *, url: Url = None, key: Key = None) -> None:
    """Let a model score no more."""
    _decide(model, "retirement", {}, url, key)


@registry.command()
def card(
    folder: Annotated[Path, typer.Argument(help="folder of a release", exists=True, file_okay=False)],
    cargo: Annotated[Path | None, typer.Option(help="cargo2000.csv: keep what its training rows look like")] = None,
) -> None:
    """Write card.json and CARD.md into a release's folder, and the reference that drift is measured against."""
    from ml.cards import write_card, write_reference

    written = write_card(folder)
    if cargo is not None:
        write_reference(folder, _cargo_reference(folder, cargo))
    typer.echo(f"{written.name} {written.hash}")


def _cargo_reference(folder: Path, cargo: Path) -> Any:
    from ml.cards import heads_of
    from ml.datasets import cargo2000
    from ml.examples import examples
    from service.risk.recomputing import training_reference

    description = orjson.loads((heads_of(folder)["late"] / "model.json").read_bytes())
    last = description["recipe"].get("last", 2628)
    rows = [one for one in cargo2000.read(cargo) if one.nr is not None and one.nr <= last]
    return training_reference(folder, examples(rows, freeze=last))


def _decide(model: str, what: str, body: Any, url: str | None, key: str | None) -> None:
    with Client(*connection(url, key, "operator")) as client:
        told = client.post(f"/v1/risk/models/{_whole(client, model)}/{what}", body)
    typer.echo(f"{told['hash']} {'scores' if told['scores'] else 'does not score'}")


def _whole(client: Client, beginning: str) -> str:
    found = [one["hash"] for one in client.get("/v1/risk/models")["items"] if one["hash"].startswith(beginning)]
    if len(found) != 1:
        raise typer.BadParameter(f"{len(found)} models have a hash that begins with {beginning}")
    return str(found[0])


def _reproduced(told: Any) -> None:
    how = f" from {told['from']}" if told["from"] else ""
    typer.echo(f"{'the same' if told['reproduced'] else 'NOT the same'}{how}: {told['assessmentID']}")
    for note in told["notes"]:
        typer.echo(f"  {note}")
    for one in told["differs"]:
        typer.echo(f"  {one['what']}: stored {one['stored']}, computed {one['computed']}")
    for one in told.get("features", ()):
        typer.echo(f"  feature {one['feature']}: stored {one['stored']}, computed {one['computed']}")
    statement = told["statement"]
    block = f" in block {statement['block']}" if statement["block"] is not None else ""
    typer.echo(f"  statement: {statement['state']}{block}{', ' + statement['why'] if statement['why'] else ''}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at == 0 else "right", no_wrap=True)
    return table


def _number(value: float | None, digits: int = 3) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def _percent(share: Any) -> str:
    if share["value"] is None:
        return "—"
    low, high = share["interval"]
    return f"{share['value']:.0%} ({low:.0%} to {high:.0%} of {share['of']})"


def _record(told: Any) -> Table:
    columns = ("", "judged", "late", "expected", "AUROC", "AP", "Brier", "ECE", "lists", "90 % intervals", "warned")
    table = _table(f"What was shown from {told['since'][:10]} to {told['until'][:10]}", *columns)
    for one in (*told["groups"], told["all"]):
        measures = [_number(one[name]) for name in ("auroc", "ap", "brier", "ece")]
        table.add_row(
            one["key"],
            f"{one['judged']} of {one['shown']}",
            _percent(one["lateShare"]),
            _number(one["expectedLateShare"], 2),
            *measures,
            _number(one["lists"]["precision"], 2),
            _percent(one["arrival"]["coverage90"]),
            _percent(one["warnings"]["late"]),
        )
    return table


def _drifts(told: Any) -> list[Table]:
    inputs = _table(
        f"Inputs, {told['scores']} scores beside the {told['reference'] or 'missing reference'}",
        "feature",
        "PSI",
        "by chance",
        "",
    )
    for one in told["inputs"][:20]:
        mark = "drifted" if one["drifted"] else ""
        inputs.add_row(one["feature"], _number(one["psi"]), _number(one["byChance"]), mark)
    rates = _table("Late shares", "", "shipments", "late", "interval", "expected", "")
    for name, one in (("base rate", told["baseRate"]), *((lane["lane"], lane) for lane in told["calibration"])):
        interval = "—" if one["interval"] is None else f"{one['interval'][0]:.2f} to {one['interval'][1]:.2f}"
        shown = (str(one["shipments"]), _number(one["lateShare"], 2), interval, _number(one["expected"], 2))
        rates.add_row(name, *shown, "drifted" if one["drifted"] else "")
    return [inputs, rates]


def _models(found: Any) -> Table:
    table = _table("Models", "hash", "name", "heads", "scores given", "promoted", "")
    for one in found:
        state = (
            "scores"
            if one["scores"]
            else "retired"
            if one["retiredAt"]
            else ""
            if one["available"]
            else "files missing"
        )
        promoted = (one["promotedAt"] or "—")[:10]
        table.add_row(one["hash"][:16], one["name"], ", ".join(one["heads"]), str(one["scoresGiven"]), promoted, state)
    return table
