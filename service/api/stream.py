"""News as server-sent events, over a connection that stays open."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from service.api.callers import InRooms, needs, refused
from service.parties.caller import Caller
from service.parties.errors import Unauthenticated
from service.parties.scopes import Scope
from service.stream import BadPlace, Place, TooManySubscribers, id_of

router = APIRouter(prefix="/v1/stream", tags=["stream"])
Subscriber = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]
_RECONNECT_MILLISECONDS = 2000


async def begun(
    request: Request,
    caller: Subscriber,
    rooms: InRooms,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="the id of the last event received")
    ] = None,
) -> AsyncIterator[Place]:
    """Where the stream begins; what cannot begin is refused before the response does."""
    place = await rooms.stream.start(caller, last_event_id)
    with rooms.stream.subscribed(), request.app.state.metrics.subscribers.track_inprogress():
        yield place


@router.get("", response_class=EventSourceResponse, responses=refused(BadPlace, TooManySubscribers))
async def stream(
    request: Request, caller: Subscriber, rooms: InRooms, place: Annotated[Place, Depends(begun)]
) -> AsyncIterable[ServerSentEvent]:
    """`captured` for each event and `sealed` for each entry, on the trails that the caller sees; `notice` for each
    notice to its party, and `alert` for each alert, where the API key may read risk.

    Every event has an `id`: send the last one as `Last-Event-ID` to go on after it. The stream ends when its API key
    does. After a reorganisation of the chain, entries may be told as sealed again.
    """
    token = request.headers["authorization"].partition(" ")[2].strip()
    yield ServerSentEvent(id=id_of(place), retry=_RECONNECT_MILLISECONDS)
    while True:
        news, place = await rooms.stream.news(caller, place)
        for one in news:
            yield ServerSentEvent(id=one.id, event=one.kind, raw_data=orjson.dumps(one.told).decode())
        try:
            caller = await rooms.credentials.authenticate(token)
        except Unauthenticated:
            return
        if not caller.allows(Scope.TRAILS_READ):
            return
