"""Handing in documents, and following what becomes of them."""

import asyncio
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from service.api import errors
from service.api.answers import Json, hexed
from service.api.callers import InRooms, needs, refused
from service.api.documents import ErrorBehaviour, IdempotencyKey, read_document, read_idempotency_key
from service.api.examples import document_body, signed_body
from service.api.paging import Cursor, Limit, number_at, page
from service.api.problems import invalid_request
from service.api.shapes import PreparedShape, ReceiptShape
from service.api.spec import listed, returned
from service.capture import Prepared, Receipt, SignedDocument
from service.capture import errors as capturing
from service.epcis.faults import InvalidDocument
from service.parties.caller import Caller
from service.parties.errors import NoSigningKey, NotDeployed, PartyIsSuspended
from service.parties.scopes import Scope

router = APIRouter(prefix="/v1/captures", tags=["captures"])
Writer = Annotated[Caller, Depends(needs(Scope.CAPTURES_WRITE))]
Reader = Annotated[Caller, Depends(needs(Scope.CAPTURES_READ))]
_DOCUMENT_REFUSALS = (
    PartyIsSuspended,
    InvalidDocument,
    capturing.NoEvents,
    capturing.TooManyEvents,
    capturing.DuplicateEvent,
    NotDeployed,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
)
_KEYED = (errors.BadIdempotencyKey, capturing.IdempotencyKeyReused)


@router.post(
    "",
    status_code=202,
    openapi_extra=document_body(),
    responses=returned(202, ReceiptShape, "Kept, and on its way to the chain")
    | refused(*_DOCUMENT_REFUSALS, *_KEYED, NoSigningKey),
)
async def capture(
    request: Request,
    caller: Writer,
    rooms: InRooms,
    behaviour: ErrorBehaviour = "rollback",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hands in an EPCIS document in JSON, XML or CSV; the service signs it with the party's key in its custody."""
    key = read_idempotency_key(idempotency_key)
    body, format_ = await read_document(request)
    receipt = await rooms.captures.accept(
        caller, body, format=format_, idempotency_key=key, proceed=behaviour == "proceed"
    )
    return _accepted(request, receipt)


@router.post(
    "/prepare",
    openapi_extra=document_body(),
    responses=returned(200, PreparedShape, "What to check and to sign; nothing is kept")
    | refused(*_DOCUMENT_REFUSALS, capturing.MasterDataUnsigned),
)
async def prepare(request: Request, caller: Writer, rooms: InRooms, behaviour: ErrorBehaviour = "rollback") -> Response:
    """The events as they would be sealed, and the typed data for the party's own key to sign."""
    body, format_ = await read_document(request)
    prepared = await rooms.captures.prepare(caller, body, format=format_, proceed=behaviour == "proceed")
    return Json(prepared_answer(prepared))


@router.post(
    "/signed",
    status_code=202,
    openapi_extra=signed_body(SignedDocument),
    responses=returned(202, ReceiptShape, "Kept, and on its way to the chain")
    | refused(*_DOCUMENT_REFUSALS, *_KEYED, capturing.SignatureRefused, errors.RequestInvalid),
)
async def submit(request: Request, caller: Writer, rooms: InRooms, idempotency_key: IdempotencyKey = None) -> Response:
    """Hands in a prepared document with the party's own signatures; seals are computed anew."""
    key = read_idempotency_key(idempotency_key)
    body, _ = await read_document(request, json_only=True)
    try:
        signed = await asyncio.to_thread(SignedDocument.model_validate_json, body)
    except ValidationError as faults:
        told = faults.errors(include_url=False, include_input=False, include_context=False)
        raise invalid_request([{**fault, "loc": ("body", *fault["loc"])} for fault in told]) from None
    return _accepted(request, await rooms.captures.submit(caller, signed, idempotency_key=key))


@router.get("/{capture}", responses=returned(200, ReceiptShape, "The receipt") | refused(capturing.CaptureNotFound))
async def receipt(capture: UUID, caller: Reader, rooms: InRooms) -> Response:
    """What became of one of the party's captures."""
    return Json((await rooms.captures.receipt(caller, capture)).told())


@router.get("", responses=listed(ReceiptShape, "The newest first") | refused(errors.BadCursor))
async def receipts(
    request: Request, caller: Reader, rooms: InRooms, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The party's captures, without event ids."""
    found, following = await rooms.captures.receipts(caller, number_at(cursor), limit)
    return page(request, [one.told() for one in found], following)


def _accepted(request: Request, accepted: Receipt) -> Response:
    request.state.noted = {"capture": str(accepted.id), "events": list(accepted.event_ids[:10])}
    request.app.state.metrics.events.inc(accepted.events)
    return Json(accepted.told(), 202, {"Location": f"{router.prefix}/{accepted.id}"})


def prepared_answer(prepared: Prepared) -> dict[str, object]:
    """What a party with a key of its own is to check and to sign."""
    return {
        "events": [
            {"document": orjson.Fragment(document), "nonce": hexed(nonce), "seal": hexed(seal)}
            for document, nonce, seal in prepared.events
        ],
        "parts": [
            {"id": hexed(part), "typedData": typed}
            for part, typed in zip(prepared.part_ids, prepared.typed_data, strict=True)
        ],
        "deadline": prepared.deadline,
        "refused": list(prepared.refused),
    }
