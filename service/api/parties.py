"""The consortium's members."""

import re
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json, hexed
from service.api.api_keys import RepeatedKey, told_with_token
from service.api.callers import AnyCaller, InRooms, needs, refused
from service.api.documents import read_idempotency_key
from service.api.errors import BadCursor, BadIdempotencyKey, RequestInvalid
from service.api.paging import Cursor, Limit, page, text_at
from service.api.shapes import ApiKeyWithToken, CallerShape, NewApiKey, NewParty, NewRoles, NewVocabulary, PartyShape
from service.api.spec import listed, returned
from service.parties import errors
from service.parties.caller import Caller
from service.parties.roles import names_of
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/parties", tags=["parties"])
Administrator = Annotated[Caller, Depends(needs(Scope.CONSORTIUM_ADMIN))]
_ID = re.compile(r"0x[0-9a-f]{64}")


class _Party(Protocol):
    id: bytes
    identifier: str
    name: str
    roles: int
    number: int | None
    suspended: bool
    lenient: bool
    created_at: datetime


def party_at(party: Annotated[str, Path(description="the party's id, 32 bytes in hex with 0x")]) -> bytes:
    """The id in a path; anything else names no party."""
    if not _ID.fullmatch(party):
        raise errors.PartyNotFound("there is no party with this id: it is 0x and 64 lower-case hexadecimal digits")
    return bytes.fromhex(party[2:])


PartyId = Annotated[bytes, Depends(party_at)]


@router.post(
    "",
    status_code=201,
    responses=returned(201, PartyShape, "Registered here; on chain with the next block")
    | refused(errors.PartyIsSuspended, errors.BadPartyIdentifier, errors.PartyExists, RequestInvalid),
)
async def register(party: NewParty, caller: Administrator, rooms: InRooms) -> Response:
    """Registers a party."""
    found = await rooms.parties.register(caller, party.identifier, party.name, party.roles)
    return Json(told(found), 201, {"Location": f"{router.prefix}/{hexed(found.id)}"})


@router.get("", responses=listed(PartyShape, "By identifier") | refused(BadCursor, RequestInvalid))
async def parties(
    request: Request, caller: AnyCaller, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The members; every member may know them."""
    found = await rooms.parties.listed(caller, text_at(cursor), limit + 1)
    following = found[limit - 1].identifier if len(found) > limit else None
    return page(request, [told(one) for one in found[:limit]], following)


@router.get("/me", responses=returned(200, CallerShape, "The caller") | refused())
async def whoami(caller: AnyCaller, rooms: InRooms) -> Response:
    """Who the API key speaks for."""
    party = await rooms.parties.one(caller, caller.party)
    return Json(
        {
            "party": told(party),
            "key": caller.key_id,
            "scopes": sorted(caller.scopes),
            "expiresAt": caller.expires_at,
        }
    )


@router.get("/{party}", responses=returned(200, PartyShape, "The party") | refused(errors.PartyNotFound))
async def party_of(caller: AnyCaller, party: PartyId, rooms: InRooms) -> Response:
    """One member."""
    return Json(told(await rooms.parties.one(caller, party)))


@router.post(
    "/{party}/suspend",
    responses=returned(200, PartyShape, "Suspended: it cannot capture any more, but still read")
    | refused(errors.PartyNotFound, errors.PartyStateUnchanged, errors.SuspendingOneself),
)
async def suspend(caller: Administrator, party: PartyId, rooms: InRooms) -> Response:
    """Stops a party from capturing."""
    return Json(told(await rooms.parties.suspend(caller, party)))


@router.post(
    "/{party}/reinstate",
    responses=returned(200, PartyShape, "Reinstated") | refused(errors.PartyNotFound, errors.PartyStateUnchanged),
)
async def reinstate(caller: Administrator, party: PartyId, rooms: InRooms) -> Response:
    """Lets a suspended party capture again."""
    return Json(told(await rooms.parties.reinstate(caller, party)))


@router.put(
    "/{party}/roles",
    responses=returned(200, PartyShape, "The party with its new roles") | refused(errors.PartyNotFound, RequestInvalid),
)
async def set_roles(caller: Administrator, party: PartyId, roles: NewRoles, rooms: InRooms) -> Response:
    """Replaces a party's roles."""
    return Json(told(await rooms.parties.set_roles(caller, party, roles.roles)))


@router.put(
    "/{party}/vocabulary",
    responses=returned(200, PartyShape, "The party, as its documents are checked from now on")
    | refused(errors.PartyNotFound, RequestInvalid),
)
async def set_vocabulary(caller: Administrator, party: PartyId, vocabulary: NewVocabulary, rooms: InRooms) -> Response:
    """Says whether a party's documents may use words that no standard vocabulary has."""
    return Json(told(await rooms.parties.set_lenient(caller, party, vocabulary.check == "lenient")))


@router.post(
    "/{party}/api-keys",
    status_code=201,
    responses=returned(201, ApiKeyWithToken, "The API key; its token is shown only here")
    | refused(
        errors.PartyIsSuspended,
        errors.PartyNotFound,
        errors.PartyHasKeys,
        errors.BadExpiry,
        errors.ScopeTooWide,
        errors.ApiKeyMade,
        errors.RepeatedOtherwise,
        BadIdempotencyKey,
        RequestInvalid,
    ),
)
async def issue(
    caller: Administrator, party: PartyId, key: NewApiKey, rooms: InRooms, idempotency_key: RepeatedKey = None
) -> Response:
    """Makes an API key for a party, on the day of its registration: later it makes its own, or is recovered."""
    repeated = read_idempotency_key(idempotency_key)
    made, token = await rooms.credentials.create(
        caller, key.scopes, key.label, key.expiresAt, party, idempotency_key=repeated
    )
    return Json(told_with_token(made, token), 201)


def told(party: _Party) -> dict[str, Any]:
    """A party as the API tells it."""
    return {
        "id": hexed(party.id),
        "identifier": party.identifier,
        "name": party.name,
        "roles": names_of(party.roles),
        "number": party.number,
        "suspended": party.suspended,
        "vocabulary": "lenient" if party.lenient else "strict",
        "createdAt": party.created_at,
    }
