"""What this room refuses, and how each refusal is named to the caller."""

from typing import ClassVar

from service.errors import TrailsealError


class BadQueryName(TrailsealError):
    """The name cannot be a query's: it would not fit into a path."""

    slug, title, status = "bad-query-name", "The query's name is not valid", 400


class NameTaken(TrailsealError):
    """The party has a query with this name."""

    slug, title, status = "query-name-taken", "There is a query with this name already", 409


class ReservedName(NameTaken):
    """EPCIS itself defines a query with this name (EPCIS 2.0, 8.2.7)."""

    slug, title, status = "query-name-reserved", "EPCIS itself has a query with this name", 409


class QueryNotFound(TrailsealError):
    """The party has no query with this name."""

    slug, title, status = "query-not-found", "There is no such query", 404


class SubscriptionNotFound(TrailsealError):
    """The party's query has no subscription with this id."""

    slug, title, status = "subscription-not-found", "There is no such subscription", 404


class SubscriptionControlsFault(TrailsealError):
    """How a subscription is to run makes no sense (EPCIS 2.0 SubscriptionControlsException); `extra` has a pointer."""

    slug, title, status = "subscription-controls", "The subscription cannot be made like this", 400

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(f"{pointer}: {detail}" if pointer else detail, {"pointer": pointer})


class TooManyQueries(TrailsealError):
    """The party has as many named queries, or a query as many subscriptions, as the service keeps for one."""

    slug, title, status = "too-many-queries", "No more of these are kept for one party", 409


class TooManyFeeds(TrailsealError):
    """More feeds are open than this process serves."""

    slug, title, status = "too-many-feeds", "Too many feeds are open", 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class TokenDamaged(TrailsealError):
    """A stored signature token does not unwrap: another key-encryption key, another row's bytes, or a changed byte."""

    slug, title, status = "signature-token-damaged", "A subscription's signature token cannot be used", 500
