"""Parties that capture, and what queries find, over a database of each test's own; no chain."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from service.capture import Captures, Receipt
from service.config import Settings
from service.epcis.query.conditions import Condition, Order, Query
from service.epcis.query.language import parse_query
from service.parties.caller import Caller
from service.parties.signing_keys import SigningKeys
from service.queries import Queries
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from tests.ledger.world import document, join

ACME, BOLT, CARGO = (f"https://id.gs1.org/417/401234500{number}" for number in ("0009", "0016", "0023"))


@dataclass
class House:
    """The rooms of capture and queries; three parties, the auditor sees all."""

    database: Database
    captures: Captures
    queries: Queries
    acme: Caller
    bolt: Caller
    cargo: Caller

    @property
    def auditor(self) -> Caller:
        return replace(self.cargo, party=b"\xaa" * 32, roles=8)

    async def capture(self, *events: dict[str, Any], by: Caller | None = None) -> Receipt:
        return await self.captures.accept(by or self.acme, document(*events))

    async def ids(self, query: Query, by: Caller | None = None, page: int = 1000) -> list[str]:
        """The ids of all events that the query finds, in order, page after page."""
        found: list[str] = []
        token = None
        while True:
            got = await self.queries.events(by or self.auditor, query, limit=page, token=token)
            assert len(got.events) <= page
            found += [event.event_id for event in got.events]
            if got.following is None:
                return found
            token = got.following

    async def ask(self, parameters: dict[str, Any], by: Caller | None = None, page: int = 1000) -> list[str]:
        return await self.ids(parse_query(parameters), by, page)

    async def execute(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.session() as session:
            done: Any = await session.execute(text(statement), values)
            return list(done.all()) if done.returns_rows else []


def where(*conditions: Condition, order: str | None = None, ascending: bool = False, **limits: int) -> Query:
    return Query(conditions, Order(order, ascending) if order else None, **limits)


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    settings = Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": database_url,
            "TRAILSEAL_CONSORTIUM_SECRET": secrets.token_hex(32),
            "TRAILSEAL_KEY_ENCRYPTION_KEY": secrets.token_hex(32),
        }
    )
    database = Database(database_url, 6)
    keys = SigningKeys(database, settings)
    parties = [await join(database, keys, party) for party in (ACME, BOLT, CARGO)]
    async with database.session() as session:
        await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
    yield House(database, Captures(database, settings), Queries(database), *parties)
    await database.close()


def source(event: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(event)
    return loaded
