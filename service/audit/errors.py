"""What the audit room refuses."""

from service.errors import TrailsealError


class AuditTooLarge(TrailsealError):
    """The trail has more statements than one request may have judged."""

    slug, title, status = "audit-too-large", "The trail is too long to be audited in one request", 413


class NoSuchFormat(TrailsealError):
    """The answer is not to be had in that format."""

    slug, title, status = "no-such-format", "The answer does not come in this format", 406
