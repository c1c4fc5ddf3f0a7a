"""What our OpenAPI document says of the EPCIS bindings beyond what FastAPI finds by itself."""

from typing import Any

from service.api import errors
from service.api.epcis import exceptions
from service.api.epcis.errors import BadQueryParameter, NoSuchResource, NotAcceptable, UriTooLong
from service.api.epcis.paths import PREFIX
from service.api.examples import DOCUMENT
from service.epcis.query.faults import QueryParameterFault, QueryTooComplex, QueryValidationFault
from service.epcis.rendering import CONTEXT
from service.epcis.xml import InexpressibleInXml
from service.errors import TrailsealError
from service.parties.errors import ScopeMissing, Unauthenticated
from service.queries.errors import BadPageToken, QueryTooLarge

Responses = dict[int | str, dict[str, Any]]
PROBLEM = "#/components/schemas/EpcisProblem"
_PROBLEM_TYPES = ("application/problem+json", "application/problem+xml")
_ALWAYS = (Unauthenticated, ScopeMissing, NotAcceptable, UriTooLong, errors.TooManyRequests, TrailsealError)
_TEXT = {"type": "string"}
_TOLD = {
    name: {"description": description, "schema": _TEXT}
    for name, description in {
        "GS1-EPCIS-Version": "the version of EPCIS that is spoken",
        "GS1-CBV-Version": "the version of the CBV that is spoken",
        "GS1-Extensions": "our extension and its namespace",
    }.items()
}
_DISCOVERED = _TOLD | {
    name: {"description": description, "schema": _TEXT}
    for name, description in {
        "Allow": "the methods of the resource",
        "GS1-EPCIS-Min": "the lowest version of EPCIS that is read or written here",
        "GS1-EPCIS-Max": "the highest one",
        "GS1-CBV-Min": "the lowest version of the CBV that is read or written here",
        "GS1-CBV-Max": "the highest one",
        "GS1-EPC-Format": "how EPCs are written where a request does not say",
        "GS1-CBV-XML-Format": "how values of the CBV are written in XML where a request does not say",
        "GS1-Vendor-Version": "our version",
    }.items()
}
_LIMITS = {
    "GS1-EPCIS-Capture-Limit": {"description": "most events in a document", "schema": {"type": "integer"}},
    "GS1-EPCIS-Capture-File-Size-Limit": {"description": "most bytes of a document", "schema": {"type": "integer"}},
}
PAGED = {
    "Link": {"description": '`<URL>; rel="next"` where another page follows', "schema": _TEXT},
    "GS1-Next-Page-Token-Expires": {
        "description": "when the token in `Link` expires: tokens name a place in the list and never do",
        "schema": {"type": "string", "format": "date-time"},
    },
}


def refused(*kinds: type[TrailsealError], path: str = "") -> Responses:
    """The responses of an operation that may refuse so, and as all of the bindings may, with an example of each."""
    by_status: Responses = {}
    every: tuple[type[TrailsealError], ...] = (*_ALWAYS, *kinds)
    for kind in dict.fromkeys(every):
        status = exceptions.status_of(kind, path)
        entry = by_status.setdefault(
            status,
            {
                "description": "",
                "content": {each: {"schema": {"$ref": PROBLEM}} for each in _PROBLEM_TYPES},
            },
        )
        entry["description"] = "; ".join(filter(None, [entry["description"], kind.title]))
        shown = entry["content"][_PROBLEM_TYPES[0]].setdefault("examples", {})
        shown[kind.slug] = {"value": _example(kind, status, path)}
    return by_status


def told(
    status: int, description: str, content: dict[str, Any] | None = None, headers: dict[str, Any] | None = None
) -> Responses:
    """A response with the GS1 headers that every answer has; `content` by media type."""
    answer: dict[str, Any] = {"description": description, "headers": {**_TOLD, **(headers or {})}}
    if content is not None:
        answer["content"] = content
    return {status: answer}


def gone(description: str) -> Responses:
    """The response of a DELETE that was done."""
    return {204: {"description": description}}


def discovered(allowed: str, *, missing: bool, captures: bool) -> Responses:
    """The responses of OPTIONS."""
    headers = _DISCOVERED | (_LIMITS | _CAPTURING if captures else {})
    kinds = (NoSuchResource,) if missing else ()
    return {204: {"description": f"Allowed here: {allowed}", "headers": headers}} | refused(*kinds)


_CAPTURING = {
    "GS1-Capture-Error-Behaviour": {"description": "both `rollback` and `proceed` are known", "schema": _TEXT}
}
LOCATION = {"Location": {"description": "the URL of what was made", "schema": {"type": "string", "format": "uri"}}}
QUERY_REFUSALS = (
    errors.RequestInvalid,
    BadQueryParameter,
    BadPageToken,
    QueryParameterFault,
    QueryValidationFault,
    QueryTooComplex,
    QueryTooLarge,
    InexpressibleInXml,
)
"""What asking for events may refuse."""


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with the problems of the bindings, which never answer 422."""
    for path, methods in document["paths"].items():
        if not path.startswith(PREFIX):
            continue
        for operation in methods.values():
            operation["responses"].pop("422", None)
    document.setdefault("components", {}).setdefault("schemas", {})["EpcisProblem"] = _schema()
    return document


def _schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "requestID", "slug"],
        "description": "RFC 9457 with the exceptions of EPCIS 2.0 as `type`; `slug` names the kind (docs/problems.md)."
        " Some have members of their own, as `faults`.",
        "properties": {
            "type": {"type": "string", "format": "uri", "examples": ["epcisException:ValidationException"]},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "requestID": _TEXT,
            "slug": {"type": "string", "examples": ["invalid-document"]},
        },
        "additionalProperties": True,
    }


def _example(kind: type[TrailsealError], status: int, path: str) -> dict[str, Any]:
    return {
        "type": exceptions.exception_of(kind, status, path),
        "title": kind.title,
        "status": status,
        "detail": " ".join((kind.__doc__ or "").split()),
        "requestID": "01JD7W9G3T",
        "slug": kind.slug,
    }


def collections(*members: str) -> dict[str, Any]:
    """What OpenAPI says of an answer that is a collection of names, with these as an example."""
    schema = {
        "type": "object",
        "required": ["@context", "type", "member"],
        "properties": {
            "@context": {},
            "type": {"type": "string", "enum": ["Collection"]},
            "member": {"type": "array", "items": _TEXT, "uniqueItems": True},
        },
    }
    example = {"@context": CONTEXT, "type": "Collection", "member": [*members]}
    return both({"schema": schema, "example": example})


def both(shown: dict[str, Any]) -> dict[str, Any]:
    """Content that JSON shows so, and that can be had in XML."""
    xml = {"schema": _TEXT}
    return {"application/json": shown, "application/ld+json": shown, "application/xml": xml, "text/xml": xml}


def results() -> dict[str, Any]:
    """What OpenAPI says of an answer that is an EPCISQueryDocument."""
    schema = {
        "type": "object",
        "required": ["@context", "type", "schemaVersion", "creationDate", "epcisBody"],
        "properties": {
            "@context": {},
            "type": {"type": "string", "enum": ["EPCISQueryDocument"]},
            "schemaVersion": _TEXT,
            "creationDate": {"type": "string", "format": "date-time"},
            "epcisBody": {"type": "object", "required": ["queryResults"]},
        },
    }
    return both({"schema": schema, "example": _RESULTS})


def one_event() -> dict[str, Any]:
    """What OpenAPI says of an answer that is one event."""
    return both({"schema": _EVENT_SCHEMA, "example": {**_EVENT, "recordTime": "2026-02-03T09:00:00.000000Z"}})


def event_body() -> dict[str, Any]:
    """OpenAPI's `requestBody` of a path that takes one event."""
    return {"requestBody": {"required": True, "content": both({"schema": _EVENT_SCHEMA, "example": _EVENT})}}


_EVENT = {"@context": DOCUMENT["@context"], **DOCUMENT["epcisBody"]["eventList"][0]}
_EVENT_SCHEMA = {
    "type": "object",
    "description": "an event of GS1 EPCIS 2.0, with the @context that it needs",
    "required": ["type", "eventTime", "eventTimeZoneOffset"],
}
_RESULTS = {
    "@context": [CONTEXT],
    "type": "EPCISQueryDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-02-03T09:00:00.000000Z",
    "epcisBody": {
        "queryResults": {
            "queryName": "SimpleEventQuery",
            "resultsBody": {
                "eventList": [
                    {
                        **DOCUMENT["epcisBody"]["eventList"][0],
                        "recordTime": "2026-02-03T09:00:00.000000Z",
                    }
                ]
            },
        }
    },
}
