"""Events: asking for them, one of them, and capturing a single one (EPCIS 2.0, 12.5)."""

import asyncio
import re
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from service.api.callers import InRooms
from service.api.documents import IdempotencyKey
from service.api.epcis.answers import MediaType, answer, media_type_for, written
from service.api.epcis.branches import branch
from service.api.epcis.capture import DOCUMENT_REFUSALS, Writer, accepted
from service.api.epcis.discovery import discoverable
from service.api.epcis.errors import NoSuchResource, NotOneEvent
from service.api.epcis.found import EventsAsked, Reader, document
from service.api.epcis.headers import AsAsked, CbvVersion, EpcisVersion, Versioned
from service.api.epcis.media import JSON, XML
from service.api.epcis.paths import PREFIX, query_string, url_of
from service.api.epcis.query_spec import query_parameters
from service.api.epcis.spec import LOCATION, PAGED, QUERY_REFUSALS, event_body, one_event, refused, results, told
from service.epcis.rendering import rendered
from service.parties.scopes import Scope
from service.queries import FoundEvent

router = branch("/events")
_ROOT = re.compile(rb"\A(?:\s|<\?.*?\?>|<!--.*?-->)*<(?:[\w.\-]+:)?([\w.\-]+)", re.DOTALL)
_DOCUMENTS = ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument")
_IN_THREAD = 100_000


@router.get(
    "/events",
    dependencies=[Versioned],
    openapi_extra=query_parameters(),
    responses=told(200, "The events that match", results(), PAGED) | refused(*QUERY_REFUSALS),
)
async def events(asking: EventsAsked) -> Response:
    """The events that the parameters ask for, as far as the caller sees them (EPCIS Query Language)."""
    return await asking.answer(asking.query())


@router.post(
    "/events",
    status_code=201,
    openapi_extra=event_body(),
    responses=told(201, "Kept, and on its way to the chain; the event is at Location", one_event(), LOCATION)
    | refused(*DOCUMENT_REFUSALS, NotOneEvent),
)
async def capture_event(
    request: Request,
    caller: Writer,
    rooms: InRooms,
    asked: AsAsked,
    *,
    epcis_version: EpcisVersion = None,
    cbv_version: CbvVersion = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Captures one event, and answers with it as it is kept, where the API key may read events."""
    media_type = media_type_for(request, (*JSON, *XML))
    await _check_one(request)
    versions = epcis_version, cbv_version
    receipt = await accepted(
        request, caller, rooms, behaviour="rollback", versions=versions, idempotency_key=idempotency_key
    )
    (event_id,) = receipt.event_ids
    headers = {"Location": url_of(request, "events", event_id)}
    if not caller.allows(Scope.TRAILS_READ):
        return answer(media_type, b"", 201, headers)
    found = await rooms.queries.event(caller, event_id)
    mine = next(one for one in found if one.capture == receipt.id)
    event = rendered(orjson.loads(mine.document), mine.record_time, asked.epc_format)
    return answer(media_type, written(media_type, event, asked.cbv_format), 201, headers)


async def _check_one(request: Request) -> None:
    """Raises `NotOneEvent` for a document, or a list of events; what cannot be read is for capture to refuse."""
    body = await request.body()
    found = await asyncio.to_thread(_holds, body) if len(body) > _IN_THREAD else _holds(body)
    if found:
        raise NotOneEvent(f"the body is {found}: send one event here, and documents to {PREFIX}/capture")


def _holds(body: bytes) -> str | None:
    root = _ROOT.match(body)
    if root is not None:
        name = root[1].decode(errors="replace")
        return f"an {name}" if name in _DOCUMENTS else None
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(value, list):
        return "a list"
    type_ = value.get("type") if isinstance(value, dict) else None
    return f"an {type_}" if type_ in _DOCUMENTS else None


EventID = Annotated[
    str,
    Path(
        alias="eventID",
        description="the event's id, each reserved character percent-encoded",
        examples=["ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0"],
    ),
]


async def _found(request: Request, caller: Reader, rooms: InRooms, event_id: EventID) -> tuple[FoundEvent, ...]:
    """The event, and what declares it an error; raises `NoSuchResource`."""
    if "\0" not in event_id:
        for sent in _spellings(request, event_id):
            found = await rooms.queries.event(caller, sent)
            if found:
                return found
    raise NoSuchResource("you see no event with this id")


def _spellings(request: Request, event_id: str) -> list[str]:
    """The id; and with what follows `?`, which ends a path unless it is percent-encoded but is part of hash ids."""
    query = query_string(request)
    return [event_id, f"{event_id}?{query}"] if query.startswith("ver=") else [event_id]


@router.get(
    "/events/{eventID:epcis_uri}",
    dependencies=[Versioned],
    responses=told(200, "The event, and what declares it an error", results()) | refused(NoSuchResource),
)
async def event(
    media_type: MediaType, asked: AsAsked, found: Annotated[tuple[FoundEvent, ...], Depends(_found)]
) -> Response:
    """One event by its id, as the result of a query; an error declaration has the id of the event that it declares."""
    return await document(media_type, asked, found)


discoverable(router, "/events", "GET", "POST", captures=True)
discoverable(router, "/events/{eventID:epcis_uri}", "GET", exists=_found)
