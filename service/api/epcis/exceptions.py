"""GS1's exceptions and status codes for our refusals (the OpenAPI document of the EPCIS 2.0 bindings)."""

from collections.abc import Mapping

from service.api.epcis.paths import PREFIX
from service.api.problems import BASE
from service.errors import TrailsealError

EXCEPTION = "epcisException:"
_BY_STATUS: Mapping[int, str] = {
    400: "ValidationException",
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchResourceException",
    406: "NotAcceptableException",
    409: "ResourceAlreadyExistsException",
    413: "CaptureLimitExceededException",
    414: "URITooLongException",
    415: "UnsupportedMediaTypeException",
}
_BY_SLUG: Mapping[str, str] = {
    "bad-query-parameter": "QueryParameterException",
    "bad-page-token": "QueryParameterException",
    "bad-cursor": "QueryParameterException",
    "query-parameter": "QueryParameterException",
    "query-validation": "QueryValidationException",
    "query-too-complex": "QueryTooComplexException",
    "query-too-large": "QueryTooLargeException",
    "query-not-found": "NoSuchNameException",
    "bad-query-name": "QueryValidationException",
    "subscription-controls": "SubscriptionControlsException",
    "subscribe-not-permitted": "SubscribeNotPermittedException",
    "too-many-queries": "SecurityException",
}
_STATUS_BY_SLUG: Mapping[str, int] = {
    "no-signing-key": 403,  # the party may not capture here: it signs for itself
    "too-many-queries": 403,
}
_OWN = (405, 429)


def status_of(refusal: TrailsealError | type[TrailsealError], path: str = "") -> int:
    """The status of a refusal here: bodies that are understood but not valid are 400 in EPCIS, not 422."""
    status = _STATUS_BY_SLUG.get(refusal.slug, refusal.status)
    if status == 422 or (status == 409 and path == f"{PREFIX}/capture"):
        return 400
    return status


def exception_of(refusal: TrailsealError | type[TrailsealError], status: int, path: str = "") -> str:
    """The `type` of a refusal here."""
    if status in _OWN:
        return f"{BASE}{refusal.slug}"
    name = _BY_SLUG.get(refusal.slug) or _BY_STATUS.get(status, "ImplementationException")
    if status == 413 and path.startswith(f"{PREFIX}/queries"):
        name = _BY_SLUG.get(refusal.slug, "QueryTooComplexException")
    if refusal.slug == "request-invalid" and isinstance(refusal, TrailsealError):
        places = {fault.get("in") for fault in refusal.extra.get("faults", ())}
        name = "QueryParameterException" if "query" in places else name
    return f"{EXCEPTION}{name}"
