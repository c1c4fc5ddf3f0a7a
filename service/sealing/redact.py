"""Withholding events of a bundle: who hands it on can only leave out (docs/format.md, section 5)."""

from dataclasses import replace

from service.errors import TrailsealError
from service.sealing.bundle import Bundle


class NothingToRedact(TrailsealError):
    """No event of the bundle has one of the eventIDs."""

    slug, title, status = "nothing-to-redact", "No event of the bundle has this eventID", 422


def without(bundle: Bundle, event_ids: frozenset[str]) -> Bundle:
    """The bundle without the events that have these eventIDs: an event, and one that declares it an error, share one.

    Raises:
        NothingToRedact: an eventID is of no event of the bundle; a mistyped one must not pass for withheld.
    """
    ids = {event.seal: event.document.get("eventID") for event in bundle.events}
    if unknown := event_ids - {one for one in ids.values() if isinstance(one, str)}:
        raise NothingToRedact(f"no event of the bundle has the eventID {min(unknown)[:200]!r}; nothing was written")
    return replace(bundle, events=[event for event in bundle.events if ids[event.seal] not in event_ids])
