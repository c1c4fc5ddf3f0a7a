"""A database, a chain and two parties, with relays and watchers that are stepped by hand or set to work."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import text

from service.capture import Captures, Receipt
from service.capture.resign import Resigner
from service.config import Settings
from service.ledger.client import Node, number
from service.ledger.deploy import deploy
from service.ledger.relay import Relay
from service.ledger.watch import Watcher
from service.parties.caller import Caller
from service.parties.registration import add
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys
from service.sealing.commitments import party_of
from service.store.chain import Deployed
from service.store.database import Database, DatabaseUnavailable
from tests.ledger.chainlog import Said, assert_recorded_once

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ACME, BOLT = "https://id.gs1.org/417/4012345000009", "https://id.gs1.org/417/4012345000016"
WAITS = (
    "SELECT EXISTS (SELECT FROM parts WHERE state < 2) OR EXISTS (SELECT FROM transactions WHERE block IS NULL)"
    " OR EXISTS (SELECT FROM registry_calls WHERE transaction IS NULL)"
)
_serials = itertools.count(1)


def item() -> str:
    """A serialised item that no other test speaks of."""
    return f"https://id.gs1.org/01/04012345111118/21/{next(_serials)}"


def seen(*things: str, **members: Any) -> dict[str, Any]:
    """An ObjectEvent about the things; a different one each time."""
    moment = next(_serials)
    plain = {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "inspecting", "epcList": list(things or [item()])}
    moved = f"2026-03-01T{moment // 3600 % 24:02d}:{moment // 60 % 60:02d}:{moment % 60:02d}.{moment % 1000:03d}Z"
    return plain | {"eventTime": moved, "eventTimeZoneOffset": "+00:00"} | members


def document(*events: dict[str, Any]) -> bytes:
    """An EPCIS document of these events, or of one event."""
    return orjson.dumps(
        {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-01T00:00:00Z",
            "epcisBody": {"eventList": list(events or [seen()])},
        }
    )


def settings_for(database_url: str, rpc_url: str, **variables: str) -> Settings:
    """Settings with fresh keys; the chain has no fees, so its accounts need no funds."""
    keys = ("consortium_secret", "key_encryption_key", "admin_key", "relay_key")
    given = {name: secrets.token_hex(32) for name in keys} | variables
    given |= {"database_url": database_url, "rpc_url": rpc_url, "database_connections": "5", "poll_seconds": "0.05"}
    return Settings.from_environment({f"TRAILSEAL_{name.upper()}": value for name, value in given.items()})


@dataclass
class World:
    """Rooms over one database and one deployment; `acme` and `bolt` have a custodial key each."""

    settings: Settings
    database: Database
    node: Node
    deployed: Deployed
    captures: Captures
    keys: SigningKeys
    relay: Relay
    watcher: Watcher
    resigner: Resigner
    acme: Caller
    bolt: Caller
    receipts: list[Receipt] = field(default_factory=list)

    async def accept(self, *events: dict[str, Any], caller: Caller | None = None, **options: Any) -> Receipt:
        receipt = await self.captures.accept(caller or self.acme, document(*events), **options)
        self.receipts.append(receipt)
        return receipt

    async def step(self) -> bool:
        return any([await self.resigner.step(), await self.relay.step(), await self.watcher.step()])

    async def settle(self, seconds: float = 90) -> None:
        """Relays and watches until nothing waits, twice: what the watcher brought is for the resigner and the relay."""
        until, quiet = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            head = number(await self.node.call("eth_blockNumber"))
            try:
                working = any([await self.resigner.step(), await self.relay.step()])
                await self.watcher.step()
            except DatabaseUnavailable:
                working = True  # a connection that a test has cut; workers go on, too
            # On a busy machine blocks come faster than steps: then there is always one more to follow.
            behind = await self.one("SELECT coalesce(max(number), -1) FROM blocks") < head
            quiet = 0 if working or behind or await self.one(WAITS) else quiet + 1
            if quiet == 2:
                return
            if not quiet:
                await asyncio.sleep(0.03)
        raise TimeoutError(
            f"still waiting: {await self.rows('SELECT state, refusal, count(*) FROM parts GROUP BY 1, 2')}"
        )

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.database.session() as session:
            done: Any = await session.execute(text(statement), values)
            return list(done.all()) if done.returns_rows else []

    async def one(self, statement: str, **values: Any) -> Any:
        (row,) = await self.rows(statement, **values)
        return row[0]

    async def states(self) -> list[tuple[int, str | None]]:
        """State and refusal of all parts, in the order of acceptance."""
        return [tuple(row) for row in await self.rows("SELECT state, refusal FROM parts ORDER BY seq")]

    async def assert_sealed_once(self) -> list[Said]:
        """That all receipts' parts are on the chain once, that the mirror is the chain's, and says `sealed`."""
        parts = {part.id: part.entries for receipt in self.receipts for part in receipt.parts}
        said = await assert_recorded_once(self.node, self.deployed, parts)
        mirrored = await self.rows(
            'SELECT block, log, trail, party, part, seal, "to", head, step, time FROM ledger_entries'
            " ORDER BY block, log"
        )
        assert [tuple(row) for row in mirrored] == [
            (*one.place, one.trail, one.party, one.part, one.seal, one.to, one.head, one.step, one.time) for one in said
        ]
        for receipt in self.receipts:
            found = await self.rows("SELECT state FROM parts WHERE capture = :id", id=receipt.id)
            assert {row[0] for row in found} == {2}, receipt.id
        return said

    async def depth(self, blocks: int) -> int:
        """How many blocks to take back, to take back the last `blocks` that the mirror follows; our first one stays."""
        kept = max(self.deployed.start_block + 1, await self.one("SELECT max(number) FROM blocks") - blocks)
        return number(await self.node.call("eth_blockNumber")) - int(kept)

    async def mine(self, blocks: int = 1) -> None:
        await self.node.call("anvil_mine", hex(blocks))


def caller_of(identifier: str, name: str, roles: int = 1) -> Caller:
    return Caller(party_of(identifier), identifier, name, roles, frozenset({str(scope) for scope in Scope}), "test")


async def join(database: Database, keys: SigningKeys, identifier: str, roles: Sequence[str] = ("supplier",)) -> Caller:
    """Registers a party with a key in our custody."""
    async with database.session() as session:
        party = await add(session, identifier, identifier, roles)
    caller = caller_of(identifier, identifier, party.roles)
    await keys.create(caller)
    return caller


@asynccontextmanager
async def world(database_url: str, rpc_url: str, **variables: str) -> AsyncIterator[World]:
    """Contracts of its own on the chain, and the parties registered there."""
    settings = settings_for(database_url, rpc_url, **variables)
    database, node = Database(database_url, settings.database_connections), Node(rpc_url)
    try:
        assert settings.admin_key is not None
        deployed = await deploy(database, node, settings.admin_key.get_secret_value())
        keys = SigningKeys(database, settings)
        acme, bolt = await join(database, keys, ACME), await join(database, keys, BOLT, ("supplier", "carrier"))
        made = World(
            settings,
            database,
            node,
            deployed,
            Captures(database, settings),
            keys,
            Relay(database, node, deployed, settings),
            Watcher(database, node, deployed),
            Resigner(database, settings),
            acme,
            bolt,
        )
        await made.settle()
        yield made
    finally:
        await node.close()
        await database.close()
