"""Problem documents (RFC 9457) as GS1's OpenAPI types them."""

import httpx

from bench.conformance.checks import expect, expect_equal
from bench.conformance.service import told

TYPES = {
    400: (
        "QueryParameterException",
        "QueryValidationException",
        "ValidationException",
        "SubscriptionControlsException",
    ),
    401: ("SecurityException",),
    403: ("SecurityException",),
    404: ("NoSuchNameException", "NoSuchResourceException"),
    406: ("NotAcceptableException",),
    409: ("ResourceAlreadyExistsException",),
    413: ("CaptureLimitExceededException", "QueryTooLargeException", "QueryTooComplexException"),
    414: ("URITooLongException",),
    415: ("UnsupportedMediaTypeException",),
    501: ("ImplementationException",),
}
"""The problem types of each status. The 404's enumeration has the first name only, its example the second."""
ANSWERED = ("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Extensions")


def expect_problem(answer: httpx.Response, status: int) -> None:
    """A problem document (RFC 9457) with the exception that GS1's OpenAPI gives this status."""
    expect_equal(
        answer.status_code, status, f"{answer.request.method} {answer.request.url.path[:120]} ({told(answer)})"
    )
    media_type = answer.headers.get("content-type", "")
    expect("application/problem+" in media_type, f"Content-Type {media_type!r}")
    problem = answer.json()
    kinds = [f"epcisException:{name}" for name in TYPES[status]]
    expect(problem["type"] in kinds, f"type {problem['type']!r}, expected one of {kinds}")
    expect_equal(problem.get("status", status), status, "status in the problem")
    expect(problem.get("title"), "no title")


def expect_headers(answer: httpx.Response, names: list[str]) -> None:
    """The answer has these headers."""
    missing = [name for name in names if name not in answer.headers]
    expect(not missing, f"{answer.request.method} {answer.request.url.path}: no {', '.join(missing)}")
