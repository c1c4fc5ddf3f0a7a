"""What goes wrong with reports of shipments that are in order: the reason why faults are hard to find.

Every kind of fault (`ml.simulator.faults`) has a harmless look-alike here, rarer or smaller, but overlapping with it.
"""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise
from typing import Final

from ml.simulator import world
from ml.simulator.story import BOX, Event, Story

FLIGHT: Final = frozenset(("departing", "arriving"))


def disturb(told: Story, rng: random.Random) -> None:
    """Applies each nuisance by its own odds, in place."""
    for odds, nuisance in (
        (0.07, _rerouted),
        (0.05, _unknown_handler),
        (0.08, _inspected),
        (0.06, _misread),
        (0.06, _unread),
        (0.05, _miscounted),
        (0.05, _unreported_making),
        (0.02, _relabelled),
        (0.04, _other_consignee),
        (0.03, _other_order),
        (0.04, _wrong_zone),
        (0.05, _told_late),
        (0.02, _written_wrong),
        (0.03, _landed_elsewhere),
        (0.03, _taken_in_by_another),
        (0.03, _stored_elsewhere),
        (0.02, _other_site),
        (0.015, _labelled_under_way),
        (0.03, _sampled),
    ):
        if rng.random() < odds:
            nuisance(told, rng)
    _clocks(told, rng)
    _missing(told, rng)
    _repeated(told, rng)


def flights(told: Story) -> list[Event]:
    """Departures and arrivals, in the order of time."""
    found = [one for one in told.events if one.get("bizStep") in FLIGHT]
    return sorted(found, key=lambda one: one["eventTime"])


def at_end(told: Story, step: str) -> list[Event]:
    """The consignee's events of a step."""
    return [one for one in told.events if one.get("bizStep") == step and one["trailseal:capturedBy"] == told.consignee]


def put(one: Event, place: int) -> None:
    """Moves an event to another place."""
    one["readPoint"] = world.location(place)
    if "bizLocation" in one:
        one["bizLocation"] = world.location(place)


def _rerouted(told: Story, rng: random.Random) -> None:
    """A stop is changed; the goods come back to the plan at the next airport."""
    found = flights(told)
    stops = [
        (one, other)
        for one, other in pairwise(found)
        if one["bizStep"] == "arriving" and other["bizStep"] == "departing" and one["epcList"] == other["epcList"]
    ]
    instead = rng.choice(world.AIRPORTS if rng.random() < 0.6 else world.STRANGE)
    if stops:
        for one in rng.choice(stops):
            put(one, instead)
            one["trailseal:capturedBy"] = world.handlers(instead)[0]
    elif found:
        put(rng.choice(found), instead)


def _unknown_handler(told: Story, rng: random.Random) -> None:
    middle = [one for one in told.events if one.get("bizStep") in {*FLIGHT, "accepting"}]
    if middle:
        rng.choice(middle)["trailseal:capturedBy"] = world.party(50_000 + rng.randrange(60))


def _inspected(told: Story, rng: random.Random) -> None:
    """Customs look at a unit, sometimes where it is not booked through."""
    found = flights(told)
    if found:
        near = rng.choice(found)
        extra = dict(near) | {"bizStep": "inspecting", "eventID": f"{near['eventID']}i"}
        extra["eventTime"] = near["eventTime"] + timedelta(minutes=rng.uniform(5, 200))
        extra["recordTime"] = extra["eventTime"] + timedelta(minutes=rng.lognormvariate(2, 1))
        extra["trailseal:capturedBy"] = world.party(60_000 + rng.randrange(12))
        told.events.append(extra)


def _misread(told: Story, rng: random.Random) -> None:
    """A neighbour's carton is read along."""
    for one in at_end(told, rng.choice(("storing", "unpacking")))[:1]:
        name = "epcList" if "epcList" in one else "childEPCs"
        one[name] = [*one[name], world.item(rng.randrange(20), rng.randrange(40), rng.randrange(10**8))]


def _unread(told: Story, rng: random.Random) -> None:
    """A carton is there but not read."""
    for one in at_end(told, "storing")[: rng.choice((1, 1, 2))]:
        if len(one["epcList"]) > 1:
            one["epcList"] = [epc for epc in one["epcList"] if epc != rng.choice(one["epcList"])]


def _miscounted(told: Story, rng: random.Random) -> None:
    """Somebody counts a few pieces, or one carton, too many or too few."""
    counted = [one for one in told.events if one.get("quantityList") or one.get("childQuantityList")]
    if counted:
        one = rng.choice(counted)
        amount = (one.get("quantityList") or one["childQuantityList"])[0]
        amount["quantity"] = max(1, amount["quantity"] + rng.choice((-BOX, -6, -2, -1, 1, 2, 6, BOX)))


def _unreported_making(told: Story, rng: random.Random) -> None:
    """A supplier's system does not tell what it made on one of the legs."""
    made = [one for one in told.events if one.get("bizStep") == "commissioning" and "trailseal:plan" not in one]
    if made:
        told.events.remove(rng.choice(made))


def _relabelled(told: Story, rng: random.Random) -> None:
    """A label is printed anew, and the carton commissioned again by its supplier."""
    made = [one for one in told.events if one.get("bizStep") == "commissioning" and "trailseal:plan" not in one]
    if made:
        first = rng.choice(made)
        later = first["eventTime"] + timedelta(minutes=rng.uniform(2, 600))
        again = dict(first) | {"epcList": [rng.choice(first["epcList"])], "eventID": f"{first['eventID']}r"}
        told.events.append(again | {"eventTime": later, "recordTime": later + timedelta(minutes=rng.uniform(1, 60))})


def _other_consignee(told: Story, rng: random.Random) -> None:
    """The despatch names the warehouse that works for the consignee."""
    for one in told.events:
        if one.get("bizStep") == "shipping" and "destinationList" in one and rng.random() < 0.7:
            other = world.consignee(told.destination, rng.randrange(4))
            one["destinationList"] = [{"type": "owning_party", "destination": other}, *one["destinationList"][1:]]


def _other_order(told: Story, rng: random.Random) -> None:
    """The consignee books on a call-off order of its own."""
    for one in at_end(told, "storing"):
        if rng.random() < 0.7:
            order = f"urn:epcglobal:cbv:bt:4012345000009:PO-{told.shipment.nr}-{rng.randrange(3, 9)}"
            one["bizTransactionList"] = [{"type": "po", "bizTransaction": order}]


def _wrong_zone(told: Story, rng: random.Random) -> None:
    """One party's clock is a whole hour or two off."""
    by = rng.choice([one["trailseal:capturedBy"] for one in told.events])
    off = timedelta(hours=rng.choice((-2, -1, 1, 2)))
    for one in told.events:
        if one["trailseal:capturedBy"] == by and "trailseal:plan" not in one:
            one["eventTime"] += off


def _told_late(told: Story, rng: random.Random) -> None:
    """One party reports everything at once when it is back on line, after up to two days."""
    by = rng.choice([one["trailseal:capturedBy"] for one in told.events if "trailseal:plan" not in one])
    own = [one for one in told.events if one["trailseal:capturedBy"] == by]
    sent = max(one["eventTime"] for one in own) + timedelta(hours=rng.uniform(1, 48))
    for at, one in enumerate(own):
        one["recordTime"] = max(one["recordTime"], sent + timedelta(seconds=at))


def _written_wrong(told: Story, rng: random.Random) -> None:
    """A time is typed in by hand and wrong by hours."""
    middle = [one for one in told.events if one.get("bizStep") in {*FLIGHT, "accepting", "receiving"}]
    if middle:
        rng.choice(middle)["eventTime"] -= timedelta(hours=rng.choice((-1, 1)) * rng.lognormvariate(1.0, 0.7))


def _landed_elsewhere(told: Story, rng: random.Random) -> None:
    """Weather: the last flight lands at another airport, and a lorry brings the goods on."""
    out = [one for one in flights(told) if one["readPoint"] == world.location(told.destination)][-1:]
    instead = rng.choice(world.AIRPORTS if rng.random() < 0.8 else world.STRANGE)
    ends = [one for one in told.events if one.get("bizStep") == "receiving"][-1:] if rng.random() < 0.4 else []
    for one in (*out, *ends):
        put(one, instead)
        one["trailseal:capturedBy"] = world.handlers(instead)[0]


def _taken_in_by_another(told: Story, rng: random.Random) -> None:
    """A warehouse takes delivery for the consignee."""
    for one in at_end(told, "receiving"):
        one["trailseal:capturedBy"] = world.consignee(told.destination, rng.randrange(4))


def _stored_elsewhere(told: Story, rng: random.Random) -> None:
    """The consignee unpacks and stores at another of its sites."""
    site = rng.choice(world.AIRPORTS if rng.random() < 0.5 else world.STRANGE)
    for one in (*at_end(told, "unpacking"), *at_end(told, "storing")):
        put(one, site)


def _other_site(told: Story, rng: random.Random) -> None:
    """The despatch names another site of the consignee as destination."""
    site = world.location(rng.choice(world.AIRPORTS if rng.random() < 0.5 else world.STRANGE))["id"]
    for one in told.events:
        if one.get("bizStep") == "shipping" and "destinationList" in one:
            one["destinationList"] = [one["destinationList"][0], {"type": "location", "destination": site}]


def _labelled_under_way(told: Story, rng: random.Random) -> None:
    """A damaged label is replaced by the handler, who commissions the number again."""
    made = [one for one in told.events if one.get("bizStep") == "commissioning" and "trailseal:plan" not in one]
    handled = [one for one in told.events if one.get("bizStep") == "accepting"]
    if made and handled:
        first, where = rng.choice(made), rng.choice(handled)
        at = where["eventTime"] + timedelta(minutes=rng.uniform(10, 300))
        again = {name: where[name] for name in ("readPoint", "trailseal:capturedBy")} | {"eventTime": at}
        again |= {"epcList": [rng.choice(first["epcList"])], "eventID": f"{first['eventID']}l"}
        told.events.append(dict(first) | again | {"recordTime": at + timedelta(minutes=rng.uniform(1, 60))})


def _sampled(told: Story, rng: random.Random) -> None:
    """Customs, or quality assurance, keep a carton."""
    slot = rng.choice(list(told.cartons))
    gone = told.cartons[slot][-1]
    for one in (*at_end(told, "unpacking"), *at_end(told, "storing")):
        name = "childEPCs" if "childEPCs" in one else "epcList"
        amounts = one.get("childQuantityList") or one.get("quantityList")
        if gone in one.get(name, ()) and len(one[name]) > 1 and amounts:
            one[name] = [epc for epc in one[name] if epc != gone]
            amounts[0] = amounts[0] | {"quantity": max(0, amounts[0]["quantity"] - BOX)}


def _clocks(told: Story, rng: random.Random) -> None:
    """Everybody's clock is a few minutes off, some report in the evening."""
    offsets: dict[str, float] = {}
    for one in told.events:
        by = one["trailseal:capturedBy"]
        offsets.setdefault(by, rng.gauss(0, 4))
        if "trailseal:plan" not in one:
            one["eventTime"] += timedelta(minutes=offsets[by] + rng.gauss(0, 1))
        if world.reports_in_the_evening(by):
            one["recordTime"] += timedelta(hours=24 - one["eventTime"].hour + rng.uniform(-3, 0))


def _missing(told: Story, rng: random.Random) -> None:
    """Reports get lost; some parties lose many."""
    lost = rng.betavariate(1.0, 25.0)
    told.events = [one for one in told.events if "trailseal:plan" in one or rng.random() >= lost]


def _repeated(told: Story, rng: random.Random) -> None:
    """Reports are sent twice: under one id, or as an event of its own."""
    for one in list(told.events):
        if rng.random() < 0.02 and "trailseal:plan" not in one:
            later = one["recordTime"] + timedelta(minutes=rng.uniform(1, 300))
            again = dict(one) | {"recordTime": later}
            if rng.random() < 0.4:
                again["eventID"] = f"{one['eventID']}d"
                again["eventTime"] = one["eventTime"] + timedelta(minutes=rng.uniform(0, 3))
            told.events.append(again)
