"""OPTIONS on every path: what may be done there, and in which versions and formats (EPCIS 2.0, 12.6)."""

from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Scope as Connection

from service.api.callers import AnyCaller
from service.api.epcis.headers import ANSWERED, VERSION, Versioned
from service.api.epcis.limits import CaptureLimits
from service.api.epcis.paths import PREFIX, path_of
from service.api.epcis.spec import discovered
from service.parties.caller import Caller
from service.parties.errors import ScopeMissing
from service.parties.scopes import Scope

_DEFAULTS = {
    **ANSWERED,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": "Always_GS1_Digital_Link",
    "GS1-CBV-XML-Format": "Always_URN",
}
"""The formats are those that answers have where a request asks for none."""
_BEHAVIOUR = {"GS1-Capture-Error-Behaviour": "all"}
_ALLOWED: list[tuple[Any, str]] = []
"""Patterns of paths, and the value of `Allow` there, in the order in which they are routed."""


def _vendor_version() -> str:
    try:
        return f"trailseal-{version('trailseal')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "trailseal-unreleased"


_SCOPES = (Scope.TRAILS_READ, Scope.CAPTURES_READ, Scope.CAPTURES_WRITE, Scope.SUBSCRIPTIONS_WRITE)


async def _of_bindings(caller: AnyCaller) -> Caller:
    if not any(map(caller.allows, _SCOPES)):
        raise ScopeMissing(f"this needs an API key with one of the scopes {', '.join(_SCOPES)}", {"scope": _SCOPES[0]})
    return caller


EpcisCaller = Annotated[Caller, Depends(_of_bindings)]
"""A caller whose API key is good for something here."""
_VENDOR = {"GS1-Vendor-Version": _vendor_version()}


def discoverable(
    router: APIRouter,
    path: str,
    *methods: str,
    exists: Callable[..., Awaitable[Any]] | None = None,
    captures: bool = False,
    oldest: str = VERSION,
) -> None:
    """Adds OPTIONS to a path with these other methods; HEAD goes with GET.

    `exists` is a dependency that refuses where there is no such resource; `captures`: how much may be sent is told too;
    `oldest`: the lowest version of EPCIS and CBV that the resource takes.
    """
    allowed = ", ".join(("OPTIONS", *methods, *(("HEAD",) if "GET" in methods else ())))
    _ALLOWED.append((compile_path(f"{PREFIX}{path}")[0], allowed))

    async def discover(request: Request, _: EpcisCaller) -> Response:
        """Which methods, versions and formats the resource knows, in headers."""
        headers = {**_DEFAULTS, **_VENDOR, "GS1-EPCIS-Min": oldest, "GS1-CBV-Min": oldest, "Allow": allowed}
        if captures:
            limits: CaptureLimits = request.app.state.capture_limits
            headers |= {**_BEHAVIOUR, **limits.headers()}
        return Response(status_code=204, headers=headers)

    router.add_api_route(
        path,
        discover,
        methods=["OPTIONS"],
        status_code=204,
        response_class=Response,
        name=f"discover {path}",
        summary="Discover",
        dependencies=[Versioned, *([Depends(exists)] if exists else [])],
        responses=discovered(allowed, missing=exists is not None, captures=captures),
    )


def allowed_at(scope: Connection) -> str:
    """The methods of the resource at a path, as `Allow` names them; empty where there is none."""
    path = path_of(scope)
    return next((allowed for pattern, allowed in _ALLOWED if pattern.match(path)), "")
