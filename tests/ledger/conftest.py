from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.devstack import Anvil
from tests.ledger.world import World, world


@pytest.fixture
async def ledger(database_url: str, chain_url: str) -> AsyncIterator[World]:
    """A world on the worker's chain, which is put back afterwards."""
    async with world(database_url, chain_url) as made:
        yield made


@pytest.fixture
def own_anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A chain that the test may kill, wipe or roll back."""
    chain = Anvil(tmp_path / "chain", block_time=0.2, state_interval=1)
    chain.start()
    yield chain
    chain.stop()


@pytest.fixture
async def own_ledger(database_url: str, own_anvil: Anvil) -> AsyncIterator[World]:
    """A world on that chain."""
    async with world(database_url, own_anvil.url) as made:
        yield made
