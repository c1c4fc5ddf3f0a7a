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
