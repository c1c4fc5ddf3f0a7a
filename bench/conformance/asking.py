"""One question asked in the two ways of EPCIS 2.0: as URI query string, and as a named query in JSON."""

import secrets
from collections.abc import Mapping
from typing import Any, Literal

from bench.conformance.checks import expect_equal
from bench.conformance.examples import CONTEXT, EXAMPLE
from bench.conformance.service import NEVER, Connection, event_list, segment, told

Way = Literal["url", "named"]
WAYS: tuple[Way, ...] = ("url", "named")
EXTENSIONS = {"GS1-Extensions": f"example={EXAMPLE}"}
"""What `example:` means in a query string; the same as in the events' `@context`."""


def ask(party: Connection, parameters: Mapping[str, Any], way: Way = "url") -> list[dict[str, Any]]:
    """The events that match, in the order in which they came; at most a page of 1000."""
    if way == "url":
        answer = party.get("/events", params=[*pairs(parameters), ("perPage", "1000")], headers={**NEVER, **EXTENSIONS})
        expect_equal(answer.status_code, 200, f"GET {answer.request.url} ({told(answer)})")
        return event_list(answer.json())
    name = f"q{secrets.token_hex(6)}"
    made = party.send("POST", "/queries", json=definition(name, parameters))
    expect_equal(made.status_code, 201, f"POST /queries {dict(parameters)} ({told(made)})")
    try:
        answer = party.get(f"/queries/{name}/events", params={"perPage": "1000"}, headers=NEVER)
        expect_equal(answer.status_code, 200, f"GET /queries/{name}/events of {dict(parameters)} ({told(answer)})")
        return event_list(answer.json())
    finally:
        party.send("DELETE", f"/queries/{segment(name)}")


def definition(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The body of POST /queries."""
    return {"name": name, "query": {"@context": [CONTEXT, {"example": EXAMPLE}], **parameters}}


def pairs(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A query in JSON as a query string: lists joined by `|` (OpenAPI: style pipeDelimited), booleans in lower case."""
    return [
        (name, "|".join(map(_text, value)) if isinstance(value, list) else _text(value))
        for name, value in parameters.items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
