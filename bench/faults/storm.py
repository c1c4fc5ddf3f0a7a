"""The faults, one by one or two at once, each followed by the time that everything takes to be in order again."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bench.faults.clients import Suppliers
from bench.faults.converge import until_converged
from bench.faults.stage import APIS, BLOCK_SECONDS, PROCESSES, RELAYS, REST, WATCHERS, Stage
from service.errors import TrailsealError
from service.ledger.client import NodeRefused, number

LIMIT_SECONDS = 60.0
AFTER_SECONDS = 3.0
"""What was accepted so soon after a fault counts too: a risen fee, say, shows with the next blocks only."""
_DEEPEST = 8
_TWO_AT_ONCE = 0.2
_GWEI = 10**9

Fault = Callable[["Storm"], Awaitable[str]]


@dataclass
class Storm:
    """Plays faults on a stage; `seconds` is how long the longest outage lasts.

    `times` has, for each kind of fault, the seconds to converge after its end (None: not within `LIMIT_SECONDS`).
    """

    stage: Stage
    suppliers: Suppliers
    rng: random.Random
    outage_seconds: float
    tell: Callable[[str], None]
    times: dict[str, list[float | None]] = field(default_factory=dict)

    async def rage(self, seconds: float) -> None:
        """Draws faults for so long, each kind before any comes again."""
        until, deck = time.monotonic() + seconds, list[str]()
        while time.monotonic() < until:
            deck = deck or self.rng.sample(list(FAULTS), len(FAULTS))
            kinds = [deck.pop()]
            if deck and self.rng.random() < _TWO_AT_ONCE:
                kinds.append(deck.pop())
            await self.strike(kinds)
            await asyncio.sleep(self.rng.uniform(0.2, 1.5))

    async def strike(self, kinds: list[str]) -> None:
        """These faults at the same time, and what it takes to recover."""
        begin = time.monotonic()
        told = await asyncio.gather(*(self._play(kind) for kind in kinds))
        await self.stage.mend()
        lasted = time.monotonic() - begin
        await asyncio.sleep(AFTER_SECONDS)
        took = await until_converged(self.stage, self.suppliers.accepted, LIMIT_SECONDS)
        took = None if took is None else took + AFTER_SECONDS
        name = kinds[0] if len(kinds) == 1 else "two at once"
        self.times.setdefault(name, []).append(took)
        words = "; ".join(f"{kind}: {one}" for kind, one in zip(kinds, told, strict=True))
        converged = f"{took:5.1f} s" if took is not None else f"not within {LIMIT_SECONDS:.0f} s"
        self.tell(f"{words}  [lasted {lasted:.1f} s, converged after {converged}]")

    async def _play(self, kind: str) -> str:
        try:
            return await FAULTS[kind](self)
        except (TrailsealError, NodeRefused) as fault:  # two at once: the node that it was for is down
            return f"could not be played ({fault.detail[:80]})"

    async def moment(self, longest: float = 1.5) -> None:
        await asyncio.sleep(self.rng.uniform(0, longest))

    async def head(self) -> int:
        return number(await self.stage.node.call("eth_blockNumber"))


def _killing(*names: str, all_of_them: bool = False) -> Fault:
    async def fault(storm: Storm) -> str:
        chosen = list(names) if all_of_them else [storm.rng.choice(names)]
        await asyncio.gather(*(storm.stage.kill(name) for name in chosen if name in storm.stage.children))
        await storm.moment()
        for name in chosen:
            await storm.stage.start(name)
        return "kill -9 " + ", ".join(chosen)

    return fault


async def _postgres_killed(storm: Storm) -> str:
    await asyncio.to_thread(storm.stage.postgres.kill)
    await storm.moment(3)
    await asyncio.to_thread(storm.stage.postgres.start)
    return "kill -9, and its log replayed"


async def _postgres_restarted(storm: Storm) -> str:
    stage = storm.stage
    await asyncio.to_thread(stage.postgres.stop)
    await asyncio.to_thread(stage.postgres.start)
    return "fast shutdown, and started again"


async def _chain_killed(storm: Storm) -> str:
    before = await storm.head()
    await asyncio.to_thread(storm.stage.anvil.kill)
    await storm.moment(2)
    await storm.stage.start_chain()
    return f"kill -9, {max(0, before - await storm.head())} blocks lost"


async def _power_cut(storm: Storm) -> str:
    stage = storm.stage
    await asyncio.gather(*(stage.kill(name) for name in PROCESSES if name in stage.children))
    await asyncio.gather(asyncio.to_thread(stage.anvil.kill), asyncio.to_thread(stage.postgres.kill))
    await asyncio.to_thread(stage.postgres.start)
    await stage.start_chain()
    for name in PROCESSES:
        await stage.start(name)
    return "everything at once"


async def _rolled_back(storm: Storm) -> str:
    depth = storm.rng.randint(1, _DEEPEST)
    await storm.stage.node.call("anvil_rollback", depth)
    return f"{depth} blocks"


async def _reorganised(storm: Storm) -> str:
    depth = storm.rng.randint(1, _DEEPEST)
    await storm.stage.node.call("anvil_reorg", depth, [])
    return f"{depth} blocks, their transactions dropped"


async def _moved(storm: Storm) -> str:
    """The same transactions, in their order, in blocks that have others around them."""
    depth = storm.rng.randint(3, _DEEPEST)
    raws = await _raw_transactions(storm.stage, await storm.head(), depth)
    await storm.stage.node.call(
        "anvil_reorg", depth, [[one, min(depth - 1, 1 + at // 4)] for at, one in enumerate(raws)]
    )
    return f"{len(raws)} transactions in other blocks, {depth} blocks"


async def _raw_transactions(stage: Stage, head: int, depth: int) -> list[str]:
    blocks = await stage.node.all([("eth_getBlockByNumber", [hex(height), False]) for height in _last(head, depth)])
    hashes = [hash_ for block in blocks if block for hash_ in block["transactions"]]
    return list(await stage.node.all([("eth_getRawTransactionByHash", [hash_]) for hash_ in hashes]))


def _last(head: int, depth: int) -> range:
    return range(max(0, head - depth + 1), head + 1)


async def _dropped(storm: Storm) -> str:
    """Mining is held up for a while, so that transactions wait; then the node forgets them."""
    node = storm.stage.node
    await node.call("evm_setIntervalMining", 0)
    try:
        await asyncio.sleep(storm.rng.uniform(1, 3))
        waiting = await _pending(storm.stage)
        if storm.rng.random() < 0.5:
            await node.call("anvil_dropAllTransactions")
        elif waiting:
            await node.call("anvil_dropTransaction", storm.rng.choice(waiting)["hash"])
    finally:
        await node.call("evm_setIntervalMining", int(BLOCK_SECONDS))
    return f"{len(waiting)} waited"


async def _pending(stage: Stage) -> list[dict[str, Any]]:
    pool = await stage.node.call("txpool_content")
    return [one for senders in pool.values() for nonces in senders.values() for one in nonces.values()]


async def _fees_jump(storm: Storm) -> str:
    fee = storm.rng.choice((1, 20, 500)) * _GWEI
    await storm.stage.node.call("anvil_setNextBlockBaseFeePerGas", hex(fee))
    return f"base fee {fee // _GWEI} gwei"


async def _nonce_spent(storm: Storm) -> str:
    """Somebody else uses the key of a relay: its next nonce goes to a transaction that is not ours."""
    stage, name = storm.stage, storm.rng.choice(RELAYS)
    account = stage.relays[name]
    nonce = number(await stage.node.call("eth_getTransactionCount", account.address, "latest"))
    ahead = storm.rng.randint(1, 3)
    for offset in range(ahead):
        fields: dict[str, Any] = {
            "chainId": 31337,
            "nonce": nonce + offset,
            "gas": 21_000,
            "value": 0,
            "data": b"",
            "type": 2,
        }
        fields |= {"to": account.address, "maxFeePerGas": 5000 * _GWEI, "maxPriorityFeePerGas": 50 * _GWEI}
        raw = account.sign_transaction(fields).raw_transaction.to_0x_hex()
        await stage.node.batch([("eth_sendRawTransaction", [raw])])
    await asyncio.sleep(2 * BLOCK_SECONDS)
    return f"{ahead} nonces of {name} from {nonce}"


async def _nonce_gap(storm: Storm) -> str:
    """As above, and then the chain loses those transactions: nonces are missing before ours."""
    told = await _nonce_spent(storm)
    await asyncio.sleep(storm.rng.uniform(0, 2))
    await storm.stage.node.call("anvil_reorg", 5, [])
    return f"{told}, rolled back"


async def _node_down(storm: Storm) -> str:
    chain, seconds = storm.stage.chain, storm.outage_seconds * storm.rng.uniform(1, 1.2)
    chain.closed = True
    chain.reset()
    await asyncio.sleep(seconds)
    chain.closed = False
    return f"{seconds:.0f} s"


async def _node_hangs(storm: Storm) -> str:
    import psutil

    seconds = storm.outage_seconds / 3 * storm.rng.uniform(0.8, 1.2)
    process = psutil.Process(storm.stage.anvil.pid)
    process.suspend()
    await asyncio.sleep(seconds)
    process.resume()
    return f"SIGSTOP for {seconds:.0f} s"


async def _node_slow(storm: Storm) -> str:
    chain = storm.stage.chain
    chain.delay_seconds = storm.rng.uniform(0.5, 2)
    await asyncio.sleep(storm.outage_seconds / 5)
    told, chain.delay_seconds = f"{chain.delay_seconds:.1f} s for each answer", 0.0
    return told


async def _connections_reset(storm: Storm) -> str:
    count = 0
    for _ in range(5):
        count += storm.stage.api_database.reset() + storm.stage.work_database.reset()
        await storm.moment(0.6)
    return f"{count} connections to the database"


async def _commit_unanswered(storm: Storm) -> str:
    way = storm.stage.api_database
    before = way.cuts
    for _ in range(5):
        way.cut_after = b"COMMIT"
        await storm.moment(0.8)
    way.cut_after = None
    return f"{way.cuts - before} commits whose answer was cut off"


def _pausing(*names: str) -> Fault:
    async def fault(storm: Storm) -> str:
        name, stage = storm.rng.choice(names), storm.stage
        seconds = storm.outage_seconds * storm.rng.uniform(0.3, 0.9)
        await storm.moment(0.5)
        if name not in stage.children or stage.children[name].code is not None:
            return f"{name} was not there"
        pid = stage.children[name].pid
        stage.pause(name)
        await asyncio.sleep(seconds)
        if name in stage.children and stage.children[name].pid == pid:
            stage.resume(name)
        return f"SIGSTOP of {name} for {seconds:.0f} s"

    return fault


FAULTS: dict[str, Fault] = {
    "API killed": _killing(*APIS),
    "relay killed": _killing(*RELAYS),
    "watcher killed": _killing(*WATCHERS),
    "indexer killed": _killing(*REST),
    "all workers killed": _killing(*RELAYS, *WATCHERS, *REST, all_of_them=True),
    "PostgreSQL killed": _postgres_killed,
    "PostgreSQL restarted": _postgres_restarted,
    "chain killed": _chain_killed,
    "power cut": _power_cut,
    "chain rolled back": _rolled_back,
    "reorganised, dropping": _reorganised,
    "reorganised, moving": _moved,
    "dropped from the pool": _dropped,
    "base fee jumps": _fees_jump,
    "nonce used elsewhere": _nonce_spent,
    "nonce gap": _nonce_gap,
    "node down": _node_down,
    "node hangs": _node_hangs,
    "node slow": _node_slow,
    "connections reset": _connections_reset,
    "commit unanswered": _commit_unanswered,
    "relay paused": _pausing(*RELAYS),
    "watcher paused": _pausing(*WATCHERS),
    "API paused": _pausing(*APIS),
}
