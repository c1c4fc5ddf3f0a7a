"""A trail prepared for the rules: its standing events by the things that they are about, and the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from ml.gs1_keys import gln, sscc
from ml.identifiers import canonical
from ml.lenient import many, own, text
from ml.reasons import ReasonCode
from ml.shipment import Shipment
from ml.trail import Seen, Trail
from ml.vocabulary import STEPS

MOST_TOLD: Final = 5
"""Events that a finding names at most."""
_WORDS: Final[Mapping[str, str]] = dict(STEPS.items())
MOVED: Final = frozenset(("accepting", "departing", "arriving", "receiving"))


class Signal(NamedTuple):
    """A rule's finding. `size` (> 0) grows with how odd it is; its unit is the rule's own. `events` tell of it."""

    name: str
    code: ReasonCode
    size: float
    text: str
    events: tuple[str, ...]


class Stop(NamedTuple):
    """A planned milestone: the step's CBV word, and the canonical place where it is known."""

    step: str
    place: str | None


@dataclass(frozen=True)
class Told:
    """What is known at a moment. `events` are those that stand, each id and instant once, by event time.

    `legs`: planned stops of each unit, the one to be delivered last.
    """

    trail: Trail
    moment: datetime
    events: tuple[Seen, ...]
    legs: dict[str, tuple[Stop, ...]]
    booking: Seen | None

    @cached_property
    def of_thing(self) -> dict[str, list[Seen]]:
        """Events that name a thing: observed, packed, made or used."""
        found: dict[str, list[Seen]] = defaultdict(list)
        for seen in self.events:
            for thing in dict.fromkeys((*seen.epcs, *seen.inputs, *((seen.parent,) if seen.parent else ()))):
                found[thing].append(seen)
        return found

    @cached_property
    def milestones(self) -> dict[str, list[Seen]]:
        """Of each planned unit, the events of its own way in the order of time."""
        return {
            unit: [
                seen
                for seen in self.of_thing.get(unit, ())
                if seen.type == "ObjectEvent" and seen.step in MOVED and seen.action != "DELETE"
            ]
            for unit in self.legs
        }

    @property
    def unit(self) -> str | None:
        """The unit to be delivered."""
        return next(reversed(self.legs), None)

    @cached_property
    def delivered(self) -> Seen | None:
        """The first event that tells of the delivery of that unit."""
        found = self.milestones.get(self.unit or "", [])
        return next((seen for seen in found if seen.step == "receiving"), None)

    @property
    def planned_places(self) -> frozenset[str]:
        """All places of the plan."""
        return frozenset(stop.place for stops in self.legs.values() for stop in stops if stop.place is not None)

    @property
    def destination(self) -> str | None:
        """Where the unit is booked to."""
        stops = self.legs.get(self.unit or "", ())
        return next((stop.place for stop in reversed(stops) if stop.place is not None), None)


def told(trail: Trail, moment: datetime, shipment: Shipment | None = None) -> Told:
    """`trail` as known at `moment`; an event that was sent again unchanged counts with its first record.

    The plan is that of the first standing booking; where none is known, that of `shipment`.
    """
    first: dict[tuple[str, datetime, str | None], Seen] = {}
    for seen in trail.known_at(moment).standing:
        key = (seen.event_id or f"#{len(first)}", seen.event_time, seen.party)
        if key not in first or seen.record_time < first[key].record_time:
            first[key] = seen
    events = tuple(sorted(first.values(), key=lambda seen: (seen.event_time, seen.record_time, seen.event_id)))
    booking = next((seen for seen in events if seen.plan is not None), None)
    return Told(trail, moment, events, _legs(booking) or _planned(shipment), booking)


def _planned(shipment: Shipment | None) -> dict[str, tuple[Stop, ...]]:
    if shipment is None or shipment.nr is None or not 0 <= shipment.nr < 10**8:
        return {}
    return {
        sscc(shipment.nr, leg.slot): _ends(
            tuple(Stop(STEPS[one.code], None if one.place is None else gln(one.place)) for one in leg.milestones)
        )
        for leg in shipment.legs
        if leg.milestones
    }


def _legs(booking: Seen | None) -> dict[str, tuple[Stop, ...]]:
    if booking is None:
        return {}
    found = {}
    for leg in many(own(booking.plan, "leg")):
        unit = text(own(leg, "unit"))
        stops = [_stop(point) for point in many(own(leg, "milestone"))]
        kept = tuple(stop for stop in stops if stop is not None)
        if unit is not None and kept:
            found[canonical(unit)] = _ends(kept)
    return found


def _stop(point: object) -> Stop | None:
    step = _WORDS.get(text(own(point, "code")) or "")
    place = text(own(point, "place"))
    return None if step is None else Stop(step, canonical(place) if place else None)


def _ends(stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
    """Check-in is where the first flight leaves, delivery where the last one arrives."""
    first = next((stop.place for stop in stops if stop.place), None)
    last = next((stop.place for stop in reversed(stops) if stop.place), None)
    named = [*stops]
    if named[0].place is None:
        named[0] = named[0]._replace(place=first)
    if named[-1].place is None:
        named[-1] = named[-1]._replace(place=last)
    return tuple(named)


def ids(events: Sequence[Seen]) -> tuple[str, ...]:
    """Ids of the events, at most `MOST_TOLD`."""
    return tuple(dict.fromkeys(seen.event_id for seen in events if seen.event_id))[:MOST_TOLD]


def short(identifier: str | None) -> str:
    """The tail of an identifier, for a sentence."""
    return "an unnamed one" if identifier is None else identifier.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1][:40]


def hours(one: datetime, other: datetime) -> float:
    """Hours from one instant to another."""
    return (other - one).total_seconds() / 3600
