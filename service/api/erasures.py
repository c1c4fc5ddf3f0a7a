"""Erasing what events said (GDPR, Art. 17), and what was erased."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.api import trail_answers
from service.api.answers import Json, hexed
from service.api.callers import InRooms, needs, refused
from service.api.captures import prepared_answer
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, Limit, number_at, page
from service.api.shapes import PreparedShape, Text
from service.api.spec import listed, returned
from service.api.trail_shapes import ErasedShape, Hash
from service.erasure import errors
from service.erasure.erasures import Erased
from service.parties.caller import Caller
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/erasures", tags=["erasure"])
Eraser = Annotated[Caller, Depends(needs(Scope.EVENTS_ERASE))]


class NewErasure(BaseModel):
    """Which event to erase, and why; everybody who sees the trail can read the reason, so it names nobody."""

    model_config = ConfigDict(extra="forbid")

    eventID: Annotated[  # noqa: N815
        str,
        Field(min_length=1, max_length=2048, pattern=r"^[^\x00]+$", examples=["ni:///sha-256;df7bb3c3...?ver=CBV2.0"]),
    ]
    reason: Annotated[Text, Field(examples=["request of the data subject, GDPR Art. 17"])]


class ErasureShape(ErasedShape):
    """An erasure. `eventID` is what the event is called from now on.

    `prepared`: the statement, for the party's own key to sign; null where the service signs it.
    """

    eventID: Annotated[str, Field(examples=["urn:trailseal:erased:0x" + "4b" * 32])]  # noqa: N815
    seal: Hash
    prepared: PreparedShape | None


class ErasuresShape(BaseModel):
    """What was erased: the event, and its declaration as an error where it had one."""

    erasures: list[ErasureShape]


@router.post(
    "",
    responses=returned(200, ErasuresShape, "Erased; the statement is on its way, or waits for the party's signature")
    | refused(errors.NothingToErase, errors.StatementStays, RequestInvalid),
)
async def erase(asked: NewErasure, caller: Eraser, rooms: InRooms) -> Response:
    """Erases what an event of the caller's party said, for good. Again is as once: the first erasure is told."""
    return Json({"erasures": [_told(one) for one in await rooms.erasures.erase(caller, asked.eventID, asked.reason)]})


@router.get("", responses=listed(ErasureShape, "The newest first") | refused(BadCursor, RequestInvalid))
async def erasures(
    request: Request, caller: Eraser, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """What the caller's party erased."""
    found, following = await rooms.erasures.listed(caller, number_at(cursor), limit)
    return page(request, [_told(one) for one in found], following)


def _told(one: Erased) -> dict[str, Any]:
    return {
        "eventID": one.event_id,
        "seal": hexed(one.seal),
        **trail_answers.erased(one.view),
        "prepared": prepared_answer(one.prepared) if one.prepared else None,
    }
