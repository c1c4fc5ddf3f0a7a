"""A document that comes in: its declared type, its bytes, and the headers that say what to do with it."""

from typing import Annotated, Literal

from fastapi import Header
from starlette.requests import Request

from service.api.errors import BadIdempotencyKey, UnsupportedMediaType

READ = ("application/json", "application/ld+json")

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
    headers = {"Accept-Post": ", ".join(READ)}  # noqa: RUF012 never changed


async def read_document(request: Request) -> bytes:
    """The body, which `BodyBound` bounds; raises `UnsupportedMediaType` before it reads any of it."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if media_type.strip().lower() not in READ or ("charset=" in charset and "charset=utf-8" not in charset):
        raise NotReadHere(f"send Content-Type: {READ[0]} or {READ[1]}, in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotReadHere("send the body without Content-Encoding")
    return await request.body()


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
