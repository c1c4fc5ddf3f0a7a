"""Rules about business documents: what despatch, order and booking say of one shipment."""

from __future__ import annotations

from collections.abc import Iterator

from ml.trail import Seen
from ml.trail_rules.told import Signal, Told, ids, short


def run(told: Told) -> Iterator[Signal]:
    """Signals of this module's rules."""
    yield from _destinations(told)
    yield from _consignee(told)
    yield from _orders(told)
    yield from _despatched(told)


def _ends(seen: Seen, kinds: frozenset[str]) -> set[str]:
    return {end.id for end in seen.destinations if end.kind in kinds}


def _destinations(told: Told) -> Iterator[Signal]:
    """A despatch names another place, or another party, than the booking."""
    if told.booking is None:
        return
    place = frozenset(("location",))
    booked = {"place": _ends(told.booking, place), "party": _ends(told.booking, frozenset(("owning_party",)))}
    shipped = [seen for seen in told.events if seen.step == "shipping" and seen is not told.booking]
    for name, kinds in (("place", place), ("party", frozenset(("owning_party",)))):
        odd = [
            seen for seen in shipped if booked[name] and _ends(seen, kinds) and not _ends(seen, kinds) & booked[name]
        ]
        if odd:
            said = short(min(_ends(odd[0], kinds)))
            text = f"the despatch names {said} as its {name} of destination, the booking {short(min(booked[name]))}"
            yield Signal(f"other {name}", "DOCUMENT_MISMATCH", len(odd), text, ids([told.booking, *odd]))


def _consignee(told: Told) -> Iterator[Signal]:
    """Delivery is told by somebody else than the party that the goods are booked to."""
    booked = _ends(told.booking, frozenset(("owning_party",))) if told.booking else set()
    final = told.delivered
    if booked and final is not None and final.party is not None and final.party not in booked:
        text = f"{short(final.party)} took delivery of what is booked to {short(min(booked))}"
        yield Signal("other consignee", "PARTY_WITHOUT_CUSTODY", 1, text, ids([final]))


def _orders(told: Told) -> Iterator[Signal]:
    """The receiver books in on an order that no despatch names."""
    sent = {one.id for seen in told.events if seen.step == "shipping" for one in seen.transactions if one.kind == "po"}
    got = [seen for seen in told.events if seen.step in {"storing", "receiving", "stocking"} and seen.transactions]
    odd = [seen for seen in got if any(one.kind == "po" and one.id not in sent for one in seen.transactions)]
    if sent and odd:
        said = next(one.id for one in odd[0].transactions if one.kind == "po" and one.id not in sent)
        text = f"booked in on order {short(said)}, which no despatch names"
        yield Signal("other order", "DOCUMENT_MISMATCH", len(odd), text, ids(odd))


def _despatched(told: Told) -> Iterator[Signal]:
    """A despatch tells other amounts than were packed into the unit."""
    packed = {
        (seen.parent, amount.epc_class): (amount.quantity, seen)
        for seen in told.events
        if seen.type == "AggregationEvent" and seen.action == "ADD"
        for amount in seen.quantities
    }
    worst: tuple[float, Seen, Seen] | None = None
    for seen in told.events:
        if seen.step == "shipping":
            for amount in seen.quantities:
                for unit in seen.epcs:
                    before = packed.get((unit, amount.epc_class))
                    off = abs(amount.quantity - before[0]) / before[0] if before and before[0] > 0 else 0.0
                    if before and off > (worst[0] if worst else 0.0):
                        worst = off, before[1], seen
    if worst is not None:
        text = f"the despatch tells {worst[0]:.0%} more or less of a lot than was packed"
        yield Signal("other amount", "DOCUMENT_MISMATCH", worst[0], text, ids([worst[1], worst[2]]))
