"""The temperature around goods on their way, as a logger in the box tells it, with planted excursions.

Heat flows from the air around (by place, hour and season) through the wall, and a cooling unit or a stock of cooled
packs takes it out (Newton's law; quarter-hour steps). Four mechanisms make excursions: a door left open, a failing
unit, a set point that drifts, and hot hours on the tarmac. Milder forms of each happen to shipments that stay in range.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from ml.conditions import PROFILES, Conditions
from ml.gs1_keys import place_of, sscc
from ml.simulator import world
from ml.simulator.story import Event, Story

STEP: Final = 15
"""Minutes."""
MECHANISMS: Final = ("door open", "unit failure", "slow drift", "hot tarmac")
LEAST: Final = 15.0
"""Minutes out of range that make an excursion."""


@dataclass(slots=True)
class Course:
    """What governs the box at each step: air outside (°C), hours in which outer heat comes in, cooling, set point."""

    begin: datetime
    outside: list[float]
    wall: list[float]
    cooling: list[float]
    target: list[float]
    true: list[float] = field(default_factory=list)

    def at(self, moment: datetime) -> int:
        """The step of a moment, within the course."""
        step = int((moment - self.begin).total_seconds() // (60 * STEP))
        return min(max(step, 0), len(self.outside) - 1)

    def excursion(self, moment: datetime, hours: float, limits: Conditions) -> bool:
        """Whether it is out of range for at least `LEAST` minutes in the `hours` after `moment`."""
        begin, end = self.at(moment) + 1, self.at(moment + timedelta(hours=hours)) + 1
        return sum(not limits.low <= one <= limits.high for one in self.true[begin:end]) * STEP >= LEAST


def warm(told: Story, rng: random.Random, mechanism: str | None) -> Course:
    """Gives the shipment a logger: conditions in the booking, events with readings; `mechanism` plants an excursion."""
    course = course_of(told, rng, mechanism)
    for one in told.events:
        if "trailseal:plan" in one:
            one["trailseal:conditions"] = {"trailseal:profile": told.profile}
    told.events += _told(told, course, rng)
    return course


def course_of(told: Story, rng: random.Random, mechanism: str | None) -> Course:
    """The temperatures in the box, before any of them is told; sets the story's profile, kinds and onset."""
    told.profile = rng.choices(("2-8", "15-25", "frozen"), (6, 3, 1))[0]
    limits = PROFILES[told.profile]
    course = _course(told, rng, limits)
    _mild(course, rng)
    if mechanism is not None:
        told.kinds = (*told.kinds, mechanism)
        told.onset = _PLANTED[mechanism](course, rng, limits)
    _run(course)
    return course


def _course(told: Story, rng: random.Random, limits: Conditions) -> Course:
    """The way past warehouses and holds, cooled by a unit or by packs that last for some days."""
    moved = sorted((one for one in told.events if one.get("readPoint")), key=lambda one: one["eventTime"])
    begin = min((one["eventTime"] for one in moved if one.get("bizStep") == "accepting"), default=told.booked)
    steps = max(8, int((told.end - begin).total_seconds() // (60 * STEP)))
    season, middle = rng.uniform(-1, 1), (limits.low + limits.high) / 2
    target = middle + rng.gauss(0, 0.12) * (limits.high - limits.low)
    lasting = math.inf if rng.random() < 0.6 else rng.lognormvariate(math.log(260), 0.3)
    cooled = {place: rng.random() < 0.6 for place in world.AIRPORTS}
    course = Course(begin, [], [22.0] * steps, [1.6] * steps, [target] * steps)
    at = -1
    for step in range(steps):
        now = begin + timedelta(minutes=STEP * step)
        while at + 1 < len(moved) and moved[at + 1]["eventTime"] <= now:
            at += 1
        place = place_of(moved[max(at, 0)]["readPoint"]["id"]) or 0
        flying = moved[max(at, 0)].get("bizStep") == "departing"
        inside = 9.0 if flying else middle + 3 if cooled.get(place, False) else None
        hour = now.hour + now.minute / 60
        course.outside.append(world.warmth(place, hour, season) if inside is None else inside)
        if step * STEP / 60 > lasting:
            course.cooling[step] = 0.0
    return course


def _run(course: Course) -> None:
    now = course.target[0]
    for outside, wall, cooling, target in zip(course.outside, course.wall, course.cooling, course.target, strict=True):
        pull = 1 / wall + cooling
        rest = (outside / wall + cooling * target) / pull
        now = rest + (now - rest) * math.exp(-pull * STEP / 60)
        course.true.append(now)


def _mild(course: Course, rng: random.Random) -> None:
    """Doors, short waits outside, a unit that restarts, a set point that is moved a little."""
    for _ in range(rng.randint(0, 4)):
        _open(course, rng.randrange(len(course.wall)), rng.uniform(0.1, 0.4), rng.uniform(2, 8))
    for _ in range(rng.randint(0, 2)):
        _outside(course, rng.randrange(len(course.wall)), rng.uniform(0.3, 1.2), rng.uniform(2, 9))
    if rng.random() < 0.25:
        _stop(course, rng.randrange(len(course.wall)), rng.uniform(0.3, 2.5))
    if rng.random() < 0.3:
        _shift(course, rng.randrange(len(course.wall)), rng.gauss(0, 0.08), rng.uniform(3, 15))


def _open(course: Course, step: int, hours: float, wall: float) -> None:
    for at in _steps(course, step, hours):
        course.wall[at] = min(course.wall[at], wall)


def _outside(course: Course, step: int, hours: float, hotter: float) -> None:
    for at in _steps(course, step, hours):
        course.outside[at] = max(course.outside[at], 22.0) + hotter
        course.wall[at], course.cooling[at] = min(course.wall[at], 9.0), course.cooling[at] * 0.25


def _stop(course: Course, step: int, hours: float) -> None:
    for at in _steps(course, step, hours):
        course.cooling[at] = 0.0


def _shift(course: Course, step: int, per_hour: float, hours: float) -> None:
    for at in range(step, len(course.target)):
        course.target[at] += per_hour * min(hours, (at - step) * STEP / 60)


def _steps(course: Course, step: int, hours: float) -> range:
    return range(step, min(len(course.wall), step + max(1, round(hours * 60 / STEP))))


def _door(course: Course, rng: random.Random, _limits: Conditions) -> datetime:
    step = _onset(course, rng)
    _open(course, step, rng.uniform(0.75, 3.0), rng.uniform(0.2, 0.6))
    return course.begin + timedelta(minutes=STEP * step)


def _failure(course: Course, rng: random.Random, _limits: Conditions) -> datetime:
    step = _onset(course, rng)
    if rng.random() < 0.5:  # it stutters first
        for _ in range(rng.randint(2, 5)):
            _stop(course, max(0, step - rng.randint(2, 40)), rng.uniform(0.25, 1.0))
    _stop(course, step, rng.choice((8, 16, 48, 200)))
    return course.begin + timedelta(minutes=STEP * step)


def _drift(course: Course, rng: random.Random, limits: Conditions) -> datetime:
    step = _onset(course, rng)
    side = rng.choice((-1, 1))
    _shift(course, step, side * rng.uniform(0.02, 0.09) * (limits.high - limits.low), rng.uniform(10, 60))
    return course.begin + timedelta(minutes=STEP * step)


def _tarmac(course: Course, rng: random.Random, _limits: Conditions) -> datetime:
    step = _onset(course, rng)
    _outside(course, step, rng.uniform(1.5, 6), rng.uniform(8, 18))
    return course.begin + timedelta(minutes=STEP * step)


_PLANTED: Final[Mapping[str, Callable[[Course, random.Random, Conditions], datetime]]] = MappingProxyType(
    dict(zip(MECHANISMS, (_door, _failure, _drift, _tarmac), strict=True))
)


def _onset(course: Course, rng: random.Random) -> int:
    """A step of the middle of the way, rather where it is much warmer or colder outside than it should be inside."""
    begin, end = len(course.wall) // 8, max(len(course.wall) // 8 + 1, len(course.wall) * 9 // 10)
    drawn = [rng.randrange(begin, end) for _ in range(4)]
    return max(drawn, key=lambda step: abs(course.outside[step] - course.target[step]))


def _told(told: Story, course: Course, rng: random.Random) -> list[Event]:
    """Readings in batches, as loggers send them: noisy, late, twice, with gaps, sometimes without a number."""
    noise, off = rng.uniform(0.05, 0.35), timedelta(minutes=rng.gauss(0, 3))
    lost, every = rng.betavariate(1, 15), rng.choice((2, 4, 4, 8))
    silent = _steps(course, rng.randrange(len(course.true)), rng.uniform(5, 20)) if rng.random() < 0.08 else range(0)
    device = f"https://id.gs1.org/8004/9521321{rng.randrange(10**6):06d}"
    unit, found = sscc(told.shipment.nr or 0, "o"), list[Event]()
    for first in range(0, len(course.true), every):
        steps = [at for at in range(first, min(first + every, len(course.true))) if at not in silent]
        if not steps or rng.random() < lost:
            continue
        at = course.begin + timedelta(minutes=STEP * steps[-1]) + off
        reports = [_report(course, step, rng, noise, off) for step in steps]
        event: Event = {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:{told.shipment.nr or 0:08d}-0000-4000-9000-{first:012d}",
            "action": "OBSERVE",
            "bizStep": "sensor_reporting",
            "eventTime": at,
            "recordTime": at + timedelta(minutes=max(0.5, rng.lognormvariate(2, 1))),
            "eventTimeZoneOffset": "+00:00",
            "epcList": [unit],
            "trailseal:capturedBy": world.party(80_000),
            "sensorElementList": [{"sensorMetadata": {"deviceID": device}, "sensorReport": reports}],
        }
        found.append(event)
        if rng.random() < 0.03:
            found.append(event | {"recordTime": event["recordTime"] + timedelta(minutes=rng.uniform(5, 90))})
    return found


def _report(course: Course, step: int, rng: random.Random, noise: float, off: timedelta) -> dict[str, Any]:
    at = course.begin + timedelta(minutes=STEP * step) + off
    report = {"type": "Temperature", "uom": "CEL", "time": at.isoformat(timespec="seconds")}
    if rng.random() < 0.004:
        return report
    stray = rng.gauss(0, 3) if rng.random() < 0.001 else 0.0
    return report | {"value": round(course.true[step] + rng.gauss(0, noise) + stray, 2)}
