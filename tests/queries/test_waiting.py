"""Queries that take too long, and more of them than there are connections for: refused, and nobody else is held up."""

import asyncio

import pytest
from sqlalchemy import text

from service.epcis.query.faults import QueryTooComplex
from service.store import queries as store
from service.store.database import Database, DatabaseUnavailable
from tests.queries.conftest import House, where


async def test_a_query_that_takes_too_long_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SECONDS", 0.1)
    async with house.database.session() as session:
        await session.execute(text("LOCK TABLE event_terms IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(QueryTooComplex, match=r"more than 0\.1 seconds"):
            await house.ids(where(order="eventTime"))
    await house.capture()
    assert len(await house.ids(where(order="eventTime"))) == 1, "the connection is as good as before"


async def test_who_waits_for_a_connection_in_vain_may_come_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker goes on where the database is unavailable, and the API says when to come back (503)."""
    database = Database(database_url, connections=1)
    monkeypatch.setattr(database._engine.pool, "_timeout", 0.1)
    async with database.session() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable):
            await asyncio.wait_for(database.ping(), 5)
    await database.ping()
    await database.close()
