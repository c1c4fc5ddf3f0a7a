"""What the queries room refuses."""

from service.errors import TrailsealError


class QueryTooLarge(TrailsealError):
    """More events match than the query is to return (EPCIS 2.0 section 8.2.7, QueryTooLargeException)."""

    slug, title, status = "query-too-large", "The query finds too many events", 413


class BadPageToken(TrailsealError):
    """The token of a page is none, or that of another query."""

    slug, title, status = "bad-page-token", "The page cannot be found", 400
