"""A consolidated freight shipment: parallel inbound legs to a hub, one outbound leg from it (Cargo 2000 / Cargo iQ).

Every leg passes RCS (received from shipper), up to three segments of DEP (departed) and RCF (received from flight),
and DLV (delivered). A duration is whole minutes since the milestone before it on the same leg; inbound legs run from
the booking on, the outbound leg from the end of the slowest inbound leg.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

Code = Literal["RCS", "DEP", "RCF", "DLV"]
Slot = Literal["i1", "i2", "i3", "o"]
SLOTS: tuple[Slot, ...] = ("i1", "i2", "i3", "o")


@dataclass(frozen=True, slots=True)
class Milestone:
    """One planned point of a leg.

    `segment` is 1..3 for DEP and RCF, 0 for RCS and DLV. `planned` and `effective` are minutes since the milestone
    before; `effective` is None while it is open. A milestone that was never reported but was followed by a later one
    keeps None, and the later one's `effective` spans the gap. `place` is the masked airport id of DEP and RCF.
    `event` is the id of the event that reported it.
    """

    code: Code
    segment: int
    planned: int | None
    effective: int | None
    place: int | None
    event: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What tells it from the others of its leg, such as `DEP 1` or `DLV`."""
        return f"{self.code} {self.segment}".removesuffix(" 0")


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd about how a shipment was told: a reason code (`ml.reasons`), its text, since which minute after the
    booking it is known, the events it comes from, and the leg and milestone (such as `DEP 1`) that it is about.
    """

    code: str
    text: str
    since: float = 0.0
    events: tuple[str, ...] = ()
    leg: Slot | None = None
    milestone: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One flight: the departure and the arrival that bound it."""

    departure: Milestone
    arrival: Milestone


@dataclass(frozen=True, slots=True)
class Leg:
    """One logistic unit's way; `milestones` in planned order."""

    slot: Slot
    milestones: tuple[Milestone, ...]
    _places: tuple[int | None, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def segments(self) -> tuple[Segment, ...]:
        flown = self.milestones[1:-1]
        return tuple(Segment(*flown[at : at + 2]) for at in range(0, len(flown), 2))

    @property
    def places(self) -> tuple[int | None, ...]:
        """Airports in the order of the plan, each once: origin, stops, destination."""
        if self._places is None:
            flown = self.milestones[1:-1]
            found = (flown[0].place, *(arrival.place for arrival in flown[1::2])) if flown else ()
            # Asked for many times with each score; nothing that it comes from can change.
            object.__setattr__(self, "_places", found)
            return found
        return self._places

    @property
    def planned(self) -> int | None:
        """Planned minutes of the whole leg, None where any part is unknown."""
        minutes = [milestone.planned for milestone in self.milestones]
        return None if None in minutes or not minutes else sum(filter(None, minutes))

    @property
    def elapsed(self) -> int:
        """Minutes from the leg's begin to its latest reported milestone (0 before the first)."""
        return sum(milestone.effective or 0 for milestone in self.milestones)

    @property
    def done(self) -> int:
        """How many leading milestones are behind us: up to and with the latest reported one."""
        seen = [at for at, milestone in enumerate(self.milestones, 1) if milestone.effective is not None]
        return seen[-1] if seen else 0

    @property
    def complete(self) -> bool:
        return 0 < len(self.milestones) == self.done


@dataclass(frozen=True, slots=True)
class Shipment:
    """One business process. `booked` is the instant that all minutes count from; equality leaves it out, because the
    same history can be told from any start. A shipment without a plan has `nr` None and no legs. `booking` is the id of
    the event that booked it; `notes` say what is odd about its events; `names` holds the identifiers of its places by
    their numbers; `known` is since when its outcome could be known, where that was told.
    """

    nr: int | None
    inbound: tuple[Leg, ...]
    outbound: Leg
    booked: datetime | None = field(default=None, compare=False)
    booking: str | None = field(default=None, compare=False)
    notes: tuple[Note, ...] = field(default=(), compare=False)
    names: Mapping[int, str] = field(default_factory=dict, compare=False)
    known: datetime | None = field(default=None, compare=False)

    @property
    def legs(self) -> tuple[Leg, ...]:
        return (*self.inbound, self.outbound)

    @property
    def hub(self) -> int | None:
        return self.outbound.places[0] if self.outbound.places else None

    @property
    def destination(self) -> int | None:
        return self.outbound.places[-1] if self.outbound.places else None


@dataclass(frozen=True, slots=True)
class Completed:
    """A reported milestone: `completed` is minutes since the booking, `index` its position on the leg."""

    slot: Slot
    index: int
    milestone: Milestone
    completed: int


def consolidation(shipment: Shipment) -> int:
    """Minutes from the booking to the end of the slowest inbound leg, as far as reported."""
    return max((leg.elapsed for leg in shipment.inbound), default=0)


def milestones(shipment: Shipment) -> tuple[Completed, ...]:
    """Reported milestones in the order of completion; ties keep the order of legs (i1, i2, i3, o) and of the plan."""
    begin = {leg.slot: 0 for leg in shipment.inbound} | {"o": consolidation(shipment)}
    reported = [seen for leg in shipment.legs for seen in _along(leg, begin[leg.slot])]
    return tuple(sorted(reported, key=lambda seen: seen.completed))


def _along(leg: Leg, clock: int) -> Iterator[Completed]:
    for index, milestone in enumerate(leg.milestones):
        if milestone.effective is not None:
            clock += milestone.effective
            yield Completed(leg.slot, index, milestone, clock)


def planned_end(shipment: Shipment) -> int | None:
    """Minutes from booking to planned delivery: longest inbound plan plus outbound plan; None without a plan."""
    inbound = [leg.planned for leg in shipment.inbound]
    if not inbound or None in inbound or shipment.outbound.planned is None:
        return None
    return max(minutes for minutes in inbound if minutes is not None) + shipment.outbound.planned


def effective_end(shipment: Shipment) -> int | None:
    """Minutes from booking to the reported final delivery; None while it is open."""
    if not shipment.outbound.complete:
        return None
    return consolidation(shipment) + shipment.outbound.elapsed


def late(shipment: Shipment) -> bool | None:
    """Whether delivery came after the planned end; None while open or without a plan."""
    planned, effective = planned_end(shipment), effective_end(shipment)
    return None if planned is None or effective is None else effective > planned


def known_at(shipment: Shipment, minutes: float) -> Shipment:
    """What was known `minutes` after the booking: later milestones are open again."""
    return _keep(shipment, [seen for seen in milestones(shipment) if seen.completed <= minutes])


def first(shipment: Shipment, count: int) -> Shipment:
    """The prefix of the first `count` reported milestones."""
    return _keep(shipment, list(milestones(shipment)[:count]))


def _keep(shipment: Shipment, seen: list[Completed]) -> Shipment:
    kept = {(one.slot, one.index) for one in seen}

    def cut(leg: Leg) -> Leg:
        parts = (m if (leg.slot, at) in kept else replace(m, effective=None) for at, m in enumerate(leg.milestones))
        return Leg(leg.slot, tuple(parts))

    return replace(shipment, inbound=tuple(map(cut, shipment.inbound)), outbound=cut(shipment.outbound))
