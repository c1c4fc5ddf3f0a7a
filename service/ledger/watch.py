"""The watcher: follows the chain by block hash and keeps the mirror that trails are read from.

Rules (DESIGN section 6, step 5):

1. A run of blocks is taken only if each names the one before as its parent, beginning at the last followed block, and
   if every log is of one of these blocks; otherwise nothing is taken and the next step looks again.
2. Where the chain no longer has the last followed block, it was rolled back or reorganised: the mirror goes back to the
   newest block that both have, and what was sealed after it waits to be mined again.
3. One watcher at a time moves the mirror, by a database lock; any number may run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from service.ledger.abi import DISPUTES, REFUSALS, Log, topic
from service.ledger.client import Node, NodeRefused, hexed, number, raw
from service.store import chain
from service.store.chain import Deployed, DisputedLog, Followed, FollowedBlock, RecordedLog, RefusedLog
from service.store.database import Database, Session

_log = structlog.get_logger(__name__)

_BLOCKS_AT_ONCE = 50
_KEPT_BLOCKS = 20_000
_RETRIED = ("UnknownKey", "KeyNotYetValid", "PartySuspended")
_ATTEMPTS = 5


class Watcher:
    """One watcher process's work; `step` does what there is to do now."""

    def __init__(self, database: Database, node: Node, deployment: Deployed) -> None:
        self._database, self._node, self._deployment = database, node, deployment
        self.lag_blocks = 0

    async def step(self) -> bool:
        """Follows the chain some blocks further, or takes the mirror back; whether there was anything to do.

        Raises:
            NodeUnavailable: the mirror is as it was, call again later.
        """
        head = number(await self._node.call("eth_blockNumber"))
        async with self._database.session() as session:
            await chain.lock_mirror(session)
            last = await chain.last_block(session) or await self._start(session)
            self.lag_blocks = max(0, head - last.number)
            if not await self._still_has(last):
                await self._take_back(session, last)
                return True
            if head <= last.number:
                return False
            run = await self._fetch(last, min(head, last.number + _BLOCKS_AT_ONCE))
            if run is None:
                return False
            await chain.follow(session, run)
            if run.refused:
                await self._requeue(session, run.refused)
            if run.blocks[-1].number % 1000 < len(run.blocks):
                await chain.forget_blocks(session, run.blocks[-1].number - _KEPT_BLOCKS)
            self.lag_blocks = head - run.blocks[-1].number
        if run.recorded:
            _log.info("followed", block=run.blocks[-1].number, entries=len(run.recorded), disputes=len(run.disputed))
        return True

    async def _start(self, session: Session) -> FollowedBlock:
        deployment = await chain.deployed(session) or self._deployment
        block = await self._block(deployment.start_block)
        if block is None:
            raise NodeRefused("eth_getBlockByNumber", 0, f"the node has no block {deployment.start_block}")
        start = _followed(block)
        await chain.follow(session, Followed([start]))
        return start

    async def _still_has(self, block: FollowedBlock) -> bool:
        now = await self._block(block.number)
        return now is not None and raw(now["hash"]) == block.hash

    async def _take_back(self, session: Session, last: FollowedBlock) -> None:
        below = last.number
        while True:
            candidates = await chain.blocks_before(session, below, 100)
            ancestor = await self._newest_common(candidates)
            if ancestor is not None or not candidates:
                break
            below = candidates[-1].number - 1
        undone = await chain.take_back(session, ancestor.number if ancestor else -1)
        if ancestor is None:
            await chain.follow_from(session, 0)
        _log.warning("the chain was rolled back", to=ancestor.number if ancestor else None, parts_unsealed=undone)

    async def _newest_common(self, candidates: Sequence[FollowedBlock]) -> FollowedBlock | None:
        blocks = await self._node.batch([("eth_getBlockByNumber", [hex(one.number), False]) for one in candidates])
        for one, block in zip(candidates, blocks, strict=True):
            if isinstance(block, Mapping) and raw(block["hash"]) == one.hash:
                return one
        return None

    async def _block(self, height: int) -> Mapping[str, Any] | None:
        block: Mapping[str, Any] | None = await self._node.call("eth_getBlockByNumber", hex(height), False)
        return block

    async def _fetch(self, last: FollowedBlock, to: int) -> Followed | None:
        """The run of blocks after `last` with its logs, or None where the chain moved meanwhile."""
        contracts = [hexed(self._deployment.provenance), hexed(self._deployment.participants)]
        wanted = {"fromBlock": hex(last.number + 1), "toBlock": hex(to), "address": contracts}
        calls: list[tuple[str, Sequence[Any]]] = [
            ("eth_getBlockByNumber", [hex(height), False]) for height in range(last.number + 1, to + 1)
        ]
        *blocks, logs = await self._node.batch([*calls, ("eth_getLogs", [wanted])])
        if any(not isinstance(block, Mapping) for block in blocks) or isinstance(logs, NodeRefused):
            return None
        run, parent = [], last.hash
        for full in blocks:
            if raw(full["parentHash"]) != parent:
                return None
            run.append(_followed(full))
            parent = run[-1].hash
        return self._read(run, blocks, [Log.read(log) for log in logs])

    def _read(
        self, run: Sequence[FollowedBlock], blocks: Sequence[Mapping[str, Any]], logs: Sequence[Log]
    ) -> Followed | None:
        by_hash = {block.hash: block for block in run}
        followed = Followed(
            run,
            [
                (raw(name), block.number)
                for block, full in zip(run, blocks, strict=True)
                for name in full["transactions"]
            ],
        )
        for log in logs:
            block = by_hash.get(log.block_hash)
            if block is None:
                return None
            _take(log, block.time, followed)
        return followed

    async def _requeue(self, session: Session, refused: Sequence[RefusedLog]) -> None:
        again = await chain.requeue_refused(session, _RETRIED, _ATTEMPTS)
        reasons = sorted({log.reason for log in refused})
        _log.warning("the chain refused captures", count=len(refused), reasons=reasons, waiting_again=again)


def _followed(block: Mapping[str, Any]) -> FollowedBlock:
    return FollowedBlock(number(block["number"]), raw(block["hash"]), number(block["timestamp"]))


def _take(log: Log, block_time: int, followed: Followed) -> None:
    reader = _READERS.get(log.topics[0])
    if reader is not None:
        reader(log, block_time, followed)


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


_READERS = {
    topic("Provenance", "Recorded"): _recorded,
    topic("Provenance", "Disputed"): _disputed,
    topic("Provenance", "CaptureRefused"): _refused,
    topic("Participants", "PartyRegistered"): _registered,
    topic("Participants", "KeyAdded"): _key_added,
}
