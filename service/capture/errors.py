"""What the capture room refuses."""

from service.epcis.faults import TooManyEvents as TooManyEvents  # noqa: PLC0414 one of what this room refuses
from service.errors import TrailsealError


class NoEvents(TrailsealError):
    """There is nothing to capture."""

    slug, title, status = "no-events", "The document has no event that can be captured", 422


class DuplicateEvent(TrailsealError):
    """An event with this eventID was captured by this party before."""

    slug, title, status = "duplicate-event", "An event was captured before", 409


class IdempotencyKeyReused(TrailsealError):
    """The Idempotency-Key came before, with another document."""

    slug, title, status = "idempotency-key-reused", "The Idempotency-Key belongs to another document", 422


class CaptureNotFound(TrailsealError):
    """No such capture of this party."""

    slug, title, status = "capture-not-found", "No such capture", 404


class SignatureRefused(TrailsealError):
    """A signature is not one that the contract would take from this party."""

    slug, title, status = "signature-refused", "The signature does not hold", 422


class MasterDataUnsigned(TrailsealError):
    """A document to be prepared for an own signature has master data in it."""

    slug, title, status = "master-data-unsigned", "Master data is not prepared for signing", 422
