"""What a thing may have affected, or where it may have come from: level by level, each window narrowed on the way.

Forward, what happened to a thing in a window reaches

- what was in or on it, while the two windows overlap (and so what was in that, within the overlap);
- what was made of it at or after the window's beginning, from its making on, for good;
- with `spread="container"` also what it was in or on, while the windows overlap, and so its neighbours there.

Backward is the same relation read from its other end: the containers while they held it, what it was made of at or
before the window's end, from any time up to its use.

Both ends of a window and of a stay belong to it: of two claims with one time nobody knows which came first. Only
against its own direction (with `spread`) a window has to overlap for more than a moment, else every transfer from one
container to another would spread to both.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from service.recall.stays import CONTAINMENT, Tie
from service.trails.ties import EARLIEST, LATEST, TRANSFORMATION

Direction = Literal["forward", "backward"]
Spread = Literal["contents", "container"]
Bound = Literal["things", "levels", "ties", "seconds"]

THINGS = 200_000
"""Windows of things that a trace reaches at most."""
LEVELS = 10_000
TIES = 1_000_000
"""Words on ties that a trace reads at most."""
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a trace begins, as of when, and which ways it goes.

    `everywhere`: the asker sees all there is. For others, a tie that only somebody tells who has no part in the trail
    that it leads to is the end of the way: that thing is reached, and what lies beyond it is not.
    """

    seeds: tuple[bytes, ...]
    since: datetime = EARLIEST
    until: datetime = LATEST
    direction: Direction = "forward"
    spread: Spread = "contents"
    everywhere: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a trace before its time."""

    things: int = THINGS
    levels: int = LEVELS
    ties: int = TIES
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Reach:
    """A thing (or process) reached in a window; `via` is the place of the reach that it was reached from, -1 at a seed.

    `depth` counts the ties on the way, a process and its two ties as one. `supposed`: some tie on the way is.
    """

    trail: bytes
    since: datetime
    until: datetime
    depth: int
    via: int
    tie: Tie | None
    supposed: bool
    is_process: bool = False
    teller: frozenset[bytes] = frozenset()


@dataclass
class Traced:
    """All reaches in the order of their levels; `first` has the place of each trail's first one. `bound` says what
    ended the trace where it is not complete.
    """

    reaches: list[Reach] = field(default_factory=list)
    first: dict[bytes, int] = field(default_factory=dict)
    bound: Bound | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return self.bound is None

    def path(self, place: int) -> list[int]:
        """The places of the reaches from the seed to this one."""
        way = [place]
        while self.reaches[way[-1]].via >= 0:
            way.append(self.reaches[way[-1]].via)
        return way[::-1]


_MANY = 2000
"""With more ties, a level is worked out in a thread, so that other requests are served meanwhile."""


class TooManyTies(Exception):
    """The reader of ties gave up: there are more than it was allowed to read."""


ReadTies = Callable[[Sequence[bytes], Sequence[str], Sequence[str], int], Awaitable[tuple[list[Tie], int]]]
"""The ties of these trails to their children (of the first kinds) and to their parents (of the second); at most so many
words may be read, and so many were. Raises TooManyTies."""


async def trace(asked: Asked, read: ReadTies, limits: Limits | None = None) -> Traced:
    """Everything that is reached from the seeds; one reading of ties for each level."""
    return await _Tracing(asked, read, limits or Limits()).run()


class _Tracing:
    def __init__(self, asked: Asked, read: ReadTies, limits: Limits) -> None:
        self._asked, self._read, self._limits = asked, read, limits
        self._found = Traced()
        self._covered: dict[bytes, list[tuple[datetime, datetime]]] = {}
        self._outward_moments = asked.since == asked.until
        forward, wide = asked.direction == "forward", asked.spread == "container"
        self._forward = forward
        self._down = [*(CONTAINMENT if forward or wide else ()), *((TRANSFORMATION,) if forward else ())]
        self._up = [*(CONTAINMENT if not forward or wide else ()), *((TRANSFORMATION,) if not forward else ())]

    async def run(self) -> Traced:
        frontier: list[int] = []
        for seed in dict.fromkeys(self._asked.seeds):
            frontier += self._add(Reach(seed, self._asked.since, self._asked.until, 0, -1, None, False), True)
        until, left = time.monotonic() + self._limits.seconds, self._limits.ties
        for _ in range(self._limits.levels):
            if not frontier:
                return self._found
            here: dict[bytes, list[int]] = {}
            for place in frontier:
                here.setdefault(self._found.reaches[place].trail, []).append(place)
            try:
                told, words = await self._read(sorted(here), self._down, self._up, left)
            except TooManyTies:
                return self._ended("ties")
            left -= words
            if len(told) > _MANY:
                frontier, bound = await asyncio.to_thread(self._level, here, told, until)
            else:
                frontier, bound = self._level(here, told, until)
            if bound is not None:
                return self._ended(bound)
        return self._ended("levels") if frontier else self._found

    def _level(self, here: dict[bytes, list[int]], told: Sequence[Tie], until: float) -> tuple[list[int], Bound | None]:
        """The places to go on from, and what ended the trace, if anything."""
        frontier: list[int] = []
        for number, (reach, followed) in enumerate(self._beyond(here, told)):
            frontier += self._add(reach, followed)
            if len(self._found.reaches) > self._limits.things:
                return frontier, "things"
            if number % _MANY == 0 and time.monotonic() > until:
                return frontier, "seconds"
        return frontier, "seconds" if frontier and time.monotonic() > until else None

    def _ended(self, bound: Bound) -> Traced:
        self._found.bound = bound
        return self._found

    def _add(self, reach: Reach, followed: bool) -> list[int]:
        """Keeps the reach where it says something new; its place where it is to be followed."""
        if followed and not self._asked.everywhere and reach.is_process:
            # Whoever names another's process must not be led on by the other's ties: kept apart by who told them.
            key = reach.trail + b"".join(sorted(reach.teller))
        else:
            key = reach.trail
        known = reach.trail in self._found.first
        windows = self._covered.setdefault(key, [])
        if followed and not _cover(windows, reach.since, reach.until):
            return []
        if not followed and known:
            return []
        place = len(self._found.reaches)
        self._found.reaches.append(reach)
        self._found.first.setdefault(reach.trail, place)
        return [place] if followed else []

    def _beyond(self, here: dict[bytes, list[int]], told: Sequence[Tie]) -> Iterator[tuple[Reach, bool]]:
        for tie in sorted(told, key=lambda tie: tie.supposed):
            for down in (True, False):
                near, far = (tie.parent, tie.child) if down else (tie.child, tie.parent)
                if tie.kind not in (self._down if down else self._up):
                    continue
                for place in here.get(near, ()):
                    window = self._window(self._found.reaches[place], tie, down)
                    if window is not None and self._may_pass(self._found.reaches[place], tie):
                        yield self._reached(place, tie, far, window, down)

    def _window(self, reach: Reach, tie: Tie, down: bool) -> tuple[datetime, datetime] | None:
        if tie.kind == TRANSFORMATION:
            if reach.is_process or (tie.since >= reach.since if self._forward else tie.since <= reach.until):
                return (tie.since, LATEST) if self._forward else (EARLIEST, tie.since)
            return None
        begin, end = max(tie.since, reach.since), min(tie.until, reach.until)
        # The way that a trace goes by itself is inwards when forward, outwards when backward.
        by_itself = down == self._forward
        if begin < end or (begin == end and (by_itself or self._outward_moments)):
            return begin, end
        return None

    def _may_pass(self, reach: Reach, tie: Tie) -> bool:
        return self._asked.everywhere or not reach.is_process or not tie.tellers.isdisjoint(reach.teller)

    def _reached(
        self, place: int, tie: Tie, far: bytes, window: tuple[datetime, datetime], down: bool
    ) -> tuple[Reach, bool]:
        from_ = self._found.reaches[place]
        is_process = tie.child_is_process if down else tie.parent_is_process
        since, until = (EARLIEST, LATEST) if is_process else window
        reach = Reach(
            far,
            since,
            until,
            from_.depth + (0 if is_process else 1),
            place,
            tie,
            from_.supposed or tie.supposed,
            is_process,
            tie.tellers if is_process else frozenset(),
        )
        return reach, self._asked.everywhere or is_process or (tie.to_child if down else tie.to_parent)


def _cover(windows: list[tuple[datetime, datetime]], since: datetime, until: datetime) -> bool:
    """Adds a window to disjoint ones, in order; False where they cover it already."""
    if any(begin <= since and until <= end for begin, end in windows):
        return False
    touching = [window for window in windows if window[0] <= until and since <= window[1]]
    begin = min([since, *(window[0] for window in touching)])
    end = max([until, *(window[1] for window in touching)])
    windows[:] = sorted([window for window in windows if window not in touching] + [(begin, end)])
    return True
