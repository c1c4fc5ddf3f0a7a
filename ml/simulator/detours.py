"""What happens to goods that are in order: other ways, other hands, and what somebody keeps or labels anew."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

from ml.simulator import world
from ml.simulator.story import BOX, FLIGHT, Story, at_end, flights, put


def rerouted(told: Story, rng: random.Random) -> None:
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


def unknown_handler(told: Story, rng: random.Random) -> None:
    """Somebody whom nobody knows handles the goods once."""
    middle = [one for one in told.events if one.get("bizStep") in {*FLIGHT, "accepting"}]
    if middle:
        rng.choice(middle)["trailseal:capturedBy"] = world.party(50_000 + rng.randrange(60))


def inspected(told: Story, rng: random.Random) -> None:
    """Customs look at a unit, sometimes where it is not booked through."""
    found = flights(told)
    if found:
        near = rng.choice(found)
        extra = dict(near) | {"bizStep": "inspecting", "eventID": f"{near['eventID']}i"}
        extra["eventTime"] = near["eventTime"] + timedelta(minutes=rng.uniform(5, 200))
        extra["recordTime"] = extra["eventTime"] + timedelta(minutes=rng.lognormvariate(2, 1))
        extra["trailseal:capturedBy"] = world.party(60_000 + rng.randrange(12))
        told.events.append(extra)


def landed_elsewhere(told: Story, rng: random.Random) -> None:
    """Weather: the last flight lands at another airport, and a lorry brings the goods on."""
    out = [one for one in flights(told) if one["readPoint"] == world.location(told.destination)][-1:]
    instead = rng.choice(world.AIRPORTS if rng.random() < 0.8 else world.STRANGE)
    ends = [one for one in told.events if one.get("bizStep") == "receiving"][-1:] if rng.random() < 0.4 else []
    for one in (*out, *ends):
        put(one, instead)
        one["trailseal:capturedBy"] = world.handlers(instead)[0]


def taken_in_by_another(told: Story, rng: random.Random) -> None:
    """A warehouse takes delivery for the consignee."""
    for one in at_end(told, "receiving"):
        one["trailseal:capturedBy"] = world.consignee(told.destination, rng.randrange(4))


def stored_elsewhere(told: Story, rng: random.Random) -> None:
    """The consignee unpacks and stores at another of its sites."""
    site = rng.choice(world.AIRPORTS if rng.random() < 0.5 else world.STRANGE)
    for one in (*at_end(told, "unpacking"), *at_end(told, "storing")):
        put(one, site)


def labelled_under_way(told: Story, rng: random.Random) -> None:
    """A damaged label is replaced by the handler, who commissions the number again."""
    made = [one for one in told.events if one.get("bizStep") == "commissioning" and "trailseal:plan" not in one]
    handled = [one for one in told.events if one.get("bizStep") == "accepting"]
    if made and handled:
        first, where = rng.choice(made), rng.choice(handled)
        at = where["eventTime"] + timedelta(minutes=rng.uniform(10, 300))
        again = {name: where[name] for name in ("readPoint", "trailseal:capturedBy")} | {"eventTime": at}
        again |= {"epcList": [rng.choice(first["epcList"])], "eventID": f"{first['eventID']}l"}
        told.events.append(dict(first) | again | {"recordTime": at + timedelta(minutes=rng.uniform(1, 60))})


def sampled(told: Story, rng: random.Random) -> None:
    """Customs, or quality assurance, keep a carton."""
    slot = rng.choice(list(told.cartons))
    gone = told.cartons[slot][-1]
    for one in (*at_end(told, "unpacking"), *at_end(told, "storing")):
        name = "childEPCs" if "childEPCs" in one else "epcList"
        amounts = one.get("childQuantityList") or one.get("quantityList")
        if gone in one.get(name, ()) and len(one[name]) > 1 and amounts:
            one[name] = [epc for epc in one[name] if epc != gone]
            amounts[0] = amounts[0] | {"quantity": max(0, amounts[0]["quantity"] - BOX)}
