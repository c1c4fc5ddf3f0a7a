"""What the trails room refuses."""

from service.errors import TrailsealError


class TrailNotFound(TrailsealError):
    """There is no such trail, or the caller has no part in it."""

    slug, title, status = "trail-not-found", "No such trail", 404


class EventNotFound(TrailsealError):
    """There is no such event, or the caller sees no trail that it touches."""

    slug, title, status = "event-not-found", "No such event", 404


class NotAnIdentifier(TrailsealError):
    """The text is no identifier of a thing."""

    slug, title, status = "not-an-identifier", "The identifier is not well-formed", 422


class BadPlace(TrailsealError):
    """The place where a page is to begin is none."""

    slug, title, status = "bad-place", "The page begins nowhere", 400


class NotYetSealed(TrailsealError):
    """Nothing of the trail is on the chain yet."""

    slug, title, status = "not-yet-sealed", "The trail is not sealed yet", 409


class MirrorBehind(TrailsealError):
    """The service does not yet have all that the chain has."""

    slug, title, status = "mirror-behind", "The service has not caught up with the chain", 503


class TrailNotIntact(TrailsealError):
    """What the service keeps is not what was sealed."""

    slug, title, status = "trail-not-intact", "What is kept is not what was sealed", 500


class NothingToWithhold(TrailsealError):
    """An event that is to be withheld is none that the bundle would show."""

    slug, title, status = "nothing-to-withhold", "No event with this eventID would be shown", 422


class BundleTooLarge(TrailsealError):
    """What is asked for is more than one bundle may hold."""

    slug, title, status = "bundle-too-large", "That is more than one bundle may hold", 422


class VerifierBusy(TrailsealError):
    """More files wait to be verified than are kept in memory."""

    slug, title, status = "verifier-busy", "The verifier is busy", 503
