"""What recalls tell the caller's party."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json, hexed
from service.api.callers import InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, Limit, bytes_at, number_at, page
from service.api.recall_shapes import NoticeShape
from service.api.spec import listed, returned
from service.api.trail_shapes import TrailName
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.recall.errors import NoticeNotFound

router = APIRouter(prefix="/v1/notices", tags=["recalls"])
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
Writer = Annotated[Caller, Depends(needs(Scope.CAPTURES_WRITE))]
_FOUND = (NoticeNotFound, RequestInvalid)


@router.get("", responses=listed(NoticeShape, "The newest first") | refused(BadCursor, RequestInvalid))
async def notices(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    *,
    unacknowledged: Annotated[bool, Query(description="only those not acknowledged yet")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """The notices to the caller's party: recalls that affect things in whose trails it has a part."""
    found, following = await rooms.notices.listed(caller, number_at(cursor), limit, unacknowledged=unacknowledged)
    return page(request, [_told(one) for one in found], following)


@router.get("/{notice}", responses=returned(200, NoticeShape, "The notice") | refused(*_FOUND))
async def notice(notice: UUID, caller: Reader, rooms: InRooms) -> Response:
    """One notice."""
    return Json(_told(await rooms.notices.read(caller, notice)))


@router.get("/{notice}/things", responses=listed(TrailName, "By trail id") | refused(*_FOUND, BadCursor))
async def things(
    request: Request, notice: UUID, caller: Reader, rooms: InRooms, *, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The things that a notice tells of; a closing one tells of none anew."""
    found, following = await rooms.notices.things(caller, notice, bytes_at(cursor), limit)
    items = [{"identifier": one.identifier, "kind": one.kind, "trail": hexed(one.id)} for one in found]
    return page(request, items, following.hex() if following else None)


@router.post("/{notice}/acknowledge", responses=returned(200, NoticeShape, "Acknowledged") | refused(*_FOUND))
async def acknowledge(notice: UUID, caller: Writer, rooms: InRooms) -> Response:
    """Says that the party has seen it; who opened the recall learns when. Again is as once."""
    return Json(_told(await rooms.notices.acknowledge(caller, notice)))


def _told(one: Any) -> dict[str, Any]:
    return {
        "noticeID": str(one.id),
        "kind": one.kind,
        "createdAt": one.created_at,
        "acknowledgedAt": one.acknowledged_at,
        "recallID": str(one.recall),
        "by": {"identifier": one.by_identifier, "name": one.by_name},
        "reason": one.reason,
        "disposition": one.disposition,
        "direction": one.direction,
        "openedAt": one.opened_at,
        "closedAt": one.closed_at,
        "things": one.things,
    }
