"""Where a page of a list begins, as an opaque token."""

from uuid import UUID

from service.queries.errors import BadPageToken
from service.queries.tokens import fingerprint, seal, unseal

_REFUSAL = "follow the token that the page before gave, or leave it out"


def token_after(list_name: str, owner: object, place: str) -> str:
    """The token of the page after this name or id, of a list of somebody's or something's."""
    return seal([fingerprint(list_name, owner), place])


def place_after(list_name: str, owner: object, token: str | None) -> str:
    """The name or id after which the page begins, empty for the first page; raises `BadPageToken`."""
    if token is None:
        return ""
    match unseal(token, fingerprint(list_name, owner)):
        case [str(place)] if place.isascii() and place.isprintable():
            return place
    raise BadPageToken(_REFUSAL)


def id_after(list_name: str, owner: object, token: str | None) -> UUID | None:
    """The id after which the page begins, None for the first page; raises `BadPageToken`."""
    place = place_after(list_name, owner, token)
    try:
        return UUID(place) if place else None
    except ValueError:
        raise BadPageToken(_REFUSAL) from None
