"""Answering with events: the caller's parameters become a query, its page an EPCISQueryDocument."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import orjson
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from service.api.callers import InRooms, needs
from service.api.epcis.answers import (
    MediaType,
    NextPageToken,
    PerPage,
    answer,
    next_page,
    per_page,
    written,
)
from service.api.epcis.headers import AsAsked, Asked
from service.api.epcis.paths import query_string
from service.epcis.query.conditions import Query
from service.epcis.query.faults import QueryParameterFault
from service.epcis.query.language import parse_query
from service.epcis.query.sent import PAGING, url_parameters
from service.epcis.rendering import query_document
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.queries import FoundEvent
from service.rooms import Rooms

_IN_THREAD = 50
SIMPLE_EVENT_QUERY = "SimpleEventQuery"
"""The query that every repository has (EPCIS 2.0, 8.2.7.1)."""
Reader = Annotated[Caller, Depends(needs(Scope.TRAILS_READ))]


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for events: who asks, in which words, and how the answer is to be written."""

    request: Request
    caller: Caller
    rooms: Rooms
    media_type: str
    asked: Asked
    at_most: int
    token: str | None

    def query(self, **own: Any) -> Query:
        """The query in the URL; `own` are further parameters that hold beside it.

        Raises:
            QueryParameterFault, QueryValidationFault, QueryTooComplex.
        """
        parameters, controls = url_parameters(query_pairs(self.request))
        for name in controls:
            raise QueryParameterFault(name, "it says when a subscription runs: open a WebSocket to a named query")
        sent = parse_query(parameters, self.asked.prefixes)
        if not own:
            return sent
        return replace(sent, conditions=parse_query(own, self.asked.prefixes).conditions + sent.conditions)

    async def answer(self, query: Query, name: str = SIMPLE_EVENT_QUERY) -> Response:
        """A page of the events that match, with the way to the next one."""
        page = await self.rooms.queries.events(self.caller, query, limit=per_page(self.at_most), token=self.token)
        return await document(self.media_type, self.asked, page.events, name, next_page(self.request, page.following))


async def _asking(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    media_type: MediaType,
    asked: AsAsked,
    *,
    at_most: PerPage = 30,
    token: NextPageToken = None,
) -> Asking:
    return Asking(request, caller, rooms, media_type, asked, at_most, token)


EventsAsked = Annotated[Asking, Depends(_asking)]


def query_pairs(request: Request) -> list[tuple[str, str]]:
    """The parameters of the URL that belong to the query, in the order sent."""
    pairs = parse_qsl(query_string(request), keep_blank_values=True, errors="replace")
    return [(name, value) for name, value in pairs if name not in PAGING]


async def document(
    media_type: str,
    asked: Asked,
    events: Sequence[FoundEvent],
    name: str = SIMPLE_EVENT_QUERY,
    headers: dict[str, str] | None = None,
) -> Response:
    """Events as the result of a query with this name; many are written in a thread, while others are served."""

    def write() -> bytes:
        told = query_document(
            ((orjson.loads(event.document), event.record_time) for event in events),
            query_name=name,
            epc_format=asked.epc_format,
            created=datetime.now(UTC),
        )
        return written(media_type, told, asked.cbv_format)

    content = await asyncio.to_thread(write) if len(events) > _IN_THREAD else write()
    return answer(media_type, content, headers=headers)
