"""Rules about the order of steps, and steps that must have been."""

from __future__ import annotations

from collections.abc import Iterator

from ml.reasons import span
from ml.trail import Seen
from ml.trail_rules.told import Signal, Stop, Told, hours, ids

SLACK = 0.5
"""Hours by which clocks of two parties may differ."""


def run(told: Told) -> Iterator[Signal]:
    """Signals of this module's rules."""
    for unit, stops in told.legs.items():
        way = _placed(stops, told.milestones[unit])
        yield from _inverted(way)
        yield from _skipped(stops, way)
    yield from _after_delivery(told)
    yield from _before_consolidation(told)
    yield from _contents(told)


def _placed(stops: tuple[Stop, ...], seen: list[Seen]) -> list[tuple[int, Seen]]:
    """Each event with the planned stop that it reports: the first open one of its step and place, else of its step."""
    taken: set[int] = set()
    found = []
    for one in seen:
        same = [at for at, stop in enumerate(stops) if stop.step == one.step and at not in taken]
        there = [at for at in same if one.place is None or stops[at].place in (None, one.place)]
        if same:
            at = (there or same)[0]
            taken.add(at)
            found.append((at, one))
    return found


def _inverted(way: list[tuple[int, Seen]]) -> Iterator[Signal]:
    """A later stop that is told to have been earlier."""
    latest: tuple[int, Seen] | None = None
    worst: tuple[float, Seen, Seen] | None = None
    for at, one in sorted(way, key=lambda stop: stop[0]):
        if latest is not None:
            off = hours(one.event_time, latest[1].event_time)
            if off > SLACK and (worst is None or off > worst[0]):
                worst = off, latest[1], one
        if latest is None or one.event_time > latest[1].event_time:
            latest = at, one
    if worst is not None:
        off, former, latter = worst
        text = f"{latter.step} is told {span(off * 60)} before {former.step}, which must come first"
        yield Signal("inverted", "OUT_OF_ORDER", off, text, ids([latter, former]))


def _skipped(stops: tuple[Stop, ...], way: list[tuple[int, Seen]]) -> Iterator[Signal]:
    """The longest run of planned stops without a report, between reported ones or before the first."""
    reported = sorted(at for at, _ in way)
    if not reported:
        return
    gaps = [later - former - 1 for former, later in zip([-1, *reported], reported, strict=False)]
    longest = max(gaps)
    if longest > 0:
        at = reported[gaps.index(longest)]
        gone = [stops[place].step for place in range(at - longest, at)]
        after = [seen for place, seen in way if place == at]
        text = f"{', '.join(gone)} {'was' if longest == 1 else 'were'} never told, though {stops[at].step} was"
        yield Signal("skipped", "SKIPPED_STEP", longest, text, ids(after))
    if sum(gaps) > longest:
        text = f"{sum(gaps)} planned steps of one leg were never told"
        yield Signal("skipped in all", "SKIPPED_STEP", sum(gaps), text, ids([seen for _, seen in way]))


def _after_delivery(told: Told) -> Iterator[Signal]:
    """The unit goes on moving after it was delivered."""
    if told.delivered is None:
        return
    end = told.delivered.event_time
    later = [seen for seen in told.milestones[told.unit or ""] if hours(end, seen.event_time) > SLACK]
    if later:
        off = hours(end, later[-1].event_time)
        text = f"{later[-1].step} is told {span(off * 60)} after the delivery"
        yield Signal("after delivery", "OUT_OF_ORDER", off, text, ids([told.delivered, *later]))


def _before_consolidation(told: Told) -> Iterator[Signal]:
    """The outbound leg begins before an inbound one has ended."""
    outbound = told.milestones.get(told.unit or "", [])
    if not outbound or len(told.legs) < 2:
        return
    begun = outbound[0]
    for unit, seen in told.milestones.items():
        if unit != told.unit:
            late = [one for one in seen if hours(begun.event_time, one.event_time) > SLACK]
            if late:
                off = hours(begun.event_time, late[-1].event_time)
                text = f"{late[-1].step} of an inbound unit is told {span(off * 60)} after the outbound leg began"
                yield Signal("overlapping legs", "OUT_OF_ORDER", off, text, ids([begun, late[-1]]))


def _contents(told: Told) -> Iterator[Signal]:
    """What comes out of a unit was never told to go in; a unit moves that nobody handed over."""
    packed = {seen.parent for seen in told.events if seen.type == "AggregationEvent" and seen.action == "ADD"}
    opened = [seen for seen in told.events if seen.type == "AggregationEvent" and seen.action == "DELETE"]
    odd = [seen for seen in opened if seen.parent is not None and seen.parent not in packed]
    if odd:
        text = "what was unpacked was never told to be packed"
        yield Signal("never packed", "SKIPPED_STEP", len(odd), text, ids(odd))
    shipped = {epc for seen in told.events if seen.step == "shipping" for epc in seen.epcs}
    moved = [seen[0] for unit, seen in told.milestones.items() if unit != told.unit and seen and unit not in shipped]
    if moved and shipped:
        text = "a unit of the shipment moved that its sender never told to have shipped, unlike the others"
        yield Signal("never shipped", "SKIPPED_STEP", len(moved), text, ids(moved))
