"""Capture documents of ordinary events, made from a seed: each of the five types, as a busy company sends them."""

import json
import random
from typing import Any

from service.epcis.checkdigit import check_digit

PREFIX = "9521001"
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {
        "ext": "https://ns.example.com/epcis/",
        "cold": "https://cold.example.com/terms/",
        "cbvmda": "urn:epcglobal:cbv:mda:",  # GS1's context has it, but the reference knows only what stands here
    },
]
TYPES = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
_STEPS = ("shipping", "receiving", "packing", "inspecting", "storing", "loading", "urn:epcglobal:cbv:bizstep:picking")
_STATES = ("in_transit", "in_progress", "active", "https://ref.gs1.org/cbv/Disp-conformant")


def documents(type_: str, seed: int, count: int, events: int) -> list[str]:
    """So many documents of so many events of one type, as JSON text."""
    chance = random.Random(f"{type_} {seed}")
    return [_document([_event(type_, chance) for _ in range(events)]) for _ in range(count)]


def _document(events: list[dict[str, Any]]) -> str:
    document = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T12:00:00Z",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(document)


def _event(type_: str, chance: random.Random) -> dict[str, Any]:
    event: dict[str, Any] = {"type": type_, "eventTime": _time(chance), "eventTimeZoneOffset": "+01:00"}
    event |= _WHAT[type_](chance)
    event |= {
        "bizStep": chance.choice(_STEPS),
        "disposition": chance.choice(_STATES),
        "readPoint": {"id": f"urn:epc:id:sgln:{PREFIX}.{chance.randrange(100_000):05d}.{chance.randrange(20)}"},
        "bizLocation": {"id": _gln(chance)},
        "sourceList": [{"type": "possessing_party", "source": f"urn:epc:id:pgln:{PREFIX}.00001"}],
        "destinationList": [{"type": "possessing_party", "destination": f"urn:epc:id:pgln:{PREFIX}.00002"}],
        "ext:dock": f"Dock {chance.randrange(40)}",
        "ext:count": chance.randrange(1000),
        "ext:crew": {"ext:shift": "late", "ext:members": ["Ann Lee", "Bo Ek"]},
    }
    if chance.random() < 0.3:
        event["sensorElementList"] = [_sensor(chance)]
    if chance.random() < 0.2:
        event["recordTime"] = "2026-03-02T00:00:00Z"
    return event


def _time(chance: random.Random) -> str:
    digits = chance.choice(("", f".{chance.randrange(1000):03d}", f".{chance.randrange(1_000_000):06d}"))
    return (
        f"2026-03-{chance.randrange(1, 29):02d}T{chance.randrange(24):02d}:{chance.randrange(60):02d}"
        f":{chance.randrange(60):02d}{digits}+01:00"
    )


def _item(chance: random.Random) -> str:
    item, serial = chance.randrange(100_000), chance.randrange(10**9)
    if chance.random() < 0.5:
        return f"urn:epc:id:sgtin:{PREFIX}.0{item:05d}.{serial}"
    body = f"0{PREFIX}{item:05d}"
    return f"https://id.gs1.org/01/{body}{check_digit(body)}/21/{serial}"


def _pallet(chance: random.Random) -> str:
    return f"urn:epc:id:sscc:{PREFIX}.3{chance.randrange(10**9):09d}"


def _gln(chance: random.Random) -> str:
    body = f"{PREFIX}{chance.randrange(100_000):05d}"
    return f"https://id.gs1.org/414/{body}{check_digit(body)}"


def _items(chance: random.Random) -> list[str]:
    return [_item(chance) for _ in range(chance.randrange(1, 13))]


def _lot(chance: random.Random) -> dict[str, Any]:
    lot = f"urn:epc:class:lgtin:{PREFIX}.0{chance.randrange(100_000):05d}.L{chance.randrange(10**5)}"
    return {"epcClass": lot, "quantity": chance.choice((12, 7.5, 300)), "uom": "KGM"}


def _order(chance: random.Random) -> list[dict[str, str]]:
    return [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:9521001000017:{chance.randrange(10**6)}"}]


def _sensor(chance: random.Random) -> dict[str, Any]:
    reports = [
        {"type": "Temperature", "value": round(chance.uniform(2, 8), 2), "uom": "CEL", "cold:probe": "top"},
        {"type": "RelativeHumidity", "minValue": 30, "maxValue": 62.5, "uom": "P1"},
    ]
    metadata = {"time": _time(chance), "deviceID": f"urn:epc:id:giai:{PREFIX}.S{chance.randrange(900)}"}
    return {"sensorMetadata": metadata, "sensorReport": reports}


_WHAT: dict[str, Any] = {
    "ObjectEvent": lambda chance: {
        "action": "ADD",
        "epcList": _items(chance),
        "quantityList": [_lot(chance)],
        "ilmd": {"ext:grade": "first class", "cbvmda:countryOfOrigin": "FR"},
    },
    "AggregationEvent": lambda chance: {"action": "ADD", "parentID": _pallet(chance), "childEPCs": _items(chance)},
    "TransactionEvent": lambda chance: {
        "action": "ADD",
        "bizTransactionList": _order(chance),
        "epcList": _items(chance),
    },
    "TransformationEvent": lambda chance: {
        "inputQuantityList": [_lot(chance), _lot(chance)],
        "outputEPCList": _items(chance),
    },
    "AssociationEvent": lambda chance: {
        "action": "ADD",
        "parentID": f"urn:epc:id:grai:{PREFIX}.00022.{chance.randrange(10**6)}",
        "childEPCs": [f"urn:epc:id:giai:{PREFIX}.S{chance.randrange(900)}"],
    },
}
