"""EPCIS documents for these tests."""

from typing import Any


def event(serial: str, **members: Any) -> dict[str, Any]:
    """An event of one item."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-02-03T08:55:12.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [item(serial)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        **members,
    }


def item(serial: str) -> str:
    """The canonical identifier of an item."""
    return f"https://id.gs1.org/01/09521321000018/21/{serial}"


def document(*events: dict[str, Any]) -> dict[str, Any]:
    """A document of these events."""
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-02-03T09:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
