"""The watcher: follows the chain by block hash and keeps the mirror that trails are read from.

Rules (DESIGN section 6, step 5):

1. A run of blocks is taken only if each names the one before as its parent, beginning at the last followed block. Logs
   are asked for by the hash of their block (EIP-234), so that they are those of this very block or none at all.
2. Where the chain no longer has the last followed block, it was rolled back or reorganised: the mirror goes back to the
   newest block that both have, and what was sealed after it waits to be mined again. A node that merely is behind gets
   some seconds to catch up, and one that refuses to answer proves nothing.
3. Any number may run. Each reads the chain by itself and then moves the mirror in one transaction, under a lock, from
   the very block that it began at: who comes second, or comes back after a pause, finds it moved and begins again.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from service.ledger import register
from service.ledger.abi import DISPUTES, REFUSALS, Log, topic
from service.ledger.client import Node, NodeUnavailable, hexed, member, number, raw
from service.store import chain, transactions
from service.store.chain import Deployed, DisputedLog, Followed, FollowedBlock, RecordedLog, RefusedLog
from service.store.database import Database, Session

_log = structlog.get_logger(__name__)

_BLOCKS_AT_ONCE = 50
_GAS_AT_ONCE = 1_000_000_000
_KEPT_BLOCKS = 20_000
_MARGIN_BLOCKS = 64
_PATIENCE_SECONDS = 5.0

Block = Mapping[str, Any]


class Watcher:
    """One watcher process's work; `step` does what there is to do now."""

    def __init__(
        self, database: Database, node: Node, deployment: Deployed, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._node, self._deployment, self._clock = database, node, deployment, clock
        self._behind_since: float | None = None
        self._has_register = False
        self.lag_blocks = 0

    async def step(self) -> bool:
        """Follows the chain some blocks further, or takes the mirror back; whether there was anything to do.

        Raises:
            NodeUnavailable, NodeRefused: the mirror is as it was, call again later.
        """
        head = number(await self._node.call("eth_blockNumber"))
        last = await self._last() or await self._start(head)
        if last is None:
            return False
        self.lag_blocks = max(0, head - last.number)
        if head < last.number and await self._is_catching_up(head):
            return False
        if not await self._still_has(last):
            return await self._take_back(last)
        self._behind_since = None
        await self._read_register(last)
        if head <= last.number:
            return False
        followed = await self._fetch(last, min(head, last.number + _BLOCKS_AT_ONCE))
        return followed is not None and await self._follow(last, head, followed)

    async def _last(self) -> FollowedBlock | None:
        async with self._database.session() as session:
            return await chain.last_block(session)

    @asynccontextmanager
    async def _moving(self, last: FollowedBlock | None) -> AsyncIterator[Session | None]:
        """A session in which only we move the mirror; None where another watcher does, or did since it was at `last`.

        Nobody asks the node in it: what it takes long to answer would keep all others waiting.
        """
        async with self._database.session() as session:
            ours = await chain.lock_mirror(session) and await chain.last_block(session) == last
            yield session if ours else None

    async def _follow(self, last: FollowedBlock, head: int, followed: Followed) -> bool:
        newest = followed.blocks[-1].number
        async with self._moving(last) as session:
            if session is None:
                return False
            failed = await chain.follow(session, followed)
            if newest % 1000 < len(followed.blocks):
                await chain.forget_blocks(session, newest - _KEPT_BLOCKS)
        self.lag_blocks = max(0, head - newest)
        for hash_, purpose in failed:
            _log.error("a transaction of ours was mined without effect", transaction=hexed(hash_), purpose=purpose)
        if followed.refused:
            reasons = sorted({log.reason for log in followed.refused})
            _log.warning("the chain refused captures", count=len(followed.refused), reasons=reasons)
        if followed.recorded:
            _log.info("followed", block=newest, entries=len(followed.recorded), disputes=len(followed.disputed))
        return True

    async def _start(self, head: int) -> FollowedBlock | None:
        begin = await self._beginning(head)
        start = _followed(await self._node.call("eth_getBlockByNumber", hex(begin), False))
        async with self._moving(None) as session:
            if session is None:
                return None
            await chain.follow_from(session, begin)
            await chain.follow(session, Followed([start]))
        return start

    async def _beginning(self, head: int) -> int:
        """The block from which to follow a chain of which the mirror has nothing: nothing of ours comes before it.

        That is the one before our deployment. Where the chain has none, and so was begun anew or went another way since
        the deployment, ours will be sent again and come later: some blocks before the newest are early enough.
        """
        async with self._database.session() as session:
            deployment = await chain.deployed(session) or self._deployment
            sent = await transactions.deployments(session)
        receipts = await self._node.all([("eth_getTransactionReceipt", [hexed(hash_)]) for hash_ in sent])
        if mined := [number(member(receipt, "blockNumber")) for receipt in receipts if receipt is not None]:
            return max(0, min(mined) - 1)
        if raw(await self._node.call("eth_getCode", hexed(deployment.participants), "latest")):
            return deployment.start_block if deployment.start_block <= head else 0
        return max(0, min(head, deployment.start_block) if not sent else head - _MARGIN_BLOCKS)

    async def _is_catching_up(self, head: int) -> bool:
        """Whether the node may only be behind the one that was asked before: its newest block is one that we know."""
        if self._behind_since is None:
            self._behind_since = self._clock()
        if self._clock() - self._behind_since > _PATIENCE_SECONDS:
            return False
        async with self._database.session() as session:
            known = await chain.blocks_before(session, head, 1)
        return bool(known) and known[0].number == head and await self._still_has(known[0])

    async def _still_has(self, block: FollowedBlock) -> bool:
        now = await self._node.call("eth_getBlockByNumber", hex(block.number), False)
        return now is not None and raw(member(now, "hash")) == block.hash

    async def _take_back(self, last: FollowedBlock) -> bool:
        ancestor, below = None, last.number
        while ancestor is None:
            async with self._database.session() as session:
                candidates = await chain.blocks_before(session, below, 100)
            if not candidates:
                break
            ancestor, below = await self._newest_common(candidates), candidates[-1].number - 1
        async with self._moving(last) as session:
            if session is None:
                return False
            undone = await chain.take_back(session, ancestor.number if ancestor else -1)
        self._behind_since = None
        _log.warning("the chain was rolled back", to=ancestor.number if ancestor else None, parts_unsealed=undone)
        return True

    async def _read_register(self, last: FollowedBlock) -> None:
        if self._has_register:
            return
        async with self._moving(last) as session:
            if session is None:
                return
            await register.catch_up(session, self._node, self._deployment, last.number)
        self._has_register = True

    async def _newest_common(self, candidates: Sequence[FollowedBlock]) -> FollowedBlock | None:
        blocks = await self._node.all([("eth_getBlockByNumber", [hex(one.number), False]) for one in candidates])
        for one, block in zip(candidates, blocks, strict=True):
            if block is not None and raw(member(block, "hash")) == one.hash:
                return one
        return None

    async def _fetch(self, last: FollowedBlock, to: int) -> Followed | None:
        """The run of blocks after `last` with all that it brought, or None where the chain moved meanwhile."""
        heights = range(last.number + 1, to + 1)
        found = await self._node.all([("eth_getBlockByNumber", [hex(height), False]) for height in heights])
        if any(block is None for block in found):
            return None
        blocks = _bounded(found)
        run, parent = [], last.hash
        for block in blocks:
            if raw(member(block, "parentHash")) != parent:
                return None
            run.append(_followed(block))
            parent = run[-1].hash
        mined = [(raw(name), at.number) for at, full in zip(run, blocks, strict=True) for name in full["transactions"]]
        followed = Followed(run, mined, await self._reverted([hash_ for hash_, _ in mined]))
        await self._read_logs(followed)
        return followed

    async def _read_logs(self, followed: Followed) -> None:
        contracts = [hexed(self._deployment.provenance), hexed(self._deployment.participants)]
        found = await self._node.all(
            [("eth_getLogs", [{"blockHash": hexed(block.hash), "address": contracts}]) for block in followed.blocks]
        )
        for block, logs in zip(followed.blocks, found, strict=True):
            if not isinstance(logs, list):
                raise NodeUnavailable(f"the node answered {str(logs)[:80]} where logs were due")
            for log in logs:
                _take(Log.read(log), block.time, followed)

    async def _reverted(self, mined: Sequence[bytes]) -> list[bytes]:
        """Our deployments and registry calls among these that reverted; for captures, the missing logs say it."""
        async with self._database.session() as session:
            ours = await transactions.other_than_records(session, mined)
        receipts = await self._node.all([("eth_getTransactionReceipt", [hexed(hash_)]) for hash_ in ours])
        return [
            hash_
            for hash_, receipt in zip(ours, receipts, strict=True)
            if number(member(receipt, "status", "0x1")) == 0
        ]


def _bounded(blocks: Sequence[Block]) -> Sequence[Block]:
    """As many of the first blocks as have logs that fit into memory, at least one."""
    used = 0
    for count, block in enumerate(blocks):
        used += number(block["gasUsed"])
        if used > _GAS_AT_ONCE and count:
            return blocks[:count]
    return blocks


def _followed(block: Block) -> FollowedBlock:
    return FollowedBlock(number(member(block, "number")), raw(member(block, "hash")), number(block["timestamp"]))


def _take(log: Log, block_time: int, followed: Followed) -> None:
    reader = _READERS.get(log.topics[0])
    if reader is not None:
        reader(log, block_time, followed)
    registered = register.read(log, block_time)
    if registered is not None:
        followed.registry.append(registered)


def _recorded(log: Log, block_time: int, followed: Followed) -> None:
    trail, party, part = log.topics[1:4]
    seal, to, head, step = (log.word(index) for index in range(4))
    followed.recorded.append(
        RecordedLog(log.block, log.position, trail, party, part, seal, to, step[31], block_time, head)
    )


def _disputed(log: Log, _block_time: int, followed: Followed) -> None:
    trail, party, part = log.topics[1:4]
    reason = DISPUTES[log.word(0)[31]]
    followed.disputed.append(DisputedLog(log.block, log.position, trail, party, part, reason))


def _refused(log: Log, _block_time: int, followed: Followed) -> None:
    followed.refused.append(RefusedLog(log.topics[1], log.transaction, REFUSALS[log.word(1)[31]]))


def _registered(log: Log, _block_time: int, followed: Followed) -> None:
    followed.registered.append((log.topics[1], int.from_bytes(log.word(0), "big")))


def _key_added(log: Log, _block_time: int, followed: Followed) -> None:
    followed.keys_added.append(log.topics[1][12:])


def _key_revoked(log: Log, _block_time: int, followed: Followed) -> None:
    followed.keys_revoked.append((log.topics[1][12:], int.from_bytes(log.word(0), "big")))


def _reinstated(log: Log, _block_time: int, followed: Followed) -> None:
    followed.reinstated.append(log.topics[1])


_READERS = {
    topic("Provenance", "Recorded"): _recorded,
    topic("Provenance", "Disputed"): _disputed,
    topic("Provenance", "CaptureRefused"): _refused,
    topic("Participants", "PartyRegistered"): _registered,
    topic("Participants", "PartyReinstated"): _reinstated,
    topic("Participants", "KeyAdded"): _key_added,
    topic("Participants", "KeyRevoked"): _key_revoked,
}
