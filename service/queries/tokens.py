"""Page tokens: where a query goes on. Opaque, url-safe, and good for the query and the party that they were given to.

A token is no permission: what a page shows is decided anew for whoever asks. The fingerprint only keeps a token from
being taken for another query's, where it would silently skip events.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from service.epcis.query.conditions import Query
from service.queries.errors import BadPageToken
from service.store.queries import Place

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_CHARACTERS = 8_192
_REFUSAL = "follow the token that the page before gave, with the same query and API key's party, or leave it out"


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a page begins, and how many events came before it."""

    place: Place
    given: int


def fingerprint(*parts: object) -> str:
    """Tells one list from another; queries are values, and equal ones read the same."""
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def of_query(query: Query, party: bytes) -> str:
    """The fingerprint of a query as a party asks it."""
    return fingerprint("events", query, party)


def token_of(mark: str, onward: Onward) -> str:
    """The token of a page of events; times count in microseconds."""
    key = onward.place.key
    told: Any = (key - _EPOCH) // timedelta(microseconds=1) if isinstance(key, datetime) else key
    return seal([mark, told, onward.place.event, onward.given])


def onward_of(token: str, mark: str) -> Onward:
    """Where the page with this token begins; raises BadPageToken."""
    match unseal(token, mark):
        case [int(micros), int(event), int(given)] if _fits(event, given):
            try:
                return Onward(Place(_EPOCH + timedelta(microseconds=micros), event), given)
            except OverflowError:
                raise BadPageToken(_REFUSAL) from None
        case [None | str() as key, int(event), int(given)] if _fits(event, given) and _is_json(key):
            return Onward(Place(key, event), given)
    raise BadPageToken(_REFUSAL)


def seal(parts: list[Any]) -> str:
    """A token that holds these parts, a fingerprint first."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def unseal(token: str, mark: str) -> list[Any]:
    """The parts of a token after its fingerprint; raises BadPageToken where that is not `mark`."""
    try:
        if len(token) > _MOST_CHARACTERS:
            raise BadPageToken(_REFUSAL)
        parts = orjson.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise BadPageToken(_REFUSAL) from None
    if not isinstance(parts, list) or not parts or parts[0] != mark:
        raise BadPageToken(_REFUSAL)
    return parts[1:]


def _fits(*numbers: int) -> bool:
    return all(type(number) is int and 0 <= number < 2**62 for number in numbers)


def _is_json(key: str | None) -> bool:
    """Whether PostgreSQL reads it as a text or a number."""
    if key is None:
        return True
    try:
        value = orjson.loads(key)
    except ValueError:
        return False
    return isinstance(value, str | int | float) and not isinstance(value, bool) and "\\u0000" not in key.lower()
