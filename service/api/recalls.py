"""Tracing what a thing may have affected or come from, and recalling it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from service.api.answers import Json
from service.api.callers import InRooms, needs, refused
from service.api.captures import prepared_answer
from service.api.documents import IdempotencyKey, read_idempotency_key
from service.api.errors import BadCursor, BadIdempotencyKey, BodyTooLarge, RequestInvalid
from service.api.paging import Cursor, Limit, number_at, page
from service.api.recall_shapes import THING, AffectedShape, Asked, NewRecall, RecallShape, TraceShape
from service.api.shapes import PreparedShape
from service.api.spec import listed, returned
from service.capture import errors as capturing
from service.epcis.faults import InvalidDocument
from service.parties.caller import Caller
from service.parties.errors import NotDeployed, PartyIsSuspended
from service.parties.scopes import Scope
from service.recall import Question, errors
from service.recall.views import Affected, PathStep, RecallView, Told
from service.trails.errors import NotAnIdentifier

router = APIRouter(prefix="/v1", tags=["recalls"])
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
Writer = Annotated[Caller, Depends(needs(Scope.CAPTURES_WRITE))]
LONG = ("/v1/traces", "/v1/recalls")
"""Paths whose bodies may name many things."""
_ASKED = (
    BodyTooLarge,
    RequestInvalid,
    errors.ThingNotFound,
    NotAnIdentifier,
    errors.NothingToTrace,
    errors.BadWindow,
    errors.TooManyThings,
)
_FOUND = (errors.RecallNotFound, RequestInvalid)


@router.post("/traces", responses=returned(200, TraceShape, "What was reached, the nearest first") | refused(*_ASKED))
async def trace(asked: Asked, caller: Reader, rooms: InRooms) -> Response:
    """What a recall of these things would reach; nothing is written, and nobody is told."""
    view = await rooms.recalls.trace(caller, _question(asked))
    return Json(
        {
            "things": view.things,
            "hidden": view.hidden,
            "complete": view.bound is None,
            "bound": view.bound,
            "affected": [_affected(one) for one in view.affected],
            "more": view.more,
        }
    )


@router.post(
    "/recalls",
    status_code=201,
    responses=returned(201, RecallShape, "Open: what it reaches is notified, and is being held")
    | refused(*_ASKED, BadIdempotencyKey, errors.RecallKeyReused, errors.NotYoursToRecall, PartyIsSuspended),
)
async def open_recall(
    asked: NewRecall, caller: Writer, rooms: InRooms, idempotency_key: IdempotencyKey = None
) -> Response:
    """Recalls what the things may have affected, or come from: notifies the parties concerned, and holds on chain."""
    view = await rooms.recalls.open(
        caller,
        _question(asked),
        reason=asked.reason,
        disposition=asked.disposition,
        hold=asked.hold,
        idempotency_key=read_idempotency_key(idempotency_key),
    )
    return Json(_recall(view), 201, {"Location": f"/v1/recalls/{view.id}"})


@router.get("/recalls", responses=listed(RecallShape, "The newest first") | refused(BadCursor, RequestInvalid))
async def recalls(
    request: Request, caller: Reader, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The caller's recalls; for auditors and regulators everybody's."""
    found, following = await rooms.recalls.listed(caller, number_at(cursor), limit)
    return page(request, [_recall(one) for one in found], following)


@router.get("/recalls/{recall}", responses=returned(200, RecallShape, "The recall") | refused(*_FOUND))
async def read_recall(recall: UUID, caller: Reader, rooms: InRooms) -> Response:
    """One recall: how much it reached, how far its holds are, who was notified, and who has acknowledged."""
    return Json(_recall(await rooms.recalls.read(caller, recall)))


@router.get(
    "/recalls/{recall}/things",
    responses=listed(AffectedShape, "The nearest first")
    | refused(*_FOUND, BadCursor, errors.ThingNotFound, NotAnIdentifier),
)
async def things(
    request: Request,
    recall: UUID,
    caller: Reader,
    rooms: InRooms,
    *,
    identifier: Annotated[
        str | None, Query(max_length=2048, description="only this thing, with its whole path", examples=[THING])
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """The affected things that the caller sees, each with why it is affected and how far its hold is."""
    after = number_at(cursor)
    found, following = await rooms.recalls.things(caller, recall, after, limit, identifier)
    return page(request, [_affected(one) for one in found], following)


@router.post(
    "/recalls/{recall}/close",
    responses=returned(200, RecallShape, "Closed; its holds are being lifted") | refused(*_FOUND, PartyIsSuspended),
)
async def close(recall: UUID, caller: Writer, rooms: InRooms) -> Response:
    """Closes a recall of the caller's: lifts its holds and tells everybody who was notified; again is as once."""
    return Json(_recall(await rooms.recalls.close(caller, recall)))


@router.post(
    "/recalls/{recall}/prepare",
    responses=returned(200, PreparedShape, "What to check and to sign; nothing is kept")
    | refused(*_FOUND, errors.NothingToSign, PartyIsSuspended, NotDeployed, InvalidDocument, capturing.NoEvents),
)
async def prepare(recall: UUID, caller: Writer, rooms: InRooms) -> Response:
    """The next holds or lifts for a party that signs with its own key: sign, and hand in at `/v1/captures/signed`."""
    return Json(prepared_answer(await rooms.recalls.prepare(caller, recall)))


def _question(asked: Asked) -> Question:
    return Question(tuple(asked.things), tuple(asked.classes), asked.since, asked.until, asked.direction, asked.spread)


def _recall(view: RecallView) -> dict[str, Any]:
    return {
        "recallID": str(view.id),
        "by": {"identifier": view.by[0], "name": view.by[1]},
        "reason": view.reason,
        "disposition": view.disposition,
        "things": list(view.things_named),
        "classes": list(view.classes),
        "since": view.since,
        "until": view.until,
        "direction": view.direction,
        "spread": view.spread,
        "hold": view.hold,
        "openedAt": view.opened_at,
        "closedAt": view.closed_at,
        "complete": view.bound is None,
        "bound": view.bound,
        "grown": view.grown,
        "affected": view.things,
        "hidden": view.hidden,
        "holds": [{"step": step, "state": state, "things": count} for step, state, count in view.acts],
        "notified": [
            {
                "identifier": one.identifier,
                "name": one.name,
                "things": one.things,
                "notifiedAt": one.notified_at,
                "acknowledgedAt": one.acknowledged_at,
            }
            for one in view.notified
        ],
        "others": {"notified": view.others[0], "acknowledged": view.others[1]},
    }


def _affected(one: Affected) -> dict[str, Any]:
    return {
        "identifier": one.identifier,
        "kind": one.kind,
        "depth": one.depth,
        "since": one.since,
        "until": one.until,
        "supposed": one.supposed,
        "path": [_step(step) for step in one.path],
        "omitted": one.omitted,
        "hold": None
        if one.hold is None
        else {
            "step": one.hold.step,
            "state": one.hold.state,
            "eventID": one.hold.event_id,
            "reason": one.hold.reason,
        },
        "grown": one.batch,
    }


def _step(step: PathStep) -> dict[str, Any]:
    return {
        "identifier": step.identifier,
        "hidden": step.hidden,
        "how": step.how,
        "began": _told(step.began),
        "ended": _told(step.ended),
        "since": step.since,
        "until": step.until,
        "supposed": step.supposed,
    }


def _told(event: Told | None) -> dict[str, Any] | None:
    return None if event is None else {"eventID": event.event_id, "eventTime": event.event_time}
