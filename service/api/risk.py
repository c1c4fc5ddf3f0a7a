"""Which shipments need somebody today, and why."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.errors import BadCursor, RequestInvalid
from service.api.paging import Cursor, page, text_at
from service.api.spec import listed, returned
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk import errors
from service.risk.trust_errors import ModelMissing

router = APIRouter(prefix="/v1/risk", tags=["risk"])
Analyst = Annotated[Caller, Depends(needs(Scope.RISK_READ))]
_UNIT = "https://id.gs1.org/00/095210010000000017"
_MOMENT = "2026-01-09T12:00:00Z"
_YEAR = 366 * 24 * 60
_PLACE = re.compile(r"([01]) (-?[0-9]\.[0-9]{1,20}(?:e-[0-9]{1,2})?) ([0-9]{1,19})")


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Shape):
    """A shipment by any of its units, and the moment to score it for (default: now)."""

    shipment: Annotated[str, Field(max_length=2048, examples=[_UNIT])]
    asOf: Annotated[AwareDatetime | None, Field(examples=[_MOMENT])] = None  # noqa: N815


class Assessments(_Shape):
    """Shipments to score.

    A score knows what had happened by `asOf` and was recorded by then; with `recordedBy`, what was recorded by that
    time (now: for history that was brought in later).
    """

    shipments: Annotated[list[Asked], Field(min_length=1, max_length=2000)]
    recordedBy: Annotated[AwareDatetime | None, Field(examples=[_MOMENT])] = None  # noqa: N815


class ReasonShape(_Shape):
    """One reason; `weight` is its part of the log-odds (positive: riskier), the rest says where.

    `events` are the ids of those events that it comes from and that the caller may see.
    """

    code: Annotated[str, Field(examples=["BEHIND_PLAN"])]
    text: Annotated[str, Field(examples=["3 h behind plan at hub 256"])]
    weight: Annotated[float, Field(examples=[0.62])]
    leg: Annotated[str | None, Field(examples=["i1"])]
    milestone: Annotated[str | None, Field(examples=["RCF 1"])]
    place: Annotated[int | None, Field(examples=[256])]
    events: Annotated[list[str], Field(examples=[["urn:uuid:11111111-1111-4111-8111-111111111111"]])]


class ArrivalShape(_Shape):
    """When the final delivery will be: quantiles; between `p5` and `p95` in nine cases of ten."""

    p5: datetime
    p10: datetime
    p50: datetime
    p90: datetime
    p95: datetime


class AssessmentShape(_Shape):
    """A score; `probability` of late delivery is null where the model abstains, and then the reason says why.

    `arrival`, `excursion` (the probability of a condition excursion) and `anomaly` (how odd the trail itself is, from 0
    to 1) are null where nothing can be said. `recordedBy`: by when what it knew was recorded.
    """

    assessmentID: str  # noqa: N815
    shipment: Annotated[str, Field(examples=[_UNIT])]
    bookedAt: datetime  # noqa: N815
    asOf: datetime  # noqa: N815
    recordedBy: datetime | None  # noqa: N815
    stage: Annotated[str, Field(examples=["inbound"])]
    probability: Annotated[float | None, Field(examples=[0.37])]
    band: Literal["low", "elevated", "high"] | None
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    arrival: ArrivalShape | None
    excursion: Annotated[float | None, Field(examples=[0.04])]
    anomaly: Annotated[float | None, Field(examples=[0.12])]
    reasons: list[ReasonShape]
    modelHash: str  # noqa: N815
    inputHash: str  # noqa: N815
    calibrationID: str | None  # noqa: N815


class EditShape(_Shape):
    """An edit of the plan; which other members it has depends on its `kind`.

    `plannedMinutes` (milestone, minutes): an open milestone takes so long. `slack` (minutes): the leg's last milestone
    may take so much more. `stop` (stop, place): the leg leads over another place. `dropSegment` (segment): it flies
    without a flight. `addSegment` (segment, place, departure, arrival): it flies to a place first. `dropLeg`: the
    consolidation does not wait for this inbound leg.
    """

    kind: Literal["plannedMinutes", "slack", "stop", "dropSegment", "addSegment", "dropLeg"]
    leg: Literal["i1", "i2", "i3", "o"]
    milestone: Annotated[str | None, Field(max_length=20, examples=["DEP 1"])] = None
    minutes: Annotated[int | None, Field(ge=-_YEAR, le=_YEAR, examples=[720])] = None
    stop: Annotated[int | None, Field(ge=0, le=20)] = None
    place: Annotated[
        Annotated[int, Field(ge=0, le=2**53)] | Annotated[str, Field(max_length=2048)] | None, Field(examples=[256])
    ] = None
    segment: Annotated[int | None, Field(ge=0, le=20)] = None
    departure: Annotated[int | None, Field(ge=0, le=_YEAR)] = None
    arrival: Annotated[int | None, Field(ge=0, le=_YEAR)] = None


class WhatIf(Asked):
    """A shipment, a moment, and edits of its plan, which are made in their order."""

    recordedBy: Annotated[AwareDatetime | None, Field(examples=[_MOMENT])] = None  # noqa: N815
    edits: Annotated[
        list[EditShape],
        Field(min_length=1, max_length=50, examples=[[{"kind": "slack", "leg": "o", "minutes": 720}]]),
    ]


class EditedShape(_Shape):
    """The score that the shipment would have with the edited plan."""

    stage: str
    probability: float | None
    band: Literal["low", "elevated", "high"] | None
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    arrival: ArrivalShape | None
    excursion: float | None
    anomaly: float | None
    reasons: list[ReasonShape]


class WhatIfShape(_Shape):
    """The score as it is, which is stored, and the one with the edited plan, which is not."""

    asIs: AssessmentShape  # noqa: N815
    edited: EditedShape


class AssessmentsShape(_Shape):
    """Scores in the order asked for, or the latest first."""

    items: list[AssessmentShape]


@router.get(
    "/shipments",
    responses=listed(AssessmentShape, "The riskiest first")
    | refused(RequestInvalid, BadCursor, errors.BadMoment, ModelMissing),
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
            examples=[_MOMENT],
        ),
    ] = None,
    recorded_by: Annotated[
        AwareDatetime | None,
        Query(
            alias="recordedBy",
            description="with asOf: know what was recorded by then; default: asOf",
            examples=[_MOMENT],
        ),
    ] = None,
    late_too: Annotated[bool, Query(alias="lateToo", description="also those whose planned end has passed")] = False,
) -> Response:
    """The shipments under way that are likeliest to be late, among those that the caller may see.

    A worker scores shipments when events come, and when they stay silent; these are its latest scores.
    """
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
    shipment: Annotated[str, Query(max_length=2048, description="any of its units", examples=[_UNIT])],
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
