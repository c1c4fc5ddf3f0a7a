"""Which shipments need somebody today, and why."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, page, text_at
from service.api.risk_lists import watched
from service.api.risk_shapes import (
    MOMENT,
    UNIT,
    Assessments,
    AssessmentShape,
    AssessmentsShape,
    WhatIf,
    WhatIfShape,
)
from service.api.risk_work_shapes import WatchedShipmentShape
from service.api.spec import listed, returned
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk import errors
from service.risk.trust_errors import ModelMissing

router = APIRouter(prefix="/v1/risk", tags=["risk"])
Analyst = Annotated[Caller, Depends(needs(Scope.RISK_READ))]
_PLACE = re.compile(r"([01]) (-?[0-9]\.[0-9]{1,20}(?:e-[0-9]{1,2})?) ([0-9]{1,19})")


@router.get(
    "/shipments",
    responses=listed(AssessmentShape | WatchedShipmentShape, "The riskiest first")
    | refused(RequestInvalid, BadCursor, errors.BadMoment, errors.WatchlistNotFound, ModelMissing),
)
async def riskiest(
    request: Request,
    caller: Analyst,
    rooms: InRooms,
    *,
    limit: Annotated[int, Query(ge=1, le=100, description="how many")] = 10,
    cursor: Cursor = None,
    as_of: Annotated[
        AwareDatetime | None,
        Query(
            alias="asOf",
            description="score for this moment instead of telling the latest scores; one page",
            examples=[MOMENT],
        ),
    ] = None,
    recorded_by: Annotated[
        AwareDatetime | None,
        Query(
            alias="recordedBy",
            description="with asOf: know what was recorded by then; default: asOf",
            examples=[MOMENT],
        ),
    ] = None,
    late_too: Annotated[bool, Query(alias="lateToo", description="also those whose planned end has passed")] = False,
    watchlist: Annotated[
        UUID | None,
        Query(description="only those on a watchlist of the caller's party, as /v1/risk/watchlists/{id}/shipments"),
    ] = None,
) -> Response:
    """The shipments under way that are likeliest to be late, among those that the caller may see.

    A worker scores shipments when events come, and when they stay silent; these are its latest scores. With a
    watchlist, `asOf`, `recordedBy` and `lateToo` have no say: whatever is on it and under way is told.
    """
    if watchlist is not None:
        return await watched(request, watchlist, caller, rooms, cursor=cursor, limit=limit)
    if as_of is not None:
        found = await rooms.risk.riskiest_as_of(caller, limit, as_of, recorded_by, late_too=late_too)
        return page(request, found, None)
    items, following = await rooms.risk.riskiest(caller, limit, _place_at(cursor), late_too=late_too)
    return page(request, items, None if following is None else "{:d} {!r} {}".format(*following))


@router.post(
    "/assessments",
    responses=returned(200, AssessmentsShape, "In the order asked for")
    | refused(
        RequestInvalid, errors.ShipmentNotFound, errors.TooManyShipments, errors.BadMoment, errors.BadUnit, ModelMissing
    ),
)
async def assess(asked: Assessments, caller: Analyst, rooms: InRooms) -> Response:
    """Scores shipments, each as of its own moment, from what was known then."""
    shipments = [(one.shipment, one.asOf) for one in asked.shipments]
    return _answer(await rooms.risk.assess(caller, shipments, asked.recordedBy))


@router.get(
    "/history",
    responses=returned(200, AssessmentsShape, "The latest first")
    | refused(RequestInvalid, errors.ShipmentNotFound, errors.BadUnit),
)
async def history(
    caller: Analyst,
    rooms: InRooms,
    shipment: Annotated[str, Query(max_length=2048, description="any of its units", examples=[UNIT])],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The scores that were given for a shipment, as they were given."""
    return _answer(await rooms.risk.history(caller, shipment, limit))


@router.post(
    "/what-if",
    responses=returned(200, WhatIfShape, "As it is, and as it would be")
    | refused(RequestInvalid, errors.ShipmentNotFound, errors.BadMoment, errors.BadUnit, errors.BadEdit, ModelMissing),
)
async def what_if(asked: WhatIf, caller: Analyst, rooms: InRooms) -> Json:
    """Scores a shipment with its plan edited, beside the score as it is."""
    edits = [one.model_dump(exclude_none=True) for one in asked.edits]
    return Json(await rooms.risk.what_if(caller, asked.shipment, edits, asked.asOf, asked.recordedBy))


def _answer(items: list[dict[str, Any]]) -> Json:
    return Json({"items": items})


def _place_at(cursor: str | None) -> tuple[bool, float, int] | None:
    if cursor is None:
        return None
    found = _PLACE.fullmatch(text_at(cursor))
    if found is None or int(found[3]) >= 2**63:
        raise BadCursor("follow the Link header of the page before, or leave the cursor out")
    return found[1] == "1", float(found[2]), int(found[3])
