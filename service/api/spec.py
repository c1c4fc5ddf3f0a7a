"""What OpenAPI says of responses that are written without a model."""

from types import GenericAlias, UnionType
from typing import Any, get_args

from pydantic import BaseModel, create_model

_LINK = {"Link": {"description": 'RFC 8288; `rel="next"` where another page follows', "schema": {"type": "string"}}}
_BY_FORMAT = {"date-time": "2026-02-03T09:00:00Z", "uuid": "0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10"}
_BY_TYPE: dict[str | None, Any] = {"string": "text", "integer": 1, "number": 0.5, "boolean": False, "object": {}}


def returned(status: int, shape: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    """A response of one shape."""
    return {status: {"model": shape, "description": description}}


def listed(shape: type[BaseModel] | UnionType, description: str) -> dict[int | str, dict[str, Any]]:
    """A page of a list of this shape, or of any of these."""
    shapes = get_args(shape) or (shape,)
    name = f"{'Or'.join(one.__name__.removesuffix('Shape') for one in shapes)}Page"
    members: dict[str, Any] = {"items": (GenericAlias(list, (shape,)), ...), "next": (str | None, ...)}
    return {200: {"model": create_model(name, **members), "description": description, "headers": _LINK}}


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with an example of every JSON body, put together from the examples of its members."""
    known = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            for described in (operation.get("requestBody", {}), *operation["responses"].values()):
                shown = described.get("content", {}).get("application/json")
                if shown and "example" not in shown and shown.get("schema"):
                    shown["example"] = _example(shown["schema"], known)
    return document


def _example(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(known[schema["$ref"].rpartition("/")[2]], known)
    if schema.get("examples"):
        return schema["examples"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _example(schema[choice][0], known) if "$ref" in schema[choice][0] else None
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "array":
        return [_example(schema["items"], known)] if "$ref" in schema.get("items", {}) else []
    if "properties" in schema:
        return {name: _example(member, known) for name, member in schema["properties"].items()}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type")))
