"""Transactions that were sent and get no block: what the chain did with their nonces, and what to do about it."""

from collections.abc import Mapping, Sequence

import structlog

from service.ledger.client import Node, NodeRefused, hexed, member, number, raw
from service.ledger.transactions import Fees, Signer, fee_limit
from service.store import chain, transactions
from service.store.chain import FollowedBlock
from service.store.database import Database, Session
from service.store.transactions import GAP, UnminedTransaction

_log = structlog.get_logger(__name__)

_STUBBORN_SENDS = 4
_HOPELESS_SENDS, _HOPELESS_BLOCKS = 12, 4
_ORPHANED_SENDS = 30
_TRIES = 3
_FILLED_AT_ONCE = 50
_DEAREST = 100


class Overdue:
    """Looks after the transactions of accounts; what needs a signature it does for those of its own `signers` only."""

    def __init__(self, database: Database, node: Node, signers: Sequence[Signer]) -> None:
        self._database, self._node = database, node
        self._signers = {signer.address: signer for signer in signers}
        self._fronts: dict[bytes, tuple[bytes, int]] = {}

    async def look_after(self, account: bytes, refusals: Mapping[bytes, str]) -> None:
        """Gives up, fills, makes dearer or replaces what the account's overdue transactions wait for.

        `refusals` are the node's words about transactions (by hash) that it does not take.

        Raises:
            NodeUnavailable, NodeRefused: nothing is changed, call again later.
        """
        for _ in range(_TRIES):
            async with self._database.session() as session:
                last = await chain.last_block(session)
            used = await self._count_after(last, account) if last is not None else None
            if last is None or used is None:
                return
            if await self._mend(account, last, used, await Fees.now(self._node), refusals):
                return

    async def _mend(
        self, account: bytes, last: FollowedBlock, used: int, fees: Fees, refusals: Mapping[bytes, str]
    ) -> bool:
        """Does what is to be done, all of it as of the block `last`; False where the mirror has moved on."""
        async with self._database.session() as session:
            await transactions.lock_order(session)
            await chain.wait_for_mirror(session)
            if await chain.last_block(session) != last:
                return False
            unmined = await transactions.unmined_of(session, account)
            if not unmined:
                return True
            passed = self._blocks_passed(unmined[0], last.number)
            if used > unmined[0].nonce:
                await self._give_up(session, [one for one in unmined if one.nonce < used])
            elif account not in self._signers:
                await self._orphaned(session, unmined, passed)
            elif used < unmined[0].nonce:
                await self._fill(session, account, range(used, unmined[0].nonce), fees)
            elif _is_hopeless(unmined[0], refusals.get(unmined[0].hash), passed):
                await self._replace(session, unmined[0], refusals.get(unmined[0].hash), fees)
            else:
                await self._raise_fees(session, account, unmined, fees)
            return True

    def _blocks_passed(self, front: UnminedTransaction, height: int) -> int:
        """How many blocks came while this transaction was the account's first without one."""
        seen, since = self._fronts.get(front.account, (b"", 0))
        if seen != front.hash or since > height:
            self._fronts[front.account] = (front.hash, since := height)
        return height - since

    async def _count_after(self, last: FollowedBlock, account: bytes) -> int | None:
        """The account's nonce after the last followed block; None where the chain moved away from that block.

        Up to there the mirror knows which transactions of ours were mined, so one with a lower nonce that is not
        mined never will be.
        """
        answers = await self._node.batch(
            [
                ("eth_getTransactionCount", [hexed(account), hex(last.number)]),
                ("eth_getBlockByNumber", [hex(last.number), False]),
            ]
        )
        if any(answer is None or isinstance(answer, NodeRefused) for answer in answers):
            return None
        return number(answers[0]) if raw(member(answers[1], "hash")) == last.hash else None

    async def _give_up(self, session: Session, lost: Sequence[UnminedTransaction]) -> None:
        if any(one.purpose == "deploy" for one in lost):
            _log.error(
                "the deployment's nonce was used by another transaction: begin with an empty database and an admin"
                " account that nobody else uses",
                account=hexed(lost[0].account),
            )
            return
        await transactions.void_transactions(session, [one.hash for one in lost])
        _log.warning("gave up transactions whose nonce was used elsewhere", nonces=[one.nonce for one in lost])

    async def _orphaned(self, session: Session, unmined: Sequence[UnminedTransaction], passed: int) -> None:
        """Only who has the account's key can mend its transactions; where nobody does for long, others take over."""
        account, sends = unmined[0].account, unmined[0].sends
        if sends < _STUBBORN_SENDS or all(one.purpose == GAP for one in unmined):
            return
        _log.error("a transaction of another relay's account gets no block", account=hexed(account), sends=sends)
        if sends >= _ORPHANED_SENDS and passed >= _HOPELESS_BLOCKS:
            count = await transactions.release_loads(session, account)
            _log.warning("took over what a relay that seems to be gone had packed", transactions=count)

    async def _fill(self, session: Session, account: bytes, gap: range, fees: Fees) -> None:
        fillers = [self._signers[account].fill(nonce, fees) for nonce in gap[:_FILLED_AT_ONCE]]
        await transactions.save_transactions(session, account, fillers)
        _log.warning("filled a gap of nonces that others had used before", nonces=[one.nonce for one in fillers])

    async def _replace(self, session: Session, one: UnminedTransaction, refusal: str | None, fees: Fees) -> None:
        _log.error(
            "gave up a transaction that no block takes: TRAILSEAL_TRANSACTION_GAS must not exceed what a block holds",
            transaction=hexed(one.hash),
            reason=refusal,
        )
        if one.purpose != "deploy":
            await transactions.abandon_transaction(session, one.hash, self._signers[one.account].fill(one.nonce, fees))

    async def _raise_fees(
        self, session: Session, account: bytes, unmined: Sequence[UnminedTransaction], fees: Fees
    ) -> None:
        stubborn = unmined[0].sends >= _STUBBORN_SENDS
        if stubborn:
            _log.error("a transaction gets no block", transaction=hexed(unmined[0].hash), sends=unmined[0].sends)
        if fees.base == 0:
            return
        cheap = [one for one in unmined if fee_limit(one) * 8 < fees.base * 9]
        if stubborn and not cheap and fee_limit(unmined[0]) < fees.base * _DEAREST:
            cheap = [unmined[0]]
        if not cheap:
            return
        for one in cheap:
            await transactions.replace_transaction(session, one.hash, self._signers[account].dearer(one, fees))
        _log.warning("raised the fees of transactions that get no block", nonces=[one.nonce for one in cheap])


def _is_hopeless(one: UnminedTransaction, refusal: str | None, blocks_passed: int) -> bool:
    """Whether no block will take the transaction, whatever its fees.

    Either the node's words say so, or blocks go by without it; a node may take what breaks a rule of the chain.
    """
    if refusal is None:
        return one.sends >= _HOPELESS_SENDS and blocks_passed >= _HOPELESS_BLOCKS
    words = refusal.lower()
    rule = any(part in words for part in ("gas", "size", "large"))
    curable = any(part in words for part in ("price", "fee", "fund", "nonce"))
    return rule and not curable and one.sends >= _STUBBORN_SENDS
