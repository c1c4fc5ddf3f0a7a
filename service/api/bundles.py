"""Bundles: the proof of one trail, or of all those of a recall, as a file."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import etag_of, unchanging
from service.api.callers import InRooms, needs, refused
from service.api.errors import BodyTooLarge, RequestInvalid
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.trails import errors
from service.trails.disclosure import Disclosure

PATH = "/v1/bundles"
router = APIRouter(prefix="/v1", tags=["trails"])
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
Thing = Annotated[str, Field(min_length=1, max_length=2048, examples=["https://id.gs1.org/01/09521321000018/21/10001"])]
EventID = Annotated[str, Field(min_length=1, max_length=2048)]
Shown = Literal["all", "none"]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bundle file (docs/format.md, section 5)", "content": {"application/json": {}}}
}
_REFUSED = (
    errors.TrailNotFound,
    errors.NotAnIdentifier,
    errors.NotYetSealed,
    errors.MirrorBehind,
    errors.NothingToWithhold,
    errors.BundleTooLarge,
    RequestInvalid,
)


class BundleAsked(BaseModel):
    """Which things a bundle is to prove, as of which block (default: the newest), and what it is to show of them.

    With `withJourney`, what carried them, what they were made of and what became of them is in it too, as far as you
    see it. `withhold` names events by their eventIDs; `disclose` none withholds all.
    """

    model_config = ConfigDict(extra="forbid")

    things: Annotated[list[Thing], Field(min_length=1, max_length=1000)]
    block: Annotated[int | None, Field(ge=0, lt=2**53)] = None
    disclose: Shown = "all"
    withhold: Annotated[list[EventID], Field(max_length=1000)] = []
    withJourney: bool = False  # noqa: N815


@router.get("/trail/bundle", responses=_FILE | refused(*_REFUSED))
async def bundle(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    *,
    identifier: Annotated[
        str,
        Query(
            max_length=2048,
            description="the thing's identifier in any spelling: EPC URN, or GS1 Digital Link of any resolver",
            examples=["https://id.gs1.org/01/09521321000018/21/10001"],
        ),
    ],
    block: Annotated[int | None, Query(ge=0, lt=2**63, description="as of this block; default: the newest")] = None,
    disclose: Annotated[Shown, Query(description="`none` withholds every document")] = "all",
    withhold: Annotated[
        list[EventID], Query(max_length=100, description="eventID of an event to withhold; give it once for each")
    ] = [],  # noqa: B006
) -> Response:
    """The trail with everything that proves it, as a file that `trailseal verify` checks without us."""
    shown = Disclosure(disclose == "all", frozenset(withhold))
    file = await rooms.trails.bundle(caller, identifier, block=block, disclosure=shown)
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", identifier.rpartition("://")[2])[-80:].strip("-.") or "trail"
    headers = {"Content-Disposition": f'attachment; filename="{name}.bundle.json"'}
    return unchanging(request, file, "application/json", etag_of(file), headers)


@router.post("/bundles", responses=_FILE | refused(*_REFUSED, BodyTooLarge))
async def bundles(caller: Reader, rooms: InRooms, asked: BundleAsked) -> Response:
    """One bundle of many trails, which shares what they have in common: a whole recall in one file."""
    shown = Disclosure(asked.disclose == "all", frozenset(asked.withhold))
    things = await rooms.trails.with_journeys(caller, asked.things) if asked.withJourney else asked.things
    file = await rooms.trails.bundle(caller, *things, block=asked.block, disclosure=shown)
    headers = {"Content-Disposition": 'attachment; filename="trails.bundle.json"', "Cache-Control": "no-store"}
    return Response(file, media_type="application/json", headers=headers)
