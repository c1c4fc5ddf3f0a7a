import asyncio
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from service.config import Settings
from service.devstack import Anvil, Postgres
from service.devstack.anvil import free_port
from service.parties.credentials import Credentials
from service.parties.signing_keys import SigningKeys
from service.store.database import Database
from service.store.migrate import migrate
from tests.faults.processes import Api, Command
from tests.ledger.world import ACME, BOLT, join


@dataclass
class Service:
    """Everything that runs: database, chain, API, two workers; and the API keys of two suppliers."""

    settings: Settings
    postgres: Postgres
    anvil: Anvil
    api: Api
    workers: list[Command]
    tokens: list[str]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("faults")
    postgres = Postgres(folder / "postgres")  # with fsync and all, as in production
    anvil = Anvil(folder / "anvil", block_time=0.5, state_interval=4)
    environment = {
        f"TRAILSEAL_{name}": secrets.token_hex(32)
        for name in ("CONSORTIUM_SECRET", "KEY_ENCRYPTION_KEY", "ADMIN_KEY", "RELAY_KEY")
    } | {"TRAILSEAL_REQUESTS_PER_MINUTE": "1000000"}
    started: list[Command] = []
    try:
        environment |= {"TRAILSEAL_DATABASE_URL": postgres.start(), "TRAILSEAL_RPC_URL": anvil.start()}
        settings = Settings.from_environment(environment)
        with ThreadPoolExecutor(1) as thread:  # the tests' own event loop is not ours to use
            tokens = thread.submit(asyncio.run, _founded(settings)).result()
        api = Api(free_port(), environment, folder / "api.log")
        workers = [Command(["work"], environment, folder / f"worker-{number}.log") for number in (1, 2)]
        started += [api, *workers]
        for command in started:
            command.start()
        api.wait()
        yield Service(settings, postgres, anvil, api, workers, tokens)
    finally:
        for command in started:
            command.stop()
        anvil.stop()
        postgres.stop()


async def _founded(settings: Settings) -> list[str]:
    await migrate(settings.database_url)
    database = Database(settings.database_url, 2)
    tokens = []
    for identifier in (ACME, BOLT):
        caller = await join(database, SigningKeys(database, settings), identifier)
        _, token = await Credentials(database).issue(caller.party, ["captures:write", "captures:read"], "test")
        tokens.append(token)
    await database.close()
    return tokens
