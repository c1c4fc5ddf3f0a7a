"""The witness: which blocks it signs, and when it stops.

Rules:

1. It signs blocks whose numbers are multiples of `every`, so that witnesses of one chain sign the same ones; of these
   only such as have `confirmations` blocks after them.
2. Before anything is signed, the node's chain id is that of the last checkpoint and its block at that number is the one
   that was signed. A node that shows another block there rolled back, reorganised, or tells each client what it likes:
   alarm.
3. Every header from the last signed block on hashes to its name and names the one before as its parent. Headers that do
   not are asked for again, since a chain may reorganise its unconfirmed end between two answers; a node whose headers
   still do not lead on from the signed block: alarm.
4. A node whose chain is shorter than what was signed may be catching up. Nothing is signed, its block at the newest
   number that it reaches and that was signed has to be the signed one (else: alarm), and if it stays behind for
   `patience_seconds`: alarm.
5. While an alarm stands nothing is signed. It is on disk before anybody hears of it.
6. A node that does not answer, or answers nonsense, is asked again; that is no alarm, since nothing contradicts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from service.sealing.checkpoint import Checkpoint
from service.witness.alarms import Alarms
from service.witness.blocks import Blocks, Header, Standing, lead
from service.witness.errors import Alarmed, NodeIncoherent
from service.witness.journal import Journal, Seen

_log = structlog.get_logger(__name__)

UNSETTLED_CONFIRMATIONS = 64
"""On chains without instant finality: two epochs, after which Ethereum's own proof of stake calls a block final."""
_BLOCKS_AT_ONCE = 500
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Terms:
    """How a witness works: see the rules. `confirmations` None: 0 where validators commit blocks (QBFT), else 64.

    `start` is the block number from which a witness without checkpoints begins; None: the newest that it may sign.
    """

    every: int = 30
    confirmations: int | None = None
    start: int | None = None
    patience_seconds: float = 300.0


class Witness:
    """One witness at work; `step` does what there is to do now."""

    def __init__(
        self,
        blocks: Blocks,
        journal: Journal,
        alarms: Alarms,
        terms: Terms,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._blocks, self._journal, self._alarms, self._terms = blocks, journal, alarms, terms
        self._clock, self._wall_clock = clock, wall_clock
        self._confirmations = terms.confirmations
        self._behind_since: float | None = None
        self._tip: Seen | None = None  # the newest block that leads on from the last signed one
        self._misled = 0
        self.newest = 0

    async def step(self) -> bool:
        """Follows the chain some blocks further and signs what is to be signed; whether there is more to do at once.

        Raises:
            Alarmed: an alarm stands, or was just written.
            NodeUnavailable, NodeRefused, NodeIncoherent, HeaderNotUnderstood: nothing was signed; call again later.
        """
        self._alarms.check()
        last = self._journal.last
        standing = await self._blocks.standing(last.checkpoint.number if last else None)
        self.newest = standing.newest
        if last is None:
            return await self._begin(standing)
        if not await self._agrees(last.checkpoint, standing):
            return False
        try:
            return await self._follow(last.checkpoint, standing)
        except NodeIncoherent as fault:
            self._tip, self._misled = None, self._misled + 1
            if self._misled >= _ATTEMPTS:
                raise self._alarm("does-not-extend", f"The node's blocks do not extend the signed ones: {fault}.",
                                  last.checkpoint, standing) from fault  # fmt: skip
            raise

    async def _begin(self, standing: Standing) -> bool:
        newest = await self._settled(standing)
        first = newest if self._terms.start is None else -(-self._terms.start // self._terms.every) * self._terms.every
        if not 0 <= first <= newest:
            return False
        header = await self._blocks.at(first)
        if header is None:
            return False
        self._journal.sign(standing.chain_id, [header.seen])
        _log.info("first checkpoint", number=first, hash=header.seen.hash.hex(), chain_id=standing.chain_id)
        return True

    async def _agrees(self, last: Checkpoint, standing: Standing) -> bool:
        """Whether the node has the signed block and may be followed; False where it is behind."""
        if standing.chain_id != last.chain_id:
            raise self._alarm(
                "another-chain", f"The node is of chain {standing.chain_id}; chain {last.chain_id} was signed.", last,
                standing,
            )  # fmt: skip
        if standing.header is None or standing.newest < last.number:
            await self._wait_for(last, standing)
            return False
        self._behind_since = None
        self._check_signed(last, standing.header, standing)
        return True

    def _check_signed(self, signed: Checkpoint, header: Header, standing: Standing) -> None:
        if (header.seen.hash, header.seen.state_root) != (signed.block_hash, signed.state_root):
            raise self._alarm(
                "fork",
                f"Block {signed.number} was signed as 0x{signed.block_hash.hex()}, the node now has"
                f" 0x{header.seen.hash.hex()}: the chain was rolled back or reorganised, or the node tells different"
                " things at different times.",
                signed,
                standing,
                header,
            )

    async def _wait_for(self, last: Checkpoint, standing: Standing) -> None:
        """A node that is behind what was signed: rule 4."""
        now = self._clock()
        self._behind_since = now if self._behind_since is None else self._behind_since
        reached = self._journal.before(standing.newest)
        if reached is not None and reached.checkpoint.number < last.number:
            header = await self._blocks.at(reached.checkpoint.number)
            if header is not None:
                self._check_signed(reached.checkpoint, header, standing)
        if now - self._behind_since >= self._terms.patience_seconds:
            raise self._alarm(
                "rolled-back",
                f"The node's newest block is {standing.newest}; block {last.number} was signed, and the node has not"
                f" reached it for {self._terms.patience_seconds:g} seconds: the chain was rolled back, or the node"
                " lost blocks.",
                last,
                standing,
            )
        _log.warning("the node is behind what was signed", newest=standing.newest, signed=last.number)

    async def _follow(self, last: Checkpoint, standing: Standing) -> bool:
        target = await self._settled(standing)
        tip = self._tip or Seen(last.number, last.block_hash, last.state_root, last.time)
        if tip.number >= target:
            return False
        headers = await self._blocks.between(tip.number + 1, min(target, tip.number + _BLOCKS_AT_ONCE))
        lead(tip, headers)
        self._misled = 0
        if not headers:
            return False
        self._tip = headers[-1].seen
        due = [header.seen for header in headers if header.seen.number % self._terms.every == 0]
        if due:
            self._journal.sign(last.chain_id, due)
            _log.info("signed", number=due[-1].number, hash=due[-1].hash.hex(), checkpoints=len(due))
        return True

    async def _settled(self, standing: Standing) -> int:
        """The newest block number that may be signed; below zero where there is none yet."""
        if self._confirmations is None:
            header = await self._blocks.at(standing.newest)
            if header is None or header.seen.number == 0:
                return -1
            self._confirmations = UNSETTLED_CONFIRMATIONS if header.commit is None else 0
            _log.info("confirmations", blocks=self._confirmations, qbft=header.commit is not None)
        settled = standing.newest - self._confirmations
        return settled - settled % self._terms.every

    def _alarm(
        self, kind: str, said: str, signed: Checkpoint, standing: Standing, header: Header | None = None
    ) -> Alarmed:
        shown = header or standing.header
        own = self._journal.before(signed.number)
        evidence: dict[str, Any] = {
            "signed": own.as_json() if own else None,
            "node": {"chainId": standing.chain_id, "newest": standing.newest, "block": shown and shown.as_json()},
        }
        self._alarms.sound(kind, said, evidence, self._wall_clock())
        _log.error("alarm", kind=kind, said=said)
        return Alarmed(said)
