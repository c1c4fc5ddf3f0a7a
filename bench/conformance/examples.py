"""Events that the bench makes itself, in JSON; identifiers under GS1's example prefix 9521321."""

import itertools
import json
import threading
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EXAMPLE = "https://example.com/ns/"
PREFIX = "9521321"
_numbers = itertools.count(1)
_lock = threading.Lock()


def fresh() -> int:
    """A number that no other event of this run has."""
    with _lock:
        return next(_numbers)


def sgtin(serial: int | str, item: int = 1) -> str:
    """A serialised item as EPC URN."""
    return f"urn:epc:id:sgtin:{PREFIX}.{item:06d}.{serial}"


def sgtin_link(serial: int | str, item: int = 1) -> str:
    """The same item as canonical GS1 Digital Link."""
    indicator, reference = f"{item:06d}"[0], f"{item:06d}"[1:]
    return f"https://id.gs1.org/01/{with_check_digit(indicator + PREFIX + reference)}/21/{serial}"


def with_check_digit(digits: str) -> str:
    """The digits and their check digit (GS1 General Specifications 7.9.1)."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def sgln(location: int, extension: str = "0") -> str:
    """A location as EPC URN."""
    return f"urn:epc:id:sgln:{PREFIX}.{location:05d}.{extension}"


def event(kind: str, **members: Any) -> dict[str, Any]:
    """An event of this type with what every event has; it stands alone, and has an id of its own."""
    return {
        "@context": [CONTEXT, {"example": EXAMPLE}],
        "type": kind,
        "eventID": f"urn:uuid:{uuid.uuid4()}",
        "eventTime": "2026-03-01T10:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        **members,
    }


def object_event(epcs: Iterable[str] | None = None, **members: Any) -> dict[str, Any]:
    """An observation of these things, by default of one that no other event names."""
    named = [sgtin(f"f{fresh()}")] if epcs is None else list(epcs)
    return event("ObjectEvent", **{"action": "OBSERVE", "epcList": named, **members})


def document(events: Iterable[Mapping[str, Any]], **members: Any) -> dict[str, Any]:
    """An EPCISDocument of these events."""
    listed = [{name: value for name, value in one.items() if name != "@context"} for one in events]
    return {
        "@context": [CONTEXT, {"example": EXAMPLE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T00:00:00.000Z",
        "epcisBody": {"eventList": listed},
        **members,
    }


def encoded(events: Iterable[Mapping[str, Any]], **members: Any) -> bytes:
    """The same as bytes."""
    return json.dumps(document(events, **members)).encode()
