"""Were the scores right, can they be computed again, and which model gives them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.errors import RequestInvalid
from service.api.risk_trust_shapes import (
    HASH,
    BacktestShape,
    DriftShape,
    InputsShape,
    ModelCardShape,
    ModelsShape,
    Promotion,
    ReproductionShape,
    SealShape,
)
from service.api.spec import returned
from service.parties.caller import Caller
from service.parties.errors import PartyIsSuspended
from service.parties.scopes import Scope
from service.risk.errors import AssessmentNotFound, BadPeriod
from service.risk.trust_errors import ModelMissing, ModelNotFound, NotBetter

router = APIRouter(prefix="/v1/risk", tags=["risk"])
Analyst = Annotated[Caller, Depends(needs(Scope.RISK_READ))]
Admin = Annotated[Caller, Depends(needs(Scope.CONSORTIUM_ADMIN))]
Model = Annotated[str, Path(alias="model", pattern="^[0-9a-f]{64}$", examples=[HASH])]
_MOMENT = "2026-03-02T00:00:00Z"
Since = Annotated[AwareDatetime | None, Query(description="default: four weeks before the end", examples=[_MOMENT])]
Until = Annotated[AwareDatetime | None, Query(description="default: now", examples=["2026-03-30T00:00:00Z"])]


@router.get("/backtest", responses=returned(200, BacktestShape, "As shown") | refused(RequestInvalid, BadPeriod))
async def backtest(
    caller: Analyst, rooms: InRooms, since: Since = None, until: Until = None, by: Literal["week", "lane"] = "week"
) -> Response:
    """The scores, lists and intervals that were shown to the caller's party, judged by what became of the shipments.

    Nothing is computed anew. Auditors and regulators are told of what was shown to anybody.
    """
    return Json(await rooms.trust.record.backtest(caller, since, until, by=by))


@router.get(
    "/drift",
    responses=returned(200, DriftShape, "By what chance does") | refused(RequestInvalid, BadPeriod, ModelMissing),
)
async def drift(
    caller: Analyst,
    rooms: InRooms,
    since: Since = None,
    until: Until = None,
    model: Annotated[
        str | None, Query(pattern="^[0-9a-f]{64}$", description="default: the one that scores", examples=[HASH])
    ] = None,
) -> Response:
    """Inputs, base rate and calibration by lane beside what the model learnt from, over shipments that one sees."""
    return Json(await rooms.trust.drift.report(caller, since, until, model))


@router.get(
    "/assessments/{assessment}/reproduction",
    responses=returned(200, ReproductionShape, "The same, or what differs")
    | refused(RequestInvalid, AssessmentNotFound, ModelMissing),
)
async def reproduction(assessment: UUID, caller: Analyst, rooms: InRooms) -> Response:
    """Computes a stored score again, bit for bit, from what was known when it was given."""
    return Json(await rooms.trust.reproductions.reproduce(caller, assessment))


@router.get(
    "/assessments/{assessment}/seal",
    responses=returned(200, SealShape, "Stored, captured or sealed") | refused(RequestInvalid, AssessmentNotFound),
)
async def seal(assessment: UUID, caller: Analyst, rooms: InRooms) -> Response:
    """Where a score is on its way to the shipment's risk trail."""
    return Json(await rooms.trust.reproductions.seal(caller, assessment))


@router.get(
    "/assessments/{assessment}/inputs",
    responses=returned(200, InputsShape, "In hex") | refused(RequestInvalid, AssessmentNotFound),
)
async def inputs(assessment: UUID, caller: Analyst, rooms: InRooms) -> Response:
    """What a score was computed from, to compute it again without the service."""
    return Json(await rooms.trust.reproductions.inputs(caller, assessment))


@router.get("/models", responses=returned(200, ModelsShape, "The one that scores first") | refused())
async def models(caller: Analyst, rooms: InRooms) -> Response:
    """The releases of the scorer that are known."""
    return Json({"items": await rooms.trust.models.listed(caller)})


@router.get(
    "/models/{model}", responses=returned(200, ModelCardShape, "With its card") | refused(RequestInvalid, ModelNotFound)
)
async def model(hash_: Model, caller: Analyst, rooms: InRooms) -> Response:
    """A release and its card."""
    return Json(await rooms.trust.models.one(caller, hash_))


@router.post(
    "/models/{model}/promotion",
    responses=returned(200, ModelCardShape, "It scores from now on")
    | refused(RequestInvalid, PartyIsSuspended, ModelNotFound, ModelMissing, NotBetter),
)
async def promote(hash_: Model, caller: Admin, rooms: InRooms, how: Promotion) -> Response:
    """Lets a release score from now on."""
    return Json(await rooms.trust.models.promote(caller, hash_, anyway=how.anyway))


@router.post(
    "/models/{model}/retirement",
    responses=returned(200, ModelCardShape, "It scores no more")
    | refused(RequestInvalid, PartyIsSuspended, ModelNotFound),
)
async def retire(hash_: Model, caller: Admin, rooms: InRooms) -> Response:
    """Lets a release score no more; what it gave stays, and can be computed again."""
    return Json(await rooms.trust.models.retire(caller, hash_))
