"""Workers wait for what does not answer, and stop when they are told to, whatever they wait for."""

import asyncio

from service.config import Settings
from service.workers import work


async def test_a_worker_that_waits_for_its_database_stops_when_told_to() -> None:
    settings = Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": "postgresql://nobody@/nothing?host=/nonexistent",
            "TRAILSEAL_RPC_URL": "http://127.0.0.1:1",
            "TRAILSEAL_CONSORTIUM_SECRET": "00" * 32,
            "TRAILSEAL_KEY_ENCRYPTION_KEY": "00" * 32,
            "TRAILSEAL_POLL_SECONDS": "0.01",
        }
    )
    stop = asyncio.Event()
    working = asyncio.create_task(work(settings, stop=stop))
    await asyncio.sleep(0.3)
    assert not working.done(), "it waits"
    stop.set()
    await asyncio.wait_for(working, 10)
