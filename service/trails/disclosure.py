"""Which events a bundle shows; pure. Whoever asks can only leave out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from service.sealing.commitments import seal_of
from service.sealing.entry_steps import said_on
from service.sealing.meaning import steps_of
from service.store.bundles import EntryRow, EventRow
from service.trails.errors import NothingToWithhold, TrailNotIntact
from service.trails.reading import ALTERED


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a bundle is to show: every event but those with the eventIDs in `withheld`; or, without `shown`, none."""

    shown: bool = True
    withheld: frozenset[str] = frozenset()


EVERYTHING = Disclosure()


def disclosed(
    events: Iterable[EventRow],
    entries: Sequence[EntryRow],
    identifiers: Mapping[bytes, str],
    withheld: frozenset[str] = frozenset(),
) -> list[EventRow]:
    """Those of the events that their own party recorded on one of the trails, and that say what it recorded there.

    Seals are public: anybody can record one anew, on any trail, with any step. That must neither show an event on a
    trail that it does not speak of, nor spoil the bundle. `identifiers` are those of the trails, by trail id.

    Raises:
        TrailNotIntact: what is kept of an event does not open its seal.
        NothingToWithhold: no event has one of the eventIDs in `withheld`.
    """
    recorded: dict[tuple[bytes, bytes], list[EntryRow]] = {}
    for entry in entries:
        recorded.setdefault((entry.seal, entry.party), []).append(entry)
    shown = [event for event in events if _is_said(event, recorded.get((event.seal, event.party), ()), identifiers)]
    if unknown := withheld - {event.event_id for event in shown}:
        raise NothingToWithhold(
            f"no event that the bundle would show has the eventID {min(unknown)[:200]!r}; nothing is withheld by it"
        )
    return [event for event in shown if event.event_id not in withheld]


def _is_said(event: EventRow, entries: Sequence[EntryRow], identifiers: Mapping[bytes, str]) -> bool:
    if not entries:
        return False
    if seal_of(event.document, event.nonce) != event.seal:
        raise TrailNotIntact(f"entry {event.event_id}: {ALTERED}")
    things = steps_of(orjson.loads(event.document))
    return any(said_on(identifiers[entry.trail], things, entry.party) == (entry.step, entry.to) for entry in entries)
