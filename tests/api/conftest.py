import io
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from service.api.app import create_app
from service.config import Settings
from service.logs import configure_logs
from service.parties.bootstrap import first_admin_key
from service.store.chain import Deployed, save_deployment
from service.store.database import Database

Serve = Callable[..., Awaitable["Service"]]
EVERYTHING = ["captures:write", "captures:read", "trails:read", "risk:read", "risk:write", "keys:write", "grants:write"]


@dataclass
class Service:
    """A running application with a registered operator; `client` shows no key unless `bearer` is passed along."""

    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    settings: Settings
    admin: str

    async def call(self, method: str, path: str, token: str | None = None, **request: Any) -> httpx.Response:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **request.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **request)

    async def member(
        self, name: str, scopes: list[str] | None = None, roles: list[str] | None = None
    ) -> tuple[str, str]:
        """Registers a party; its id and the token of its first API key."""
        new = {"identifier": f"did:example:{name}", "name": name, "roles": roles or []}
        party = (await self.call("POST", "/v1/parties", self.admin, json=new)).json()["id"]
        return party, await self.key(party, EVERYTHING if scopes is None else scopes)

    async def key(self, party: str, scopes: list[str]) -> str:
        made = await self.call(
            "POST", f"/v1/parties/{party}/api-keys", self.admin, json={"label": "test", "scopes": scopes}
        )
        assert made.status_code == 201, made.text
        return str(made.json()["token"])


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that is logged, as the lines that an operator would see."""
    stream = io.StringIO()
    configure_logs(stream)
    yield stream
    structlog.reset_defaults()


@pytest.fixture
async def serve(database_url: str, logs: io.StringIO) -> AsyncIterator[Serve]:
    """Starts the application; keywords are further settings, in the words of the environment."""
    stopping = []

    async def start(**variables: str) -> Service:
        settings = Settings.from_environment(
            {
                "TRAILSEAL_DATABASE_URL": database_url,
                "TRAILSEAL_CONSORTIUM_SECRET": secrets.token_hex(32),
                "TRAILSEAL_KEY_ENCRYPTION_KEY": secrets.token_hex(32),
                "TRAILSEAL_RPC_URL": "http://127.0.0.1:9",
                **{f"TRAILSEAL_{name.upper()}": value for name, value in variables.items()},
            }
        )
        database = Database(database_url, 4)
        admin = await first_admin_key(database, "did:example:operator", "Operator")
        async with database.session() as session:
            await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
        app = create_app(settings)
        lifespan = app.router.lifespan_context(app)
        await lifespan.__aenter__()
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trailseal.test")

        async def stop() -> None:
            await client.aclose()
            await lifespan.__aexit__(None, None, None)
            await database.close()

        stopping.append(stop)
        return Service(app, client, database, settings, admin)

    yield start
    for stop in stopping:
        await stop()


@pytest.fixture
async def service(serve: Serve) -> Service:
    return await serve()
