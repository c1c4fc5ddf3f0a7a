"""What is told wrongly, late, twice or not at all of goods that are in order."""

from __future__ import annotations

import random
from datetime import timedelta

from ml.simulator import world
from ml.simulator.story import BOX, FLIGHT, Story, at_end


def misread(told: Story, rng: random.Random) -> None:
    """A neighbour's carton is read along."""
    for one in at_end(told, rng.choice(("storing", "unpacking")))[:1]:
        name = "epcList" if "epcList" in one else "childEPCs"
        one[name] = [*one[name], world.item(rng.randrange(20), rng.randrange(40), rng.randrange(10**8))]


def unread(told: Story, rng: random.Random) -> None:
    """A carton is there but not read."""
    for one in at_end(told, "storing")[: rng.choice((1, 1, 2))]:
        if len(one["epcList"]) > 1:
            one["epcList"] = [epc for epc in one["epcList"] if epc != rng.choice(one["epcList"])]


def miscounted(told: Story, rng: random.Random) -> None:
    """Somebody counts a few pieces, or one carton, too many or too few."""
    counted = [one for one in told.events if one.get("quantityList") or one.get("childQuantityList")]
    if counted:
        one = rng.choice(counted)
        amount = (one.get("quantityList") or one["childQuantityList"])[0]
        amount["quantity"] = max(1, amount["quantity"] + rng.choice((-BOX, -6, -2, -1, 1, 2, 6, BOX)))


def unreported_making(told: Story, rng: random.Random) -> None:
    """A supplier's system does not tell what it made on one of the legs."""
    made = [one for one in told.events if one.get("bizStep") == "commissioning" and "trailseal:plan" not in one]
    if made:
        told.events.remove(rng.choice(made))


def relabelled(told: Story, rng: random.Random) -> None:
    """A label is printed anew, and the carton commissioned again by its supplier."""
    made = [one for one in told.events if one.get("bizStep") == "commissioning" and "trailseal:plan" not in one]
    if made:
        first = rng.choice(made)
        later = first["eventTime"] + timedelta(minutes=rng.uniform(2, 600))
        again = dict(first) | {"epcList": [rng.choice(first["epcList"])], "eventID": f"{first['eventID']}r"}
        told.events.append(again | {"eventTime": later, "recordTime": later + timedelta(minutes=rng.uniform(1, 60))})


def other_consignee(told: Story, rng: random.Random) -> None:
    """The despatch names the warehouse that works for the consignee."""
    for one in told.events:
        if one.get("bizStep") == "shipping" and "destinationList" in one and rng.random() < 0.7:
            other = world.consignee(told.destination, rng.randrange(4))
            one["destinationList"] = [{"type": "owning_party", "destination": other}, *one["destinationList"][1:]]


def other_order(told: Story, rng: random.Random) -> None:
    """The consignee books on a call-off order of its own."""
    for one in at_end(told, "storing"):
        if rng.random() < 0.7:
            order = f"urn:epcglobal:cbv:bt:4012345000009:PO-{told.shipment.nr}-{rng.randrange(3, 9)}"
            one["bizTransactionList"] = [{"type": "po", "bizTransaction": order}]


def wrong_zone(told: Story, rng: random.Random) -> None:
    """One party's clock is a whole hour or two off."""
    by = rng.choice([one["trailseal:capturedBy"] for one in told.events])
    off = timedelta(hours=rng.choice((-2, -1, 1, 2)))
    for one in told.events:
        if one["trailseal:capturedBy"] == by and "trailseal:plan" not in one:
            one["eventTime"] += off


def told_late(told: Story, rng: random.Random) -> None:
    """One party reports everything at once when it is back on line, after up to two days."""
    by = rng.choice([one["trailseal:capturedBy"] for one in told.events if "trailseal:plan" not in one])
    own = [one for one in told.events if one["trailseal:capturedBy"] == by]
    sent = max(one["eventTime"] for one in own) + timedelta(hours=rng.uniform(1, 48))
    for at, one in enumerate(own):
        one["recordTime"] = max(one["recordTime"], sent + timedelta(seconds=at))


def written_wrong(told: Story, rng: random.Random) -> None:
    """A time is typed in by hand and wrong by hours."""
    middle = [one for one in told.events if one.get("bizStep") in {*FLIGHT, "accepting", "receiving"}]
    if middle:
        rng.choice(middle)["eventTime"] -= timedelta(hours=rng.choice((-1, 1)) * rng.lognormvariate(1.0, 0.7))


def other_site(told: Story, rng: random.Random) -> None:
    """The despatch names another site of the consignee as destination."""
    site = world.location(rng.choice(world.AIRPORTS if rng.random() < 0.5 else world.STRANGE))["id"]
    for one in told.events:
        if one.get("bizStep") == "shipping" and "destinationList" in one:
            one["destinationList"] = [one["destinationList"][0], {"type": "location", "destination": site}]


def clocks(told: Story, rng: random.Random) -> None:
    """Everybody's clock is a few minutes off, some report in the evening."""
    offsets: dict[str, float] = {}
    for one in told.events:
        by = one["trailseal:capturedBy"]
        offsets.setdefault(by, rng.gauss(0, 4))
        if "trailseal:plan" not in one:
            one["eventTime"] += timedelta(minutes=offsets[by] + rng.gauss(0, 1))
        if world.reports_in_the_evening(by):
            one["recordTime"] += timedelta(hours=24 - one["eventTime"].hour + rng.uniform(-3, 0))


def missing(told: Story, rng: random.Random) -> None:
    """Reports get lost; some parties lose many."""
    lost = rng.betavariate(1.0, 25.0)
    told.events = [one for one in told.events if "trailseal:plan" in one or rng.random() >= lost]


def repeated(told: Story, rng: random.Random) -> None:
    """Reports are sent twice: under one id, or as an event of its own."""
    for one in list(told.events):
        if rng.random() < 0.02 and "trailseal:plan" not in one:
            later = one["recordTime"] + timedelta(minutes=rng.uniform(1, 300))
            again = dict(one) | {"recordTime": later}
            if rng.random() < 0.4:
                again["eventID"] = f"{one['eventID']}d"
                again["eventTime"] = one["eventTime"] + timedelta(minutes=rng.uniform(0, 3))
            told.events.append(again)
