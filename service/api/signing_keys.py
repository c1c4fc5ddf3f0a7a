"""The keys that sign the party's captures."""

from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Body, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json, hexed
from service.api.api_keys import RepeatedKey
from service.api.callers import InRooms, needs, refused
from service.api.documents import read_idempotency_key
from service.api.errors import BadCursor, BadIdempotencyKey, RequestInvalid
from service.api.paging import Cursor, Limit, bytes_at, page
from service.api.shapes import ADDRESS, Challenge, CustodialSigningKey, OwnSigningKey, Revocation, SigningKeyShape
from service.api.spec import listed, returned
from service.parties import errors
from service.parties.caller import Caller
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/signing-keys", tags=["keys"])
KeyWriter = Annotated[Caller, Depends(needs(Scope.KEYS_WRITE))]


class _SigningKey(Protocol):
    address: bytes
    wrapped: bytes | None
    created_at: datetime
    registered_at: datetime | None
    revoked_at: datetime | None
    compromised_from: datetime | None


@router.post(
    "",
    status_code=201,
    responses=returned(201, SigningKeyShape, "The key; the registry has it with the next block")
    | refused(
        errors.PartyIsSuspended,
        errors.BadAddress,
        errors.BadProof,
        errors.SigningKeyExists,
        errors.NotDeployed,
        errors.RepeatedOtherwise,
        BadIdempotencyKey,
        RequestInvalid,
    ),
)
async def add(
    key: Annotated[CustodialSigningKey | OwnSigningKey, Body(discriminator="custody")],
    caller: KeyWriter,
    rooms: InRooms,
    idempotency_key: RepeatedKey = None,
) -> Response:
    """Adds a signing key: one that the service makes and keeps, or an own one with a proof of possession."""
    repeated = read_idempotency_key(idempotency_key)
    if isinstance(key, OwnSigningKey):
        found = await rooms.signing_keys.add_own(caller, key.address, key.proof, idempotency_key=repeated)
    else:
        found = await rooms.signing_keys.create(caller, idempotency_key=repeated)
    return Json(told(found), 201)


@router.get(
    "/challenge",
    responses=returned(200, Challenge, "Sign exactly this text with personal_sign (EIP-191)")
    | refused(errors.PartyIsSuspended, errors.BadAddress, errors.NotDeployed, RequestInvalid),
)
async def challenge(
    caller: KeyWriter, rooms: InRooms, address: Annotated[str, Query(max_length=42, examples=[ADDRESS])]
) -> Response:
    """What an own key signs to prove that the party holds it."""
    return Json({"challenge": await rooms.signing_keys.challenge(caller, address)})


@router.get("", responses=listed(SigningKeyShape, "By address") | refused(BadCursor, RequestInvalid))
async def signing_keys(
    request: Request, caller: KeyWriter, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The party's signing keys, revoked ones included."""
    found = await rooms.signing_keys.listed(caller, bytes_at(cursor), limit + 1)
    following = found[limit - 1].address.hex() if len(found) > limit else None
    return page(request, [told(one) for one in found[:limit]], following)


@router.post(
    "/{address}/revoke",
    responses=returned(200, SigningKeyShape, "Revoked here at once, on chain with the next block")
    | refused(
        errors.PartyIsSuspended, errors.BadAddress, errors.SigningKeyNotFound, errors.BadRevocation, RequestInvalid
    ),
)
async def revoke(address: str, caller: KeyWriter, rooms: InRooms, revocation: Revocation | None = None) -> Response:
    """Revokes a signing key; what it signed and is not sealed yet will be refused by the chain."""
    since = revocation.compromisedFrom if revocation else None
    return Json(told(await rooms.signing_keys.revoke(caller, address, since)))


def told(key: _SigningKey) -> dict[str, Any]:
    """A signing key as the API tells it."""
    return {
        "address": hexed(key.address),
        "custody": "own" if key.wrapped is None else "service",
        "createdAt": key.created_at,
        "registeredAt": key.registered_at,
        "revokedAt": key.revoked_at,
        "compromisedFrom": key.compromised_from,
    }
