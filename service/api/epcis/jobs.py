"""A capture as EPCIS's capture job (EPCIS 2.0, 12.6.1)."""

from typing import Any

from service.api.epcis.exceptions import EXCEPTION
from service.api.epcis.headers import EXTENSION_NAMESPACE, EXTENSION_PREFIX
from service.api.epcis.spec import both
from service.capture.receipts import Receipt
from service.epcis.faults import InvalidDocument

_CONTEXT = {EXTENSION_PREFIX: EXTENSION_NAMESPACE}
STATE = f"{EXTENSION_PREFIX}:state"
_EXAMPLE = {
    "@context": _CONTEXT,
    "captureID": "0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10",
    "createdAt": "2026-02-03T09:00:00.000000+00:00",
    "finishedAt": "2026-02-03T09:00:00.000000+00:00",
    "running": False,
    "success": True,
    "captureErrorBehaviour": "rollback",
    "errors": [],
    STATE: "captured",
}
_SCHEMA = {
    "type": "object",
    "required": ["captureID", "createdAt", "running", "success", "captureErrorBehaviour", "errors"],
    "properties": {
        "captureID": {"type": "string"},
        "createdAt": {"type": "string", "format": "date-time"},
        "finishedAt": {"type": "string", "format": "date-time"},
        "running": {"type": "boolean"},
        "success": {"type": "boolean", "description": "whether every event of the document was captured"},
        "captureErrorBehaviour": {"type": "string", "enum": ["rollback", "proceed"]},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "a problem for each refused event"},
        STATE: {
            "type": "string",
            "enum": ["captured", "sealed", "refused"],
            "description": "how far sealing is: `sealed` once the chain has every part",
        },
    },
}


def job(receipt: Receipt) -> dict[str, Any]:
    """The job of a capture, which ended when the document was kept.

    `success` speaks of the document's events: each that was left out is told in `errors`.
    """
    told = receipt.received_at.isoformat()
    return {
        "@context": _CONTEXT,
        "captureID": str(receipt.id),
        "createdAt": told,
        "finishedAt": told,
        "running": False,
        "success": not receipt.refused,
        "captureErrorBehaviour": "proceed" if receipt.proceed else "rollback",
        "errors": [_error(one) for one in receipt.refused],
        STATE: receipt.state,
    }


def _error(refused: dict[str, Any]) -> dict[str, Any]:
    faults = refused["faults"]
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    place = next((first[name] for name in ("pointer", "xpath", "cell") if first.get(name)), "document")
    return {
        "type": f"{EXCEPTION}ValidationException",
        "title": InvalidDocument.title,
        "status": 400,
        "detail": f"{place}: {first['message']}{more}",
        "index": refused["index"],
        "faults": faults,
    }


def content() -> dict[str, Any]:
    """What OpenAPI says of an answer that is a job."""
    return both({"schema": _SCHEMA, "example": _EXAMPLE})


def listed() -> dict[str, Any]:
    """What OpenAPI says of an answer that is a list of jobs."""
    shown = {"schema": {"type": "array", "items": _SCHEMA}, "example": [_EXAMPLE]}
    return {"application/json": shown, "application/ld+json": shown}
