"""What OpenAPI says of responses that are written without a model."""

from types import GenericAlias
from typing import Any

from pydantic import BaseModel, create_model

_LINK = {"Link": {"description": 'RFC 8288; `rel="next"` where another page follows', "schema": {"type": "string"}}}


def returned(status: int, shape: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    """A response of one shape."""
    return {status: {"model": shape, "description": description}}


def listed(shape: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    """A page of a list of this shape."""
    name = f"{shape.__name__.removesuffix('Shape')}Page"
    members: dict[str, Any] = {"items": (GenericAlias(list, (shape,)), ...), "next": (str | None, ...)}
    model = create_model(name, **members)
    return {200: {"model": model, "description": description, "headers": _LINK}}
