"""A small event and document of each kind, to be varied by tests."""

import copy
import json
from typing import Any

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"example": "https://ns.example.com/epcis/"},
]

OBJECT_EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T10:00:30.123+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:epc:id:sgtin:4012345.011111.1", "urn:epc:id:sgtin:4012345.011111.2"],
    "action": "OBSERVE",
    "bizStep": "inspecting",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.0"},
}
AGGREGATION_EVENT: dict[str, Any] = {
    "type": "AggregationEvent",
    "eventTime": "2026-03-01T11:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "parentID": "urn:epc:id:sscc:4012345.3111111111",
    "childEPCs": ["urn:epc:id:sgtin:4012345.011111.1"],
    "childQuantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987", "quantity": 5}],
    "action": "ADD",
    "bizStep": "packing",
}
TRANSFORMATION_EVENT: dict[str, Any] = {
    "type": "TransformationEvent",
    "eventTime": "2026-03-01T12:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "inputQuantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.Lot987", "quantity": 5, "uom": "KGM"}],
    "outputEPCList": ["urn:epc:id:sgtin:4012345.011111.7", "urn:epc:id:sgtin:4012345.011111.8"],
}
TRANSACTION_EVENT: dict[str, Any] = {
    "type": "TransactionEvent",
    "eventTime": "2026-03-01T13:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345123456:4711"}],
    "epcList": ["urn:epc:id:sgtin:4012345.011111.1"],
}
ASSOCIATION_EVENT: dict[str, Any] = {
    "type": "AssociationEvent",
    "eventTime": "2026-03-01T14:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "parentID": "urn:epc:id:grai:4012345.00022.334455",
    "childEPCs": ["urn:epc:id:giai:4000001.12345"],
    "action": "ADD",
}
EVENTS = (OBJECT_EVENT, AGGREGATION_EVENT, TRANSFORMATION_EVENT, TRANSACTION_EVENT, ASSOCIATION_EVENT)
REMOVED = object()


def varied(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of the event with members changed, added, or (with REMOVED) taken out."""
    members = {**copy.deepcopy(event), **changes}
    return {name: value for name, value in members.items() if value is not REMOVED}


def document(*events: Any, **changes: Any) -> dict[str, Any]:
    """An EPCISDocument with these events."""
    frame = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T12:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return varied(frame, **changes)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()
