"""Where a page of a list begins, as an opaque token."""

import base64
import binascii
from uuid import UUID

from service.queries.errors import BadPageToken

_PLACES = {"q": 200, "s": 36}


def token_of(kind: str, place: str) -> str:
    """The token of the page after this name or id."""
    return base64.urlsafe_b64encode(f"{kind}{place}".encode()).rstrip(b"=").decode()


def name_at(token: str | None) -> str:
    """The name after which the page begins, empty for the first page; raises `BadPageToken`."""
    return "" if token is None else _read(token, "q")


def id_at(token: str | None) -> UUID | None:
    """The id after which the page begins, None for the first page; raises `BadPageToken`."""
    if token is None:
        return None
    try:
        return UUID(_read(token, "s"))
    except ValueError:
        raise _bad() from None


def _read(token: str, kind: str) -> str:
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise _bad() from None
    if not text.startswith(kind) or not text.isprintable() or len(text) > _PLACES[kind] + 1:
        raise _bad()
    return text[1:]


def _bad() -> BadPageToken:
    return BadPageToken("follow the Link header of the page before, or leave the token out")
