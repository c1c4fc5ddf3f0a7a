"""Answers of the bindings: the media type that was chosen, the GS1 headers, and the way to the next page."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, unquote_plus

import orjson
from fastapi import Depends, Query
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from service.api.epcis.errors import NotAcceptable
from service.api.epcis.headers import ANSWERED, CbvFormat
from service.api.epcis.media import JSON, XML, chosen, form_of
from service.api.epcis.paths import query_string, url_with
from service.epcis.contexts import Prefixes
from service.epcis.rendering import CONTEXT
from service.epcis.xml import write_document
from service.epcis.xml.answers import collection_xml

_BOTH = (*JSON, *XML)
_VARY = "Accept, Authorization, GS1-CBV-XML-Format, GS1-EPC-Format, GS1-Extensions"
_NEVER = "9999-12-31T23:59:59Z"
"""When page tokens expire: they name a place in a list, and hold nothing that could be given up."""
MOST_PER_PAGE = 1000
PerPage = Annotated[
    int,
    Query(
        alias="perPage",
        ge=1,
        description=f"how many at most on a page; more than {MOST_PER_PAGE} count as {MOST_PER_PAGE}",
        examples=[30],
    ),
]
NextPageToken = Annotated[
    str | None,
    Query(
        alias="nextPageToken",
        max_length=4096,
        description='where the page begins: follow `Link: <...>; rel="next"`',
    ),
]


async def _any_form(request: Request) -> str:
    return media_type_for(request, _BOTH)


async def _json_only(request: Request) -> str:
    return media_type_for(request, JSON)


MediaType = Annotated[str, Depends(_any_form)]
"""The type that the answer is to have, out of JSON, JSON-LD and XML; refuses what accepts none of these."""
Acceptable = Depends(_any_form)
"""The same refusal, for operations whose answer has no body but where they refuse."""
JsonType = Annotated[str, Depends(_json_only)]
"""The same out of JSON and JSON-LD."""


def media_type_for(request: HTTPConnection, offered: Sequence[str]) -> str:
    """The media type to answer a request in; raises `NotAcceptable`."""
    found = chosen(request.headers.get("accept"), offered)
    if found is None:
        raise NotAcceptable(f"the answer can be {', '.join(offered)}: accept one of these")
    return found


def answer(
    media_type: str, content: bytes | Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with the GS1 headers; what is no bytes is written as JSON."""
    body = content if isinstance(content, bytes) else orjson.dumps(content, default=str)
    return Response(body, status, {**ANSWERED, "Vary": _VARY, **(headers or {})}, media_type)


def per_page(asked: int, most: int = MOST_PER_PAGE) -> int:
    """How many to give."""
    return min(asked, most)


def next_page(request: Request, token: str | None) -> dict[str, str]:
    """The headers that lead to the next page, with all other parameters as they were sent."""
    if token is None:
        return {}
    sent = query_string(request).split("&")
    kept = [pair for pair in sent if pair and unquote_plus(pair.partition("=")[0]) != "nextPageToken"]
    parameters = "&".join([*kept, f"nextPageToken={quote(token, safe='')}"])
    return {"Link": f'<{url_with(request, parameters)}>; rel="next"', "GS1-Next-Page-Token-Expires": _NEVER}


def written(media_type: str, document: dict[str, Any], cbv_format: CbvFormat) -> bytes:
    """An EPCIS document of the JSON binding in the media type."""
    if form_of(media_type) == "json":
        return orjson.dumps(document)
    return write_document(document, cbv="web" if cbv_format == "Always_Web_URI" else "urn")


def collection(
    media_type: str, members: Sequence[str], prefixes: Prefixes, headers: Mapping[str, str] | None = None
) -> Response:
    """A collection of names; URIs that begin with what one of the prefixes stands for are written with it."""
    used: dict[str, str] = {}
    short = [_compacted(member, prefixes, used) for member in members]
    context: Any = [CONTEXT, used] if used else CONTEXT
    if form_of(media_type) == "xml":
        return answer(media_type, collection_xml(short, context), headers=headers)
    return answer(media_type, {"@context": context, "type": "Collection", "member": short}, headers=headers)


def _compacted(member: str, prefixes: Prefixes, used: dict[str, str]) -> str:
    for prefix, namespace in prefixes.items():
        if member.startswith(namespace) and len(member) > len(namespace):
            used[prefix] = namespace
            return f"{prefix}:{member.removeprefix(namespace)}"
    return member
