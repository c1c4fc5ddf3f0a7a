"""Every refusal as `application/problem+json` (RFC 9457); the only place that turns errors into responses."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from service.api import errors
from service.errors import TrailsealError

BASE = "urn:trailseal:problem:"
"""`type` is this and the slug. A name, not an address (RFC 9457, 3.1.1): the same in every deployment."""
MEDIA_TYPE = "application/problem+json"
_OURS = "It is our fault or our surroundings'. Try again later; if it stays, tell the operator this request's id."
_BY_STATUS: Mapping[int, type[TrailsealError]] = {
    404: errors.NoSuchPath,
    405: errors.MethodNotAllowed,
    413: errors.BodyTooLarge,
    415: errors.UnsupportedMediaType,
}
_DETAILS: Mapping[int, str] = {
    404: "look up the paths in /openapi.json",
    405: "use one of the methods that the Allow header names",
}


Refuse = Callable[[Scope, TrailsealError, Mapping[str, str] | None], Response]
"""How a part of the API writes a refusal."""


def members_of(refusal: TrailsealError, request_id: str) -> dict[str, Any]:
    """The problem's members. What lies behind a 5xx is for the log: the caller gets the kind and the request's id."""
    members: dict[str, Any] = {
        "type": f"{BASE}{refusal.slug}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail if refusal.status < 500 else _OURS,
        "requestID": request_id,
    }
    if refusal.status < 500:
        members = {**refusal.extra, **members}
    return members


def problem(scope: Scope, refusal: TrailsealError, headers: Mapping[str, str] | None = None) -> Response:
    """The problem document."""
    members = members_of(refusal, scope["state"]["request_id"])
    return Response(orjson.dumps(members, default=str), refusal.status, headers, MEDIA_TYPE)


def install(app: FastAPI, refuse: Refuse = problem) -> None:
    """Lets the app answer every refusal, FastAPI's and Starlette's own included, as `refuse` writes it."""

    async def refused(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, TrailsealError)
        if refusal.status >= 500:
            request.state.refusal = refusal
        return refuse(request.scope, refusal, getattr(refusal, "headers", None))

    async def http(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        kind = _BY_STATUS.get(fault.status_code, errors.BadRequest)
        detail = _DETAILS.get(fault.status_code, "check the request's framing, encoding and JSON")
        return refuse(request.scope, kind(detail), fault.headers)

    async def invalid(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        return refuse(request.scope, invalid_request(fault.errors()), None)

    app.add_exception_handler(TrailsealError, refused)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def known(root: type[TrailsealError] = TrailsealError) -> list[type[TrailsealError]]:
    """Every kind of problem that is loaded, by slug."""
    kinds = {root} if "slug" in vars(root) else set()
    for kind in root.__subclasses__():
        kinds.update(known(kind))
    return sorted(kinds, key=lambda kind: (kind.slug, kind.status, kind.__module__))


def refusals(*kinds: type[TrailsealError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a path that may refuse so, with an example of each."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = by_status.setdefault(
            kind.status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        entry["description"] = "; ".join(filter(None, [entry["description"], kind.title]))
        entry["content"][MEDIA_TYPE]["examples"][kind.slug] = {"value": _example(kind)}
    return by_status


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with problems where FastAPI describes its own form of a validation error.

    A body that cannot be read as JSON at all is 400 wherever one is taken.
    """
    ours, unreadable = refusals(errors.RequestInvalid)[422], refusals(errors.BadRequest)[400]
    for methods in document["paths"].values():
        for operation in methods.values():
            if MEDIA_TYPE not in operation["responses"].get("422", {"content": {MEDIA_TYPE: {}}})["content"]:
                operation["responses"]["422"] = ours
            if "requestBody" in operation:
                operation["responses"].setdefault("400", unreadable)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    schemas["Problem"] = _schema()
    return document


def _schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "requestID"],
        "description": "RFC 9457; docs/problems.md lists every `type`. Some have members of their own, as `faults`.",
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": [f"{BASE}invalid-document"]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "requestID": {"type": "string"},
        },
        "additionalProperties": True,
    }


def _example(kind: type[TrailsealError]) -> dict[str, Any]:
    text = " ".join((kind.__doc__ or "").split())
    return {
        "type": f"{BASE}{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": _OURS if kind.status >= 500 else text,
        "requestID": "01JD7W9G3T",
    }


def invalid_request(faults: Any) -> errors.RequestInvalid:
    """The refusal for Pydantic's findings; what the caller sent is not repeated."""
    told = [
        {
            "in": str(fault["loc"][0]) if fault["loc"] else "body",
            "pointer": "".join(f"/{_escaped(part)}" for part in fault["loc"][1:]),
            "rule": fault["type"],
            "message": fault["msg"],
        }
        for fault in faults
    ][:100]
    first = told[0]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return errors.RequestInvalid(f"{first['in']}{first['pointer']}: {first['message']}{more}", {"faults": told})


def _escaped(token: object) -> str:
    return str(token).replace("~", "~0").replace("/", "~1")
