"""What would be told of a shipment if everybody told everything rightly: before nuisance and faults."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ml.gs1_keys import sscc
from ml.shipment import Leg, Shipment, Slot, effective_end, milestones
from ml.simulator import world
from ml.to_epcis import to_epcis
from ml.trail import Trail, trail_of_events

Event = dict[str, Any]
"""An EPCIS event whose `eventTime` and `recordTime` are instants until it is published."""
BOX = 48
"""Pieces in a carton."""
FLIGHT: Final = frozenset(("departing", "arriving"))


@dataclass(slots=True)
class Story:
    """A shipment's events. `kinds`: the faults planted; `onset`: when the first of them happened.

    `cartons`, `lots` and `orders` are by leg; `profile` names the conditions of shipments with a logger.
    """

    shipment: Shipment
    booked: datetime
    supplier: str
    consignee: str
    cartons: dict[Slot, list[str]]
    lots: dict[Slot, str]
    orders: dict[Slot, str]
    events: list[Event] = field(default_factory=list)
    kinds: tuple[str, ...] = ()
    onset: datetime | None = None
    profile: str | None = None

    @property
    def destination(self) -> int:
        return self.shipment.destination or 0

    @property
    def end(self) -> datetime:
        """The instant of delivery."""
        return self.booked + timedelta(minutes=effective_end(self.shipment) or 0)

    def published(self) -> list[Event]:
        """The events as JSON, in the order of their recording."""
        return [_published(one) for one in sorted(self.events, key=lambda one: one["recordTime"])]

    def trail(self) -> Trail:
        """The trail of the published events."""
        return trail_of_events(self.published())


def _published(event: Event) -> Event:
    times = {name: _written(event[name]) for name in ("eventTime", "recordTime")}
    return {name: one for name, one in event.items() if not name.startswith("_")} | times


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def story(shipment: Shipment, booked: datetime, rng: random.Random) -> Story:
    """The plain story of a delivered shipment."""
    inbound = {leg.slot: leg for leg in shipment.inbound}
    company, nr = rng.randrange(20), shipment.nr or 0
    supplier = world.supplier(_origin(shipment.inbound[0]), rng.randrange(3))
    told = Story(
        shipment,
        booked,
        supplier,
        world.consignee(shipment.destination or 0, rng.randrange(4)),
        {slot: _cartons(company, nr, slot, rng) for slot in inbound},
        {slot: world.lot(company, rng.randrange(40), nr) for slot in inbound},
        {slot: f"urn:epcglobal:cbv:bt:4012345000009:PO-{nr}-{at // 2}" for at, slot in enumerate(inbound)},
    )
    told.events = list(_freight(told))
    for leg in shipment.inbound:
        told.events += _sent(told, leg, rng)
    told.events += _received(told, rng)
    for at, event in enumerate(sorted(told.events, key=lambda one: one["eventTime"])):
        event.setdefault("eventID", f"urn:uuid:{nr:08d}-0000-4000-8000-{at:012d}")
        event["recordTime"] = event["eventTime"] + timedelta(minutes=rng.lognormvariate(1.5, 1.0))
    return told


def _origin(leg: Leg) -> int:
    return leg.places[0] or 0


def _cartons(company: int, nr: int, slot: Slot, rng: random.Random) -> list[str]:
    reference, first = rng.randrange(40), nr % 1_000_000 * 100 + int(slot[1]) * 20
    return [world.item(company, reference, first + at) for at in range(rng.randint(2, 6))]


def _freight(told: Story) -> Iterator[Event]:
    """Booking, milestones and consolidation, each captured by who works there."""
    draw = random.Random(told.shipment.nr)
    usual: dict[str, str] = {}
    for event in to_epcis(told.shipment, told.booked)["epcisBody"]["eventList"]:
        place = event.get("readPoint", {}).get("id", "")
        if place not in usual:
            usual[place] = draw.choices(told_handlers(place), (6, 3, 2)[: len(told_handlers(place))])[0]
        booking = "trailseal:plan" in event
        final = event.get("bizStep") == "receiving" and event["epcList"] == [_unit(told, "o")]
        by = told.supplier if booking else told.consignee if final else usual[place]
        if booking:
            event["destinationList"] = [_end("owning_party", told.consignee), _place_end(told.destination)]
        yield event | {"eventTime": datetime.fromisoformat(event["eventTime"]), "trailseal:capturedBy": by}


def told_handlers(place: str) -> tuple[str, ...]:
    """Handlers at a place given as a GLN; the carrier's own staff where it is unknown."""
    from ml.gs1_keys import place_of

    number = place_of(place)
    return world.handlers(number) if number is not None else (world.party(10_000),)


def _unit(told: Story, slot: Slot) -> str:
    return sscc(told.shipment.nr or 0, slot)


def _end(kind: str, who: str) -> dict[str, str]:
    return {"type": kind, "destination": who}


def _place_end(place: int) -> dict[str, str]:
    return {"type": "location", "destination": world.location(place)["id"]}


def amounts(told: Story, slot: Slot, cartons: int) -> list[dict[str, Any]]:
    """The quantity element of so many cartons of a leg."""
    return [{"epcClass": told.lots[slot], "quantity": cartons * BOX}]


def event(kind: str, at: datetime, by: str, step: str, place: int, **members: Any) -> Event:
    """An event with what all have."""
    return {
        "type": kind,
        "eventTime": at,
        "eventTimeZoneOffset": "+00:00",
        "bizStep": step,
        "readPoint": world.location(place),
        "trailseal:capturedBy": by,
    } | members


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


def _sent(told: Story, leg: Leg, rng: random.Random) -> Iterator[Event]:
    """The supplier makes, packs and ships a leg's cartons before check-in."""
    checked_in = min((one.completed for one in milestones(told.shipment) if one.slot == leg.slot), default=60)
    accepted = told.booked + timedelta(minutes=checked_in)
    place, cartons = _origin(leg), told.cartons[leg.slot]
    packed = accepted - timedelta(minutes=rng.uniform(30, 400))
    made = packed - timedelta(hours=rng.uniform(2, 200))
    shipped = packed + (accepted - packed) * rng.uniform(0.2, 0.8)
    papers = [
        {"type": "po", "bizTransaction": told.orders[leg.slot]},
        {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000009:DA-{told.shipment.nr}{leg.slot}"},
    ]
    amount = amounts(told, leg.slot, len(cartons))
    yield event("ObjectEvent", made, told.supplier, "commissioning", place, action="ADD", epcList=list(cartons))
    pack = {"action": "ADD", "parentID": _unit(told, leg.slot), "childEPCs": list(cartons), "childQuantityList": amount}
    yield event("AggregationEvent", packed, told.supplier, "packing", place, **pack)
    yield event(
        "ObjectEvent",
        shipped,
        told.supplier,
        "shipping",
        place,
        action="OBSERVE",
        epcList=[_unit(told, leg.slot)],
        quantityList=[dict(one) for one in amount],
        bizTransactionList=papers,
        sourceList=[{"type": "owning_party", "source": told.supplier}],
        destinationList=[_end("owning_party", told.consignee), _place_end(told.destination)],
    )


def _received(told: Story, rng: random.Random) -> Iterator[Event]:
    """The consignee unpacks the unit and books the cartons in."""
    at, by, place = told.end + timedelta(minutes=rng.uniform(10, 300)), told.consignee, told.destination
    children = [_unit(told, slot) for slot in told.cartons]
    whole = {"action": "DELETE", "parentID": _unit(told, "o"), "childEPCs": children}
    yield event("AggregationEvent", at, by, "unpacking", place, **whole)
    for slot, cartons in told.cartons.items():
        at += timedelta(minutes=rng.uniform(5, 60))
        amount = amounts(told, slot, len(cartons))
        parts = {"parentID": _unit(told, slot), "childEPCs": list(cartons), "childQuantityList": amount}
        yield event("AggregationEvent", at, by, "unpacking", place, action="DELETE", **parts)
        at += timedelta(minutes=rng.uniform(5, 60))
        papers = [{"type": "po", "bizTransaction": told.orders[slot]}]
        booked_in = {
            "epcList": list(cartons),
            "quantityList": [dict(one) for one in amount],
            "bizTransactionList": papers,
        }
        yield event("ObjectEvent", at, by, "storing", place, action="OBSERVE", **booked_in)
