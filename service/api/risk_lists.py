"""Watchlists, and scorecards of suppliers, carriers and lanes."""

import math
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.documents import IdempotencyKey, read_idempotency_key
from service.api.errors import BadCursor, BadIdempotencyKey, RequestInvalid
from service.api.paging import Cursor, Limit, number_at, page, text_at
from service.api.risk_work_shapes import ScorecardsShape, WatchedShipmentShape, WatchlistAsked, WatchlistShape
from service.api.spec import listed, returned
from service.parties.caller import Caller
from service.parties.errors import PartyIsSuspended
from service.parties.scopes import Scope
from service.risk import errors
from service.rooms import Rooms

router = APIRouter(prefix="/v1/risk", tags=["risk"])
Reader = Annotated[Caller, Depends(needs(Scope.RISK_READ))]
Writer = Annotated[Caller, Depends(needs(Scope.RISK_WRITE))]
_GONE: dict[int | str, dict[str, Any]] = {204: {"description": "Deleted"}}
_FOUND = (errors.WatchlistNotFound, RequestInvalid)
_WRITTEN = (RequestInvalid, errors.BadWatchlist, errors.WatchlistNameTaken, PartyIsSuspended)


@router.post(
    "/watchlists",
    status_code=201,
    responses=returned(201, WatchlistShape, "Made")
    | refused(*_WRITTEN, errors.TooManyWatchlists, errors.WorkKeyReused, BadIdempotencyKey, errors.WatchlistNotFound),
)
async def create(
    asked: WatchlistAsked, caller: Writer, rooms: InRooms, idempotency_key: IdempotencyKey = None
) -> Response:
    """Makes a watchlist, which nobody but the caller's party reads. What it names need not be there."""
    made = await rooms.desk.watchlists.create(
        caller,
        asked.name,
        asked.weight,
        [one.model_dump() for one in asked.entries],
        idempotency_key=read_idempotency_key(idempotency_key),
    )
    return Json(made, 201, {"Location": f"/v1/risk/watchlists/{made['watchlistID']}"})


@router.get("/watchlists", responses=listed(WatchlistShape, "The oldest first") | refused(BadCursor, RequestInvalid))
async def watchlists(
    request: Request, caller: Reader, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The watchlists of the caller's party."""
    found, following = await rooms.desk.watchlists.listed(caller, number_at(cursor), limit)
    return page(request, found, following)


@router.get("/watchlists/{watchlist}", responses=returned(200, WatchlistShape, "The watchlist") | refused(*_FOUND))
async def watchlist(watchlist: UUID, caller: Reader, rooms: InRooms) -> Response:
    """One watchlist, with its entries as they are read."""
    return Json(await rooms.desk.watchlists.read(caller, watchlist))


@router.put("/watchlists/{watchlist}", responses=returned(200, WatchlistShape, "Changed") | refused(*_FOUND, *_WRITTEN))
async def change(watchlist: UUID, asked: WatchlistAsked, caller: Writer, rooms: InRooms) -> Response:
    """Writes a watchlist anew."""
    entries = [one.model_dump() for one in asked.entries]
    return Json(await rooms.desk.watchlists.put(caller, watchlist, asked.name, asked.weight, entries))


@router.delete(
    "/watchlists/{watchlist}",
    status_code=204,
    responses=_GONE | refused(*_FOUND, PartyIsSuspended),
)
async def delete(watchlist: UUID, caller: Writer, rooms: InRooms) -> Response:
    """Deletes a watchlist."""
    await rooms.desk.watchlists.delete(caller, watchlist)
    return Response(status_code=204)


@router.get(
    "/watchlists/{watchlist}/shipments",
    responses=listed(WatchedShipmentShape, "The likeliest to be late first") | refused(*_FOUND, BadCursor),
)
async def shipments(
    request: Request, watchlist: UUID, caller: Reader, rooms: InRooms, *, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The shipments under way that are on a watchlist, as they were scored last."""
    return await watched(request, watchlist, caller, rooms, cursor=cursor, limit=limit)


async def watched(
    request: Request, watchlist: UUID, caller: Caller, rooms: Rooms, *, cursor: str | None, limit: int
) -> Response:
    """A page of the shipments on a watchlist, at whichever path they are asked for."""
    found, following = await rooms.desk.watchlists.shipments(caller, watchlist, _place_at(cursor), limit)
    return page(request, found, None if following is None else f"{following[0]!r} {following[1]}")


@router.get(
    "/scorecards",
    responses=returned(200, ScorecardsShape, "The subjects with the most shipments first")
    | refused(RequestInvalid, errors.BadPeriod),
)
async def scorecards(
    caller: Reader,
    rooms: InRooms,
    *,
    by: Annotated[Literal["supplier", "carrier", "lane"], Query(description="whom to compare")] = "supplier",
    since: Annotated[AwareDatetime | None, Query(description="booked from then on; default: 90 days ago")] = None,
    until: Annotated[AwareDatetime | None, Query(description="booked before; default: now")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """How suppliers, carriers or lanes did, over the shipments that the caller may see and no others."""
    return Json(await rooms.desk.scorecards.compare(caller, by, since, until, limit))


def _place_at(cursor: str | None) -> tuple[float, int] | None:
    if cursor is None:
        return None
    rank, _, booking = text_at(cursor).partition(" ")
    try:
        place = float(rank), int(booking)
    except ValueError:
        raise _bad() from None
    if not math.isfinite(place[0]) or not 0 <= place[1] < 2**63:
        raise _bad()
    return place


def _bad() -> BadCursor:
    return BadCursor("follow the Link header of the page before, or leave the cursor out")
