"""What HTTP itself refuses."""

from service.errors import TrailsealError


class NoSuchPath(TrailsealError):
    """The path names nothing that the API has."""

    slug, title, status = "no-such-path", "There is nothing at this path", 404


class MethodNotAllowed(TrailsealError):
    """The path is there, the method is not; `Allow` names those that are."""

    slug, title, status = "method-not-allowed", "The path does not take this method", 405


class RequestInvalid(TrailsealError):
    """A parameter, header or body member is missing or wrong; `faults` names each with its place."""

    slug, title, status = "request-invalid", "The request is not valid", 422


class NothingTrusted(TrailsealError):
    """A verification is asked for without saying what makes a block trusted, or with what cannot be trusted."""

    slug, title, status = "nothing-trusted", "Say what you trust", 422


class BadRequest(TrailsealError):
    """The request could not be read at all."""

    slug, title, status = "bad-request", "The request cannot be read", 400


class BodyTooLarge(TrailsealError):
    """The body is longer than this path takes; it was not read to its end."""

    slug, title, status = "body-too-large", "The body is too large", 413


class UnsupportedMediaType(TrailsealError):
    """The body has a type or an encoding that this path does not read; `Accept-Post` names those that it does."""

    slug, title, status = "unsupported-media-type", "The body has a type that is not read here", 415


class BadCursor(TrailsealError):
    """The cursor was not given out by this list."""

    slug, title, status = "bad-cursor", "The cursor is not one of ours", 400


class BadIdempotencyKey(TrailsealError):
    """The `Idempotency-Key` header has a value that cannot be one."""

    slug, title, status = "bad-idempotency-key", "The Idempotency-Key cannot be used", 400


class TooManyRequests(TrailsealError):
    """The API key has made more requests than its share; `Retry-After` says when to come back, in seconds."""

    slug, title, status = "too-many-requests", "Too many requests", 429
