"""Refusals as the EPCIS bindings tell them: GS1's exceptions as `type`, GS1's status codes, in JSON or XML.

The kinds of refusals are those of the whole API (docs/problems.md); `slug` names the kind. Where GS1's OpenAPI has no
exception (405, 429), `type` is the same as elsewhere in the API.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from service.api import problems
from service.api.epcis.discovery import allowed_at
from service.api.epcis.exceptions import EXCEPTION, exception_of, status_of
from service.api.epcis.limits import CaptureLimits
from service.api.epcis.media import problem_form
from service.api.epcis.paths import path_of
from service.epcis.xml.answers import problem_xml
from service.errors import TrailsealError


def members_of(refusal: TrailsealError, path: str, request_id: str) -> dict[str, Any]:
    """The members of the problem document (RFC 9457)."""
    status = status_of(refusal, path)
    told = problems.members_of(refusal, request_id)
    if "refused" in told and "faults" not in told:  # a document of which nothing is left
        told["faults"] = [fault for one in told["refused"] for fault in one["faults"]]
    return {**told, "type": exception_of(refusal, status, path), "status": status, "slug": refusal.slug}


def problem(scope: Scope, refusal: TrailsealError, headers: Mapping[str, str] | None = None) -> Response:
    """The problem document, in the form that the request accepts."""
    members = members_of(refusal, path_of(scope), scope["state"]["request_id"])
    told = {**(headers or {}), **_limits(scope, members["type"])}
    if members["status"] == 405:
        told["Allow"] = allowed_at(scope) or told.get("Allow", "")
    if problem_form(Headers(scope=scope).get("accept")) == "xml":
        return Response(problem_xml(members), members["status"], told, "application/problem+xml")
    return Response(orjson.dumps(members, default=str), members["status"], told, "application/problem+json")


def _limits(scope: Scope, type_: str) -> dict[str, str]:
    if type_ != f"{EXCEPTION}CaptureLimitExceededException":
        return {}
    limits: CaptureLimits = scope["app"].state.capture_limits
    return limits.headers()
