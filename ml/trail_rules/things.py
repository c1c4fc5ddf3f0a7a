"""Rules about the things themselves: serial numbers, contents, and quantities that must add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ml.trail import Amount, Seen
from ml.trail_rules.told import Signal, Told, ids, short


def run(told: Told) -> Iterator[Signal]:
    """Signals of this module's rules."""
    yield from _made_twice(told)
    yield from _never_made(told)
    yield from _contents(told)
    yield from _amounts(told)
    yield from _transformed(told)


def _made(told: Told) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for seen in told.events:
        added = seen.type == "ObjectEvent" and seen.action == "ADD" and seen.plan is None
        if added or seen.type == "TransformationEvent":
            for epc in seen.epcs:
                found[epc].append(seen)
    return found


def _made_twice(told: Told) -> Iterator[Signal]:
    """One serial number is commissioned more than once; by others, or elsewhere, it says more."""
    own, foreign = list[Seen](), list[Seen]()
    for seen in _made(told).values():
        distinct = [one for one in seen[1:] if abs((one.event_time - seen[0].event_time).total_seconds()) > 600]
        for one in distinct:
            same = one.party == seen[0].party and one.place == seen[0].place
            (own if same else foreign).extend((seen[0], one))
    if own:
        text = "a serial number was commissioned twice by one party"
        yield Signal("made twice", "SERIAL_TWICE", len(own) / 2, text, ids(own))
    if foreign:
        text = f"a serial number was commissioned again at {short(foreign[1].place)} by {short(foreign[1].party)}"
        yield Signal("made twice elsewhere", "SERIAL_TWICE", len(foreign) / 2, text, ids(foreign))


def _never_made(told: Told) -> Iterator[Signal]:
    """Things that appear without a beginning, while their neighbours have one."""
    made = _made(told)
    if not made:
        return
    odd: dict[str, Seen] = {}
    for seen in told.events:
        if seen.type in {"ObjectEvent", "AggregationEvent"} and seen.action != "ADD":
            for epc in seen.epcs:
                if epc not in made and epc not in told.legs and "/21/" in epc:
                    odd.setdefault(epc, seen)
    packed = {
        epc for seen in told.events if seen.type == "AggregationEvent" and seen.action == "ADD" for epc in seen.epcs
    }
    foreign = {epc: seen for epc, seen in odd.items() if epc not in packed}
    if foreign:
        text = f"{len(foreign)} items turned up that nobody made or packed, such as {short(next(iter(foreign)))}"
        yield Signal("never made", "NOT_COMMISSIONED", len(foreign), text, ids(list(foreign.values())))
    if len(odd) > len(foreign):
        text = f"{len(odd) - len(foreign)} items were packed and moved that nobody told to have made"
        rest = [seen for epc, seen in odd.items() if epc in packed]
        yield Signal("making untold", "NOT_COMMISSIONED", len(odd) - len(foreign), text, ids(rest))


def _contents(told: Told) -> Iterator[Signal]:
    """What comes out of a unit is not what went in."""
    into: dict[str, set[str]] = defaultdict(set)
    out: dict[str, set[str]] = defaultdict(set)
    events: dict[str, list[Seen]] = defaultdict(list)
    for seen in told.events:
        if seen.type == "AggregationEvent" and seen.parent is not None:
            (into if seen.action == "ADD" else out)[seen.parent].update(seen.epcs)
            events[seen.parent].append(seen)
    lost = {parent: into[parent] - out[parent] for parent in into if out.get(parent)}
    more = {parent: out[parent] - into[parent] for parent in out if into.get(parent)}
    for name, what, found in (("lost", "did not come out again", lost), ("added", "came out that never went in", more)):
        count = sum(len(epcs) for epcs in found.values())
        if count:
            told_by = [seen for parent, epcs in found.items() if epcs for seen in events[parent]]
            yield Signal(f"contents {name}", "QUANTITY_MISMATCH", count, f"{count} items {what}", ids(told_by))
    yield from _put_away(told, into)


def _put_away(told: Told, into: dict[str, set[str]]) -> Iterator[Signal]:
    """Of a unit's contents, some but not all are booked in by the receiver."""
    stored = [seen for seen in told.events if seen.type == "ObjectEvent" and seen.step in {"storing", "stocking"}]
    arrived = {epc for seen in stored for epc in seen.epcs}
    short_of = [epcs - arrived for epcs in into.values() if epcs & arrived and epcs - arrived]
    count = sum(map(len, short_of))
    if count:
        yield Signal(
            "not put away", "QUANTITY_MISMATCH", count, f"{count} items were not booked in with the others", ids(stored)
        )


def _amounts(told: Told) -> Iterator[Signal]:
    """A lot's amounts when packed, unpacked and booked in differ."""
    stages: dict[str, dict[str, list[tuple[float, Seen]]]] = defaultdict(lambda: defaultdict(list))
    for seen in told.events:
        stage = _stage(seen)
        if stage is not None:
            for lot, amount in _summed(seen.quantities).items():
                stages[lot][stage].append((amount, seen))
    lost: list[tuple[float, float, Seen]] = []
    for by_stage in stages.values():
        before = by_stage.get("packed")
        for stage in ("unpacked", "stored"):
            after = by_stage.get(stage)
            if before and after and before[0][0] > 0:
                difference = after[0][0] - before[0][0]
                lost.append((difference / before[0][0], difference, after[0][1]))
    down = min(lost, default=(0.0, 0.0, None), key=lambda one: one[0])
    up = max(lost, default=(0.0, 0.0, None), key=lambda one: one[0])
    if down[0] < 0 and down[2] is not None:
        text = f"{-down[1]:.0f} pieces of a lot less than were packed ({-down[0]:.0%})"
        yield Signal("amount lost", "QUANTITY_MISMATCH", -down[0], text, ids([down[2]]))
        twice = [one for one in lost if one[0] < 0]
        if len(twice) > 1:
            text = f"{len(twice)} counts tell less than was packed"
            yield Signal("lost and confirmed", "QUANTITY_MISMATCH", len(twice), text, ids([one[2] for one in twice]))
    if up[0] > 0 and up[2] is not None:
        text = f"{up[1]:.0f} pieces of a lot more than were packed ({up[0]:.0%})"
        yield Signal("amount gained", "QUANTITY_MISMATCH", up[0], text, ids([up[2]]))


def _stage(seen: Seen) -> str | None:
    if seen.type == "AggregationEvent":
        return {"ADD": "packed", "DELETE": "unpacked"}.get(seen.action or "")
    return "stored" if seen.step in {"storing", "stocking", "receiving"} else None


def _summed(quantities: Iterable[Amount]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for amount in quantities:
        found[f"{amount.epc_class} {amount.uom or ''}"] += amount.quantity
    return found


def _transformed(told: Told) -> Iterator[Signal]:
    """More comes out of a transformation than went in, in one unit of measure."""
    for seen in told.events:
        if seen.type != "TransformationEvent":
            continue
        sums: dict[tuple[str, str], float] = defaultdict(float)
        for amount in seen.quantities:
            if amount.uom is not None:
                sums[amount.side, amount.uom] += amount.quantity
        for (side, unit), out in sums.items():
            taken = sums.get(("in", unit), 0.0)
            if side == "out" and taken > 0 and out > taken * 1.02:
                text = f"{out:g} {unit} came out of {taken:g} {unit}"
                yield Signal("transformation", "QUANTITY_MISMATCH", out / taken - 1, text, ids([seen]))
