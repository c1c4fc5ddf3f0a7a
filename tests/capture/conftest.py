import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from service.capture import Captures, Receipt
from service.config import Settings
from service.parties.caller import Caller
from service.parties.signing_keys import SigningKeys
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from tests.ledger.world import ACME, BOLT, document, join

PROVENANCE, CHAIN_ID = b"\x51" * 20, 31337
TABLES = ("captures", "parts", "events", "nonces", "mentions", "links", "trails", "trail_parties", "shipments")


@dataclass
class Room:
    """The capture room over a database of the test's own, and no chain."""

    settings: Settings
    database: Database
    captures: Captures
    keys: SigningKeys
    acme: Caller
    bolt: Caller

    async def accept(self, *events: dict[str, Any], caller: Caller | None = None, **options: Any) -> Receipt:
        return await self.captures.accept(caller or self.acme, document(*events), **options)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.session() as session:
            done: Any = await session.execute(text(statement), values)
            return list(done.all()) if done.returns_rows else []

    async def counts(self) -> dict[str, int]:
        """How many rows each table has that a capture writes."""
        return {table: (await self.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES}


@pytest.fixture
def capture_settings(database_url: str) -> Settings:
    return Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": database_url,
            "TRAILSEAL_CONSORTIUM_SECRET": secrets.token_hex(32),
            "TRAILSEAL_KEY_ENCRYPTION_KEY": secrets.token_hex(32),
            "TRAILSEAL_DATABASE_CONNECTIONS": "8",
        }
    )


@pytest.fixture
async def room(capture_settings: Settings) -> AsyncIterator[Room]:
    database = Database(capture_settings.database_url, capture_settings.database_connections)
    keys = SigningKeys(database, capture_settings)
    acme, bolt = await join(database, keys, ACME), await join(database, keys, BOLT)
    async with database.session() as session:
        await save_deployment(session, Deployed(PROVENANCE, b"\x52" * 20, CHAIN_ID, 0))
    yield Room(capture_settings, database, Captures(database, capture_settings), keys, acme, bolt)
    await database.close()
