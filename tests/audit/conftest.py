"""One consortium for each module of tests; every test speaks of things of its own."""

from collections.abc import AsyncIterator

import pytest

from service.devstack import Anvil
from tests.conftest import NewDatabase
from tests.trails.consortium import Consortium, consortium


@pytest.fixture(scope="module", name="consortium")
async def running(new_database: NewDatabase, migrated_template: str, anvil: Anvil) -> AsyncIterator[Consortium]:
    """Parties, contracts and rooms on a database of their own."""
    async with consortium(new_database(migrated_template), anvil.url) as made:
        yield made
