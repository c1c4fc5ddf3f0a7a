"""GS1's own schemas as judges: OpenAPI response schemas, the JSON schema and the XSDs.

What of the OpenAPI cannot be taken literally, and how it is read: patterns written for another regular expression
dialect are left out; a capture job fits both of its `oneOf` branches, so it is `anyOf`; the 409 says status 406 inside;
`GET /queries/{queryName}` is described as a list, its text and example show one definition.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
from lxml import etree

from bench.conformance.checks import expect
from bench.conformance.service import JSON, told

_STUB = "https://gs1.github.io/EPCIS/REST%20Bindings/JSON-Schema-Stub.json#/"
_FOLDER = "REST Bindings"


class Schemas:
    """The schemas of one `shared/epcis`."""

    def __init__(self, shared: Path) -> None:
        gs1 = shared / "gs1"
        self.openapi: dict[str, Any] = json.loads((gs1 / _FOLDER / "openapi.json").read_text())
        newest = shared / "openepcis-validation/core/src/main/resources/json-schema/epcis-json-schema.json"
        self._epcis: dict[str, Any] = json.loads(newest.read_text())
        self._xsd = {
            name: etree.XMLSchema(etree.parse(str(gs1 / "XSD" / f"EPCglobal-epcis-{name}2_0.xsd")))
            for name in ("", "query-", "masterdata-")
        }
        self._root = _readable({"components": self.openapi["components"], "definitions": self._epcis["definitions"]})
        self._document = jsonschema_rs.validator_for(self._epcis)
        self._validators: dict[str, Any] = {}

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Method, path template and description of every operation."""
        return [
            (method.upper(), path, item[method])
            for path, item in self.openapi["paths"].items()
            for method in ("options", "get", "post", "delete")
            if method in item
        ]

    def response(self, method: str, path: str, status: int) -> dict[str, Any]:
        """The described response, its reference resolved."""
        described: dict[str, Any] = self.openapi["paths"][path][method.lower()]["responses"][str(status)]
        return self._resolved(described)

    def expect_document(self, body: bytes, media_type: str) -> None:
        """The bytes fit GS1's schema of EPCIS documents."""
        if media_type == JSON:
            faults = [fault.message for fault in self._document.iter_errors(json.loads(body))]
        else:
            faults = self._xml_faults(body)
        expect(not faults, f"against the schema: {faults[:3]}")

    def expect_response(self, method: str, path: str, answer: httpx.Response) -> None:
        """An answer with a JSON or XML body fits what the OpenAPI says of it."""
        described = self.response(method, path, answer.status_code)
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if "xml" in media_type and answer.status_code == 200:
            faults = self._xml_faults(answer.content)
            expect(not faults, f"{method} {path}: XML against the XSD: {faults[:3]}")
            return
        content = described.get("content", {})
        if not content:
            return
        schema = self._schema(method, path, answer.status_code, content)
        faults = _leaves(schema, answer.json())
        expect(not faults, f"{method} {path} {answer.status_code}: against the OpenAPI: {faults[:3]}; {told(answer)}")

    def expect_query_document(self, document: Any) -> None:
        """An EPCISQueryDocument in JSON fits GS1's schema (it is also what a webhook receives)."""
        faults = [
            f"{'/'.join(map(str, fault.instance_path))}: {fault.message}"
            for fault in self._document.iter_errors(document)
        ]
        expect(document.get("type") == "EPCISQueryDocument", f"type {document.get('type')}")
        expect(not faults, f"against the JSON schema: {[fault[:200] for fault in faults[:3]]}")

    def _schema(self, method: str, path: str, status: int, content: Mapping[str, Any]) -> Any:
        key = f"{method} {path} {status}"
        if key not in self._validators:
            schema = next(body["schema"] for name, body in content.items() if "json" in name)
            if (method, path, status) == ("GET", "/queries/{queryName}", 200):
                schema = schema["items"]
            readable = _readable(schema)
            if status == 409:
                readable = json.loads(json.dumps(readable).replace("406", "409"))
            self._validators[key] = jsonschema_rs.validator_for(
                {"$schema": "http://json-schema.org/draft-07/schema#", **self._root, "allOf": [readable]},
                validate_formats=True,
            )
        return self._validators[key]

    def _resolved(self, described: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in described:
            return described
        found: Any = self.openapi
        for part in described["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)

    def _xml_faults(self, body: bytes) -> list[str]:
        root = etree.fromstring(body)
        namespace = etree.QName(root).namespace or ""
        kind = next((name for name in ("query-", "masterdata-") if f"epcis-{name[:-1]}:" in namespace), "")
        schema = self._xsd[kind]
        schema.validate(root)
        return [f"line {fault.line}: {fault.message}" for fault in schema.error_log]


def _leaves(validator: Any, value: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, fault.instance_path)) or '/'}: {fault.message[:200]}"
        for fault in validator.iter_errors(value)
    ]


def _readable(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: examples out, `nullable` as a type, references to the stub as local ones."""
    if isinstance(schema, list):
        return [_readable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"].replace(_STUB, "#/")}
    if "errors" in str(schema.get("oneOf", "")) and "errorFile" in str(schema.get("oneOf", "")):
        schema = {**{name: value for name, value in schema.items() if name != "oneOf"}, "anyOf": schema["oneOf"]}
    kept = {name: _readable(value) for name, value in schema.items() if name not in ("example", "examples", "nullable")}
    if "\\g<" in str(kept.get("pattern", "")):
        del kept["pattern"]
    if schema.get("nullable") and isinstance(kept.get("type"), str):
        kept["type"] = [kept["type"], "null"]
    return kept
