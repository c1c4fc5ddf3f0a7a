"""Audits of a thing, and the FDA's spreadsheet of a food, as JSON or as files."""

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.audit_shapes import AuditShape
from service.api.callers import InRooms, needs, refused
from service.api.errors import RequestInvalid
from service.api.trails import Thing
from service.audit import errors, files, sheets
from service.audit.errors import NoSuchFormat
from service.audit.tables import as_csv, as_xlsx
from service.findings import Limits
from service.findings.limits import Transport
from service.findings.report import as_json
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.trails.errors import NotAnIdentifier, TrailNotFound

router = APIRouter(prefix="/v1", tags=["audit"])
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
MEDIA_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_USUAL = Limits()
_MISSED = (TrailNotFound, NotAnIdentifier, RequestInvalid, errors.AuditTooLarge, NoSuchFormat)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_AUDIT: dict[int | str, dict[str, Any]] = {
    200: {
        "model": AuditShape,
        "description": "What was found, and what was looked at",
        "content": {MEDIA_TYPES[name]: _BINARY for name in ("csv", "xlsx", "pdf")},
        "headers": {"Content-Disposition": {"description": "RFC 6266; a file name", "schema": {"type": "string"}}},
    }
}
_FSMA204: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A workbook with a sheet for each kind of event, or all events as CSV",
        "content": {MEDIA_TYPES[name]: _BINARY for name in ("xlsx", "csv")},
        "headers": _AUDIT[200]["headers"],
    }
}
Journey = Annotated[
    bool, Query(description="also judge what it was in, what it was made of and what was made of it, as far as visible")
]
By = Annotated[Transport, Query(description="the fastest transport by which it may have travelled")]
Hours = Annotated[float, Query(ge=0, le=87_600, description="hours from an event to its block that are not yet late")]
Share = Annotated[float, Query(ge=0, le=1000)]


@router.get("/trail/audit", responses=_AUDIT | refused(*_MISSED))
async def audit(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    *,
    identifier: Thing,
    journey: Journey = True,
    transport: By = "air",
    late_hours: Annotated[Hours, Query(alias="lateHours")] = _USUAL.late_hours,
    gain: Annotated[Share, Query(description="share by which outputs may outweigh inputs")] = _USUAL.gain,
    loss: Annotated[float, Query(ge=0, le=1, description="share of the inputs that may be lost")] = _USUAL.loss,
    format_: Annotated[
        Literal["json", "csv", "xlsx", "pdf"] | None, Query(alias="format", description="comes before `Accept`")
    ] = None,
) -> Response:
    """What the rules of docs/audit.md find in the statements about a thing, the gravest first."""
    chosen = _format(request, format_, ("json", "csv", "xlsx", "pdf"))
    limits = Limits(transport=transport, late_hours=late_hours, gain=gain, loss=loss)
    report = await rooms.audits.audit(caller, identifier, journey=journey, limits=limits)
    if chosen == "json":
        return Json(await asyncio.to_thread(as_json, report))
    content = await asyncio.to_thread(files.written, report, chosen)
    return _file(content, report.subject, "audit", chosen)


@router.get("/trail/fsma204", response_class=Response, responses=_FSMA204 | refused(*_MISSED))
async def fsma204(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    *,
    identifier: Thing,
    format_: Annotated[
        Literal["xlsx", "csv"] | None, Query(alias="format", description="comes before `Accept`")
    ] = None,
) -> Response:
    """The FDA's electronic sortable spreadsheet of a food lot, its ancestors and descendants (21 CFR 1.1455(c)(3)(ii)).

    Mandatory key data elements that no event or master data tells are marked as missing; docs/audit.md has the mapping.
    """
    chosen = _format(request, format_, ("xlsx", "csv"))
    found = await rooms.audits.fsma204(caller, identifier)
    if chosen == "csv":
        content = await asyncio.to_thread(lambda: as_csv(sheets.fsma204_rows(found)))
    else:
        content = await asyncio.to_thread(lambda: as_xlsx(sheets.fsma204(found), "FSMA 204"))
    return _file(content, identifier, "fsma204", chosen)


def _file(content: bytes, identifier: str, what: str, format_: str) -> Response:
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", identifier.rpartition("://")[2])[-80:].strip("-.") or "trail"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{what}.{format_}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPES[format_], headers=headers)


def _format(request: Request, asked: str | None, offered: tuple[str, ...]) -> str:
    """The format that is asked for, else the first that `Accept` likes best (RFC 9110, 12.5.1).

    Raises NoSuchFormat where it takes none of those offered.
    """
    accept = request.headers.get("accept", "").strip()
    if asked is not None or not accept:
        return asked or offered[0]
    liked = [(_quality(accept, MEDIA_TYPES[name]), -place, name) for place, name in enumerate(offered)]
    quality, _, name = max(liked)
    if quality <= 0:
        types = ", ".join(MEDIA_TYPES[one] for one in offered)
        raise NoSuchFormat(f"accept one of {types}, or say it with format={'|'.join(offered)}")
    return name


def _quality(accept: str, media_type: str) -> float:
    """How much a header likes a media type, by its most specific range."""
    found = (-1, 0.0)
    ranges = {media_type: 2, f"{media_type.partition('/')[0]}/*": 1, "*/*": 0}
    for part in accept.split(",")[:50]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name in ranges and ranges[name] > found[0]:
            found = ranges[name], _weight(parameters)
    return found[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        match = re.fullmatch(r"q\s*=\s*([01](?:\.\d{0,3})?)", parameter)
        if match:
            return min(1.0, float(match[1]))
    return 1.0
