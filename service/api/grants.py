"""Sharing the party's trails with another party."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json, hexed
from service.api.callers import InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, Limit, bytes_at, page
from service.api.parties import PartyId
from service.api.shapes import GrantShape
from service.api.spec import listed, returned
from service.parties import errors
from service.parties.caller import Caller
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/grants", tags=["grants"])
Granter = Annotated[Caller, Depends(needs(Scope.GRANTS_WRITE))]


@router.put(
    "/{party}",
    responses=returned(200, GrantShape, "The party sees the caller's trails")
    | refused(errors.PartyIsSuspended, errors.PartyNotFound, errors.GrantToOneself),
)
async def grant(caller: Granter, party: PartyId, rooms: InRooms) -> Response:
    """Lets a party see all trails that the caller has a part in; again is as once."""
    return Json(_told(await rooms.grants.grant(caller, party)))


@router.get("", responses=listed(GrantShape, "By the id of the party") | refused(BadCursor, RequestInvalid))
async def grants(
    request: Request, caller: Granter, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """With whom the caller shares."""
    found = await rooms.grants.listed(caller, bytes_at(cursor), limit + 1)
    following = found[limit - 1].party.hex() if len(found) > limit else None
    return page(request, [_told(one) for one in found[:limit]], following)


@router.delete(
    "/{party}", status_code=204, responses=refused(errors.PartyIsSuspended, errors.GrantNotFound, errors.PartyNotFound)
)
async def revoke(caller: Granter, party: PartyId, rooms: InRooms) -> Response:
    """Stops sharing, from the next query on."""
    await rooms.grants.revoke(caller, party)
    return Response(status_code=204)


def _told(granted: Any) -> dict[str, Any]:
    return {
        "party": hexed(granted.party),
        "identifier": granted.identifier,
        "name": granted.name,
        "createdAt": granted.created_at,
    }
