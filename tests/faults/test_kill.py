"""G3: an accepted capture survives `kill -9` of any process and is sealed exactly once.

In the middle of 2,000 captures, posted over HTTP by clients that repeat with the same Idempotency-Key until they get a
2xx: the API dies, then both workers, then PostgreSQL, then the chain, which loses seconds of blocks, then all of them.
"""

import asyncio
import itertools
import time
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from service.ledger.client import Node
from service.store.chain import deployed
from service.store.database import Database
from tests.faults.conftest import Service
from tests.ledger.chainlog import assert_recorded_once
from tests.ledger.world import document, item, seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CAPTURES, CLIENTS = 2_000, 16
SETTLED_WITHIN_SECONDS = 60.0
HALF_STORED = """
    SELECT 'capture without its events', captures.id::text FROM captures
      WHERE events <> (SELECT count(*) FROM events WHERE capture = captures.id)
    UNION ALL SELECT 'capture without its parts', captures.id::text FROM captures
      WHERE entries <> (SELECT coalesce(sum(entry_count), 0) FROM parts WHERE capture = captures.id)
    UNION ALL SELECT 'capture without its mentions', captures.id::text FROM captures
      WHERE entries <> (SELECT count(*) FROM mentions JOIN events ON seq = event WHERE capture = captures.id)
    UNION ALL SELECT 'event without nonce', seq::text FROM events
      WHERE NOT EXISTS (SELECT FROM nonces WHERE event = seq)
    UNION ALL SELECT 'event without capture', seq::text FROM events
      WHERE NOT EXISTS (SELECT FROM captures WHERE captures.id = capture)
    UNION ALL SELECT 'part without capture', capture::text FROM parts
      WHERE NOT EXISTS (SELECT FROM captures WHERE captures.id = capture)
"""
_runs = itertools.count(1)


class Load:
    """Clients that post captures at once, each until it gets a 2xx, always with the same Idempotency-Key."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.receipts: list[dict[str, Any]] = []
        self.repeated = 0
        self._things = [item() for _ in range(50)]
        self._left = iter(range(CAPTURES))
        self._run = next(_runs)

    async def run(self) -> None:
        client = httpx.AsyncClient(base_url=self.service.api.url, timeout=20, trust_env=False)
        async with client, asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(self._post(client))

    async def _post(self, client: httpx.AsyncClient) -> None:
        for number in self._left:
            body = document(seen(self._things[number % 50]), seen(item(), self._things[number % 7]))
            headers = {
                "Authorization": f"Bearer {self.service.tokens[number % 2]}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"{self._run}-{number}",
            }
            while (receipt := await self._tried(client, body, headers)) is None:
                self.repeated += 1
                await asyncio.sleep(0.2)
            self.receipts.append(receipt)

    async def _tried(self, client: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> dict[str, Any] | None:
        try:
            answer = await client.post("/v1/captures", content=body, headers=headers)
        except httpx.TransportError:
            return None
        assert answer.status_code // 100 != 4, answer.text
        receipt: dict[str, Any] = answer.json() if answer.is_success else {}
        return receipt or None

    async def until(self, count: int, running: asyncio.Task[None]) -> None:
        """Until so many captures were accepted; raises what the clients raise."""
        while len(self.receipts) < count:
            await asyncio.wait([running], timeout=0.02)
            if running.done():
                running.result()


def kill_api(service: Service) -> None:
    service.api.kill()
    service.api.start()


def kill_workers(service: Service) -> None:
    for worker in service.workers:
        worker.kill()
    for worker in service.workers:
        worker.start()


def kill_postgres(service: Service) -> None:
    service.postgres.kill()
    service.postgres.start()


def kill_anvil(service: Service) -> None:
    service.anvil.kill()
    service.anvil.start()


def kill_everything(service: Service) -> None:
    """All at once, as a power cut does."""
    for command in (service.api, *service.workers):
        command.kill()
    service.anvil.kill()
    service.postgres.kill()
    service.postgres.start()
    service.anvil.start()
    for command in (service.api, *service.workers):
        command.start()


async def test_whatever_is_killed_every_accepted_capture_is_sealed_exactly_once(service: Service) -> None:
    load = Load(service)
    running = asyncio.create_task(load.run())
    for count, kill in ((200, kill_api), (600, kill_workers), (1_000, kill_postgres), (1_400, kill_anvil)):
        await load.until(count, running)
        await asyncio.to_thread(kill, service)
    await load.until(1_800, running)
    await asyncio.to_thread(kill_everything, service)
    await running
    assert len({receipt["captureID"] for receipt in load.receipts}) == len(load.receipts) == CAPTURES
    assert load.repeated, "nobody noticed that anything was killed"
    for command in (service.api, *service.workers):
        assert command.running, f"it ended by itself:\n{command.tail()}"
    await settled_and_whole(service, load)


async def settled_and_whole(service: Service, load: Load) -> None:
    """That what was accepted is sealed, once, as the chain itself tells it; and nothing is half stored."""
    database, node = Database(service.settings.database_url, 2), Node(service.settings.rpc_url)
    try:
        until = time.monotonic() + SETTLED_WITHIN_SECONDS
        while left := await _rows(
            database, "SELECT state, refusal, count(*) FROM parts WHERE state <> 2 GROUP BY 1, 2"
        ):
            assert time.monotonic() < until, (left, service.workers[0].tail(), service.workers[1].tail())
            await asyncio.sleep(0.2)
        assert await _rows(database, HALF_STORED) == []
        async with database.session() as session:
            where = await deployed(session)
        assert where is not None
        parts = {row[0]: row[1] for row in await _rows(database, "SELECT id, entry_count FROM parts")}
        promised = {part["id"] for receipt in load.receipts for part in receipt["parts"]}
        assert promised <= {f"0x{part.hex()}" for part in parts}
        said = await assert_recorded_once(node, where, parts)
        assert len(said) == sum(parts.values()), "the chain has an entry that nobody captured"
        mirrored = await _rows(database, "SELECT block, log, part, head FROM ledger_entries ORDER BY block, log")
        assert mirrored == [(*one.place, one.part, one.head) for one in said]
        mentions = await _rows(
            database,
            "SELECT seal, trail, count(*) FROM mentions JOIN events ON seq = event GROUP BY 1, 2",
        )
        assert {(one.seal, one.trail): 1 for one in said} == {(row[0], row[1]): row[2] for row in mentions}
    finally:
        await node.close()
        await database.close()


async def _rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.session() as session:
        return [tuple(row) for row in (await session.execute(text(statement))).all()]
