"""Commands of an auditor: fetch a bundle, and verify it without us."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.cli.client import Client
from service.cli.options import Key, Url, connection

BlockHash = Annotated[str | None, typer.Option(help="hash of a block that you trust, 32 bytes in hex")]
Ledger = Annotated[
    str | None, typer.Option(help="address of the consortium's Provenance, as its members published it (20 bytes)")
]
RpcUrl = Annotated[str | None, typer.Option(help="JSON-RPC of a node that you trust: your own")]


def bundle(
    identifier: Annotated[str, typer.Argument(help="the thing: a GS1 Digital Link or EPC URN")],
    out: Annotated[Path, typer.Option("--out", "-o", help="where to write the bundle")],
    url: Url = None,
    key: Key = None,
) -> None:
    """Fetch the bundle of a trail: a file that proves the trail whole, and needs nobody to verify it."""
    with Client(*connection(url, key, "auditor")) as client:
        file = client.bundle(identifier)
    out.write_bytes(file)
    typer.echo(f"{out}: {len(file):,} bytes; verify it with `trailseal verify {out} --rpc YOUR_NODE`")


def verify(
    file: Annotated[Path, typer.Argument(help="a bundle", exists=True, dir_okay=False)],
    rpc: RpcUrl = None,
    block_hash: BlockHash = None,
    ledger: Ledger = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object instead of lines")] = False,
) -> None:
    """Verify a bundle, offline against a block hash, or against your own node. Exit code 0 only if all steps hold."""
    from service.sealing import report
    from service.sealing.meaning import steps_of
    from service.sealing.trust import Trust
    from service.sealing.verify import verify as run_steps

    content = file.read_bytes()
    trust = Trust(_trusted_block(content, rpc, block_hash))
    verdict = run_steps(content, trust, steps_of, _bytes("--ledger", ledger, 20))
    typer.echo(json.dumps(report.as_json(verdict), indent=2) if as_json else "\n".join(report.as_lines(verdict)))
    raise typer.Exit(0 if verdict.holds else 1)


def _trusted_block(content: bytes, rpc: str | None, block_hash: str | None) -> bytes:
    if (rpc is None) == (block_hash is None):
        raise typer.BadParameter("say what you trust: either --rpc URL of your own node, or --block-hash HASH")
    if block_hash is None:
        assert rpc is not None
        return _from_node(content, rpc)
    return _bytes("--block-hash", block_hash, 32) or b""


def _bytes(option: str, text: str | None, length: int) -> bytes | None:
    if text is None:
        return None
    try:
        read = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        read = b""
    if len(read) != length:
        raise typer.BadParameter(f"{option} must be {length} bytes in hex ({2 * length} digits)")
    return read


def _from_node(content: bytes, rpc: str) -> bytes:
    """The hash that the auditor's node has for the number of the bundle's block."""
    from service.cli.verifying import block_hash_at
    from service.sealing import bundle as bundles
    from service.sealing.errors import MalformedBundle
    from service.sealing.state import Header

    try:
        number = Header.read(bundles.read(content).header).number
    except (MalformedBundle, ValueError):
        return bytes(32)  # the verification itself will say what is wrong with the file
    trusted = block_hash_at(rpc, number)
    if trusted is None:
        raise typer.BadParameter(f"the node at {rpc} has no block {number}: it is behind, or of another chain")
    return trusted
