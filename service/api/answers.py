"""JSON out, written once by orjson; strong ETags on what never changes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from service.sealing.hashing import sha256


class Json(Response):
    """A JSON response straight from values: no model looks at it again."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def hexed(raw: bytes) -> str:
    """Bytes as the API writes them."""
    return f"0x{raw.hex()}"


def etag_of(content: bytes) -> str:
    """The strong entity tag of these bytes (RFC 9110, 8.8.3)."""
    return f'"{sha256(content).hex()[:32]}"'


def unchanging(
    request: Request, content: bytes, media_type: str, etag: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The content with its ETag, or 304 where the caller has it already (RFC 9110, 13.1.2)."""
    told = {"ETag": etag, "Cache-Control": "private, no-cache", **(headers or {})}
    asked = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in asked or "*" in asked:
        return Response(status_code=304, headers=told)
    return Response(content, media_type=media_type, headers=told)
