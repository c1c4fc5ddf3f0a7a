"""A document that comes in: its declared type, its bytes, and the headers that say what to do with it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import Header
from starlette.requests import Request

from service.api.errors import BadIdempotencyKey, UnsupportedMediaType
from service.capture.reading import Format

FORMATS: Mapping[str, Format] = {
    "application/json": "json",
    "application/ld+json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/csv": "csv",
}
"""Media types that a document may come in."""

ErrorBehaviour = Annotated[
    Literal["rollback", "proceed"],
    Header(
        alias="GS1-Capture-Error-Behaviour",
        description="EPCIS 2.0, 12.6.1: refuse a document with any fault, or accept the events that have none",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="draft-ietf-httpapi-idempotency-key-header: the same key and body give the same receipt again; the "
        "same key with another body is refused with 422",
        examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
    ),
]


class NotReadHere(UnsupportedMediaType):
    """Carries `Accept-Post` (W3C Linked Data Platform 1.0, 7.1; RFC 9110, 15.5.16 asks for such a hint)."""

    slug, title, status = UnsupportedMediaType.slug, UnsupportedMediaType.title, UnsupportedMediaType.status
    headers = {"Accept-Post": ", ".join(FORMATS)}  # noqa: RUF012 never changed


async def read_document(request: Request, *, json_only: bool = False) -> tuple[bytes, Format]:
    """The body, which `BodyBound` bounds, and its format.

    XML and spreadsheets say their encoding themselves, or none; JSON is UTF-8 (RFC 8259, 8.1).

    Raises:
        UnsupportedMediaType: before any of the body is read.
    """
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    format_ = FORMATS.get(media_type.strip().lower())
    if format_ is None or (json_only and format_ != "json"):
        raise NotReadHere(f"send Content-Type: {'application/json' if json_only else ', '.join(FORMATS)}")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if format_ == "json" and "charset=" in charset and "charset=utf-8" not in charset:
        raise NotReadHere("send JSON in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotReadHere("send the body without Content-Encoding")
    return await request.body(), format_


def read_idempotency_key(given: str | None) -> str | None:
    """The key in the header, with or without the quotes of a structured field's string (RFC 8941, 3.3.3).

    Raises:
        BadIdempotencyKey: empty, longer than 255 characters, or not printable ASCII.
    """
    if given is None:
        return None
    key = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not 0 < len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise BadIdempotencyKey("send 1 to 255 printable ASCII characters, such as a UUID")
    return key
