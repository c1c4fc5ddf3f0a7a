"""The chain's registry is mirrored with blocks and times, whoever changed it, and rolled back with its blocks."""

from typing import Any

from service.ledger import registry
from service.ledger.abi import calldata
from service.ledger.client import hexed, number
from service.ledger.register import catch_up
from service.ledger.registry import FOREVER
from service.ledger.transactions import Fees, Signer
from service.store import register
from service.store.register import RegistryLog
from tests.ledger.world import World
from tests.mining import Miner

THEIRS = bytes.fromhex("11" * 20)


async def past_us(ledger: World, function: str, *arguments: Any) -> None:
    """The registrar's key, used by a program that is not this service."""
    assert ledger.settings.admin_key is not None
    signer = Signer(ledger.settings.admin_key.get_secret_value(), ledger.deployed.chain_id)
    payload, fees = calldata("Participants", function, arguments), await Fees.now(ledger.node)
    nonce = number(await ledger.node.call("eth_getTransactionCount", hexed(signer.address), "pending"))
    made = signer.sign(function, ledger.deployed.participants, payload, nonce=nonce, gas=1_000_000, fees=fees)
    await ledger.node.call("eth_sendRawTransaction", hexed(made.raw))
    await ledger.mine()


async def logged(ledger: World) -> list[RegistryLog]:
    async with ledger.database.session() as session:
        return await register.of_party(session, ledger.acme.party)


async def kinds(ledger: World) -> list[str]:
    return [log.kind for log in await logged(ledger)]


async def standing(ledger: World) -> tuple[bool, int]:
    (row,) = await ledger.rows("SELECT suspended, roles FROM parties WHERE id = :id", id=ledger.acme.party)
    return row[0], row[1]


async def test_what_the_registry_logs_is_mirrored_also_where_others_changed_it(ledger: World, miner: Miner) -> None:
    acme = ledger.acme.party
    (own,) = [log.key for log in await logged(ledger) if log.key is not None]
    assert await kinds(ledger) == ["PartyRegistered", "KeyAdded"]
    before = number(await ledger.node.call("eth_blockNumber"))
    time = (await logged(ledger))[-1].time

    await past_us(ledger, "addKey", hexed(THEIRS), acme, 0, FOREVER)
    await past_us(ledger, "revokeKey", hexed(own), time)
    await past_us(ledger, "setRoles", acme, 2)
    await past_us(ledger, "suspend", acme)
    await ledger.settle()
    assert await kinds(ledger) == [
        "PartyRegistered", "KeyAdded", "KeyAdded", "KeyRevoked", "RolesSet", "PartySuspended",
    ]  # fmt: skip
    assert (await logged(ledger))[3].compromised_from == time
    assert await standing(ledger) == (True, 2)
    assert await ledger.one("SELECT party FROM signing_keys WHERE address = :key", key=THEIRS) == acme
    revoked = await ledger.one(
        "SELECT extract(epoch FROM compromised_from)::bigint FROM signing_keys WHERE address = :own", own=own
    )
    assert revoked == time

    # A mirror from before it kept the registry gets all of it, once.
    mirrored = await logged(ledger)
    await ledger.rows("DELETE FROM registry_events")
    last = await ledger.one("SELECT max(number) FROM blocks")
    for _ in range(2):
        async with ledger.database.session() as session:
            await catch_up(session, ledger.node, ledger.deployed, last)
    assert await logged(ledger) == mirrored

    # What others did in blocks that are gone is gone here too.
    with miner.paused():
        await ledger.node.call("anvil_rollback", number(await ledger.node.call("eth_blockNumber")) - before)
    await ledger.mine(30)
    await ledger.settle()
    assert await kinds(ledger) == ["PartyRegistered", "KeyAdded"]
    assert await standing(ledger) == (False, 1)


async def test_what_this_service_asked_for_is_mirrored_but_not_done_twice(ledger: World) -> None:
    """A party that was reinstated meanwhile is not suspended again when the chain has the suspension."""
    async with ledger.database.session() as session:
        await registry.suspend(session, ledger.acme.party)
    await ledger.settle()
    assert (await kinds(ledger))[-1] == "PartySuspended"
    assert await standing(ledger) == (False, 1)
