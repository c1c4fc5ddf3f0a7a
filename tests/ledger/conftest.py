from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.devstack import Anvil
from tests.ledger.world import World, world
from tests.mining import Miner, mined


@pytest.fixture
async def ledger(database_url: str, chain_url: str) -> AsyncIterator[World]:
    """A world on the worker's chain, which is put back afterwards."""
    async with world(database_url, chain_url) as made:
        yield made


@pytest.fixture
def own_miner(tmp_path: Path) -> Iterator[Miner]:
    """Who makes the blocks of a chain that the test may kill, wipe or leave without blocks."""
    with mined(tmp_path / "chain", state_interval=1) as made:
        yield made


@pytest.fixture
def own_anvil(own_miner: Miner) -> Anvil:
    """That chain."""
    return own_miner.anvil


@pytest.fixture
async def own_ledger(database_url: str, own_anvil: Anvil) -> AsyncIterator[World]:
    """A world on that chain."""
    async with world(database_url, own_anvil.url) as made:
        yield made
