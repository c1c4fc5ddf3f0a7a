"""Commands of an auditor: what to ask about a thing, from the service or from a bundle alone; the FDA's spreadsheet."""

import json
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.audit import BlockHash, Checkpoints, Ledger, Named, Required, RpcUrl
from service.cli.client import Client
from service.cli.options import Key, Url, connection

if TYPE_CHECKING:
    from service.cli.verifying import Trusted


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
    rpc: RpcUrl = None,
    block_hash: BlockHash = None,
    validators: Named = None,
    witnesses: Named = None,
    required: Required = None,
    checkpoints: Checkpoints = None,
    ledger: Ledger = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """What an auditor should ask about a thing. Of a bundle file it asks nobody: the file is verified, then judged.

    What is trusted is said of files only, with the options of `trailseal verify`.
    """
    from service.cli.verifying import Trusted

    if format_ in (Format.XLSX, Format.PDF) and out is None:
        raise typer.BadParameter(f"{format_} is no text: say where to write it, with --out")
    if not all(isfinite(number) for number in (late_hours, gain, loss)):
        raise typer.BadParameter("--late-hours, --gain and --loss are numbers that end")
    trusted = Trusted(rpc, block_hash, validators, witnesses, required, tuple(checkpoints or ()))
    if Path(thing).is_file():
        from service.findings import Limits

        limits = Limits(transport=transport.value, late_hours=late_hours, gain=gain, loss=loss)
        content, told = _of_file(Path(thing), trusted, ledger, limits, format_)
    else:
        if trusted != Trusted() or ledger:
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
    path: Path, trusted: "Trusted", ledger: str | None, limits: Any, format_: Format
) -> tuple[bytes, dict[str, Any]]:
    from service.audit.offline import audited
    from service.cli.verifying import hexadecimal, read_bytes
    from service.findings.report import as_json, as_lines

    content = read_bytes(path)
    report = audited(content, trusted.trust(content), hexadecimal("--ledger", ledger, 20), limits)
    told = as_json(report)
    if format_ is Format.TEXT:
        return _text(as_lines(report)), told
    if format_ is Format.JSON:
        return _json(told), told
    from service.audit import files

    return files.written(report, format_.value), told


def _text(lines: list[str]) -> bytes:
    return ("\n".join(lines).rstrip() + "\n").encode()


def _json(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, indent=2) + "\n").encode()
