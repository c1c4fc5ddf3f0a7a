"""Request bodies as OpenAPI shows them."""

from typing import Any

from pydantic import BaseModel

DOCUMENT: dict[str, Any] = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-02-03T09:00:00Z",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-02-03T08:55:12.000+01:00",
                "eventTimeZoneOffset": "+01:00",
                "epcList": ["https://id.gs1.org/01/09521321000018/21/10001"],
                "action": "OBSERVE",
                "bizStep": "shipping",
                "disposition": "in_transit",
                "readPoint": {"id": "https://id.gs1.org/414/9521321000025"},
            }
        ]
    },
}


def document_body() -> dict[str, Any]:
    """OpenAPI's `requestBody` of a path that takes an EPCIS document."""
    schema = {"type": "object", "description": "GS1 EPCIS 2.0, JSON or JSON-LD"}
    content = {"schema": schema, "example": DOCUMENT}
    xml = {"schema": {"type": "string", "description": "GS1 EPCIS 2.0 or 1.2, XML"}}
    csv = {"schema": {"type": "string", "description": "a spreadsheet: docs/epcis/spreadsheet.md has the columns"}}
    types = {
        "application/json": content,
        "application/ld+json": content,
        "application/xml": xml,
        "text/xml": xml,
        "text/csv": csv,
    }
    return {"requestBody": {"required": True, "content": types}}


def signed_body(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI's `requestBody` of a signed document."""
    event = {**DOCUMENT["epcisBody"]["eventList"][0], "@context": DOCUMENT["@context"]}
    example = {
        "events": [{"document": event, "nonce": "0x" + "1f" * 16}],
        "deadline": 1772323200,
        "signatures": ["0x" + "5c" * 64 + "1b"],
    }
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["events"]["items"] = {
        "type": "object",
        "required": ["document", "nonce"],
        "properties": {"document": {"type": "object"}, "nonce": {"type": "string", "pattern": "^0x[0-9a-f]{32}$"}},
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}
