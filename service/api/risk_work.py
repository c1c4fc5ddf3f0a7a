"""An analyst's day: what to act on, what came of it, and by which policy."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.documents import IdempotencyKey, read_idempotency_key
from service.api.errors import BadCursor, BadIdempotencyKey, RequestInvalid
from service.api.paging import Cursor, Limit, number_at, page
from service.api.risk_work_shapes import (
    AlertShape,
    DispositionAsked,
    DispositionShape,
    InspectionShape,
    PolicyAsked,
    PolicyShape,
)
from service.api.spec import listed, returned
from service.parties.caller import Caller
from service.parties.errors import PartyIsSuspended
from service.parties.scopes import Scope
from service.risk import errors
from service.risk.bands import Costs
from service.risk.policies import Policy, Webhook

router = APIRouter(prefix="/v1/risk", tags=["risk"])
Reader = Annotated[Caller, Depends(needs(Scope.RISK_READ))]
Writer = Annotated[Caller, Depends(needs(Scope.RISK_WRITE))]
_Day = Annotated[date | None, Query(description="the party's local day", examples=["2026-02-03"])]
_ALERT = (errors.AlertNotFound, RequestInvalid)
_ASSESSMENT = (errors.AssessmentNotFound, RequestInvalid)
_SAID = (errors.AssessmentNotFound, errors.DisposedMeanwhile, errors.WorkKeyReused, BadIdempotencyKey, PartyIsSuspended)


@router.get("/policy", responses=returned(200, PolicyShape, "The policy") | refused(RequestInvalid))
async def policy(caller: Reader, rooms: InRooms) -> Response:
    """The risk policy of the caller's party; the default one, which alerts nobody, until it sets one."""
    return Json(await rooms.desk.policies.read(caller))


@router.put(
    "/policy",
    responses=returned(200, PolicyShape, "Set") | refused(RequestInvalid, errors.BadPolicy, PartyIsSuspended),
)
async def put_policy(asked: PolicyAsked, caller: Writer, rooms: InRooms) -> Response:
    """Sets what things cost, how many alerts a day are wanted, and where they are sent."""
    costs, hook = asked.costs, asked.webhook
    wanted = Policy(
        Costs(costs.penalty, costs.checking, costs.intervening, costs.effectiveness),
        asked.alerts,
        asked.budget,
        asked.timezone,
        asked.inspectionShare,
        None if hook is None else Webhook(hook.dest, hook.signatureToken),
    )
    return Json(await rooms.desk.policies.put(caller, wanted))


@router.get("/alerts", responses=listed(AlertShape, "The newest first") | refused(BadCursor, RequestInvalid))
async def alerts(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    *,
    day: _Day = None,
    undisposed: Annotated[bool, Query(description="only those of which nobody said yet what they were")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """The alerts to the caller's party, of shipments that it sees."""
    found, following = await rooms.desk.alerts.listed(caller, number_at(cursor), limit, day=day, undisposed=undisposed)
    return page(request, found, following)


@router.get("/alerts/{alert}", responses=returned(200, AlertShape, "The alert") | refused(*_ALERT))
async def alert(alert: UUID, caller: Reader, rooms: InRooms) -> Response:
    """One alert, with what the party said about it last."""
    return Json(await rooms.desk.alerts.read(caller, alert))


@router.post("/alerts/{alert}/acknowledge", responses=returned(200, AlertShape, "Acknowledged") | refused(*_ALERT))
async def acknowledge(alert: UUID, caller: Writer, rooms: InRooms) -> Response:
    """Says that somebody is looking at it. Again is as once."""
    return Json(await rooms.desk.alerts.acknowledge(caller, alert))


@router.post(
    "/alerts/{alert}/dispositions",
    status_code=201,
    responses=returned(201, DispositionShape, "Appended") | refused(*_ALERT, *_SAID),
)
async def dispose_of_alert(
    alert: UUID, asked: DispositionAsked, caller: Writer, rooms: InRooms, idempotency_key: IdempotencyKey = None
) -> Response:
    """Says what an alert turned out to be. What was said before stays in the history."""
    said = _said(asked, idempotency_key)
    return Json(await rooms.desk.dispositions.dispose_of_alert(caller, alert, asked.verdict, **said), 201)


@router.get(
    "/alerts/{alert}/dispositions",
    responses=listed(DispositionShape, "The first first") | refused(*_ALERT, BadCursor, errors.AssessmentNotFound),
)
async def dispositions_of_alert(
    request: Request, alert: UUID, caller: Reader, rooms: InRooms, *, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """What the caller's party said about an alert's assessment; the last one stands."""
    found, following = await rooms.desk.dispositions.of_alert(caller, alert, number_at(cursor), limit)
    return page(request, found, following)


@router.post(
    "/assessments/{assessment}/dispositions",
    status_code=201,
    responses=returned(201, DispositionShape, "Appended") | refused(*_ASSESSMENT, *_SAID),
)
async def dispose(
    assessment: UUID, asked: DispositionAsked, caller: Writer, rooms: InRooms, idempotency_key: IdempotencyKey = None
) -> Response:
    """As for an alert, of any assessment of a shipment that the caller sees."""
    said = _said(asked, idempotency_key)
    return Json(await rooms.desk.dispositions.dispose(caller, assessment, asked.verdict, **said), 201)


@router.get(
    "/assessments/{assessment}/dispositions",
    responses=listed(DispositionShape, "The first first") | refused(*_ASSESSMENT, BadCursor),
)
async def dispositions(
    request: Request, assessment: UUID, caller: Reader, rooms: InRooms, *, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """What the caller's party said about an assessment; the last one stands."""
    found, following = await rooms.desk.dispositions.of_assessment(caller, assessment, number_at(cursor), limit)
    return page(request, found, following)


@router.get(
    "/inspections", responses=listed(InspectionShape, "In the order of the draws") | refused(BadCursor, RequestInvalid)
)
async def inspections(
    request: Request, caller: Reader, rooms: InRooms, *, day: _Day = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Shipments to look at whatever their score, so that what is learnt is not only about alerts."""
    found, following = await rooms.desk.alerts.inspections(caller, day, number_at(cursor), limit)
    return page(request, found, following)


def _said(asked: DispositionAsked, idempotency_key: str | None) -> dict[str, Any]:
    return {
        "note": asked.note,
        "replaces": asked.replaces,
        "idempotency_key": read_idempotency_key(idempotency_key),
    }
