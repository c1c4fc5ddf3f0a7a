"""The party's credentials for this API."""

from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, Limit, page, text_at
from service.api.shapes import ApiKeyShape, ApiKeyWithToken, NewApiKey
from service.api.spec import listed, returned
from service.parties import errors
from service.parties.caller import Caller
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/api-keys", tags=["keys"])
KeyWriter = Annotated[Caller, Depends(needs(Scope.KEYS_WRITE))]


class _ApiKey(Protocol):
    id: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@router.post(
    "",
    status_code=201,
    responses=returned(201, ApiKeyWithToken, "The API key; its token is shown only here")
    | refused(errors.PartyIsSuspended, errors.ScopeTooWide, errors.BadExpiry, RequestInvalid),
)
async def create(key: NewApiKey, caller: KeyWriter, rooms: InRooms) -> Response:
    """Makes an API key for the party itself, never wider or longer-lived than the one that makes it."""
    made, token = await rooms.credentials.create(caller, key.scopes, key.label, key.expiresAt)
    return Json(told_with_token(made, token), 201)


@router.get("", responses=listed(ApiKeyShape, "By id") | refused(BadCursor, RequestInvalid))
async def api_keys(
    request: Request, caller: KeyWriter, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The party's API keys, without secrets."""
    found = await rooms.credentials.listed(caller, text_at(cursor), limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return page(request, [told(one) for one in found[:limit]], following)


@router.delete("/{key}", responses=returned(200, ApiKeyShape, "Revoked") | refused(errors.ApiKeyNotFound))
async def revoke(key: str, caller: KeyWriter, rooms: InRooms) -> Response:
    """Revokes an API key: in this process at once, in others within three seconds."""
    return Json(told(await rooms.credentials.revoke(caller, key)))


def told(key: _ApiKey) -> dict[str, Any]:
    """An API key as the API tells it."""
    return {
        "id": key.id,
        "label": key.label,
        "scopes": list(key.scopes),
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "revokedAt": key.revoked_at,
    }


def told_with_token(key: _ApiKey, token: str) -> dict[str, Any]:
    """The same on the one occasion when the token is shown."""
    return {**told(key), "token": token}
