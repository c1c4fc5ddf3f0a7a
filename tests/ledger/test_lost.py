"""Transactions that the node forgets, replaces, keeps waiting or moves: what they carry is sealed once all the same."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from eth_account import Account

from service.ledger import overdue, relay
from service.ledger.client import NodeUnavailable, hexed, number
from service.ledger.relay import Relay
from service.ledger.transactions import Fees
from service.store import transactions
from tests.ledger.test_relay import with_relay_key
from tests.ledger.world import World, item, seen
from tests.mining import Miner

GWEI = 10**9


@pytest.fixture
async def held(own_ledger: World, own_miner: Miner, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world on a chain of its own that mines only when it is told to."""
    monkeypatch.setattr(relay, "_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(relay, "_SPENT_PATIENCE_SECONDS", 0.1)
    own_miner.stop()
    return own_ledger


async def mine_and_settle(world: World, seconds: float = 30) -> None:
    for _ in range(int(seconds / 0.1)):
        await world.mine()
        await world.step()
        if not await world.one("SELECT EXISTS (SELECT FROM parts WHERE state <> 2)"):
            break
        await asyncio.sleep(0.1)
    await world.settle()


async def pool(world: World) -> list[str]:
    """Hashes that the node has without a block."""
    found = await world.node.call("txpool_content")
    return [one["hash"] for group in found.values() for nonces in group.values() for one in nonces.values()]


async def raws_of(world: World, depth: int) -> list[str]:
    """The signed bytes of what the last blocks have, in order."""
    head = number(await world.node.call("eth_blockNumber"))
    blocks = [await world.node.call("eth_getBlockByNumber", hex(at), False) for at in range(head - depth + 1, head + 1)]
    return [
        await world.node.call("eth_getRawTransactionByHash", hash_)
        for block in blocks
        for hash_ in block["transactions"]
    ]


@pytest.mark.parametrize("later", [1, 3])
async def test_a_transaction_that_a_reorganisation_moves_to_another_block_counts_once(held: World, later: int) -> None:
    thing = item()
    await held.mine(3)
    for _ in range(3):
        await held.accept(seen(thing))
        await held.relay.step()
        await held.mine()
        await held.watcher.step()
    before = await held.assert_sealed_once()
    raws = await raws_of(held, 4)
    await held.node.call("anvil_reorg", 4, [[raw, later] for raw in raws])
    await mine_and_settle(held)
    after = await held.assert_sealed_once()
    assert [one.part for one in after] == [one.part for one in before]
    assert [one.place[0] for one in after] != [one.place[0] for one in before], "nothing moved"
    assert await held.one("SELECT count(*) FROM transactions WHERE purpose = 'record'") == 3


async def test_what_the_node_forgets_is_given_to_it_again(held: World) -> None:
    for _ in range(3):
        await held.accept(seen())
        await held.relay.step()
    assert len(await pool(held)) == 3
    await held.node.call("anvil_dropAllTransactions")
    assert await pool(held) == []
    await mine_and_settle(held)
    await held.assert_sealed_once()
    assert await held.one("SELECT count(*) FROM transactions WHERE purpose = 'record'") == 3


async def test_what_the_node_forgets_in_the_middle_is_given_to_it_again(held: World) -> None:
    for _ in range(3):
        await held.accept(seen())
        await held.relay.step()
    second = await held.one("SELECT hash FROM transactions WHERE purpose = 'record' ORDER BY seq OFFSET 1 LIMIT 1")
    await held.node.call("anvil_dropTransaction", hexed(second))
    await mine_and_settle(held)
    said = await held.assert_sealed_once()
    assert [one.part for one in said] == [row[0] for row in await held.rows("SELECT id FROM parts ORDER BY seq")]


async def test_ours_replaced_in_the_pool_by_a_strangers_with_its_nonce_is_packed_anew(held: World) -> None:
    assert held.settings.relay_key is not None
    stolen = Account.from_key(held.settings.relay_key.get_secret_value())
    await held.node.call("anvil_setBalance", stolen.address, hex(10**24))
    await held.accept(seen())
    await held.accept(seen())
    await held.relay.step()
    (ours,) = await pool(held)
    fields: dict[str, Any] = {"chainId": 31337, "nonce": 0, "gas": 21_000, "value": 0, "data": b"", "type": 2}
    fields |= {"to": stolen.address, "maxFeePerGas": 50 * GWEI, "maxPriorityFeePerGas": 5 * GWEI}
    await held.node.call("eth_sendRawTransaction", stolen.sign_transaction(fields).raw_transaction.to_0x_hex())
    assert ours not in await pool(held)
    await mine_and_settle(held)
    await held.assert_sealed_once()
    assert await held.one("SELECT count(*) FROM transactions WHERE hash = :hash", hash=bytes.fromhex(ours[2:])) == 0


async def test_a_transaction_that_waits_in_the_pool_when_fees_rise_is_replaced_by_a_dearer_one(held: World) -> None:
    assert held.relay._relay is not None
    await held.node.call("anvil_setBalance", hexed(held.relay._relay.address), hex(10**24))
    await held.accept(seen())
    await held.relay.step()
    (cheap,) = await pool(held)
    for _ in range(60):
        await held.node.call("anvil_setNextBlockBaseFeePerGas", hex(10 * GWEI))
        await held.mine()
        await held.step()
        if not await held.one("SELECT EXISTS (SELECT FROM parts WHERE state <> 2)"):
            break
        await asyncio.sleep(0.1)
    await held.settle()
    await held.assert_sealed_once()
    former = await held.one("SELECT former FROM transactions WHERE purpose = 'record'")
    assert bytes.fromhex(cheap[2:]) in former


async def test_a_relay_that_dies_between_sending_and_noting_it_sends_the_same_again(
    held: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await held.accept(seen())

    async def dies(*_: object) -> None:
        raise RuntimeError("kill -9")

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "mark_sent", dies)
        with pytest.raises(RuntimeError):
            await held.relay.step()
    (sent,) = await pool(held)
    assert await held.one("SELECT sends FROM transactions WHERE purpose = 'record'") == 0
    held.relay = Relay(held.database, held.node, held.deployed, held.settings)
    await held.relay.step()
    assert await pool(held) == [sent]
    await mine_and_settle(held)
    await held.assert_sealed_once()


async def test_what_a_relay_that_is_gone_for_good_holds_up_is_taken_over(
    held: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its account has no funds for the fees of the day, and nobody else has its key."""
    monkeypatch.setattr(overdue, "_ORPHANED_SENDS", 5)
    gone = Relay(held.database, held.node, held.deployed, with_relay_key(held))
    thing = item()
    await held.accept(seen(thing))
    await gone.step()
    stuck = await held.one("SELECT hash FROM transactions WHERE purpose = 'record'")
    await held.node.call("anvil_dropAllTransactions")
    assert held.relay._relay is not None
    await held.node.call("anvil_setBalance", hexed(held.relay._relay.address), hex(10**24))
    await held.accept(seen(thing))
    for _ in range(200):
        await held.node.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        await held.mine()
        await held.step()
        if not await held.one("SELECT EXISTS (SELECT FROM parts WHERE state <> 2)"):
            break
        await asyncio.sleep(0.05)
    await held.assert_sealed_once()
    # It comes back, and is mined after all: the contract has what it brings.
    await held.node.call("anvil_setNextBlockBaseFeePerGas", "0x0")
    raw = await held.one("SELECT raw FROM transactions WHERE hash = :hash", hash=stuck)
    await held.node.batch([("eth_sendRawTransaction", [hexed(raw)])])
    for _ in range(5):
        await held.node.call("anvil_setNextBlockBaseFeePerGas", "0x0")
        await held.mine()
        await held.watcher.step()
    assert await held.one("SELECT block IS NOT NULL FROM transactions WHERE hash = :hash", hash=stuck)
    await held.assert_sealed_once()


async def test_relays_and_watchers_wait_for_a_node_that_is_down_and_captures_are_accepted_meanwhile(
    own_ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = own_ledger
    await ledger.accept(seen())
    real = ledger.node.batch

    async def down(calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        raise NodeUnavailable(f"no answer to {len(calls)} calls")

    monkeypatch.setattr(ledger.node, "batch", down)
    monkeypatch.setattr(ledger.node, "all", down)
    monkeypatch.setattr(ledger.node, "call", lambda *call: down([(call[0], call[1:])]))
    for _ in range(3):
        for one in (ledger.relay, ledger.watcher):
            with pytest.raises(NodeUnavailable):
                await one.step()
        await ledger.accept(seen())
    assert {state for state, _ in await ledger.states()} == {0}
    monkeypatch.undo()
    assert ledger.node.batch.__func__ is real.__func__  # type: ignore[attr-defined]
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_gap_that_a_rolled_back_strangers_transaction_leaves_is_filled(held: World) -> None:
    assert held.settings.relay_key is not None
    assert held.relay._relay is not None
    signer = held.relay._relay
    await held.mine(3)
    filler = signer.fill(0, Fees(0, 0, 0))
    await held.node.call("eth_sendRawTransaction", hexed(filler.raw))
    await held.mine()
    await held.accept(seen())
    await held.relay.step()  # nonce 1
    await held.mine()
    await held.watcher.step()
    assert await held.states() == [(2, None)]
    await held.node.call("anvil_reorg", 2, [])
    await mine_and_settle(held)
    await held.assert_sealed_once()
    assert await held.one("SELECT count(*) FROM transactions WHERE purpose = 'gap'") == 1
