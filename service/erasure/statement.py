"""The statement of an erasure: an EPCIS event of the party, on the trails of the erased event, naming its seal."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import orjson

from service.epcis.identifiers import Kind, kind
from service.store.erasure import STATEMENT, ErasureRow

NAMESPACE = "urn:trailseal:epcis:"
NO_THING = "urn:trailseal:erased"
"""EPCIS wants an ObjectEvent to name something; this is a class and no thing, so the statement is the journal's too."""
_CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"trailseal": NAMESPACE}]


def statement_id(erasure: ErasureRow) -> str:
    """The eventID of the statement: it follows from the erasure, so that it is captured once, whoever tries."""
    return f"{STATEMENT}{erasure.id}"


def document_of(erasure: ErasureRow, things: Iterable[str]) -> bytes:
    """The EPCIS document with the statement; `things` are canonical identifiers, none for an event of a journal.

    It says which seal was erased, when, and why; nothing of what the event said.
    """
    at = erasure.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": statement_id(erasure),
        "eventTime": at,
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "trailseal:erases": f"0x{erasure.seal.hex()}",
        "trailseal:reason": erasure.reason,
    }
    for thing in things:
        if kind(thing) is Kind.LOT:
            event.setdefault("quantityList", []).append({"epcClass": thing})
        else:
            event.setdefault("epcList", []).append(thing)
    if "epcList" not in event and "quantityList" not in event:
        event["quantityList"] = [{"epcClass": NO_THING}]
    document = {
        "@context": _CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": at,
        "epcisBody": {"eventList": [event]},
    }
    return orjson.dumps(document)
