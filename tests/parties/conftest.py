import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from service.config import Settings
from service.parties.caller import Caller
from service.parties.registration import add
from service.parties.roles import names_of
from service.parties.scopes import Scope
from service.store.chain import Deployed, save_deployment
from service.store.database import Database

NewCaller = Callable[..., Awaitable[Caller]]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": database_url,
            "TRAILSEAL_CONSORTIUM_SECRET": secrets.token_hex(32),
            "TRAILSEAL_KEY_ENCRYPTION_KEY": secrets.token_hex(32),
            "TRAILSEAL_DATABASE_CONNECTIONS": "4",
        }
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = Database(settings.database_url, settings.database_connections)
    yield opened
    await opened.close()


@pytest.fixture
async def deployed(database: Database) -> Deployed:
    found = Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0)
    async with database.session() as session:
        await save_deployment(session, found)
    return found


@pytest.fixture
def new_caller(database: Database) -> NewCaller:
    """Registers a party; by default its API key may do everything but administer."""

    async def register(name: str, *, roles: int = 0, scopes: frozenset[str] | None = None) -> Caller:
        async with database.session() as session:
            party = await add(session, f"did:example:{name}", name, names_of(roles))
        given = frozenset(Scope) - {Scope.CONSORTIUM_ADMIN} if scopes is None else scopes
        return Caller(party.id, party.identifier, party.name, party.roles, frozenset(map(str, given)), f"key-of-{name}")

    return register
