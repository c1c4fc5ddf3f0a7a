"""What is attacked: a chain, a database, the service's rooms over both, its HTTP application, and members."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from fastapi import FastAPI
from sqlalchemy import text

from bench.attacks.ledger import Ledger
from service.api.app import create_app
from service.capture import Captures, Receipt
from service.config import Settings
from service.epcis.checkdigit import check_digit
from service.ledger.abi import SignedCapture, entry_words, record_calldata
from service.ledger.client import Node, hexed, number
from service.ledger.deploy import deploy
from service.ledger.relay import Relay
from service.ledger.watch import Watcher
from service.parties.caller import Caller
from service.parties.credentials import Credentials
from service.parties.registration import add
from service.parties.roles import names_of
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys
from service.rooms import Rooms
from service.sealing.commitments import salt_of, trail_of
from service.sealing.entries import Entry
from service.sealing.signing import sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest
from service.store.chain import Deployed
from service.store.database import Database

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
WAITS = (
    "SELECT EXISTS (SELECT FROM parts WHERE state < 2) OR EXISTS (SELECT FROM transactions WHERE block IS NULL)"
    " OR EXISTS (SELECT FROM registry_calls WHERE transaction IS NULL)"
)
ROLES = {"supplier": 1, "carrier": 2, "buyer": 1, "auditor": 8, "stranger": 1}
MEMBERS = {
    name: (f"https://id.gs1.org/417/{digits}{check_digit(digits)}", roles)
    for number, (name, roles) in enumerate(ROLES.items(), start=1)
    for digits in (f"952114{number}00000",)
}
"""Canonical identifier and roles (bitmask) of each member."""
_numbers = itertools.count(1)


@dataclass
class World:
    """One of everything. `mutant`: which variation of the contracts `ledger` deploys, None for the released ones."""

    settings: Settings
    database: Database
    node: Node
    chain_id: int
    deployed: Deployed
    app: FastAPI
    client: httpx.AsyncClient
    members: dict[str, Caller] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    mutant: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def rooms(self) -> Rooms:
        """The rooms of the application."""
        rooms: Rooms = self.app.state.rooms
        return rooms

    @property
    def captures(self) -> Captures:
        """Where documents are handed in."""
        return self.rooms.captures

    async def ledger(self) -> Ledger:
        """Fresh contracts with three parties, apart from the service's."""
        return await Ledger.deployed(self)

    def relay(self) -> Relay:
        """A relay of the service's ledger."""
        return Relay(self.database, self.node, self.deployed, self.settings)

    def watcher(self, node: Node | None = None) -> Watcher:
        """A watcher of the service's ledger."""
        return Watcher(self.database, node or self.node, self.deployed)

    async def capture(self, who: str, *events: dict[str, Any]) -> Receipt:
        """Accepts the events; nothing is sealed yet."""
        return await self.captures.accept(self.members[who], document(*events))

    async def seal(self, who: str, *events: dict[str, Any]) -> Receipt:
        """Accepts the events and waits until the mirror has them."""
        receipt = await self.capture(who, *events)
        await self.settle()
        return receipt

    async def settle(self, watcher: Watcher | None = None) -> None:
        """Relays and watches until nothing waits."""
        relay, watcher, until = self.relay(), watcher or self.watcher(), time.monotonic() + 30
        while time.monotonic() < until:
            busy = [await relay.step(), await watcher.step()]
            if not any(busy) and not await self.one(WAITS):
                return
            await asyncio.sleep(0.01)
        raise TimeoutError("the outbox did not empty")

    async def say(self, who: str, *entries: Entry, watched: bool = True) -> None:
        """Records entries past the service: signed with the member's key, and relayed by an account of the chain."""
        async with self.database.session() as session:
            key = await SigningKeys(self.database, self.settings).signing_key(session, self.members[who].party)
        domain, deadline = domain_separator(self.chain_id, self.deployed.provenance), 2**40
        signature = sign(signing_digest(domain, capture_id(entries), deadline), key.key)
        data = record_calldata([SignedCapture(entry_words(entries), deadline, signature)])
        (account, *_) = await self.node.call("eth_accounts")
        call = {"from": account, "to": hexed(self.deployed.provenance), "data": hexed(data), "gasPrice": "0x0"}
        hash_ = await self.node.call("eth_sendTransaction", {**call, "gas": hex(10_000_000)})
        async with asyncio.timeout(10):
            while True:
                if await self.node.call("eth_getTransactionReceipt", hash_) is not None:
                    break
                await asyncio.sleep(0.005)
        if watched:
            await self.settle()

    async def forget(self, identifier: str) -> None:
        """Lets nothing of a trail that a lying node spoilt trouble what comes after."""
        await self.rows("DELETE FROM ledger_entries WHERE trail = :trail", trail=self.trail(identifier))

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        """What somebody with the database's password may do."""
        async with self.database.session() as session:
            done: Any = await session.execute(text(statement), values)
            return list(done.all()) if done.returns_rows else []

    async def one(self, statement: str, **values: Any) -> Any:
        """The one value of a statement's one row."""
        (row,) = await self.rows(statement, **values)
        return row[0]

    async def call(self, who: str | None, method: str, path: str, **request: Any) -> httpx.Response:
        """A request with the API key of a member (None: with none)."""
        shown = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return await self.client.request(method, path, headers={**shown, **request.pop("headers", {})}, **request)

    def trail(self, identifier: str) -> bytes:
        """The trail id of a canonical identifier."""
        return trail_of(identifier, salt_of(identifier, self.settings.consortium_secret.get_secret_value()))


def item() -> str:
    """A serialised item that no other attack speaks of."""
    return f"https://id.gs1.org/01/09521141234563/21/A{next(_numbers)}"


def sscc() -> str:
    """A logistic unit that no other attack speaks of."""
    digits = f"0952114{next(_numbers):010d}"
    return f"https://id.gs1.org/00/{digits}{check_digit(digits)}"


def seen(*things: str, minute: int | None = None, **members: Any) -> dict[str, Any]:
    """An ObjectEvent about the things; a different one each time."""
    moment = next(_numbers) if minute is None else minute
    plain = {"type": "ObjectEvent", "epcList": list(things), "action": "OBSERVE", "bizStep": "inspecting"}
    at = f"2026-03-{1 + moment // 1440 % 28:02d}T{moment // 60 % 24:02d}:{moment % 60:02d}:00.000Z"
    return plain | {"eventTime": at, "eventTimeZoneOffset": "+00:00"} | members


def shipped(thing: str, to: str, **members: Any) -> dict[str, Any]:
    """The thing is offered to a member."""
    parties = [{"type": "owning_party", "destination": MEMBERS[to][0]}]
    return seen(thing, bizStep="shipping", destinationList=parties, **members)


def document(*events: dict[str, Any]) -> bytes:
    """An EPCIS document of these events."""
    return orjson.dumps(
        {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-01T00:00:00Z",
            "epcisBody": {"eventList": list(events)},
        }
    )


@asynccontextmanager
async def world(database_url: str, rpc_url: str) -> AsyncIterator[World]:
    """A world over an empty, migrated database and a chain of its own, whose blocks come with their transactions."""
    settings = _settings(database_url, rpc_url)
    async with AsyncExitStack() as stack:
        database = Database(database_url, 8)
        stack.push_async_callback(database.close)
        node = Node(rpc_url)
        stack.push_async_callback(node.close)
        await node.call("evm_setIntervalMining", 0)
        await node.call("evm_setAutomine", True)
        assert settings.admin_key is not None
        deployed = await deploy(database, node, settings.admin_key.get_secret_value())
        app = create_app(settings, database=database)
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://trailseal.test"
        )
        await stack.enter_async_context(client)
        chain_id = number(await node.call("eth_chainId"))
        made = World(settings, database, node, chain_id, deployed, app, client)
        for name, (identifier, roles) in MEMBERS.items():
            await _join(made, name, identifier, roles)
        await made.settle()
        yield made


def _settings(database_url: str, rpc_url: str) -> Settings:
    given = {name: secrets.token_hex(32) for name in ("consortium_secret", "key_encryption_key")}
    given |= {"admin_key": secrets.token_hex(32), "relay_key": secrets.token_hex(32)}
    given |= {"database_url": database_url, "rpc_url": rpc_url, "database_connections": "8"}
    given |= {"requests_per_minute": "100000"}
    return Settings.from_environment({f"TRAILSEAL_{name.upper()}": value for name, value in given.items()})


async def _join(world: World, name: str, identifier: str, roles: int) -> None:
    async with world.database.session() as session:
        party = await add(session, identifier, name.capitalize(), names_of(roles))
    scopes = sorted({str(scope) for scope in Scope} - {str(Scope.CONSORTIUM_ADMIN)})
    key, token = await Credentials(world.database).issue(party.id, scopes, name)
    caller = Caller(party.id, party.identifier, party.name, party.roles, frozenset(scopes), key.id)
    await SigningKeys(world.database, world.settings).create(caller)
    world.members[name], world.tokens[name] = caller, token
