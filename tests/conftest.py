"""What tests of several rooms share: one PostgreSQL and one Anvil for each worker, one database for each test."""

import asyncio
import itertools
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from service.devstack import Anvil, Postgres
from tests.mining import Miner, mined

# Property tests may be slow on a busy machine without being wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

NewDatabase = Callable[[str | None], str]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of this worker's own. It skips fsync, which guards against power cuts only and costs seconds."""
    folder = tmp_path_factory.mktemp("pg")
    server = Postgres(folder, settings={"fsync": "off", "shared_buffers": "64MB"})
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """The server's own database, `trailseal`: empty, shared by all tests of this worker."""
    return postgres.url()


@pytest.fixture(scope="session")
def new_database(postgres: Postgres) -> NewDatabase:
    """Makes a database, as a copy of the named one where a name is given; returns its URL. Takes some 70 ms."""
    numbers = itertools.count(1)

    def create(template: str | None = None) -> str:
        name = f"test_{next(numbers)}"
        postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template1'}", "postgres")
        return postgres.url(name)

    return create


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a database at the newest migration, to copy."""
    from service.store.migrate import migrate

    postgres.execute("CREATE DATABASE migrated", "postgres")
    with ThreadPoolExecutor(1) as thread:  # the tests' own event loop is not ours to use
        thread.submit(asyncio.run, migrate(postgres.url("migrated"))).result()
    return "migrated"


@pytest.fixture
def empty_database_url(postgres: Postgres, new_database: NewDatabase) -> Iterator[str]:
    """A database of this test's own, without tables."""
    yield from _lent(postgres, new_database(None))


@pytest.fixture
def database_url(postgres: Postgres, new_database: NewDatabase, migrated_template: str) -> Iterator[str]:
    """A database of this test's own, with this release's tables and nothing in them."""
    yield from _lent(postgres, new_database(migrated_template))


def _lent(postgres: Postgres, url: str) -> Iterator[str]:
    yield url
    name = urlsplit(url).path.removeprefix("/")
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)", "postgres")


@pytest.fixture(scope="session")
def miner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Miner]:
    """Who makes the blocks of this worker's chain; tests that take it back do so in `miner.paused()`."""
    with mined(tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.fixture(scope="session")
def anvil(miner: Miner) -> Anvil:
    """A chain of this worker's own with five blocks a second; `anvil.url` is its JSON-RPC endpoint."""
    return miner.anvil


@pytest.fixture
def chain_url(miner: Miner) -> Iterator[str]:
    """The chain, put back afterwards to what it was before this test."""
    with miner.paused():
        before = miner.call("eth_getBlockByNumber", "latest", False)
        snapshot = miner.call("evm_snapshot")
    yield miner.anvil.url
    with miner.paused():
        miner.call("anvil_dropAllTransactions")
        assert miner.call("evm_revert", snapshot) is True
        after = miner.call("eth_getBlockByNumber", "latest", False)
    assert after["hash"] == before["hash"], "the chain is not what it was: the next tests would wait for blocks in vain"
