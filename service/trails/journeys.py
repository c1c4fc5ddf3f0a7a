"""Following a thing beyond its own trail: what contained it while it did, what it was made of, what was made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.store import ties as store
from service.store import trails
from service.store.database import Session
from service.store.ties import SeenRow, Window
from service.store.trails import TrailRow, Viewer
from service.trails.ties import EARLIEST, LATEST, TRANSFORMATION, Stay, stays
from service.trails.views import EventView

DEPTH = 32
THINGS = 2_000
EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Container:
    """A thing that held this one, directly (depth 1) or through others, between two event times (None: still)."""

    identifier: str
    kind: str
    depth: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Relative:
    """A thing that this one was made of, or that was made of it, through `depth` transformations."""

    identifier: str
    kind: str
    depth: int


@dataclass(frozen=True, slots=True)
class JourneyEvent:
    """An event of the journey. `of` is the thing on whose trail it stands, `depth` 0 for the thing itself."""

    of: str
    depth: int
    role: str
    step: int
    block_time: int | None
    event: EventView


@dataclass(frozen=True, slots=True)
class Journey:
    """A thing's way by event time, with the containers that carried it and the transformations around it.

    `hidden` counts the things on the way that the caller may not see. `complete` is False where the way was longer than
    is followed.
    """

    identifier: str
    events: tuple[JourneyEvent, ...]
    containers: tuple[Container, ...]
    ancestors: tuple[Relative, ...]
    descendants: tuple[Relative, ...]
    hidden: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A container's window on the way, and how many ties it is away."""

    trail: bytes
    depth: int
    since: datetime
    until: datetime

    @property
    def window(self) -> Window:
        """Where and when to look."""
        return Window(self.trail, self.since, self.until)


@dataclass(frozen=True, slots=True)
class Found:
    """Trail ids with their distance; `complete` is False where the bounds of depth or number ended the search."""

    near: dict[bytes, int]
    complete: bool


async def containers_of(session: Session, trail: bytes) -> tuple[list[Held], bool]:
    """The windows in which things contained or carried this one, to any depth; and whether these are all."""
    found: list[Held] = []
    seen: set[Window] = set()
    frontier = [Held(trail, 0, EARLIEST, LATEST)]
    for depth in range(1, DEPTH + 1):
        ids = {held.trail for held in frontier}
        told = [
            stay
            for stay in stays(await store.ties_of(session, sorted(ids)))
            if stay.kind != TRANSFORMATION and stay.child in ids
        ]
        outwards = _outwards(frontier, told, depth)
        frontier = [held for held in outwards if held.trail != trail and held.window not in seen]
        if not frontier:
            return found, True
        found += frontier
        seen |= {held.window for held in frontier}
        if len(found) > THINGS:
            break
    return found[:THINGS], False


def _outwards(frontier: Sequence[Held], told: Sequence[Stay], depth: int) -> list[Held]:
    windows: dict[Window, Held] = {}
    for held in frontier:
        for stay in told:
            window = stay.within(held.since, held.until) if stay.child == held.trail else None
            if window is not None:
                windows.setdefault(Window(stay.parent, *window), Held(stay.parent, depth, *window))
    return list(windows.values())


async def relatives_of(session: Session, trail: bytes, viewer: Viewer, *, made_of: bool) -> Found:
    """What the thing was made of, or what was made of it, to any depth.

    A process (`transformationID`) has no trail: it joins inputs and outputs and is not counted as a step.
    """
    near: dict[bytes, int] = {trail: 0}
    frontier = {trail: 0}
    rounds = 2 * DEPTH  # a process lies between any two things at most
    while frontier and rounds and len(near) <= THINGS:
        rounds -= 1
        reached: dict[bytes, int] = {}
        for row in await store.ties_of(session, sorted(frontier)):
            if row.kind != TRANSFORMATION:
                continue
            here, there = (row.child, row.parent) if made_of else (row.parent, row.child)
            if here in frontier and there not in near:
                reached[there] = frontier[here] + 1
        known = await trails.known_trails(session, list(reached), viewer) if reached else {}
        frontier = {there: depth if there in known else depth - 1 for there, depth in reached.items()}
        near |= frontier
    del near[trail]
    return Found(near, not frontier)


async def seen_on_the_way(session: Session, trail: bytes, held: Sequence[Held]) -> tuple[list[SeenRow], bool]:
    """The thing's own events and those of its containers while they held it, each once; and whether these are all."""
    windows = [Window(trail, EARLIEST, LATEST), *(one.window for one in held)]
    rows = await store.seen_in(session, windows, EVENTS + 1)
    nearest = {trail: 0} | {one.trail: one.depth for one in sorted(held, key=lambda one: -one.depth)}
    once: dict[int, SeenRow] = {}
    for row in rows[:EVENTS]:
        known = once.get(row.event.seq)
        if known is None or nearest[row.trail] < nearest[known.trail]:
            once[row.event.seq] = row
    return sorted(once.values(), key=lambda row: (row.event.event_time, row.event.seq)), len(rows) <= EVENTS


def containers(held: Sequence[Held], known: dict[bytes, tuple[TrailRow, bool]]) -> tuple[Container, ...]:
    """The visible ones of the containers."""
    return tuple(
        Container(row.identifier, row.kind, one.depth, one.since, None if one.until == LATEST else one.until)
        for one in held
        if one.trail in known
        for row, visible in (known[one.trail],)
        if visible
    )


def relatives(found: Found, known: dict[bytes, tuple[TrailRow, bool]]) -> tuple[Relative, ...]:
    """The visible ones of the relatives, the nearest first."""
    visible = [(depth, known[trail][0]) for trail, depth in found.near.items() if trail in known and known[trail][1]]
    return tuple(Relative(row.identifier, row.kind, depth) for depth, row in sorted(visible))
