"""What the risk room refuses."""

from service.errors import TrailsealError


class ShipmentNotFound(TrailsealError):
    """No shipment that the caller may see was booked with this unit."""

    slug, title, status = "shipment-not-found", "No such shipment", 404


class TooManyShipments(TrailsealError):
    """More shipments in one request than it may have."""

    slug, title, status = "too-many-shipments", "Too many shipments at once", 413


class BadMoment(TrailsealError):
    """A time without an offset, or one that is no time."""

    slug, title, status = "bad-moment", "The time makes no sense", 422


class BadUnit(TrailsealError):
    """The identifier of a unit is malformed."""

    slug, title, status = "bad-unit", "The identifier makes no sense", 422


class BadPolicy(TrailsealError):
    """The costs, the budget, the time zone or the webhook of a risk policy cannot be."""

    slug, title, status = "bad-risk-policy", "The policy makes no sense", 422


class AlertNotFound(TrailsealError):
    """The party has no alert with this id, to a shipment that it may see."""

    slug, title, status = "alert-not-found", "No such alert", 404


class AssessmentNotFound(TrailsealError):
    """No assessment with this id was made of a shipment that the caller may see."""

    slug, title, status = "assessment-not-found", "No such assessment", 404


class DisposedMeanwhile(TrailsealError):
    """Somebody of the party said something else about it since; `latest` is what stands."""

    slug, title, status = "disposed-meanwhile", "Another disposition stands", 409


class WorkKeyReused(TrailsealError):
    """The Idempotency-Key came before, with another body."""

    slug, title, status = "risk-key-reused", "The Idempotency-Key belongs to another request", 422


class WatchlistNotFound(TrailsealError):
    """The party has no watchlist with this id."""

    slug, title, status = "watchlist-not-found", "No such watchlist", 404


class WatchlistNameTaken(TrailsealError):
    """The party has another watchlist with this name."""

    slug, title, status = "watchlist-name-taken", "There is a watchlist with this name", 409


class TooManyWatchlists(TrailsealError):
    """The party has as many watchlists as the service keeps for one."""

    slug, title, status = "too-many-watchlists", "No more watchlists are kept", 409


class BadWatchlist(TrailsealError):
    """An entry of a watchlist names nothing that could be watched."""

    slug, title, status = "bad-watchlist", "The watchlist makes no sense", 422


class BadPeriod(TrailsealError):
    """A period that ends before it begins, or is longer than scorecards are made for."""

    slug, title, status = "bad-period", "The period makes no sense", 422


class BadEdit(TrailsealError):
    """An edit of a plan that cannot be made."""

    slug, title, status = "bad-plan-edit", "The plan cannot be edited so", 422


class NotEnoughHistory(TrailsealError):
    """Too few delivered shipments to train a model on."""

    slug, title, status = "not-enough-history", "There is too little to learn from", 409
