"""Faults that are planted into the story of a shipment: what an anomaly of a trail is to find.

Their strength is drawn from ranges that overlap with the harmless nuisances of `ml.simulator.nuisance`, so that nobody
can find all of them. Each function changes the story in place and gives the instant of its onset, or None where the
story offers no room for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from ml.gs1_keys import sscc
from ml.simulator import world
from ml.simulator.story import BOX, Event, Story, at_end, event, flights, put

Fault = Callable[[Story, random.Random], datetime | None]


def diversion(told: Story, rng: random.Random) -> datetime | None:
    """The unit leaves the plan for another destination; what is told at the end may hide it, or not."""
    unit, known = sscc(told.shipment.nr or 0, "o"), world.AIRPORTS
    out = [one for one in told.events if one.get("epcList") == [unit] and one.get("bizStep") in _CARRIED]
    out.sort(key=lambda one: one["eventTime"])
    if len(out) < 3:
        return None
    cut, place = rng.randrange(1, len(out) - 1), rng.choice(known if rng.random() < 0.7 else world.STRANGE)
    if place == told.destination:
        return None
    far, hidden = rng.random() < 0.5, rng.random() < 0.35
    if hidden:  # only a part of what happened slips out; the rest is told as booked
        out = out[: cut + rng.choice((1, 1, 2))]
    for one in out[cut:]:
        put(one, place)
        one["trailseal:capturedBy"] = rng.choice(world.handlers(place))
        if rng.random() < 0.5 and one["bizStep"] == "receiving":
            one["trailseal:capturedBy"] = world.consignee(place, rng.randrange(4))
    for one in [*at_end(told, "unpacking"), *at_end(told, "storing")]:
        if hidden:
            continue
        if far:
            put(one, place)
        elif rng.random() < 0.5:
            told.events.remove(one)
    return _first(out[cut:])


_CARRIED: Final = frozenset(("accepting", "departing", "arriving", "receiving"))


def counterfeit(told: Story, rng: random.Random) -> datetime | None:
    """Foreign cartons come in: a number made twice, one that is elsewhere at the same time, or one never made."""
    slot = rng.choice(list(told.cartons))
    return rng.choice((_made_twice, _elsewhere, _never_made))(told, slot, rng)


def _made_twice(told: Story, slot: str, rng: random.Random) -> datetime | None:
    copied = rng.sample(told.cartons[slot], rng.choice((1, 1, 2)))  # type: ignore[index] # slots are text here
    at = told.booked + (told.end - told.booked) * rng.uniform(-0.2, 0.9)
    place = rng.choice(world.AIRPORTS if rng.random() < 0.7 else world.STRANGE)
    by = world.supplier(place, rng.randrange(3)) if rng.random() < 0.6 else told.supplier
    made = event("ObjectEvent", at, by, "commissioning", place, action="ADD", epcList=copied)
    return _told(told, made, rng)


def _elsewhere(told: Story, slot: str, rng: random.Random) -> datetime | None:
    copied = rng.sample(told.cartons[slot], 1)  # type: ignore[index] # slots are text here
    at = told.booked + (told.end - told.booked) * rng.uniform(0.1, 1.0)
    place = rng.choice(world.AIRPORTS)
    step = rng.choice(("storing", "inspecting", "retail_selling"))
    seen = event("ObjectEvent", at, rng.choice(world.handlers(place)), step, place, action="OBSERVE", epcList=copied)
    return _told(told, seen, rng)


def _never_made(told: Story, slot: str, rng: random.Random) -> datetime | None:
    """Cartons appear at the consignee; some with fitting amounts."""
    ends = [*at_end(told, "unpacking"), *at_end(told, "storing")]
    parent = sscc(told.shipment.nr or 0, slot)  # type: ignore[arg-type] # slots are text here
    own = told.cartons[slot]  # type: ignore[index]
    found = [one for one in ends if one.get("parentID") == parent or own[0] in one.get("epcList", ())]
    if not found:
        return None
    serial = int(own[0].rsplit("/", 1)[1]) + rng.randrange(10, 10_000)
    foreign = [f"{own[0].rsplit('/', 1)[0]}/{serial + at}" for at in range(rng.choice((1, 1, 2, 3)))]
    swapped = rng.random() < 0.5
    for one in found:
        name = "childEPCs" if "childEPCs" in one else "epcList"
        kept = one[name][len(foreign) :] if swapped else one[name]
        one[name] = [*kept, *foreign]
    return _first(found)


def document_mismatch(told: Story, rng: random.Random) -> datetime | None:
    """Papers contradict each other: amounts, order, or the party it goes to."""
    shipped = [one for one in told.events if one.get("bizStep") == "shipping"]
    stored = at_end(told, "storing")
    kind = rng.choice(("amount", "order", "party", "destination"))
    if kind == "amount":
        for one in shipped[:1]:
            amount = one["quantityList"][0]
            change = rng.choice((-2, -1, 1, 2, 3)) * BOX if rng.random() < 0.7 else rng.choice((-20, -8, 8, 20))
            one["quantityList"] = [amount | {"quantity": max(1, amount["quantity"] + change)}]
        return _first(shipped[:1])
    if kind == "order":
        for one in stored:
            order = f"urn:epcglobal:cbv:bt:4012345000009:PO-{rng.randrange(10**8)}-0"
            one["bizTransactionList"] = [{"type": "po", "bizTransaction": order}]
        return _first(stored)
    place = told.destination if kind == "party" else rng.choice(world.AIRPORTS)
    for one in shipped:
        ends = one["destinationList"]
        who = (
            world.consignee(place, rng.randrange(4)) if rng.random() < 0.5 else world.party(70_000 + rng.randrange(99))
        )
        other = world.location(place)["id"]
        one["destinationList"] = [ends[0] | {"destination": who}, ends[1] | {"destination": other}]
    return _first(shipped)


def skipped_steps(told: Story, rng: random.Random) -> datetime | None:
    """A part of the way, or a step that must be, is not told of."""
    kind = rng.choice(("way", "way", "handover", "packing"))
    if kind == "way":
        unit = rng.choice(list(told.cartons))
        own = [one for one in flights(told) if one["epcList"] in ([sscc(told.shipment.nr or 0, unit)], [_unit(told)])]
        begin = rng.randrange(max(1, len(own) - 1))
        gone = own[begin : begin + rng.choice((2, 2, 3, 4))]
    elif kind == "handover":
        gone = [one for one in told.events if one.get("bizStep") in {"accepting", "shipping"} and rng.random() < 0.8]
    else:
        gone = [one for one in told.events if one.get("bizStep") == "packing" and rng.random() < 0.8]
    told.events = [one for one in told.events if one not in gone]
    return _first(gone)


def reordered(told: Story, rng: random.Random) -> datetime | None:
    """Steps are told in an order that cannot be: times of two to four events are exchanged."""
    own = [one for one in told.events if one.get("bizStep") in _CARRIED]
    own.sort(key=lambda one: one["eventTime"])
    if len(own) < 4:
        return None
    begin = rng.randrange(len(own) - 3)
    chosen = own[begin : begin + rng.randint(2, 4)]
    times = [one["eventTime"] for one in chosen]
    hidden = rng.random() < 0.6
    for one, time in zip(chosen, [*times[1:], times[0]], strict=True):
        lag = one["recordTime"] - one["eventTime"]
        one["eventTime"] = time
        if hidden:
            one["recordTime"] = max(one["recordTime"], time + lag)
    return _first(chosen)


def clock_jump(told: Story, rng: random.Random) -> datetime | None:
    """Somebody's clock jumps by hours for a run of events, or a run is made up and recorded long after, at once."""
    own = sorted(
        (one for one in told.events if "trailseal:plan" not in one and one["eventTime"] > told.booked),
        key=lambda one: one["eventTime"],
    )
    begin = rng.randrange(max(1, len(own) - 2))
    chosen = own[begin : begin + rng.randint(2, 6)]
    if rng.random() < 0.5:
        off = timedelta(hours=rng.choice((-1, 1)) * rng.lognormvariate(2.0, 0.8))
        for one in chosen:
            one["eventTime"] += off
        return _first(chosen)
    at = max(one["recordTime"] for one in chosen) + timedelta(hours=rng.lognormvariate(3.8, 0.7))
    for place, one in enumerate(chosen):
        one["recordTime"] = at + timedelta(seconds=3 * place)
    return _first(chosen)


def quantity_loss(told: Story, rng: random.Random) -> datetime | None:
    """Less comes out than went in: cartons, or pieces out of cartons."""
    slots = rng.sample(list(told.cartons), 1 if rng.random() < 0.6 else rng.randint(1, len(told.cartons)))
    touched: list[Event] = []
    whole = rng.random() < 0.6
    for slot in slots:
        own = told.cartons[slot]
        lost = rng.choice((1, 1, rng.randint(1, max(1, len(own) // 2))))
        gone, pieces = set(own[-lost:]), lost * BOX if whole else rng.randint(2, BOX)
        noticed = rng.random()
        for one in [*at_end(told, "unpacking"), *at_end(told, "storing")]:
            if noticed < 0.3 and one["bizStep"] == "unpacking":
                continue
            name = "childEPCs" if "childEPCs" in one else "epcList"
            amounts = one.get("childQuantityList") or one.get("quantityList")
            if own[0] in one.get(name, ()) and amounts:
                touched.append(one)
                amounts[0] = amounts[0] | {"quantity": max(0, amounts[0]["quantity"] - pieces)}
                if whole:
                    one[name] = [epc for epc in one[name] if epc not in gone]
    return _first(touched)


def intrusion(told: Story, rng: random.Random) -> datetime | None:
    """Somebody who has no part in it opens, stores or hands on the goods on their way."""
    unit = _unit(told) if rng.random() < 0.5 else sscc(told.shipment.nr or 0, rng.choice(list(told.cartons)))
    at = told.booked + (told.end - told.booked) * rng.uniform(0.15, 0.95)
    place = rng.choice(world.AIRPORTS if rng.random() < 0.5 else world.STRANGE)
    by = world.party(50_000 + rng.randrange(60)) if rng.random() < 0.7 else rng.choice(world.handlers(place))
    step = rng.choice(("inspecting", "unpacking", "storing", "accepting", "shipping"))
    return _told(told, event("ObjectEvent", at, by, step, place, action="OBSERVE", epcList=[unit]), rng)


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "diversion": diversion,
        "counterfeit": counterfeit,
        "document mismatch": document_mismatch,
        "skipped steps": skipped_steps,
        "reordered": reordered,
        "clock jump": clock_jump,
        "quantity loss": quantity_loss,
        "intrusion": intrusion,
    }
)
"""By the name under which they are reported."""


def _unit(told: Story) -> str:
    return sscc(told.shipment.nr or 0, "o")


def _first(touched: list[Event]) -> datetime | None:
    return min((one["eventTime"] for one in touched), default=None)


def _told(told: Story, added: Event, rng: random.Random) -> datetime:
    at: datetime = added["eventTime"]
    added["eventID"] = f"urn:uuid:{rng.getrandbits(32):08x}-0000-4000-8000-{rng.getrandbits(48):012d}"
    added["recordTime"] = at + timedelta(minutes=rng.lognormvariate(2, 1))
    told.events.append(added)
    return at
