"""Rules about places and parties: where the goods should not be, and who should not have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from ml.reasons import span
from ml.trail import Seen
from ml.trail_rules.history import TrailHistory
from ml.trail_rules.told import MOVED, Signal, Told, hours, ids, short

CLOCK = 0.5
"""Hours by which clocks at two places may differ."""
AWAY = 2.0
"""Hours that any two places are taken to be apart where nothing else is known of them."""
ENOUGH_TRAILS = 5
"""Trails that a party must have told of before a step new to it is remarkable."""
MOST_THINGS = 2_000
"""Things whose ways are followed, and, of those packed into one unit, events of that unit (200)."""
_ENDS = frozenset(("commissioning", "packing", "shipping"))


def run(told: Told, history: TrailHistory | None) -> Iterator[Signal]:
    """Signals of this module's rules."""
    yield from _unplanned(told)
    yield from _diverted(told)
    yield from _on_the_way(told)
    yield from _travel(told, history)
    yield from _custody(told)
    if history is not None and history.trails:
        yield from _unseen(told, history)


def _unplanned(told: Told) -> Iterator[Signal]:
    """Places that are not in the plan, apart from where the goods come from and whence they were received."""
    planned = told.planned_places
    if not planned:
        return
    odd = [seen for seen in told.events if seen.place is not None and seen.place not in planned]
    moved = [seen for seen in odd if seen.step in MOVED]
    if moved:
        places = list(dict.fromkeys(seen.place for seen in moved))
        text = f"{moved[0].step} at {short(places[0])}, which is not in the plan"
        more = f" ({len(places)} such places)" if len(places) > 1 else ""
        yield Signal("unplanned place", "ODD_PLACE", len(moved), text + more, ids(moved))
    other = [seen for seen in odd if seen.step not in MOVED]
    if other:
        text = f"{other[0].step or 'an event'} at {short(other[0].place)}, which is not in the plan"
        yield Signal("unplanned stay", "ODD_PLACE", len(other), text, ids(other))


def _diverted(told: Told) -> Iterator[Signal]:
    """The unit to be delivered is last seen, or said to go, where it is not booked to."""
    goal, planned = told.destination, told.planned_places
    way = [seen for seen in told.milestones.get(told.unit or "", ()) if seen.place is not None]
    if goal is None:
        return
    if way and way[-1].place != goal and (told.delivered is not None or way[-1].place not in planned):
        strayed = [seen for seen in way if seen.place not in planned] or way[-1:]
        what = "was delivered" if told.delivered is not None else "is last seen"
        text = f"the unit {what} at {short(way[-1].place)}; it is booked to {short(goal)}"
        yield Signal("diverted", "DIVERTED", len(strayed), text, ids(strayed))
    ended = [seen for seen in told.events if seen.step in {"storing", "unpacking"} and seen.place not in (None, goal)]
    if ended:
        text = f"{ended[0].step} at {short(ended[0].place)}; the shipment is booked to {short(goal)}"
        yield Signal("ends elsewhere", "DIVERTED", len(ended), text, ids(ended))


def _on_the_way(told: Told) -> Iterator[Signal]:
    """A unit is opened, stored or shipped again after check-in and before its delivery."""
    for unit, way in told.milestones.items():
        if not way:
            continue
        begin = way[0].event_time
        own_end = [seen.event_time for seen in way if seen.step == "receiving"]
        odd = [
            seen
            for seen in told.of_thing[unit]
            if seen.step not in MOVED
            and seen.step not in {"packing", "sensor_reporting", None}
            and hours(begin, seen.event_time) > CLOCK
            and (not own_end or hours(seen.event_time, own_end[0]) > CLOCK)
        ]
        if odd:
            text = f"{odd[0].step} by {short(odd[0].party)} while the unit was on its way"
            yield Signal("opened on its way", "PARTY_WITHOUT_CUSTODY", len(odd), text, ids(odd))


def _travel(told: Told, history: TrailHistory | None) -> Iterator[Signal]:
    """A thing, or what it is packed in, is at two places in less time than it takes."""
    worst: tuple[float, Seen, Seen] | None = None
    units = {unit for unit in told.legs if unit != told.unit}
    for thing, seen in islice(told.of_thing.items(), MOST_THINGS):
        holders = [event.parent for event in seen if event.action == "ADD" and event.parent not in (None, thing)]
        holder = holders[0] if holders else None
        ways: list[Sequence[Seen]] = [seen]
        if thing in units or (holder is not None and len(seen) > 2):
            ways.append(_together(told, seen, holder))
        for way in ways:
            for one, other in pairwise([event for event in way if event.place is not None and event.step]):
                short_by = _too_fast(one, other, history)
                if short_by > CLOCK and (worst is None or short_by > worst[0]):
                    worst = short_by, one, other
    if worst is not None:
        off, one, other = worst
        text = (
            f"{one.step} at {short(one.place)} and {other.step} at {short(other.place)} within"
            f" {span(hours(one.event_time, other.event_time) * 60)}: {span(off * 60)} less than the way takes"
        )
        yield Signal("travel", "IMPOSSIBLE_TRAVEL", off, text, ids([one, other]))


def _together(told: Told, seen: Sequence[Seen], holder: str | None) -> list[Seen]:
    """A thing's own events with those of the unit that it was packed into, while it was in there."""
    if holder is None:
        return list(seen)
    begin = min(event.event_time for event in seen if event.parent == holder)
    ends = [event.event_time for event in seen if event.parent == holder and event.action == "DELETE"]
    inside = [
        event
        for event in told.milestones.get(holder, ())[:200]
        if event.event_time >= begin and (not ends or event.event_time <= ends[0])
    ]
    return sorted({id(event): event for event in (*seen, *inside)}.values(), key=lambda event: event.event_time)


def _too_fast(one: Seen, other: Seen, history: TrailHistory | None) -> float:
    if one.place == other.place or one.place is None or other.place is None:
        return 0.0
    known = history.least_hours(one.place, other.place) if history is not None else None
    if one.step in _ENDS and other.step in _ENDS:
        return 0.0
    return (AWAY if known is None else known) - hours(one.event_time, other.event_time)


def _custody(told: Told) -> Iterator[Signal]:
    """Goods are taken over by somebody else than they were sent to (possessing_party), or delivered to another."""
    sent = [seen for seen in told.events if any(end.kind == "possessing_party" for end in seen.destinations)]
    for shipped in sent[:20]:
        to = {end.id for end in shipped.destinations if end.kind == "possessing_party"}
        things = set(shipped.epcs)
        taken = [
            seen
            for seen in told.events
            if seen.step in {"accepting", "receiving"}
            and seen.event_time > shipped.event_time
            and things & set(seen.epcs)
        ]
        if taken and taken[0].party is not None and taken[0].party not in to:
            text = f"{short(taken[0].party)} took over what was sent to {short(min(to))}"
            yield Signal("custody", "PARTY_WITHOUT_CUSTODY", 1, text, ids([shipped, taken[0]]))
            return


def _unseen(told: Told, history: TrailHistory) -> Iterator[Signal]:
    """Places and parties that past trails do not know, or not together."""
    new = [seen for seen in told.events if seen.place is not None and not history.places[seen.place]]
    if new:
        text = f"{short(new[0].place)} is a place that no earlier trail has seen"
        yield Signal("unseen place", "ODD_PLACE", len(new), text, ids(new))
    by = [(seen.party, seen) for seen in told.events if seen.party is not None]
    strange = [seen for party, seen in by if history.parties[party] < 2]
    if strange:
        text = f"{short(strange[0].party)} has told of hardly any earlier shipment"
        yield Signal("unseen party", "ODD_PARTY", len(strange), text, ids(strange))
    yield from _out_of_character(by, history)


def _out_of_character(by: list[tuple[str, Seen]], history: TrailHistory) -> Iterator[Signal]:
    """Parties that are known, but neither for that place nor for that step."""
    apart = [
        seen
        for party, seen in by
        if seen.place is not None
        and history.parties[party] > 1
        and history.places[seen.place] > 5
        and not history.workers[party, seen.place]
    ]
    if apart:
        text = f"{short(apart[0].party)} never worked at {short(apart[0].place)} before"
        yield Signal("party elsewhere", "ODD_PARTY", len(apart), text, ids(apart))
    new_step = [
        seen
        for party, seen in by
        if seen.step is not None and history.parties[party] >= ENOUGH_TRAILS and not history.steps[party, seen.step]
    ]
    if new_step:
        text = f"{short(new_step[0].party)} never told of {new_step[0].step} before"
        yield Signal("odd step", "ODD_PARTY", len(new_step), text, ids(new_step))
