"""Which shipments need somebody today, and why."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.errors import RequestInvalid
from service.api.spec import returned
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk import errors

router = APIRouter(prefix="/v1/risk", tags=["risk"])
Analyst = Annotated[Caller, Depends(needs(Scope.RISK_READ))]
_UNIT = "https://id.gs1.org/00/095210010000000017"
_MOMENT = "2026-01-09T12:00:00Z"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Shape):
    """A shipment by any of its units, and the moment to score it for (default: now)."""

    shipment: Annotated[str, Field(max_length=2048, examples=[_UNIT])]
    asOf: Annotated[AwareDatetime | None, Field(examples=[_MOMENT])] = None  # noqa: N815


class Assessments(_Shape):
    """Shipments to score."""

    shipments: Annotated[list[Asked], Field(min_length=1, max_length=2000)]


class ReasonShape(_Shape):
    """One reason; `weight` is its part of the log-odds (positive: riskier), the rest says where."""

    code: Annotated[str, Field(examples=["BEHIND_PLAN"])]
    text: Annotated[str, Field(examples=["3 h behind plan at hub 256"])]
    weight: Annotated[float, Field(examples=[0.62])]
    leg: Annotated[str | None, Field(examples=["i1"])]
    milestone: Annotated[str | None, Field(examples=["RCF 1"])]
    place: Annotated[int | None, Field(examples=[256])]


class AssessmentShape(_Shape):
    """A score; `probability` of late delivery is null where the model abstains, and then the reason says why."""

    assessmentID: str  # noqa: N815
    shipment: Annotated[str, Field(examples=[_UNIT])]
    bookedAt: datetime  # noqa: N815
    asOf: datetime  # noqa: N815
    stage: Annotated[str, Field(examples=["inbound"])]
    probability: Annotated[float | None, Field(examples=[0.37])]
    band: Literal["low", "elevated", "high"] | None
    expectedEnd: datetime | None  # noqa: N815
    plannedEnd: datetime | None  # noqa: N815
    reasons: list[ReasonShape]
    modelHash: str  # noqa: N815
    inputHash: str  # noqa: N815


class AssessmentsShape(_Shape):
    """Scores in the order asked for, or the riskiest first."""

    items: list[AssessmentShape]


@router.get(
    "/shipments",
    responses=returned(200, AssessmentsShape, "The riskiest first") | refused(RequestInvalid, errors.BadMoment),
)
async def riskiest(
    caller: Analyst,
    rooms: InRooms,
    limit: Annotated[int, Query(ge=1, le=100, description="how many")] = 10,
    as_of: Annotated[AwareDatetime | None, Query(alias="asOf", description="default: now", examples=[_MOMENT])] = None,
    late_too: Annotated[bool, Query(alias="lateToo", description="also those whose planned end has passed")] = False,
) -> Response:
    """The shipments under way that are likeliest to be late, among those that the caller may see."""
    found = await rooms.risk.riskiest(caller, limit, as_of, late_too=late_too)
    return _answer([one.told() for one in found])


@router.post(
    "/assessments",
    responses=returned(200, AssessmentsShape, "In the order asked for")
    | refused(RequestInvalid, errors.ShipmentNotFound, errors.TooManyShipments, errors.BadMoment, errors.BadUnit),
)
async def assess(asked: Assessments, caller: Analyst, rooms: InRooms) -> Response:
    """Scores shipments, each as of its own moment, from what had happened by then."""
    found = await rooms.risk.assess(caller, [(one.shipment, one.asOf) for one in asked.shipments])
    return _answer([one.told() for one in found])


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
    found = await rooms.risk.history(caller, shipment, limit)
    return _answer(found)


def _answer(items: list[dict[str, Any]]) -> Json:
    return Json({"items": items})
