"""What only the EPCIS bindings refuse."""

from service.errors import TrailsealError


class NotAcceptable(TrailsealError):
    """No answer fits the request's headers: a media type, a version of EPCIS or CBV, or a format that is not spoken."""

    slug, title, status = "not-acceptable", "There is no answer as the request's headers want it", 406


class UriTooLong(TrailsealError):
    """The URL is longer than this service reads; the parameters of a named query may be longer."""

    slug, title, status = "uri-too-long", "The URL is too long", 414


class NoSuchResource(TrailsealError):
    """There is no such EPCIS resource, as far as the caller may know."""

    slug, title, status = "no-such-resource", "There is no such EPCIS resource", 404


class BadQueryParameter(TrailsealError):
    """A parameter of the query, or of its paging, has a value that it cannot have."""

    slug, title, status = "bad-query-parameter", "A parameter of the query is wrong", 400


class NotOneEvent(TrailsealError):
    """The body is to be one EPCIS event, and is a document or several events."""

    slug, title, status = "not-one-event", "The body is not one EPCIS event", 400


class PredefinedQuery(TrailsealError):
    """The query is one that EPCIS itself defines, and cannot be deleted."""

    slug, title, status = "predefined-query", "EPCIS itself has this query", 403


class SubscribeNotPermitted(TrailsealError):
    """The query can be asked but not subscribed to (EPCIS 2.0 SubscribeNotPermittedException)."""

    slug, title, status = "subscribe-not-permitted", "This query takes no subscriptions", 403
