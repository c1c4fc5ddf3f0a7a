"""A shipment as an EPCIS 2.0 document; the mapping is told in `ml.vocabulary`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ml.gs1_keys import gln, sscc
from ml.shipment import Leg, Milestone, Shipment, consolidation, milestones
from ml.vocabulary import CONTEXT, DISPOSITIONS, NAMESPACE, PREFIX, STEPS


def to_epcis(shipment: Shipment, start: datetime) -> dict[str, Any]:
    """The shipment as one EPCISDocument whose events lie in the order of time, booked at `start`.

    Only reported milestones become events. Event ids are left to the capturing service. Raises ValueError where
    `start` has no offset or the shipment has no `nr`.
    """
    if start.utcoffset() is None:
        raise ValueError("start needs an offset from UTC, for example datetime(..., tzinfo=UTC)")
    if shipment.nr is None:
        raise ValueError("a shipment without nr has no units to write events about")
    return {
        "@context": [CONTEXT, {PREFIX: NAMESPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _instant(start, 0),
        "epcisBody": {"eventList": [_booking(shipment, shipment.nr, start), *_history(shipment, shipment.nr, start)]},
    }


def _instant(start: datetime, minutes: int) -> str:
    moment = start.astimezone(UTC) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(when: str, kind: str, action: str, step: str, disposition: str) -> dict[str, Any]:
    moment = {"eventTime": when, "eventTimeZoneOffset": "+00:00"}
    return {"type": kind, **moment, "action": action, "bizStep": step, "disposition": disposition}


def _booking(shipment: Shipment, nr: int, start: datetime) -> dict[str, Any]:
    plan = {"nr": nr, "leg": [_planned(nr, leg) for leg in shipment.legs]}
    return {
        **_event(_instant(start, 0), "ObjectEvent", "ADD", "commissioning", "active"),
        "epcList": [sscc(nr, leg.slot) for leg in shipment.legs],
        f"{PREFIX}:plan": _prefixed(plan),
    }


def _planned(nr: int, leg: Leg) -> dict[str, Any]:
    points = [
        {
            "code": milestone.code,
            "segment": milestone.segment,
            **({"minutes": milestone.planned} if milestone.planned is not None else {}),
            **({"place": gln(milestone.place)} if milestone.place is not None else {}),
        }
        for milestone in leg.milestones
    ]
    return {"slot": leg.slot, "unit": sscc(nr, leg.slot), "milestone": points}


def _prefixed(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{PREFIX}:{key}": _prefixed(part) for key, part in value.items()}
    return [_prefixed(part) for part in value] if isinstance(value, list) else value


def _history(shipment: Shipment, nr: int, start: datetime) -> Iterable[dict[str, Any]]:
    """Milestones in order, with the consolidation between the last inbound delivery and the first outbound step."""
    legs = {leg.slot: leg for leg in shipment.legs}
    seen = milestones(shipment)
    inbound = [one for one in seen if one.slot != "o"]
    outbound = [one for one in seen if one.slot == "o"]
    for one in inbound:
        yield _reported(nr, legs[one.slot], one.milestone, start, one.completed)
    if shipment.inbound and all(leg.complete for leg in shipment.inbound):
        yield _consolidated(shipment, nr, start)
    for one in outbound:
        yield _reported(nr, legs[one.slot], one.milestone, start, one.completed)


def _reported(nr: int, leg: Leg, milestone: Milestone, start: datetime, minutes: int) -> dict[str, Any]:
    step, disposition = STEPS[milestone.code], DISPOSITIONS[milestone.code]
    event = _event(_instant(start, minutes), "ObjectEvent", "OBSERVE", step, disposition)
    event["epcList"] = [sscc(nr, leg.slot)]
    place = {"RCS": leg.places[:1], "DLV": leg.places[-1:]}.get(milestone.code, (milestone.place,))
    return event | _where(place[0] if place else None, stays=milestone.code != "DEP")


def _where(place: int | None, *, stays: bool) -> dict[str, Any]:
    """Read point, and the business location unless the object has just left it."""
    if place is None:
        return {}
    here = {"id": gln(place)}
    return {"readPoint": here, "bizLocation": dict(here)} if stays else {"readPoint": here}


def _consolidated(shipment: Shipment, nr: int, start: datetime) -> dict[str, Any]:
    event = _event(_instant(start, consolidation(shipment)), "AggregationEvent", "ADD", "packing", "in_progress")
    event["parentID"] = sscc(nr, "o")
    event["childEPCs"] = [sscc(nr, leg.slot) for leg in shipment.inbound]
    return event | _where(shipment.hub, stays=True)
