"""Queries as clients send them: in the query string of a URL, or as the body of `POST /queries`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from service.epcis.query.faults import QueryParameterFault, QueryValidationFault

PAGING: Final = ("perPage", "nextPageToken")
SCHEDULE: Final = ("second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek")
DELIVERY: Final = ("stream", "reportIfEmpty", "initialRecordTime")
CONTROLS: Final = frozenset((*PAGING, *SCHEDULE, *DELIVERY))
"""What says how results are to be given, not which."""
_LISTS: Final = ("eventType", "EQ_", "MATCH_", "WD_", "HASATTR_", "EQATTR_")
_NAME: Final = re.compile(r"(?!\.{1,2}$)[^/?#\\\x00-\x1f\x7f]{1,128}")
"""What a path of a URL can hold as one segment."""


class UrlParameters(NamedTuple):
    """`query`: what `parse_query` takes. `controls`: paging, and how a subscription is delivered, as sent."""

    query: dict[str, object]
    controls: dict[str, str]


class QueryDefinition(NamedTuple):
    """A query with a name; `parameters` are what `parse_query` takes, `@context` among them where one was sent."""

    name: str
    parameters: dict[str, Any]


def url_parameters(pairs: Iterable[tuple[str, str]]) -> UrlParameters:
    """The parameters of a URL (decoded names and values, in order), those of queries apart from controls.

    Lists are delimited by `|` (`style: pipeDelimited` in GS1's OpenAPI); a name that comes several times is a list too.
    Raises QueryParameterFault for a control that comes twice.
    """
    query: dict[str, object] = {}
    controls: dict[str, str] = {}
    for name, text in pairs:
        if name in CONTROLS:
            if name in controls:
                raise QueryParameterFault(name, "it comes twice; send it once")
            controls[name] = text
            continue
        values = [part for part in text.split("|") if part.strip()] if name.startswith(_LISTS) else [text]
        former = query.get(name)
        if former is not None:
            query[name] = [*(former if isinstance(former, list) else [former]), *values]
        else:
            query[name] = values[0] if len(values) == 1 else values
    return UrlParameters(query, controls)


def query_definition(body: object) -> QueryDefinition:
    """The name and parameters in a body `{"name": ..., "query": {...}}`, whose `@context` may stand at either level.

    Raises QueryValidationFault where it has another form; what the parameters mean is for `parse_query`.
    """
    if not isinstance(body, Mapping):
        raise QueryValidationFault('send an object like {"name": "shipped", "query": {"EQ_bizStep": ["shipping"]}}')
    unknown = next((name for name in body if name not in ("name", "query", "@context")), None)
    if unknown is not None:
        raise QueryValidationFault(f"a query has no member {str(unknown)[:60]!r}; send 'name' and 'query'")
    name, query = body.get("name"), body.get("query")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise QueryValidationFault(
            "'name' must be text of 1 to 128 characters that fits in a path: without '/', '?', '#' and '\\'"
        )
    if not isinstance(query, Mapping) or not all(isinstance(key, str) for key in query):
        raise QueryValidationFault("'query' must be an object whose members are the parameters of the query")
    return QueryDefinition(name, dict(query) | _context(body.get("@context"), query.get("@context")))


def _context(outer: Any, inner: Any) -> dict[str, Any]:
    """The context of the query's own over that of the body around it."""
    if outer is None:
        return {}
    entries = [
        entry for one in (outer, inner) if one is not None for entry in (one if isinstance(one, list) else [one])
    ]
    return {"@context": entries}
