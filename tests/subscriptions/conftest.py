import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from service.capture import Captures, Receipt
from service.config import Settings
from service.parties.caller import Caller
from service.parties.signing_keys import SigningKeys
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from service.subscriptions import Deliverer, Feeds, NamedQueries, Subscription, SubscriptionRequest, Subscriptions
from service.subscriptions.sending import Resolver
from tests.ledger.world import ACME, BOLT, document, join, seen
from tests.subscriptions.receiver import Receiver, receiving

INSPECTIONS = {"EQ_bizStep": ["inspecting"]}


@dataclass
class Room:
    """Queries and subscriptions over a database of the test's own, with captures and two parties, and no chain."""

    settings: Settings
    database: Database
    captures: Captures
    queries: NamedQueries
    subscriptions: Subscriptions
    feeds: Feeds
    acme: Caller
    bolt: Caller
    deliverers: list[Deliverer] = field(default_factory=list)

    async def capture(self, *events: dict[str, Any], caller: Caller | None = None) -> Receipt:
        return await self.captures.accept(caller or self.acme, document(*events))

    async def subscribe(self, dest: str, caller: Caller | None = None, **members: Any) -> Subscription:
        """To the query `inspections`, which is made where there is none; at once, unless members say otherwise."""
        who = caller or self.acme
        if not (await self.queries.list(who, limit=10)).queries:
            await self.queries.create(who, "inspections", INSPECTIONS)
        given = {"dest": dest, **({} if "schedule" in members else {"stream": True}), **members}
        return await self.subscriptions.create(who, "inspections", SubscriptionRequest.read(given))

    def deliverer(self, **options: Any) -> Deliverer:
        made = Deliverer(self.database, self.settings, **{"chance": lambda: 1.0, **options})
        self.deliverers.append(made)
        return made

    async def deliver(self, deliverer: Deliverer | None = None) -> None:
        """Until nothing is due."""
        worker = deliverer or self.deliverer()
        while await worker.step() or await worker.step():
            await worker.finish()

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.session() as session:
            done: Any = await session.execute(text(statement), values)
            return list(done.all()) if done.returns_rows else []

    async def hurry(self) -> None:
        """Lets every pause between attempts be over."""
        await self.rows("UPDATE subscriptions SET next_at = now() - interval '1 hour'")

    async def ids(self, receipt: Receipt) -> list[str]:
        """The ids of a capture's events, in order."""
        found = await self.rows("SELECT event_id FROM events WHERE capture = :id ORDER BY position", id=receipt.id)
        return [row[0] for row in found]


def settings_of(database_url: str, **variables: str) -> Settings:
    given = {
        "database_url": database_url,
        "consortium_secret": secrets.token_hex(32),
        "key_encryption_key": secrets.token_hex(32),
        "database_connections": "8",
        "webhook_networks": "127.0.0.0/8",
    }
    return Settings.from_environment(
        {f"TRAILSEAL_{name.upper()}": value for name, value in (given | variables).items()}
    )


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    settings = settings_of(database_url)
    database = Database(database_url, settings.database_connections)
    keys = SigningKeys(database, settings)
    acme, bolt = await join(database, keys, ACME), await join(database, keys, BOLT)
    async with database.session() as session:
        await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
    made = Room(
        settings,
        database,
        Captures(database, settings),
        NamedQueries(database),
        Subscriptions(database, settings),
        Feeds(database),
        acme,
        bolt,
    )
    yield made
    for deliverer in made.deliverers:
        await deliverer.close()
    await database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


async def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        await asyncio.sleep(0.02)


def resolver(table: dict[str, list[str]]) -> Resolver:
    """Names as a test has them; each lookup takes the next answer off, the last one stays."""
    left = {name: list(answers) for name, answers in table.items()}

    async def resolve(host: str, port: int) -> list[str]:
        answers = left.get(host)
        if not answers:
            raise OSError(f"no {host} here")
        return (answers.pop(0) if len(answers) > 1 else answers[0]).split()

    return resolve


__all__ = ["INSPECTIONS", "Room", "eventually", "resolver", "seen", "settings_of"]
