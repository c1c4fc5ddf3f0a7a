"""Pages of a list: an opaque cursor into a keyset, and the way to the next page in `Link` (RFC 8288)."""

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Query
from starlette.requests import Request

from service.api.answers import Json
from service.api.errors import BadCursor

Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Cursor = Annotated[
    str | None, Query(max_length=4096, description='where the page begins: follow `Link: <...>; rel="next"`')
]


def number_at(cursor: str | None) -> int | None:
    """The number where the page begins, None for the first page; raises `BadCursor`."""
    if cursor is None:
        return None
    found = _read(cursor)
    if type(found) is not int or not -(2**63) <= found < 2**63:
        raise _bad()
    return found


def text_at(cursor: str | None) -> str:
    """The text after which the page begins, empty for the first page; raises `BadCursor`."""
    found = "" if cursor is None else _read(cursor)
    if not isinstance(found, str) or "\0" in found:
        raise _bad()
    return found


def bytes_at(cursor: str | None) -> bytes:
    """The id after which the page begins, empty for the first page; raises `BadCursor`."""
    try:
        return bytes.fromhex(text_at(cursor))
    except ValueError:
        raise _bad() from None


def _read(cursor: str) -> Any:
    try:
        return orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _bad() from None


def _bad() -> BadCursor:
    return BadCursor("follow the Link header of the page before, or leave the cursor out")


def cursor_at(place: int | str) -> str:
    """The opaque cursor of a position."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def page(request: Request, items: list[Any], following: int | str | None) -> Json:
    """The page as `{"items": [...], "next": cursor or null}`, with `Link` where another one follows."""
    if following is None:
        return Json({"items": items, "next": None})
    cursor = cursor_at(following)
    return Json({"items": items, "next": cursor}, headers=link_to(request, cursor))


def link_to(request: Request, cursor: str) -> dict[str, str]:
    """The `Link` header of the page that begins at the cursor, with the parameters of this one."""
    others = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*others, ("cursor", cursor)])}>; rel="next"'}
