"""Rules about the two clocks: when it happened, and when it was recorded; and about what is told twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from ml.reasons import span
from ml.trail import Seen
from ml.trail_rules.history import LATE, TrailHistory
from ml.trail_rules.told import MOVED, Signal, Told, hours, ids, short

AHEAD = 1 / 6
"""Hours by which an event may be dated after its record."""
BURST = 120.0
"""Seconds within which records count as made at once."""
IMPORTED = 0.8
"""Where a larger share is recorded late, the trail was imported, and record times say nothing."""
USUALLY = 0.2
"""Share of late records below which a party is one that records in time."""
FLOOD = 200
"""Events of one party, step and thing that are more than any journey has."""


def run(told: Told, history: TrailHistory | None) -> Iterator[Signal]:
    """Signals of this module's rules."""
    if history is not None and history.trails:
        yield from _odd_flights(told, history)
        yield from _late_for_its_party(told, history)
    yield from _ahead(told)
    yield from _late(told)
    yield from _told_twice(told)
    yield from _flooded(told)


def _ahead(told: Told) -> Iterator[Signal]:
    """Recorded before it happened."""
    off = [(hours(seen.record_time, seen.event_time), seen) for seen in told.events]
    ahead = [(by, seen) for by, seen in off if by > AHEAD]
    if ahead:
        worst = max(by for by, _ in ahead)
        text = f"{len(ahead)} events are dated up to {span(worst * 60)} after they were recorded"
        yield Signal("ahead", "CLOCK_JUMP", worst, text, ids([seen for _, seen in ahead]))


def _late(told: Told) -> Iterator[Signal]:
    """A run of events recorded at once, long after, while others were recorded in time."""
    lags = [hours(seen.event_time, seen.record_time) for seen in told.events]
    late = [(lag, seen) for lag, seen in zip(lags, told.events, strict=True) if lag > LATE]
    if not late or len(late) > IMPORTED * len(lags):
        return
    worst = max(lag for lag, _ in late)
    text = (
        f"{len(late)} events were recorded up to {span(worst * 60)} late, the others {span(max(median(lags), 0) * 60)}"
    )
    yield Signal("late", "BACK_DATED", worst, text, ids([seen for _, seen in late]))
    runs: dict[str | None, list[Seen]] = defaultdict(list)
    for _, seen in late:
        runs[seen.party].append(seen)
    parties = len(runs)
    bursts = [burst for of_one in ([seen for _, seen in late], *runs.values()) if (burst := _burst(of_one))]
    if bursts:
        longest = max(bursts, key=len)
        spread = hours(min(seen.event_time for seen in longest), max(seen.event_time for seen in longest))
        who = len({seen.party for seen in longest})
        text = f"{len(longest)} events over {span(spread * 60)} were recorded within two minutes, late"
        yield Signal("at once", "BACK_DATED", len(longest) + spread / 24, text, ids(longest))
        if who > 1 and parties > 1:
            text = f"events of {who} parties were recorded within two minutes of each other, late"
            yield Signal("at once together", "BACK_DATED", who, text, ids(longest))


def _odd_flights(told: Told, history: TrailHistory) -> Iterator[Signal]:
    """A flight that took much longer, or much less, than others between these two places."""
    worst: tuple[float, Seen, Seen] | None = None
    for way in told.milestones.values():
        for one, other in pairwise(way):
            if (one.step, other.step) == ("departing", "arriving"):
                odd = history.oddity(one, other)
                if odd > 2 and (worst is None or odd > worst[0]):
                    worst = odd, one, other
    if worst is not None:
        odd, one, other = worst
        took = span(hours(one.event_time, other.event_time) * 60)
        text = f"from {short(one.place)} to {short(other.place)} in {took}, unlike earlier passages"
        yield Signal("odd flight", "UNUSUAL_RHYTHM", odd, text, ids([one, other]))


def _late_for_its_party(told: Told, history: TrailHistory) -> Iterator[Signal]:
    """Events recorded late by parties that usually are in time."""
    lags = [(hours(seen.event_time, seen.record_time), seen) for seen in told.events if seen.party]
    late = [(lag, seen) for lag, seen in lags if lag > LATE and history.lateness(seen.party or "") < USUALLY]
    if late and len(late) <= IMPORTED * len(lags):
        text = f"{len(late)} events were recorded late by parties that record in time"
        size = sum(min(lag, 240.0) for lag, _ in late) / 24
        yield Signal("late for its party", "BACK_DATED", size, text, ids([seen for _, seen in late]))


def _burst(late: list[Seen]) -> list[Seen]:
    """The longest run of records, each within `BURST` of the first; empty unless there are two or more."""
    ordered = sorted(late, key=lambda seen: seen.record_time)
    best: tuple[int, int] = (0, 0)
    begin = 0
    for end, seen in enumerate(ordered):
        while (seen.record_time - ordered[begin].record_time).total_seconds() > BURST:
            begin += 1
        if end + 1 - begin > best[1] - best[0]:
            best = begin, end + 1
    return ordered[best[0] : best[1]] if best[1] - best[0] > 1 else []


def _told_twice(told: Told) -> Iterator[Signal]:
    """One step of one unit at one place told with different times, or one id with different content."""
    by_step: dict[tuple[str, str | None, str | None], list[Seen]] = defaultdict(list)
    for unit, way in told.milestones.items():
        for seen in way:
            by_step[unit, seen.step, seen.place].append(seen)
    worst: tuple[float, list[Seen]] = (0.0, [])
    for seen_here in by_step.values():
        apart = hours(seen_here[0].event_time, seen_here[-1].event_time)
        if len(seen_here) > 1 and apart > worst[0]:
            worst = apart, seen_here
    if worst[0] > AHEAD:
        text = f"{worst[1][0].step} is told {len(worst[1])} times, {span(worst[0] * 60)} apart"
        yield Signal("told twice", "CONTRADICTION", worst[0], text, ids(worst[1]))
    by_id: dict[str, list[Seen]] = defaultdict(list)
    for seen in told.events:
        if seen.event_id:
            by_id[seen.event_id].append(seen)
    clashing = [seen for same in by_id.values() if len(same) > 1 for seen in same]
    if clashing:
        yield Signal(
            "one id", "CONTRADICTION", len(clashing) / 2, "one event id stands for different events", ids(clashing)
        )


def _flooded(told: Told) -> Iterator[Signal]:
    """Far more events than a journey has, or more than are looked at."""
    same: dict[tuple[str | None, str | None], int] = defaultdict(int)
    for seen in told.events:
        if seen.step in MOVED:
            same[seen.party, seen.step] += 1
    most = max(same.values(), default=0)
    if told.trail.crowded_out or most > FLOOD:
        text = f"{most} events of one party and step, and {told.trail.crowded_out} more that were not looked at"
        yield Signal("flooded", "FLOODED", most + told.trail.crowded_out, text, ())
