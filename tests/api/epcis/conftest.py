"""A running service with a party that captures by the EPCIS bindings."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.api.conftest import EVERYTHING, Service


@dataclass
class Party:
    """A party that shows its API key."""

    service: Service
    id: str
    token: str

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        return await self.service.call(method, f"/epcis{path}", self.token, **request)

    async def get(self, path: str, **request: Any) -> httpx.Response:
        return await self.call("GET", path, **request)

    async def capture(self, document: dict[str, Any]) -> str:
        """Captures a document; the path of its job below the bindings' root."""
        answer = await self.call("POST", "/capture", json=document)
        assert answer.status_code == 202, answer.text
        return str(answer.headers["location"]).partition("/epcis")[2]


@pytest.fixture
def party(service: Service) -> Callable[..., Awaitable[Party]]:
    """Registers a party with a signing key in custody."""

    async def register(name: str, **member: Any) -> Party:
        scopes = [*EVERYTHING, "subscriptions:write"]
        id_, token = await service.member(name, scopes=scopes, **member)
        made = await service.call("POST", "/v1/signing-keys", token, json={"custody": "service"})
        assert made.status_code == 201, made.text
        return Party(service, id_, token)

    return register


@pytest.fixture
async def acme(party: Callable[..., Awaitable[Party]]) -> Party:
    return await party("acme")
