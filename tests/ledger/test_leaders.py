"""Several relays and watchers; one hangs, is paused for long, or loses its database in the middle of a step."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bench.faults.proxy import Proxy
from service.capture import Captures
from service.ledger import watch
from service.ledger.client import hexed, number
from service.ledger.relay import Relay
from service.ledger.watch import Watcher
from service.store import chain, database, outbox, transactions
from service.store.chain import FollowedBlock
from service.store.database import Database, DatabaseUnavailable, Session
from service.store.transactions import NewTransaction
from tests.ledger.world import World, document, seen
from tests.mining import Miner

CUT_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
)


async def cut(world: World) -> None:
    """PostgreSQL ends all sessions of this database, as where it is restarted."""
    other = Database(world.settings.database_url, 1)
    try:
        async with other.session() as session:
            await session.execute(text(CUT_OTHERS))
    finally:
        await other.close()


async def test_a_watcher_that_was_paused_for_long_moves_nothing_when_it_goes_on(
    ledger: World, miner: Miner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.mine(2)
    await ledger.watcher.step()
    await ledger.accept(seen())
    await ledger.relay.step()
    await ledger.mine()
    stale = Watcher(ledger.database, ledger.node, ledger.deployed)
    real = chain.lock_mirror

    async def meanwhile(session: Session) -> bool:
        monkeypatch.setattr(chain, "lock_mirror", real)
        await ledger.settle()  # another watcher follows; then the chain goes another way, and it follows that, too
        with miner.paused():
            await ledger.node.call("anvil_rollback", await ledger.depth(2))
        await ledger.accept(seen())
        await ledger.settle()
        await ledger.mine(4)
        while await ledger.watcher.step():
            pass
        return await real(session)

    monkeypatch.setattr(chain, "lock_mirror", meanwhile)
    assert not await stale.step()
    await ledger.settle()
    await ledger.assert_sealed_once()


@pytest.mark.parametrize("what", ["mirror", "order"])
async def test_who_says_nothing_with_a_lock_in_hand_loses_it(
    ledger: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """As a process that is stopped, or hangs, in the middle of a transaction."""
    monkeypatch.setattr(database, "_SILENT_HOLDING_LOCKS", 400)
    await ledger.accept(seen())
    holding = asyncio.create_task(_hold(ledger, what, seconds=1.2))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(20):
        await ledger.settle()
    with pytest.raises(DatabaseUnavailable):
        await holding
    await ledger.assert_sealed_once()
    assert await ledger.states() == [(2, None)]


async def _hold(world: World, what: str, seconds: float) -> None:
    async with world.database.session() as session:
        await (chain.lock_mirror if what == "mirror" else transactions.lock_order)(session)
        await session.execute(text("UPDATE parts SET refusal = 'never committed'"))
        await asyncio.sleep(seconds)
        await session.execute(text("SELECT 1"))


async def test_a_node_that_answers_slowly_keeps_no_other_watcher_waiting(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.accept(seen())
    await ledger.relay.step()
    await ledger.mine()
    slow = Watcher(ledger.database, ledger.node, ledger.deployed)
    answered, asked = asyncio.Event(), asyncio.Event()
    real = slow._fetch

    async def slowly(last: FollowedBlock, to: int) -> chain.Followed | None:
        asked.set()
        await answered.wait()
        return await real(last, to)

    monkeypatch.setattr(slow, "_fetch", slowly)
    stepping = asyncio.create_task(slow.step())
    await asked.wait()
    async with asyncio.timeout(20):
        await ledger.settle()
    answered.set()
    await stepping
    await ledger.assert_sealed_once()


async def test_a_database_lost_while_packing_leaves_nothing_half_packed(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.accept(seen())
    real = outbox.pack_parts

    async def cut_first(session: Session, loads: list[tuple[bytes, list[bytes]]]) -> None:
        await cut(ledger)
        await real(session, loads)

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "pack_parts", cut_first)
        with pytest.raises(DatabaseUnavailable):
            await ledger.relay.step()
    assert await ledger.states() == [(0, None)]
    assert await ledger.one("SELECT count(*) FROM transactions WHERE purpose = 'record'") == 0
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_database_lost_while_copying_is_waited_for(ledger: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ledger.accept(seen())
    real = transactions.save_transactions

    async def cut_first(session: Session, account: bytes, made: list[NewTransaction]) -> None:
        await cut(ledger)
        await real(session, account, made)

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "save_transactions", cut_first)
        with pytest.raises(DatabaseUnavailable):
            await ledger.relay.step()
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_database_lost_while_following_leaves_the_mirror_where_it_was(
    ledger: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger.accept(seen())
    await ledger.relay.step()
    await ledger.mine()
    real = transactions.mark_mined

    async def cut_first(session: Session, mined: list[tuple[bytes, int]]) -> list[bytes]:
        await cut(ledger)
        return await real(session, mined)

    before = await ledger.one("SELECT max(number) FROM blocks")
    with monkeypatch.context() as patch:
        patch.setattr(transactions, "mark_mined", cut_first)
        with pytest.raises(DatabaseUnavailable):
            await ledger.watcher.step()
    assert await ledger.one("SELECT max(number) FROM blocks") == before
    assert await ledger.one("SELECT count(*) FROM ledger_entries") == 0
    await ledger.settle()
    await ledger.assert_sealed_once()


@pytest.fixture
async def way(ledger: World, tmp_path: Path) -> Proxy:
    """A way to the database that can be cut."""
    url = ledger.settings.database_url
    there = Path(url.partition("host=")[2].partition("&")[0]) / ".s.PGSQL.5432"
    proxy = Proxy(tmp_path / "w" / ".s.PGSQL.5432", there)
    await proxy.start()
    return proxy


def through(world: World, tmp_path: Path) -> Database:
    return Database(f"{world.settings.database_url.partition('?')[0]}?host={tmp_path / 'w'}&port=5432", 2)


async def test_a_capture_whose_commit_nobody_heard_of_is_the_same_capture_when_repeated(
    ledger: World, way: Proxy, tmp_path: Path
) -> None:
    cut_off = through(ledger, tmp_path)
    captures, body = Captures(cut_off, ledger.settings), document(seen(), seen())
    await captures.accept(ledger.acme, document(seen()), idempotency_key="warm")
    way.cut_after = b"COMMIT"
    try:
        first = await captures.accept(ledger.acme, body, idempotency_key="order-9")
    finally:
        await cut_off.close()
        await way.stop()
    again = await ledger.captures.accept(ledger.acme, body, idempotency_key="order-9")
    assert way.cuts == 1
    assert first.id == again.id
    assert await ledger.one("SELECT count(*) FROM captures") == 2
    ledger.receipts.append(again)
    await ledger.settle()
    await ledger.assert_sealed_once()


async def test_a_packing_whose_commit_nobody_heard_of_is_sent_all_the_same(
    ledger: World, way: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off = through(ledger, tmp_path)
    relay = Relay(cut_off, ledger.node, ledger.deployed, ledger.settings)
    await relay.step()
    await ledger.accept(seen())
    real = outbox.pack_parts

    async def then_cut(session: Session, loads: list[tuple[bytes, list[bytes]]]) -> None:
        await real(session, loads)
        way.cut_after = b"COMMIT"

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "pack_parts", then_cut)
        with pytest.raises(DatabaseUnavailable):
            await relay.step()
    await cut_off.close()
    await way.stop()
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT count(*) FROM transactions WHERE purpose = 'record'") == 1


async def test_relay_and_watcher_never_wait_for_each_other_in_a_circle(ledger: World) -> None:
    """One notes that it sent what the other finds mined, each many at a time and in an order of its own."""
    assert ledger.relay._relay is not None
    account = ledger.relay._relay.address
    made = [NewTransaction(bytes([at // 256, at % 256]) * 16, at, b"", "record") for at in range(300)]
    mixed = sorted(made, key=lambda one: one.hash[::-1][0] * 7 % 256)
    async with ledger.database.session() as session:
        await transactions.next_nonce(session, account, 0)
        await transactions.save_transactions(session, account, mixed)

    async def note() -> None:
        for _ in range(8):
            async with ledger.database.session() as session:
                await transactions.mark_sent(session, [one.hash for one in made])

    async def follow() -> None:
        for height in range(8):
            async with ledger.database.session() as session:
                await transactions.mark_mined(session, [(one.hash, 10**6 + height) for one in reversed(made)])
                await session.execute(text("UPDATE transactions SET block = NULL WHERE purpose = 'record'"))

    await asyncio.gather(note(), note(), follow())
    await ledger.rows("DELETE FROM transactions WHERE purpose = 'record'")


async def test_a_chain_that_goes_another_way_deeper_than_blocks_are_kept_is_followed_from_the_last_common_one(
    ledger: World, miner: Miner, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await ledger.one("SELECT min(number) FROM blocks")
    begin = number(await ledger.node.call("eth_blockNumber"))
    for _ in range(3):
        await ledger.accept(seen())
        await ledger.settle()
    await ledger.mine(3)
    while await ledger.watcher.step():
        pass
    newest = await ledger.one("SELECT max(number) FROM blocks")
    async with ledger.database.session() as session:
        await chain.forget_blocks(session, newest)
    between = "SELECT count(*) FROM blocks WHERE number % 1000 <> 0 AND number > :first AND number < :newest"
    assert await ledger.one(between, first=first, newest=newest) == 0
    with miner.paused():
        head = number(await ledger.node.call("eth_blockNumber"))
        await ledger.node.call("anvil_rollback", head - begin)
    await ledger.mine(head - begin + 2)
    await ledger.settle()
    await ledger.assert_sealed_once()
    assert await ledger.one("SELECT min(number) FROM blocks") == first
    block = await ledger.node.call("eth_getBlockByNumber", hex(first), False)
    assert hexed(await ledger.one("SELECT hash FROM blocks WHERE number = :first", first=first)) == block["hash"]


async def test_a_long_chain_without_our_contracts_is_followed_from_where_they_will_come(
    ledger: World, miner: Miner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain lost the deployment, and is a thousand blocks long: not all of them are read."""
    monkeypatch.setattr(watch, "_MARGIN_BLOCKS", 5)
    await ledger.accept(seen())
    await ledger.settle()
    snapshot_to = ledger.deployed.start_block
    with miner.paused():
        head = number(await ledger.node.call("eth_blockNumber"))
        await ledger.node.call("anvil_rollback", head - snapshot_to)
    await ledger.rows("DELETE FROM blocks")
    await ledger.rows("INSERT INTO blocks (number, hash, time) VALUES (:head, 'elsewhere', 0)", head=head)
    await ledger.mine(1000)
    height = number(await ledger.node.call("eth_blockNumber"))
    assert await ledger.watcher.step()
    await ledger.watcher.step()
    assert await ledger.one("SELECT min(number) FROM blocks") >= height - 5
    await ledger.settle()
    await ledger.assert_sealed_once()
