import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from service.capture import Captures, Receipt
from service.config import Settings
from service.ledger.abi import entries_of
from service.parties.caller import Caller
from service.parties.signing_keys import SigningKeys
from service.sealing.commitments import journal_of, party_of, salt_of, trail_of
from service.sealing.entries import NOBODY, Entry, Step
from service.sealing.meaning import steps_of
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from service.store.tables import metadata
from tests.ledger.world import ACME, BOLT, World, document, join, world

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

    async def sizes(self) -> dict[str, int]:
        """How many rows every table of the store has."""
        return {table: (await self.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in metadata.tables}

    async def assert_told_as_stored(self, receipt: Receipt) -> list[Entry]:
        """That seals open, and that the signed entries are what the stored documents say, in order; those entries."""
        kept = await self.rows(
            "SELECT document, nonce, seal, party FROM events JOIN nonces ON event = seq WHERE capture = :id"
            " ORDER BY position",
            id=receipt.id,
        )
        secret = self.settings.consortium_secret.get_secret_value()
        expected = []
        for told, nonce, seal, party in kept:
            assert seal == hashlib.sha256(b"\0" + nonce + hashlib.sha256(told).digest()).digest()
            journal = {journal_of(party): (Step.OBSERVE, None)}
            for thing, (step, recipient) in (steps_of(orjson.loads(told)) or journal).items():
                to = party_of(recipient) if recipient else NOBODY
                expected.append(Entry(trail_of(thing, salt_of(thing, secret)), seal, int(step), to))
        parts = await self.rows("SELECT id, entries FROM parts WHERE capture = :id ORDER BY seq", id=receipt.id)
        signed = [(part, entries_of(words)) for part, words in parts]
        assert [entry for _, entries in signed for entry in entries] == expected
        assert [(part, len(entries)) for part, entries in signed] == [(one.id, one.entries) for one in receipt.parts]
        mentioned = await self.rows(
            "SELECT mentions.trail, seal, step, part FROM mentions JOIN events ON seq = event WHERE capture = :id",
            id=receipt.id,
        )
        told_apart = [(entry.trail, entry.seal, entry.step, part) for part, entries in signed for entry in entries]
        assert sorted(map(tuple, mentioned)) == sorted(told_apart)
        return expected

    async def someone_waits(self) -> None:
        """Returns once some transaction waits for another's lock."""
        for _ in range(200):
            if (await self.rows("SELECT count(*) FROM pg_locks WHERE NOT granted"))[0][0]:
                return
            await asyncio.sleep(0.02)
        pytest.fail("nobody waits for a lock")

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


@pytest.fixture
async def ledger(database_url: str, chain_url: str) -> AsyncIterator[World]:
    """The room with relay, watcher and resigner on a chain, which is put back afterwards."""
    async with world(database_url, chain_url) as made:
        yield made
