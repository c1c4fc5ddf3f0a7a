"""What an API key may be used for. A scope says what its holder may try; roles and visibility decide what succeeds."""

from collections.abc import Iterable
from enum import StrEnum

from service.parties.errors import UnknownScope


class Scope(StrEnum):
    """The scopes; a key with `consortium:admin` may use every one of them."""

    CAPTURES_WRITE = "captures:write"
    """Hand in documents, and prepare and submit signed ones."""
    CAPTURES_READ = "captures:read"
    """Follow one's own captures."""
    TRAILS_READ = "trails:read"
    """Read the trails, events and bundles that the party may see, and subscribe to them."""
    RISK_READ = "risk:read"
    """Read the risk of shipments that the party may see."""
    RISK_WRITE = "risk:write"
    """Keep the party's risk policy and watchlists, acknowledge alerts, and say what became of them."""
    KEYS_WRITE = "keys:write"
    """Add and revoke the party's signing keys and API keys; an API key never gets more than its maker has."""
    GRANTS_WRITE = "grants:write"
    """Share the party's trails with another party, and stop sharing."""
    SUBSCRIPTIONS_WRITE = "subscriptions:write"
    """Keep and delete named queries and the subscriptions to them; reading them takes `trails:read`."""
    EVENTS_ERASE = "events:erase"
    """Erase what events of the party said, for good, and read what was erased."""
    CONSORTIUM_ADMIN = "consortium:admin"
    """Register, suspend and reinstate parties, and give each its first API key."""


def known(names: Iterable[str]) -> frozenset[str]:
    """The scopes with these names; `UnknownScope` names the first that is none."""
    given = frozenset(names)
    unknown = sorted(given - set(Scope))
    if unknown:
        raise UnknownScope(f"{unknown[0]!r} is no scope; the scopes are {', '.join(Scope)}")
    return frozenset(str(Scope(name)) for name in given)
