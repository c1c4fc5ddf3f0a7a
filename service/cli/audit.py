"""Commands of an auditor: fetch a bundle, withhold what somebody else need not see, and verify it without us."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.cli.client import Client
from service.cli.options import Key, Url, connection

RpcUrl = Annotated[str | None, typer.Option(help="JSON-RPC of a node that you trust: your own")]
BlockHash = Annotated[str | None, typer.Option(help="hash of a block that you trust, 32 bytes in hex")]
Named = Annotated[
    str | None,
    typer.Option(help="addresses, parted by commas, or a file that has one in each line (# begins a comment)"),
]
Ledger = Annotated[
    str | None, typer.Option(help="address of the consortium's Provenance, as its members published it (20 bytes)")
]
Required = Annotated[int | None, typer.Option(help="how many of the witnesses must agree", min=1)]
Checkpoints = Annotated[
    list[Path] | None, typer.Option(help="files of witnesses' checkpoints", exists=True, dir_okay=False)
]
File = Annotated[Path, typer.Argument(help="a bundle", exists=True, dir_okay=False)]
Out = Annotated[Path, typer.Option("--out", "-o", help="where to write the bundle")]


def bundle(
    identifiers: Annotated[list[str], typer.Argument(help="the things: GS1 Digital Links or EPC URNs")],
    *,
    out: Out,
    disclose: Annotated[str, typer.Option(help="all, or none: withhold every document")] = "all",
    withhold: Annotated[list[str] | None, typer.Option(help="eventID of an event to withhold")] = None,
    journey: Annotated[
        bool, typer.Option("--journey", help="with what carried them, what they were made of, and what became of them")
    ] = False,
    block: Annotated[int | None, typer.Option(help="as of this block; default: the newest", min=0)] = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """Fetch a bundle: a file that proves the trails of things whole, and needs nobody to verify it."""
    if disclose not in ("all", "none"):
        raise typer.BadParameter("--disclose is all or none")
    asked = {"things": identifiers, "disclose": disclose, "withhold": withhold or [], "withJourney": journey}
    with Client(*connection(url, key, "auditor"), timeout_seconds=600) as client:
        file = client.bundles({**asked, "block": block})
    out.write_bytes(file)
    typer.echo(f"{out}: {len(file):,} bytes; verify it with `trailseal verify {out} --rpc YOUR_NODE`")


def redact(
    file: File,
    withhold: Annotated[list[str], typer.Option(help="eventID of an event to withhold")],
    out: Out,
) -> None:
    """Withhold events of a bundle, offline: their documents and nonces go, everything else proves as before."""
    from service.sealing.bundle import read
    from service.sealing.redact import without

    redacted = without(read(file.read_bytes()), frozenset(withhold)).dump()
    out.write_bytes(redacted)
    typer.echo(f"{out}: {len(redacted):,} bytes without {len(set(withhold))} eventIDs")


def verify(
    file: File,
    *,
    rpc: RpcUrl = None,
    block_hash: BlockHash = None,
    validators: Named = None,
    witnesses: Named = None,
    required: Required = None,
    checkpoints: Checkpoints = None,
    ledger: Ledger = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object instead of lines")] = False,
) -> None:
    """Verify a bundle. Exit code 0 only if all steps hold.

    Say what you trust: your own node, a block hash, a QBFT chain's validators, or witnesses; whatever you give has to
    hold.
    """
    from service.cli.verifying import Trusted, read_bytes
    from service.sealing import report
    from service.sealing.meaning import steps_of
    from service.sealing.verify import verify as run_steps

    content = read_bytes(file)
    trusted = Trusted(rpc, block_hash, validators, witnesses, required, tuple(checkpoints or ()))
    verdict = run_steps(content, trusted.trust(content), steps_of, trusted.address("--ledger", ledger))
    typer.echo(json.dumps(report.as_json(verdict), indent=2) if as_json else "\n".join(report.as_lines(verdict)))
    raise typer.Exit(0 if verdict.holds else 1)
