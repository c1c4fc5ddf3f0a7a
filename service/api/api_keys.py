"""The party's credentials for this API."""

from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.documents import read_idempotency_key
from service.api.errors import BadCursor, BadIdempotencyKey, RequestInvalid
from service.api.paging import Cursor, Limit, page, text_at
from service.api.shapes import ApiKeyShape, ApiKeyWithToken, NewApiKey, RevokedApiKey
from service.api.spec import listed, returned
from service.parties import errors
from service.parties.caller import Caller
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/api-keys", tags=["keys"])
RepeatedKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="the same key and body make nothing a second time; a signing key is answered again, an API key"
        " with 409, for its token is shown once",
        examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
    ),
]
KeyWriter = Annotated[Caller, Depends(needs(Scope.KEYS_WRITE))]


class _ApiKey(Protocol):
    id: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    made_by: str | None


@router.post(
    "",
    status_code=201,
    responses=returned(201, ApiKeyWithToken, "The API key; its token is shown only here")
    | refused(
        errors.PartyIsSuspended,
        errors.ScopeTooWide,
        errors.BadExpiry,
        errors.ApiKeyMade,
        errors.RepeatedOtherwise,
        BadIdempotencyKey,
        RequestInvalid,
    ),
)
async def create(key: NewApiKey, caller: KeyWriter, rooms: InRooms, idempotency_key: RepeatedKey = None) -> Response:
    """Makes an API key for the party itself, never wider or longer-lived than the one that makes it."""
    repeated = read_idempotency_key(idempotency_key)
    made, token = await rooms.credentials.create(caller, key.scopes, key.label, key.expiresAt, idempotency_key=repeated)
    return Json(told_with_token(made, token), 201)


@router.get("", responses=listed(ApiKeyShape, "By id") | refused(BadCursor, RequestInvalid))
async def api_keys(
    request: Request, caller: KeyWriter, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The party's API keys, without secrets."""
    found = await rooms.credentials.listed(caller, text_at(cursor), limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return page(request, [told(one) for one in found[:limit]], following)


@router.delete(
    "/{key}",
    responses=returned(200, RevokedApiKey, "Revoked, with the keys that it made")
    | refused(errors.ApiKeyNotFound, RequestInvalid),
)
async def revoke(
    key: str,
    caller: KeyWriter,
    rooms: InRooms,
    made: Annotated[
        Literal["revoke", "keep"], Query(description="keep: the keys that it made stay good, for nobody stole it")
    ] = "revoke",
) -> Response:
    """Revokes an API key and the party's keys that it made: in this process at once, in others within three seconds."""
    gone, others = await rooms.credentials.revoke(caller, key, keep_made=made == "keep")
    return Json({**told(gone), "alsoRevoked": others})


def told(key: _ApiKey) -> dict[str, Any]:
    """An API key as the API tells it."""
    return {
        "id": key.id,
        "label": key.label,
        "scopes": list(key.scopes),
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "revokedAt": key.revoked_at,
        "madeBy": key.made_by,
    }


def told_with_token(key: _ApiKey, token: str) -> dict[str, Any]:
    """The same on the one occasion when the token is shown."""
    return {**told(key), "token": token}
