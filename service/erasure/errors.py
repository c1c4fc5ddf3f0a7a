"""What this room refuses."""

from service.errors import TrailsealError


class NothingToErase(TrailsealError):
    """The caller's party captured no event with this eventID."""

    slug, title, status = "nothing-to-erase", "There is no such event of yours", 404


class StatementStays(TrailsealError):
    """The event says that another was erased, and no more."""

    slug, title, status = "statement-stays", "The statement of an erasure is not erased", 409


class BadErasureList(TrailsealError):
    """A line of the list of erasures that is to be applied again is none."""

    slug, title, status = "bad-erasure-list", "The list of erasures does not read", 422
