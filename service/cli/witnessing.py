"""Commands of a witness, and of who collects what witnesses signed (docs/witnesses.md)."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.sealing.checkpoint import SignedCheckpoint

witness = typer.Typer(
    invoke_without_command=True, help="Sign which blocks the chain has, so that nobody can show auditors another one."
)
ALARM_EXIT = 3
"""Exit code where an alarm stands: the node contradicts what was signed."""

KeyFile = Annotated[Path | None, typer.Option(help="the witness's key, a file that only its user can read")]
Folder = Annotated[Path | None, typer.Option(help="where checkpoints and alarms are kept", file_okay=False)]
Confirmations = Annotated[
    int | None, typer.Option(min=0, help="blocks that must follow; default: 0 on a QBFT chain, else 64")
]
Patience = Annotated[float, typer.Option(min=0, help="seconds that the node may be behind what was signed")]


@witness.callback()
def follow(
    context: typer.Context,
    *,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC of the witness's own node")] = None,
    key_file: KeyFile = None,
    folder: Folder = None,
    every: Annotated[int, typer.Option(min=1, max=10_000, help="sign each block whose number is a multiple")] = 30,
    confirmations: Confirmations = None,
    start: Annotated[int | None, typer.Option(min=0, help="first block to sign; default: the newest")] = None,
    patience: Patience = 300.0,
    host: Annotated[str, typer.Option(help="address to serve checkpoints on")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="port to serve them on; default: none")] = None,
    poll: Annotated[float, typer.Option(min=0.05, help="seconds between two looks at the node")] = 1.0,
) -> None:
    """Follow the chain from a node of your own, and sign its blocks; exit code 3 where the node contradicts that."""
    if context.invoked_subcommand is not None:
        return
    if rpc is None or key_file is None or folder is None:
        raise typer.BadParameter("a witness needs --rpc, --key-file and --folder; see `trailseal witness --help`")
    from service.logs import configure_logs
    from service.witness.errors import Alarmed
    from service.witness.running import Place, run
    from service.witness.witness import Terms

    configure_logs()
    place = Place(rpc, key_file, folder, host, port, poll, Terms(every, confirmations, start, patience))

    async def until_stopped() -> None:
        stop = asyncio.Event()
        for ending in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(ending, stop.set)
        await run(place, stop)

    try:
        asyncio.run(until_stopped())
    except Alarmed as alarm:
        typer.secho(f"{alarm.title}: {alarm.detail}", fg=typer.colors.RED, err=True)
        raise typer.Exit(ALARM_EXIT) from None


@witness.command("new-key")
def new_key(file: Annotated[Path, typer.Argument(help="the file to make", dir_okay=False)]) -> None:
    """Draw a key for a witness, and print the address that auditors need."""
    from service.witness.key import new_key as draw

    typer.echo(f"0x{draw(file).hex()}")


@witness.command()
def address(file: Annotated[Path, typer.Argument(help="the key's file", dir_okay=False)]) -> None:
    """Print the address of a witness's key."""
    from service.sealing.signing import address_of
    from service.witness.key import read_key

    typer.echo(f"0x{address_of(read_key(file)).hex()}")


@witness.command()
def acknowledge(
    folder: Annotated[Path, typer.Argument(help="the folder of the stopped witness", exists=True, file_okay=False)],
    reason: Annotated[str, typer.Option(help="what you found out, for whoever reads the alarms later")],
) -> None:
    """Let a witness look at its node again after an alarm. The alarm stays in the folder; nothing signed is undone."""
    import os

    from service.witness.alarms import Alarms
    from service.witness.journal import lock

    held = lock(folder / "lock", f"{folder} is in use: stop the witness first")
    try:
        alarms = Alarms(folder).acknowledge(reason, time.time())
    finally:
        os.close(held)
    typer.echo(
        f"{alarms} alarms acknowledged. The witness goes on where its node shows the chain that it signed; otherwise it"
        " stops again: then begin with a new key and a new folder, and publish both addresses and the alarm."
    )


@witness.command()
def compare(
    files: Annotated[list[Path], typer.Argument(help="checkpoints, a file for each witness", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object instead of lines")] = False,
) -> None:
    """Compare what witnesses signed. Exit code 1 where two checkpoints contradict, with both of them as evidence."""
    from service.sealing.checkpoints import find_contradictions

    collected = [one for file in files for one in _collected(file)]
    found = find_contradictions(collected)
    witnesses = {one.witness for one in collected}
    if as_json:
        said = {"checkpoints": len(collected), "contradictions": [one.as_json() for one in found],
                "witnesses": sorted(f"0x{one.hex()}" for one in witnesses)}  # fmt: skip
        typer.echo(json.dumps(said, indent=2))
    else:
        for one in found:
            typer.echo(str(one))
            for evidence in (one.first, one.second):
                typer.echo(f"    {evidence.line().decode().rstrip()}")
        typer.echo(
            f"{len(collected)} checkpoints of {len(witnesses)} witnesses: "
            + (f"{len(found)} CONTRADICTIONS" if found else "they agree")
        )
    raise typer.Exit(1 if found else 0)


def _collected(file: Path) -> "list[SignedCheckpoint]":
    from service.sealing.checkpoints import MAX_BYTES, BadCheckpoint, read

    try:
        with file.open("rb") as opened:
            return read(opened.read(MAX_BYTES + 1))
    except BadCheckpoint as fault:
        raise BadCheckpoint(f"{file}: {fault.detail}") from fault
