"""A whole consortium on the real path: captures are accepted, relayed, mined, watched, and then read."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text

from service.capture import Captures, Receipt
from service.config import Settings
from service.epcis.checkdigit import check_digit
from service.ledger.client import Node
from service.ledger.deploy import deploy
from service.ledger.proofs import Proofs
from service.ledger.relay import Relay
from service.ledger.watch import Watcher
from service.parties.caller import Caller
from service.parties.registration import add
from service.parties.roles import names_of
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys
from service.sealing.commitments import salt_of, trail_of
from service.store.chain import Deployed
from service.store.database import Database
from service.trails import Trails
from tests.trails.freight import BUYER, CARRIER, CONTEXT, SUPPLIER

# Anvil's own accounts 8 and 9: no other test spends from them.
ADMIN_KEY = "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"
RELAY_KEY = "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"
WAITS = (
    "SELECT EXISTS (SELECT FROM parts WHERE state < 2) OR EXISTS (SELECT FROM transactions WHERE block IS NULL)"
    " OR EXISTS (SELECT FROM registry_calls WHERE transaction IS NULL)"
    " OR NOT EXISTS (SELECT FROM blocks WHERE number >= :newest)"
)
_numbers = itertools.count(1)


def sscc() -> str:
    """A logistic unit that no other test speaks of."""
    digits = f"0952114{next(_numbers):010d}"
    return f"https://id.gs1.org/00/{digits}{check_digit(digits)}"


def item() -> str:
    """A serialised item that no other test speaks of."""
    return f"https://id.gs1.org/01/09521141234563/21/{next(_numbers)}"


def at(minute: int) -> dict[str, str]:
    """Members of an event so many minutes into the story."""
    return {
        "eventTime": f"2026-03-01T{minute // 60:02d}:{minute % 60:02d}:00.000Z",
        "eventTimeZoneOffset": "+00:00",
    }


def seen(*things: str, minute: int = 0, **members: Any) -> dict[str, Any]:
    """An ObjectEvent about the things."""
    plain = {"type": "ObjectEvent", "epcList": list(things), "action": "OBSERVE", "bizStep": "inspecting"}
    return plain | at(minute) | members


def packed(parent: str, *children: str, minute: int = 0, action: str = "ADD") -> dict[str, Any]:
    """An AggregationEvent."""
    kind = {"type": "AggregationEvent", "parentID": parent, "childEPCs": list(children), "action": action}
    return kind | at(minute) | {"bizStep": "packing"}


def made(inputs: list[str], outputs: list[str], minute: int = 0, process: str | None = None) -> dict[str, Any]:
    """A TransformationEvent."""
    kind: dict[str, Any] = {"type": "TransformationEvent"} | at(minute)
    kind |= {"inputEPCList": inputs} if inputs else {}
    kind |= {"outputEPCList": outputs} if outputs else {}
    return kind | ({"transformationID": process} if process else {})


@dataclass
class Consortium:
    """Rooms over one database and one deployment; three parties, an auditor, and a stranger."""

    settings: Settings
    database: Database
    node: Node
    deployed: Deployed
    relay: Relay
    watcher: Watcher
    captures: Captures
    trails: Trails
    supplier: Caller
    carrier: Caller
    buyer: Caller
    auditor: Caller
    stranger: Caller

    async def capture(self, caller: Caller, *events: dict[str, Any]) -> Receipt:
        """Accepts the events; nothing is sealed yet."""
        document = {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-01T00:00:00Z",
            "epcisBody": {"eventList": list(events)},
        }
        return await self.captures.accept(caller, orjson.dumps(document))

    async def seal(self, caller: Caller, *events: dict[str, Any]) -> Receipt:
        """Accepts the events and waits until the mirror has them."""
        receipt = await self.capture(caller, *events)
        await self.settle()
        return receipt

    async def settle(self) -> None:
        """Relays and watches until nothing waits and all is followed that the chain has now; it goes on meanwhile."""
        until = time.monotonic() + 120
        newest = int(await self.node.call("eth_blockNumber"), 16)
        while time.monotonic() < until:
            busy = await self.relay.step()
            await self.watcher.step()
            async with self.database.session() as session:
                waits = (await session.execute(text(WAITS), {"newest": newest})).scalar_one()
            if not waits and not busy:
                return
            await asyncio.sleep(0.05)
        raise TimeoutError("the outbox did not empty")

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """The watcher at work beside the test."""

        async def follow() -> None:
            while True:
                await self.watcher.step()
                await asyncio.sleep(0.05)

        task = asyncio.create_task(follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def execute(self, statement: str, **values: Any) -> None:
        """What somebody with the database's password may do."""
        async with self.database.session() as session:
            changed: Any = await session.execute(text(statement), values)
            assert changed.rowcount, "nothing was changed"

    def trail(self, identifier: str) -> bytes:
        return trail_of(identifier, salt_of(identifier, self.settings.consortium_secret.get_secret_value()))


@asynccontextmanager
async def consortium(database_url: str, rpc_url: str) -> AsyncIterator[Consortium]:
    """Deploys contracts of its own on the chain and registers the parties."""
    settings = Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": database_url,
            "TRAILSEAL_RPC_URL": rpc_url,
            "TRAILSEAL_CONSORTIUM_SECRET": secrets.token_hex(32),
            "TRAILSEAL_KEY_ENCRYPTION_KEY": secrets.token_hex(32),
            "TRAILSEAL_ADMIN_KEY": ADMIN_KEY,
            "TRAILSEAL_RELAY_KEY": RELAY_KEY,
            "TRAILSEAL_DATABASE_CONNECTIONS": "4",
        }
    )
    database, node = Database(database_url, 4), Node(rpc_url)
    try:
        deployed = await deploy(database, node, bytes.fromhex(ADMIN_KEY))
        callers = [
            await _member(database, settings, identifier, name, roles)
            for identifier, name, roles in (
                (SUPPLIER.identifier, "Supplier", 1),
                (CARRIER.identifier, "Carrier", 2),
                (BUYER.identifier, "Buyer", 1),
                ("https://id.gs1.org/417/0952114400002", "Auditor", 8),
                ("https://id.gs1.org/417/0952114500009", "Stranger", 1),
            )
        ]
        made = Consortium(
            settings,
            database,
            node,
            deployed,
            Relay(database, node, deployed, settings),
            Watcher(database, node, deployed),
            Captures(database, settings),
            Trails(database, settings, Proofs(node)),
            *callers,
        )
        await made.settle()
        yield made
    finally:
        await node.close()
        await database.close()


async def _member(database: Database, settings: Settings, identifier: str, name: str, roles: int) -> Caller:
    async with database.session() as session:
        party = await add(session, identifier, name, names_of(roles))
    scopes = frozenset(map(str, Scope)) - {str(Scope.CONSORTIUM_ADMIN)}
    caller = Caller(party.id, party.identifier, party.name, party.roles, scopes, f"key of {name}")
    await SigningKeys(database, settings).create(caller)
    return caller
