"""What events are about, as resources of their own: event types, EPCs, steps, places, dispositions (EPCIS 2.0, 12.4).

Each has a list of the values in the events that the caller sees (standard values are always there), the value itself,
and the events that have it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from service.api.callers import InRooms
from service.api.epcis.answers import MOST_PER_PAGE, MediaType, NextPageToken, PerPage, collection, next_page, per_page
from service.api.epcis.branches import branch
from service.api.epcis.discovery import discoverable
from service.api.epcis.errors import BadQueryParameter, NoSuchResource
from service.api.epcis.found import EventsAsked, Reader
from service.api.epcis.headers import AsAsked, Versioned
from service.api.epcis.query_spec import query_parameters
from service.api.epcis.spec import PAGED, QUERY_REFUSALS, Responses, collections, refused, results, told
from service.epcis.contexts import expanded
from service.epcis.events import EVENT_TYPES
from service.epcis.identifiers import InvalidIdentifier, Kind, canonical, kind
from service.epcis.rendering import EpcFormat
from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, Vocabulary
from service.parties.caller import Caller
from service.queries import What
from service.queries.spellings import Identified
from service.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of values: its path, the name of one in a path, the query parameter, and the standard values."""

    what: What
    singular: str
    parameter: str
    example: str
    standard: tuple[str, ...] = ()
    vocabulary: Vocabulary | None = None
    identifies: Identified | None = None

    def word(self, value: str) -> str:
        """A value as it is known: standard ones by their bare words."""
        if self.what == "eventTypes":
            return value.removeprefix("https://ref.gs1.org/epcis/")
        return (self.vocabulary.word(value) if self.vocabulary else None) or value


_MOST_SPELLED = 100
"""Values on a page whose spellings are looked up, each in an event."""
_GLN = "https://id.gs1.org/414/9521321000025"
RESOURCES = (
    Resource("eventTypes", "eventType", "eventType", "ObjectEvent", tuple(sorted(EVENT_TYPES))),
    Resource("epcs", "epc", "MATCH_anyEPC", "https://id.gs1.org/01/09521321000018/21/10001", identifies="epcs"),
    Resource("bizSteps", "bizStep", "EQ_bizStep", "shipping", tuple(sorted(BIZ_STEPS.words)), BIZ_STEPS),
    Resource("bizLocations", "bizLocation", "EQ_bizLocation", _GLN, identifies="bizLocations"),
    Resource("readPoints", "readPoint", "EQ_readPoint", _GLN, identifies="readPoints"),
    Resource(
        "dispositions",
        "disposition",
        "EQ_disposition",
        "in_transit",
        tuple(sorted(DISPOSITIONS.words)),
        DISPOSITIONS,
    ),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: among the standard values, then among those that events have."""

    standard: int = 0
    token: str | None = None

    @classmethod
    def read(cls, resource: Resource, token: str | None) -> "_Place":
        if token is None:
            return cls()
        if token.startswith("v"):
            return cls(len(resource.standard), token[1:] or None)
        if token.startswith("s") and token[1:].isascii() and token[1:].isdecimal() and len(token) < 10:
            return cls(int(token[1:]))
        raise BadQueryParameter("nextPageToken: follow the Link header of the page before, or leave it out")


async def _listed(
    resource: Resource, rooms: Rooms, caller: Caller, place: _Place, limit: int
) -> tuple[list[str], str | None]:
    """A page of values, and the token of the next."""
    found = list(resource.standard[place.standard : place.standard + limit])
    if place.standard + limit < len(resource.standard):
        return found, f"s{place.standard + limit}"
    token = place.token
    while len(found) < limit:
        page = await rooms.queries.values(caller, resource.what, limit=limit - len(found), token=token)
        found += [value for value in page.values if value not in resource.standard]
        token = page.following
        if token is None:
            return found, None
    return found, f"v{token or ''}"


def _as_sent(resource: Resource, epc_format: EpcFormat) -> Identified | None:
    """What to look spellings up for: values are listed in canonical form, where that is a GS1 Digital Link."""
    return resource.identifies if epc_format in ("Always_EPC_URN", "Never_Translates") else None


async def _spelled(
    resource: Resource, rooms: Rooms, caller: Caller, found: list[str], epc_format: EpcFormat
) -> list[str]:
    what = _as_sent(resource, epc_format)
    if what is None or not found:
        return found
    sent = await rooms.spellings.of(caller, what, found)
    if epc_format == "Always_EPC_URN":
        sent = {value: spelled for value, spelled in sent.items() if spelled.startswith("urn:epc:")}
    return [sent.get(value, value) for value in found]


async def _known(resource: Resource, rooms: Rooms, caller: Caller, value: str) -> str:
    """The value, as it is known; raises `NoSuchResource` where no event that the caller sees has it."""
    try:
        word = canonical(value) if resource.identifies else resource.word(value)
    except InvalidIdentifier as fault:
        raise NoSuchResource(f"this is no {resource.singular}: {fault}") from None
    if word in resource.standard or await rooms.queries.knows(caller, resource.what, word):
        return word
    raise NoSuchResource(f"you see no event with this {resource.singular}")


def _parameter(resource: Resource, value: str) -> str:
    """The query parameter that finds the events of a value: for a lot or a class, that of classes."""
    if resource.what != "epcs":
        return resource.parameter
    return "MATCH_anyEPCClass" if kind(value) in (Kind.LOT, Kind.CLASS) else resource.parameter


def _routes(resource: Resource) -> APIRouter:
    routes = branch(f"/{resource.what}")
    name = resource.singular
    one = f"/{resource.what}/{{{name}:epcis_uri}}"
    Value = Annotated[  # noqa: N806 a type
        str, Path(alias=name, description="the value, percent-encoded", examples=[resource.example])
    ]

    async def known(caller: Reader, rooms: InRooms, asked: AsAsked, value: Value) -> str:
        return await _known(resource, rooms, caller, expanded(value, asked.prefixes))

    Known = Annotated[str, Depends(known)]  # noqa: N806 a type

    async def listed(
        request: Request,
        caller: Reader,
        rooms: InRooms,
        media_type: MediaType,
        asked: AsAsked,
        *,
        at_most: PerPage = 30,
        token: NextPageToken = None,
    ) -> Response:
        """The values in the events that the caller sees, the standard ones first."""
        limit = per_page(at_most, _MOST_SPELLED if _as_sent(resource, asked.epc_format) else MOST_PER_PAGE)
        found, following = await _listed(resource, rooms, caller, _Place.read(resource, token), limit)
        shown = await _spelled(resource, rooms, caller, found, asked.epc_format)
        return collection(media_type, shown, asked.extensions, next_page(request, following))

    async def about(_: Known, media_type: MediaType) -> Response:
        """What there is of the value: its events."""
        return collection(media_type, ("events",), {})

    async def events(value: Known, asking: EventsAsked) -> Response:
        """The events that have the value; query parameters ask for some of them."""
        return await asking.answer(asking.query(**{_parameter(resource, value): [value]}))

    def add(path: str, endpoint: Callable[..., Any], responses: Responses, extra: dict[str, Any] | None = None) -> None:
        routes.add_api_route(
            path,
            endpoint,
            methods=["GET"],
            response_class=Response,
            name=f"{endpoint.__name__} {path}",
            summary=path.partition(":")[0].strip("/").replace("/{", " "),
            dependencies=[Versioned],
            responses=responses,
            openapi_extra=extra,
        )

    examples: Sequence[str] = resource.standard or (resource.example,)
    found = told(200, "Its events", results(), PAGED) | refused(*QUERY_REFUSALS, NoSuchResource)
    add(f"{one}/events", events, found, query_parameters())
    add(one, about, told(200, "Its sub-resources", collections("events")) | refused(NoSuchResource))
    add(f"/{resource.what}", listed, told(200, "The values", collections(*examples), PAGED) | refused(*QUERY_REFUSALS))
    discoverable(routes, f"{one}/events", "GET", exists=known)
    discoverable(routes, one, "GET", exists=known)
    discoverable(routes, f"/{resource.what}", "GET")
    return routes


routers = [_routes(resource) for resource in RESOURCES]
