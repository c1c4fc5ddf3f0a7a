"""Capturing documents, and the jobs that tell what became of them (EPCIS 2.0, 12.6.1)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from service.api import errors
from service.api.callers import InRooms, needs
from service.api.documents import ErrorBehaviour, IdempotencyKey, read_document, read_idempotency_key
from service.api.epcis import jobs
from service.api.epcis.answers import (
    Acceptable,
    JsonType,
    MediaType,
    NextPageToken,
    PerPage,
    answer,
    next_page,
    per_page,
)
from service.api.epcis.branches import branch
from service.api.epcis.discovery import discoverable
from service.api.epcis.errors import BadQueryParameter, NoSuchResource
from service.api.epcis.headers import (
    ANSWERED,
    OLDEST_CAPTURED,
    CbvVersion,
    EpcisVersion,
    Versioned,
    check_body_versions,
)
from service.api.epcis.media import form_of
from service.api.epcis.paths import PREFIX, url_of
from service.api.epcis.spec import LOCATION, PAGED, refused, told
from service.api.examples import document_body
from service.api.paging import cursor_at, number_at
from service.capture import errors as capturing
from service.capture.receipts import Receipt
from service.epcis.faults import InvalidDocument
from service.epcis.xml.answers import capture_job_xml
from service.parties.caller import Caller
from service.parties.errors import NoSigningKey, NotDeployed, PartyIsSuspended
from service.parties.scopes import Scope

router = branch("/capture")
CaptureID = Annotated[str, Path(alias="captureID", description="the id of a capture job")]
Writer = Annotated[Caller, Depends(needs(Scope.CAPTURES_WRITE))]
Reader = Annotated[Caller, Depends(needs(Scope.CAPTURES_READ))]
DOCUMENT_REFUSALS = (
    InvalidDocument,
    capturing.NoEvents,
    capturing.TooManyEvents,
    capturing.DuplicateEvent,
    capturing.IdempotencyKeyReused,
    errors.BadIdempotencyKey,
    errors.RequestInvalid,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
    PartyIsSuspended,
    NoSigningKey,
    NotDeployed,
)


@router.post(
    "/capture",
    status_code=202,
    response_class=Response,
    dependencies=[Acceptable],
    openapi_extra=document_body(),
    responses=told(202, "Kept, and on its way to the chain; the job is at Location", headers=LOCATION)
    | refused(*DOCUMENT_REFUSALS, path=f"{PREFIX}/capture"),
)
async def capture(
    request: Request,
    caller: Writer,
    rooms: InRooms,
    *,
    behaviour: ErrorBehaviour = "rollback",
    epcis_version: EpcisVersion = None,
    cbv_version: CbvVersion = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hands in an EPCISDocument or EPCISQueryDocument, in JSON or XML: its events, and its master data.

    A document is kept, or refused, before this answers: a job at Location is never still running.
    """
    versions = epcis_version, cbv_version
    receipt = await accepted(
        request, caller, rooms, behaviour=behaviour, versions=versions, idempotency_key=idempotency_key
    )
    return Response(status_code=202, headers={**ANSWERED, "Location": url_of(request, "capture", str(receipt.id))})


async def accepted(
    request: Request,
    caller: Caller,
    rooms: InRooms,
    *,
    behaviour: str,
    versions: tuple[str | None, str | None],
    idempotency_key: str | None,
) -> Receipt:
    """The receipt of the document in the body, which is kept from now on; raises what capture refuses."""
    key = read_idempotency_key(idempotency_key)
    check_body_versions(*versions, older=form_of(request.headers.get("content-type", "")) == "xml")
    body, format_ = await read_document(request)
    receipt = await rooms.captures.accept(
        caller, body, format=format_, idempotency_key=key, proceed=behaviour == "proceed"
    )
    request.state.noted = {"capture": str(receipt.id), "events": list(receipt.event_ids[:10])}
    request.app.state.metrics.events.inc(receipt.events)
    return receipt


@router.get(
    "/capture",
    dependencies=[Versioned],
    responses=told(200, "The newest first", jobs.listed(), PAGED)
    | refused(errors.BadCursor, errors.RequestInvalid, BadQueryParameter),
)
async def capture_jobs(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    media_type: JsonType,
    *,
    token: NextPageToken = None,
    at_most: PerPage = 30,
) -> Response:
    """The party's capture jobs."""
    found, following = await rooms.captures.receipts(caller, number_at(token), per_page(at_most))
    headers = next_page(request, None if following is None else cursor_at(following))
    return answer(media_type, [jobs.job(one) for one in found], headers=headers)


async def _found(caller: Reader, rooms: InRooms, job: CaptureID) -> Receipt:
    try:
        number = UUID(job)
    except ValueError:
        raise NoSuchResource(f"there is no capture job {job[:80]!r}") from None
    return await rooms.captures.receipt(caller, number)


Job = Annotated[Receipt, Depends(_found)]


@router.get(
    "/capture/{captureID:epcis_name}",
    dependencies=[Versioned],
    responses=told(200, "The job", jobs.content()) | refused(capturing.CaptureNotFound, NoSuchResource),
)
async def capture_job(media_type: MediaType, receipt: Job) -> Response:
    """What became of a capture: whether it ended, and which events were refused."""
    if form_of(media_type) == "json":
        return answer(media_type, jobs.job(receipt))
    return answer(media_type, capture_job_xml(jobs.job(receipt)))


discoverable(router, "/capture", "GET", "POST", captures=True, oldest=OLDEST_CAPTURED)
discoverable(router, "/capture/{captureID:epcis_name}", "GET", exists=_found)
