"""The command `trailseal`: one module for each kind of user."""

from collections.abc import Callable

import typer

from service.cli import (
    audit,
    auditing,
    data,
    erasing,
    keys,
    learning,
    operate,
    recalling,
    risk,
    risk_scorecards,
    risk_trust,
    risk_watching,
    risk_work,
    witnessing,
)
from service.cli.demo import demo
from service.cli.risk_group import risk_app
from service.errors import TrailsealError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Every product's trail, provably whole.")
imports = typer.Typer(no_args_is_help=True, help="Bring in what others recorded, the way a supplier would.")
training = typer.Typer(no_args_is_help=True, help="Train and judge the risk model.")

_COMMANDS: tuple[Callable[..., None], ...] = (
    demo,
    data.capture,
    audit.bundle,
    audit.redact,
    audit.verify,
    auditing.audit,
    auditing.fsma204,
    recalling.trace,
    recalling.recall,
    recalling.recalls,
    operate.serve,
    operate.work,
    operate.migrate,
    operate.deploy,
    operate.bootstrap,
    keys.rotate_keys,
    erasing.erasures,
    erasing.replay_erasures,
    erasing.scrub,
)
for command in _COMMANDS:
    app.command()(command)
imports.command("cargo2000")(data.import_cargo2000)
risk_app.command("watch")(risk_watching.watch)
risk_app.command("scorecards")(risk_scorecards.scorecards)
risk_app.command("top")(risk.top)
risk_app.command("score")(risk.score)
training.command("train")(learning.train)
training.command("evaluate")(learning.evaluate)
app.add_typer(imports, name="import")
app.add_typer(risk_app, name="risk")
app.add_typer(training, name="ml")
app.add_typer(witnessing.witness, name="witness")


def main() -> None:
    """Runs the command; a refusal is told in one line, without a traceback."""
    try:
        app()
    except TrailsealError as refusal:
        typer.secho(f"{refusal.title}: {refusal.detail}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None


__all__ = ["app", "main", "risk_trust", "risk_work"]
