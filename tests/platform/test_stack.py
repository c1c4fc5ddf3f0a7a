"""Both parts together, as the command line starts them."""

from pathlib import Path

import asyncpg
import httpx

from service.devstack import Stack


async def test_the_environment_leads_to_both_parts(tmp_path: Path) -> None:
    with Stack(tmp_path / "stack", block_time=0.2) as stack:
        environment = stack.environment()
        connection = await asyncpg.connect(environment["TRAILSEAL_DATABASE_URL"])
        assert await connection.fetchval("SELECT current_database()") == "trailseal"
        await connection.close()
        question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(environment["TRAILSEAL_RPC_URL"], json=question)
        assert answer.json()["result"] == "0x7a69"
    assert not stack.postgres.running
    assert not stack.anvil.running


async def test_each_test_has_a_database_of_its_own(empty_database_url: str, postgres_url: str) -> None:
    assert empty_database_url != postgres_url
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()
