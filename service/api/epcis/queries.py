"""Named queries: keeping them, and the events that they find (EPCIS 2.0, 12.4)."""

import asyncio
from typing import Annotated, Any, TypedDict

import orjson
from fastapi import Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from service.api import errors
from service.api.callers import InRooms, needs
from service.api.documents import NotReadHere, read_document
from service.api.epcis.answers import Acceptable, MediaType, NextPageToken, PerPage, answer, next_page, per_page
from service.api.epcis.branches import branch
from service.api.epcis.discovery import discoverable
from service.api.epcis.errors import BadQueryParameter, PredefinedQuery
from service.api.epcis.found import SIMPLE_EVENT_QUERY, EventsAsked, Reader, query_pairs
from service.api.epcis.headers import ANSWERED, CbvVersion, EpcisVersion, Versioned, check_body_versions
from service.api.epcis.media import form_of
from service.api.epcis.paths import PREFIX, url_of
from service.api.epcis.query_spec import definition, definitions, new_definition, query_or_feed
from service.api.epcis.spec import LOCATION, PAGED, QUERY_REFUSALS, gone, refused, results, told
from service.epcis.faults import InvalidDocument
from service.epcis.query.faults import QueryParameterFault, QueryTooComplex, QueryValidationFault
from service.epcis.query.sent import CONTROLS, QueryDefinition, query_definition
from service.epcis.xml import read_query_xml
from service.epcis.xml.answers import queries_xml, query_xml
from service.parties.caller import Caller
from service.parties.errors import PartyIsSuspended
from service.parties.scopes import Scope
from service.subscriptions import errors as refusing
from service.subscriptions.named import NamedQuery

router = branch("/queries")
Keeper = Annotated[Caller, Depends(needs(Scope.SUBSCRIPTIONS_WRITE))]
QueryName = Annotated[str, Path(alias="queryName", description="the query's name", examples=["shipped"])]


class _Definition(TypedDict):
    name: str
    query: dict[str, Any]


_PREDEFINED: _Definition = {"name": SIMPLE_EVENT_QUERY, "query": {}}
_OWN = "n"
"""Begins the tokens of pages after the first, on which the query stands that every repository has."""


@router.get(
    "/queries",
    dependencies=[Versioned],
    responses=told(200, "The queries by name, after the one that every repository has", definitions(), PAGED)
    | refused(errors.RequestInvalid, BadQueryParameter, *QUERY_REFUSALS[2:3]),
)
async def queries(
    request: Request,
    caller: Reader,
    rooms: InRooms,
    media_type: MediaType,
    *,
    at_most: PerPage = 30,
    token: NextPageToken = None,
) -> Response:
    """The party's named queries."""
    limit, shown, inner = per_page(at_most), list[_Definition](), None
    if token is None:
        shown = [_PREDEFINED]
    elif token.startswith(_OWN):
        inner = token.removeprefix(_OWN) or None
    else:
        raise BadQueryParameter("nextPageToken: follow the Link header of the page before, or leave it out")
    if limit == len(shown):
        return _listed(media_type, shown, next_page(request, _OWN))
    page = await rooms.named_queries.list(caller, limit=limit - len(shown), token=inner)
    following = None if page.following is None else f"{_OWN}{page.following}"
    return _listed(media_type, [*shown, *map(_told, page.queries)], next_page(request, following))


@router.post(
    "/queries",
    status_code=201,
    response_class=Response,
    dependencies=[Acceptable],
    openapi_extra=new_definition(),
    responses=told(201, "Kept; the query is at Location", headers=LOCATION)
    | refused(
        QueryParameterFault,
        InvalidDocument,
        QueryValidationFault,
        QueryTooComplex,
        refusing.BadQueryName,
        refusing.NameTaken,
        refusing.TooManyQueries,
        errors.BodyTooLarge,
        errors.UnsupportedMediaType,
        PartyIsSuspended,
        path=f"{PREFIX}/queries",
    ),
)
async def create_query(
    request: Request,
    caller: Keeper,
    rooms: InRooms,
    epcis_version: EpcisVersion = None,
    cbv_version: CbvVersion = None,
) -> Response:
    """Keeps a query under a name of the party's own; its events are at `/queries/{queryName}/events`."""
    check_body_versions(epcis_version, cbv_version)
    name, parameters = await _read_definition(request)
    await rooms.named_queries.create(caller, name, parameters)
    return Response(status_code=201, headers={**ANSWERED, "Location": url_of(request, "queries", name)})


async def _read_definition(request: Request) -> QueryDefinition:
    """The name and the parameters in the body: JSON, or `epcisq:Poll` in XML."""
    if form_of(request.headers.get("content-type", "")) == "json":
        return query_definition(await read_json(request))
    body, format_ = await read_document(request)
    if format_ != "xml":
        raise NotReadHere("send the query as JSON or XML")
    name, parameters = await asyncio.to_thread(read_query_xml, body)
    return query_definition({"name": name, "query": parameters})


async def read_json(request: Request) -> Any:
    """The JSON value in the body; raises `QueryValidationFault` where there is none."""
    body, _ = await read_document(request, json_only=True)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise QueryValidationFault(f"the body is no JSON: {fault}") from None


async def existing(caller: Reader, rooms: InRooms, name: QueryName) -> NamedQuery | None:
    """The party's query with this name, None for the one that every repository has; raises `QueryNotFound`."""
    return None if name == SIMPLE_EVENT_QUERY else await rooms.named_queries.read(caller, name)


Existing = Annotated[NamedQuery | None, Depends(existing)]


@router.get(
    "/queries/{queryName:epcis_name}",
    dependencies=[Versioned],
    responses=told(200, "The query", definition()) | refused(refusing.QueryNotFound),
)
async def query(media_type: MediaType, named: Existing) -> Response:
    """What a query asks."""
    told_ = _PREDEFINED if named is None else _told(named)
    return answer(media_type, told_ if form_of(media_type) == "json" else query_xml(told_["name"], told_["query"]))


def _listed(media_type: str, shown: list[_Definition], headers: dict[str, str]) -> Response:
    if form_of(media_type) == "json":
        return answer(media_type, shown, headers=headers)
    return answer(media_type, queries_xml([(one["name"], one["query"]) for one in shown]), headers=headers)


@router.delete(
    "/queries/{queryName:epcis_name}",
    status_code=204,
    response_class=Response,
    dependencies=[Versioned],
    responses=gone("Deleted, with all its subscriptions") | refused(refusing.QueryNotFound, PredefinedQuery),
)
async def delete_query(caller: Keeper, rooms: InRooms, name: QueryName) -> Response:
    """Deletes a query: its webhooks get nothing more, and its WebSockets are closed."""
    if name == SIMPLE_EVENT_QUERY:
        raise PredefinedQuery("every EPCIS repository has this query; delete queries of your own")
    await rooms.named_queries.delete(caller, name)
    return Response(status_code=204)


@router.get(
    "/queries/{queryName:epcis_name}/events",
    openapi_extra=query_or_feed(),
    dependencies=[Versioned],
    responses=told(200, "The events that the query finds", results(), PAGED)
    | refused(refusing.QueryNotFound, refusing.SubscriptionControlsFault, *QUERY_REFUSALS),
)
async def query_events(request: Request, named: Existing, asking: EventsAsked) -> Response:
    """The events that a query finds; `SimpleEventQuery` takes the parameters of event queries, others have their own.

    As a WebSocket the same path gives what the query finds from now on (docs/epcis/subscriptions.md).
    """
    pairs = query_pairs(request)
    for name, _ in pairs:
        if name in CONTROLS:
            raise refusing.SubscriptionControlsFault(f"{name}: open a WebSocket here to subscribe by it")
    if named is None:
        return await asking.answer(asking.query())
    if pairs:
        raise QueryParameterFault(pairs[0][0], f"the query {named.name} has its parameters; make another one of these")
    return await asking.answer(named.query, named.name)


def _told(named: NamedQuery) -> _Definition:
    return {"name": named.name, "query": named.parameters}


discoverable(router, "/queries", "GET", "POST")
discoverable(router, "/queries/{queryName:epcis_name}", "GET", "DELETE", exists=existing)
discoverable(router, "/queries/{queryName:epcis_name}/events", "GET", exists=existing)
