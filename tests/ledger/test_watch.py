"""The mirror is the chain's, also where the chain loses blocks, reorganises, or begins anew."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from service.devstack import Anvil
from service.ledger import watch
from service.ledger.client import Node, NodeRefused, NodeUnavailable, hexed, number
from service.ledger.watch import Watcher
from service.sealing.entries import Step
from service.sealing.layout import Custody, custody_slot
from service.workers import work
from tests.ledger.chainlog import head_on_chain
from tests.ledger.world import ACME, BOLT, World, item, join, seen
from tests.mining import Miner

FACING = {"bizStep": "shipping", "disposition": "in_transit"}


def commissioned(thing: str) -> dict[str, Any]:
    return seen(thing, action="ADD", bizStep="commissioning")


def shipped(thing: str, to: str) -> dict[str, Any]:
    parties = {"sourceList": [{"type": "owning_party", "source": ACME}]}
    parties |= {"destinationList": [{"type": "owning_party", "destination": to}]}
    return seen(thing, **FACING, **parties)


async def test_heads_in_the_mirror_are_those_of_the_contract(ledger: World) -> None:
    shared, own = item(), item()
    for _ in range(4):
        await ledger.accept(seen(shared), seen(own), seen(shared, own))
        await ledger.accept(seen(shared), caller=ledger.bolt)
        await ledger.settle()
    await ledger.assert_sealed_once()
    newest = await ledger.rows(
        "SELECT DISTINCT ON (trail) trail, head FROM ledger_entries ORDER BY trail, block DESC, log DESC"
    )
    assert len(newest) == 2
    for trail, head in newest:
        assert head == await head_on_chain(ledger.node, ledger.deployed, trail)


async def test_custody_moves_and_its_contradictions_are_mirrored(ledger: World) -> None:
    thing = item()
    await ledger.accept(commissioned(thing))
    await ledger.accept(shipped(thing, BOLT))
    await ledger.accept(shipped(thing, BOLT), caller=ledger.bolt)  # not theirs to ship
    await ledger.settle()
    said = await ledger.assert_sealed_once()
    assert [one.step for one in said] == [Step.COMMISSION, Step.SHIP, Step.SHIP]
    (dispute,) = await ledger.rows("SELECT party, reason, block, log FROM ledger_disputes")
    assert (dispute[0], dispute[1]) == (ledger.bolt.party, "UnknownRecipient")
    assert (dispute[2], dispute[3]) == (said[2].place[0], said[2].place[1] + 1)
    word = await ledger.node.call(
        "eth_getStorageAt", hexed(ledger.deployed.provenance), hexed(custody_slot(said[0].trail)), "latest"
    )
    custody = Custody.unpack(bytes.fromhex(word[2:].zfill(64)))
    numbers = {row[0]: row[1] for row in await ledger.rows("SELECT id, number FROM parties")}
    assert custody == Custody(
        custodian=numbers[ledger.acme.party],
        offered_to=numbers[ledger.bolt.party],
        commissioner=numbers[ledger.acme.party],
        disputes=1,
        commissioned=True,
    )


@pytest.mark.parametrize("depth", [1, 3, 8])
async def test_a_rolled_back_chain_gets_everything_again(ledger: World, miner: Miner, depth: int) -> None:
    thing = item()
    for _ in range(6):
        await ledger.accept(seen(thing), seen(thing))
        await ledger.settle()
    before = [one.part for one in await ledger.assert_sealed_once()]
    with miner.paused():
        await ledger.node.call("anvil_rollback", await ledger.depth(depth))
    await ledger.accept(seen(thing))
    await _settle_after_change(ledger)
    after = [one.part for one in await ledger.assert_sealed_once()]
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("depth", [2, 6])
async def test_a_reorganised_chain_gets_everything_again(ledger: World, miner: Miner, depth: int) -> None:
    for _ in range(4):
        await ledger.accept(seen(), seen())
        await ledger.settle()
    followed = await ledger.one("SELECT max(number) FROM blocks")
    with miner.paused():
        await ledger.node.call("anvil_reorg", await ledger.depth(depth), [])
    await ledger.accept(seen())
    await _settle_after_change(ledger)
    await ledger.assert_sealed_once()
    for height in range(followed - depth, followed + 1):
        block = await ledger.node.call("eth_getBlockByNumber", hex(height), False)
        assert hexed(await ledger.one("SELECT hash FROM blocks WHERE number = :height", height=height)) == block["hash"]


async def test_a_wiped_chain_is_told_everything_in_the_old_order(
    own_ledger: World, own_anvil: Anvil, tmp_path: Path
) -> None:
    ledger = own_ledger
    thing = item()
    await ledger.accept(seen(thing))
    await ledger.settle()
    old = await ledger.one("SELECT signer FROM parts")
    await ledger.keys.create(ledger.acme)
    await ledger.settle()
    # On the new chain the revocation must come after what the key signed, or that would be refused.
    await ledger.keys.revoke(ledger.acme, hexed(old))
    await ledger.accept(seen(thing), caller=ledger.bolt)
    await ledger.settle()
    newcomer = await join(ledger.database, ledger.keys, "did:example:newcomer")
    await ledger.accept(seen(thing), caller=newcomer)
    await ledger.accept(seen(thing))
    await ledger.settle()
    before = await ledger.assert_sealed_once()
    numbers = await ledger.rows("SELECT id, number FROM parties ORDER BY id")
    attempts = await ledger.one("SELECT sum(attempts) FROM parts")
    url = own_anvil.url
    own_anvil.kill()
    own_anvil.stop()
    await ledger.node.close()
    afresh = Anvil(tmp_path / "another", port=int(url.rpartition(":")[2]), block_time=None)
    afresh.start()
    try:
        await _settle_after_change(ledger)
        after = await ledger.assert_sealed_once()
    finally:
        afresh.stop()
    assert [one.part for one in after] == [one.part for one in before]
    assert await ledger.rows("SELECT id, number FROM parties ORDER BY id") == numbers
    assert await ledger.one("SELECT sum(attempts) FROM parts") == attempts, "something was refused on the way"


async def test_a_killed_chain_that_lost_its_last_blocks_gets_them_again(own_ledger: World, own_anvil: Anvil) -> None:
    ledger = own_ledger
    await asyncio.sleep(3)  # until a first state was written and kept aside
    for round_ in range(3):
        for _ in range(5):
            await ledger.accept(seen())
        await ledger.settle()
        if round_ < 2:
            own_anvil.kill()
            await ledger.node.close()
            own_anvil.start()
    await _settle_after_change(ledger)
    await ledger.assert_sealed_once()


async def test_relay_and_watcher_at_work_survive_rollbacks_under_load(ledger: World, miner: Miner) -> None:
    stop = asyncio.Event()
    settings = ledger.settings.model_copy(update={"poll_seconds": 0.02})
    workers = [asyncio.create_task(work(settings, stop=stop)) for _ in range(2)]
    for index in range(40):
        await ledger.accept(seen(), seen())
        await asyncio.sleep(0.05)
        if index in (12, 25):
            with miner.paused():
                await ledger.node.call("anvil_rollback", await ledger.depth(4))
    try:
        for _ in range(600):
            if not await ledger.one("SELECT count(*) FROM parts WHERE state <> 2"):
                break
            await asyncio.sleep(0.1)
    finally:
        stop.set()
        await asyncio.gather(*workers)
    await ledger.settle()
    await ledger.assert_sealed_once()


class Behind(Node):
    """A node that knows only the first blocks."""

    def __init__(self, rpc_url: str, height: int) -> None:
        super().__init__(rpc_url)
        self.height = height

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers = await super().batch(calls)
        return [self._as_known(call, answer) for call, answer in zip(calls, answers, strict=True)]

    def _as_known(self, call: tuple[str, Sequence[Any]], answer: Any) -> Any:
        method, params = call
        if method == "eth_blockNumber":
            return hex(min(self.height, int(answer, 16)))
        if method == "eth_getBlockByNumber" and params[0] != "latest" and int(params[0], 16) > self.height:
            return None
        return answer


async def test_a_node_that_is_behind_unseals_nothing_until_it_proves_to_stay_there(ledger: World) -> None:
    await ledger.accept(seen())
    await ledger.settle()
    last = await ledger.one("SELECT max(number) FROM blocks")
    now = 0.0

    def clock() -> float:
        return now

    behind = Behind(ledger.settings.rpc_url, last - 2)
    try:
        watcher = Watcher(ledger.database, behind, ledger.deployed, clock)
        assert not await watcher.step()
        now = 4.0
        assert not await watcher.step()
        assert await ledger.states() == [(2, None)]
        behind.height = 10**9  # it caught up
        await watcher.step()
        behind.height = last - 2
        now = 8.0
        assert not await watcher.step()
        now = 20.0
        assert await watcher.step()
    finally:
        await behind.close()
    assert await ledger.one("SELECT max(number) FROM blocks") == last - 2
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_node_that_refuses_to_show_old_blocks_takes_nothing_back(
    ledger: World, miner: Miner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.accept(seen())
    await ledger.settle()
    with miner.paused():
        await ledger.node.call("anvil_rollback", await ledger.depth(2))
    real = ledger.node.batch

    async def limited(calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        if len(calls) > 1:
            return [NodeRefused(method, -32005, "limit exceeded") for method, _ in calls]
        return await real(calls)

    for _ in range(50):
        if number(await ledger.node.call("eth_blockNumber")) > await ledger.one("SELECT max(number) FROM blocks"):
            break
        await asyncio.sleep(0.05)
    monkeypatch.setattr(ledger.node, "batch", limited)
    blocks = await ledger.one("SELECT count(*) FROM blocks")
    with pytest.raises(NodeRefused):
        await ledger.watcher.step()
    assert await ledger.one("SELECT count(*) FROM blocks") == blocks
    monkeypatch.setattr(ledger.node, "batch", real)
    await _settle_after_change(ledger)
    await ledger.assert_sealed_once()


async def test_a_node_that_answers_null_where_logs_are_due_moves_nothing(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.accept(seen())
    await ledger.relay.step()
    await ledger.mine()
    real = ledger.node.batch

    async def partial(calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers = await real(calls)
        return [None if call[0] == "eth_getLogs" else answer for call, answer in zip(calls, answers, strict=True)]

    monkeypatch.setattr(ledger.node, "batch", partial)
    before = await ledger.one("SELECT max(number) FROM blocks")
    with pytest.raises(NodeUnavailable):
        await ledger.watcher.step()
    assert await ledger.one("SELECT max(number) FROM blocks") == before
    monkeypatch.setattr(ledger.node, "batch", real)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_chain_begun_anew_before_anything_was_followed_is_followed_from_its_beginning(
    own_ledger: World, own_anvil: Anvil, tmp_path: Path
) -> None:
    ledger = own_ledger
    await ledger.rows("DELETE FROM blocks")
    await ledger.rows("UPDATE deployments SET start_block = 1000000")
    await ledger.rows("UPDATE transactions SET block = NULL")
    await ledger.accept(seen())
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_many_blocks_are_followed_in_bounded_bites(ledger: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_GAS_AT_ONCE", 1_000_000)
    for _ in range(5):
        await ledger.accept(*(seen() for _ in range(50)))
        await ledger.relay.step()
        await ledger.mine()
    await ledger.mine(60)
    steps = 0
    while await ledger.watcher.step():
        steps += 1
    assert steps >= 5
    await ledger.settle()
    await ledger.assert_sealed_once()


async def _settle_after_change(ledger: World) -> None:
    """Settles, once the watcher has seen that the chain is another: at latest when it is as long as it was."""
    followed = await ledger.one("SELECT max(number) FROM blocks")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        await ledger.step()
        if number(await ledger.node.call("eth_blockNumber")) > followed:
            break
        await asyncio.sleep(0.05)
    await ledger.settle()
