"""Who asks: the API key in `Authorization: Bearer`, and what a path needs of it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from service.api.errors import TooManyRequests
from service.api.problems import refusals
from service.errors import TrailsealError
from service.parties.caller import Caller
from service.parties.errors import ScopeMissing, Unauthenticated
from service.parties.scopes import Scope
from service.rooms import Rooms

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="API key", description="An API key, `ts_<id>_<secret>`, as bearer token (RFC 6750)"
)


class Challenged(Unauthenticated):
    """Carries `WWW-Authenticate`, which RFC 9110 (11.6.1) wants of every 401."""

    slug, title, status = Unauthenticated.slug, Unauthenticated.title, Unauthenticated.status
    headers = {"WWW-Authenticate": 'Bearer realm="trailseal"'}  # noqa: RUF012 never changed


def rooms_of(request: Request) -> Rooms:
    """The rooms of this app."""
    rooms: Rooms = request.app.state.rooms
    return rooms


async def _caller(request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Caller:
    if shown is None:
        raise Challenged("send an API key as Authorization: Bearer ts_<id>_<secret>")
    try:
        caller = await rooms_of(request).credentials.authenticate(shown.credentials)
    except Unauthenticated as refused:
        raise Challenged(refused.detail) from None
    request.state.caller = caller
    request.app.state.rates.count(caller.key_id)
    return caller


InRooms = Annotated[Rooms, Depends(rooms_of)]
AnyCaller = Annotated[Caller, Depends(_caller)]


def needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, whose API key has the scope. It comes before a document's body is read."""

    async def scoped(caller: AnyCaller) -> Caller:
        caller.require(scope)
        return caller

    return scoped


def refused(*kinds: type[TrailsealError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a path that takes an API key: those that all such have, and its own."""
    return refusals(Unauthenticated, ScopeMissing, TooManyRequests, *kinds, TrailsealError)
