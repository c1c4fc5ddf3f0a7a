"""What the recall room refuses."""

from service.errors import TrailsealError


class NothingToTrace(TrailsealError):
    """No thing and no class is named, or the classes have no things."""

    slug, title, status = "nothing-to-trace", "There is nothing to trace", 422


class ThingNotFound(TrailsealError):
    """The caller sees no trail of a thing, or the recall did not reach it."""

    slug, title, status = "thing-not-found", "No trail of such a thing", 404


class BadWindow(TrailsealError):
    """The window ends before it begins."""

    slug, title, status = "bad-window", "The window makes no sense", 422


class TooManyThings(TrailsealError):
    """More things are named than one recall begins with."""

    slug, title, status = "too-many-things", "Too many things", 422


class NotYoursToRecall(TrailsealError):
    """Neither regulator nor auditor, and not who commissioned every thing that is named."""

    slug, title, status = "not-yours-to-recall", "These things are not yours to recall", 403


class RecallNotFound(TrailsealError):
    """No such recall, or another party's."""

    slug, title, status = "recall-not-found", "No such recall", 404


class RecallKeyReused(TrailsealError):
    """The Idempotency-Key came before, with another recall."""

    slug, title, status = "recall-key-reused", "The Idempotency-Key belongs to another recall", 422


class NothingToSign(TrailsealError):
    """No hold or lift of the recall waits for a signature of the party's own."""

    slug, title, status = "nothing-to-sign", "Nothing waits for a signature", 409


class NoticeNotFound(TrailsealError):
    """No such notice to the caller's party."""

    slug, title, status = "notice-not-found", "No such notice", 404
