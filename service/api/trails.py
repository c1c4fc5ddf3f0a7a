"""Reading trails and events, and taking the proof away."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api import trail_answers
from service.api.answers import Json, etag_of, hexed, unchanging
from service.api.callers import InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, Limit, bytes_at, cursor_at, link_to, page, text_at
from service.api.spec import listed, returned
from service.api.trail_shapes import EventShape, JourneyShape, TrailName, TrailShape
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.trails import errors

router = APIRouter(prefix="/v1", tags=["trails"])
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
Thing = Annotated[
    str,
    Query(
        max_length=2048,
        description="the thing's identifier in any spelling: EPC URN, or GS1 Digital Link of any resolver",
        examples=["https://id.gs1.org/01/09521321000018/21/10001"],
    ),
]
_MISSED = (errors.TrailNotFound, errors.NotAnIdentifier, RequestInvalid)


@router.get("/trail", responses=returned(200, TrailShape, "A page of the trail") | refused(*_MISSED, errors.BadPlace))
async def trail(
    request: Request, caller: Reader, rooms: InRooms, *, identifier: Thing, cursor: Cursor = None, limit: Limit = 500
) -> Response:
    """What happened to a thing: sealed entries in the ledger's order, then those that wait or were refused."""
    view = await rooms.trails.read(caller, identifier, text_at(cursor) or None, limit)
    following = cursor_at(view.next) if view.next else None
    return Json(trail_answers.trail(view, following), headers=link_to(request, following) if following else None)


@router.get("/trail/journey", responses=returned(200, JourneyShape, "The way of the thing") | refused(*_MISSED))
async def journey(caller: Reader, rooms: InRooms, identifier: Thing) -> Response:
    """A thing's way beyond its own trail: what carried it, what it was made of and what was made of it."""
    return Json(trail_answers.journey(await rooms.trails.journey(caller, identifier)))


@router.get("/trails", responses=listed(TrailName, "By trail id") | refused(BadCursor, RequestInvalid))
async def trails(
    request: Request, caller: Reader, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The trails that the caller sees."""
    found, following = await rooms.trails.list(caller, bytes_at(cursor), limit)
    items = [{"identifier": one.identifier, "kind": one.kind, "trail": hexed(one.id)} for one in found]
    return page(request, items, following.hex() if following else None)


@router.get("/events", responses=returned(200, EventShape, "The event") | refused(errors.EventNotFound, RequestInvalid))
async def event(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    event_id: Annotated[str, Query(alias="eventID", min_length=1, max_length=2048, pattern=r"^[^\x00]+$")],
) -> Response:
    """One event by its eventID."""
    content = orjson.dumps(trail_answers.event(await rooms.trails.event(caller, event_id)))
    return unchanging(request, content, "application/json", etag_of(content))
