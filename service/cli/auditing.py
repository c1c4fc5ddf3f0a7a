"""Commands of an auditor: what to ask about a thing, from the service or from a bundle alone; the FDA's spreadsheet."""

import json
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.client import Client
from service.cli.options import Key, Url, connection


class Format(StrEnum):
    """In which form findings are told."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class Level(StrEnum):
    """Severities of findings, and none."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    NEVER = "never"


class Transport(StrEnum):
    """The fastest transport by which goods may have travelled."""

    AIR = "air"
    RAIL = "rail"
    ROAD = "road"
    SEA = "sea"


Thing = Annotated[str, typer.Argument(help="the thing (a GS1 Digital Link or EPC URN), or a bundle file")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="where to write; needed for xlsx and pdf")]


def audit(
    thing: Thing,
    *,
    format_: Annotated[Format, typer.Option("--format", help="in which form")] = Format.TEXT,
    out: Out = None,
    fail_on: Annotated[Level, typer.Option(help="exit with 2 where a finding is this grave or graver")] = Level.HIGH,
    transport: Annotated[Transport, typer.Option(help="the fastest that it may have travelled by")] = Transport.AIR,
    late_hours: Annotated[
        float, typer.Option(min=0, max=87_600, help="hours from an event to its block that are not late")
    ] = 72.0,
    gain: Annotated[float, typer.Option(min=0, max=1000, help="share by which outputs may outweigh inputs")] = 0.02,
    loss: Annotated[float, typer.Option(min=0, max=1, help="share of the inputs that may be lost")] = 0.9,
    journey: Annotated[bool, typer.Option(help="also judge containers, ancestors and descendants")] = True,
    block_hash: Annotated[str | None, typer.Option(help="of a file: hash of a block that you trust")] = None,
    rpc: Annotated[str | None, typer.Option(help="of a file: JSON-RPC of a node that you trust")] = None,
    ledger: Annotated[str | None, typer.Option(help="of a file: address of the consortium's Provenance")] = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """What an auditor should ask about a thing. Of a bundle file it asks nobody: the file is verified, then judged."""
    if format_ in (Format.XLSX, Format.PDF) and out is None:
        raise typer.BadParameter(f"{format_} is no text: say where to write it, with --out")
    if not all(isfinite(number) for number in (late_hours, gain, loss)):
        raise typer.BadParameter("--late-hours, --gain and --loss are numbers that end")
    if Path(thing).is_file():
        from service.findings import Limits

        limits = Limits(transport=transport.value, late_hours=late_hours, gain=gain, loss=loss)
        content, told = _of_file(Path(thing), (rpc, block_hash, ledger), limits, format_)
    else:
        if block_hash or rpc or ledger:
            raise typer.BadParameter(f"{thing} is no file: what to trust is said of bundle files only")
        asked = {"journey": str(journey).lower(), "transport": transport.value, "lateHours": late_hours}
        content, told = _of_service(thing, asked | {"gain": gain, "loss": loss}, format_, (url, key))
    if out is not None:
        out.write_bytes(content)
    else:
        typer.echo(content.decode().removeprefix("\ufeff"), nl=not content.endswith(b"\n"))
    if told["verified"] is False:
        raise typer.Exit(1)
    if _is_grave(told, fail_on):
        raise typer.Exit(2)


def fsma204(
    thing: Annotated[str, typer.Argument(help="a food lot: a GS1 Digital Link or EPC URN")],
    out: Annotated[Path, typer.Option("--out", "-o", help="where to write it: .xlsx, or .csv for all events in one")],
    url: Url = None,
    key: Key = None,
) -> None:
    """The FDA's electronic sortable spreadsheet of a food lot, its ancestors and descendants (21 CFR 1.1455(c)(3))."""
    format_ = out.suffix.lower().removeprefix(".")
    if format_ not in ("xlsx", "csv"):
        raise typer.BadParameter(f"{out} should end in .xlsx or .csv")
    with Client(*connection(url, key, "auditor")) as client:
        answer = client.send("GET", "/v1/trail/fsma204", params={"identifier": thing, "format": format_})
    out.write_bytes(answer.content)
    typer.echo(f"{out}: {len(answer.content):,} bytes; mandatory elements that nothing tells are marked MISSING")


def _is_grave(told: dict[str, Any], fail_on: Level) -> bool:
    grave = list(Level)[:-1][list(Level).index(fail_on) :] if fail_on is not Level.NEVER else []
    return any(told["counts"][level.value] for level in grave)


def _of_service(
    thing: str, asked: dict[str, Any], format_: Format, options: tuple[str | None, str | None]
) -> tuple[bytes, dict[str, Any]]:
    """The audit in the format, and as JSON."""
    from service.findings.report import lines_of

    with Client(*connection(*options, "auditor")) as client:
        told = client.get("/v1/trail/audit", identifier=thing, **asked)
        if format_ is Format.TEXT:
            return _text(lines_of(told)), told
        if format_ is Format.JSON:
            return _json(told), told
        params = {"identifier": thing, **asked, "format": format_.value}
        return client.send("GET", "/v1/trail/audit", params=params).content, told


def _of_file(
    path: Path, trusted: tuple[str | None, str | None, str | None], limits: Any, format_: Format
) -> tuple[bytes, dict[str, Any]]:
    from service.audit.offline import audited
    from service.findings.report import as_json, as_lines
    from service.sealing.trust import Trust

    content = path.read_bytes()
    rpc, block_hash, ledger = trusted
    if (rpc is None) == (block_hash is None):
        raise typer.BadParameter("say what you trust: either --block-hash HASH, or --rpc URL of your own node")
    block = _bytes("--block-hash", block_hash, 32) if block_hash is not None else _from_node(content, rpc or "")
    address = None if ledger is None else _bytes("--ledger", ledger, 20)
    report = audited(content, Trust(block), address, limits)
    told = as_json(report)
    if format_ is Format.TEXT:
        return _text(as_lines(report)), told
    if format_ is Format.JSON:
        return _json(told), told
    from service.audit import files

    return files.written(report, format_.value), told


def _bytes(option: str, text: str, length: int) -> bytes:
    try:
        read = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        read = b""
    if len(read) != length:
        raise typer.BadParameter(f"{option} must be {length} bytes in hex ({2 * length} digits)")
    return read


def _from_node(content: bytes, rpc: str) -> bytes:
    """The hash that the auditor's node has for the number of the bundle's block; zero where it has none such."""
    from service.cli.verifying import block_hash_at
    from service.sealing import bundle as bundles
    from service.sealing.state import Header

    bundle = bundles.read(content)
    try:
        number = Header.read(bundle.header).number
    except ValueError:
        return bytes(32)  # the verification itself will say what is wrong with the header
    return block_hash_at(rpc, number) or bytes(32)


def _text(lines: list[str]) -> bytes:
    return ("\n".join(lines).rstrip() + "\n").encode()


def _json(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, indent=2) + "\n").encode()
