import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.attacks.world import World, world
from service.devstack import Anvil
from tests.conftest import NewDatabase


@pytest.fixture(scope="session")
async def attacked(new_database: NewDatabase, migrated_template: str) -> AsyncIterator[World]:
    """One world for all attacks of this worker, on a chain that they may roll back."""
    with tempfile.TemporaryDirectory() as folder:
        chain = Anvil(Path(folder) / "anvil", state_interval=3600)
        try:
            async with world(new_database(migrated_template), chain.start()) as made:
                yield made
        finally:
            chain.stop()
