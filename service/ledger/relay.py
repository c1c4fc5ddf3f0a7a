"""The relay: what waits in the outbox goes to the chain, in the order of its acceptance, exactly once.

Rules (DESIGN section 6, steps 4 and 5):

1. Who holds the lock on the account's row gives out its nonces: the order of nonces is the order of acceptance, and
   however many relays run, the chain records in that order.
2. A transaction is stored, with its nonce and its bytes, in the same database transaction that marks what it carries;
   only then is it sent. After a crash or a rolled-back chain the same bytes are sent again: the nonce lets them be mined
   once, and the contract records a capture once, whatever is sent.
3. Captures wait while the registry has something to settle, for they may rely on it.
4. A transaction whose nonce was used by another is given up, and what it carried waits again.
"""

import time
from collections.abc import Sequence

import structlog

from service.config import Settings
from service.ledger.abi import SignedCapture, record_calldata
from service.ledger.client import Node, NodeRefused, hexed, number
from service.ledger.transactions import Fees, Signer
from service.store import chain, outbox
from service.store.chain import Deployed
from service.store.database import Database, Session
from service.store.outbox import NewTransaction, UnminedTransaction, WaitingPart

_log = structlog.get_logger(__name__)

# Upper bounds from contracts/snapshots, a capture's and an entry's; what is not used is not paid.
_GAS_BASE, _GAS_PER_CAPTURE, _GAS_PER_ENTRY = 60_000, 45_000, 62_000
_GAS_REGISTRY_CALL = 12_000_000
_PARTS_AT_ONCE = 2_000
_SEND_AT_ONCE = 32
_PATIENCE_SECONDS = 15.0


class Relay:
    """One relay process's work; `step` does what there is to do now."""

    def __init__(self, database: Database, node: Node, deployment: Deployed, settings: Settings) -> None:
        self._database, self._node, self._deployment, self._settings = database, node, deployment, settings
        self._admin = self._signer(settings.admin_key.get_secret_value() if settings.admin_key else None)
        self._relay = self._signer(settings.relay_key.get_secret_value() if settings.relay_key else None)

    async def step(self) -> bool:
        """Packs what waits and sends what is unsent; whether there was anything.

        Raises:
            NodeUnavailable: nothing is lost, call again later.
        """
        busy = False
        if self._admin is not None:
            busy |= await self._pack_registry(self._admin)
            busy |= await self._send(self._admin)
        if self._relay is not None:
            busy |= await self._pack_captures(self._relay)
            busy |= await self._send(self._relay)
        return busy

    def _signer(self, key: bytes | None) -> Signer | None:
        return Signer(key, self._deployment.chain_id) if key else None

    async def _pack_registry(self, signer: Signer) -> bool:
        async with self._database.session() as session:
            if not await outbox.waiting_calls(session, 1):
                return False
        fees, on_chain = await Fees.now(self._node), await signer.count_on_chain(self._node)
        async with self._database.session() as session:
            nonce = await outbox.lock_nonce(session, signer.address, on_chain)
            calls = await outbox.waiting_calls(session, 20)
            transactions = [
                signer.sign(
                    call.purpose,
                    self._deployment.participants,
                    call.calldata,
                    nonce=nonce + offset,
                    gas=_GAS_REGISTRY_CALL,
                    fees=fees,
                )
                for offset, call in enumerate(calls)
            ]
            if transactions:
                await outbox.save_transactions(session, signer.address, transactions)
            for transaction, call in zip(transactions, calls, strict=True):
                await outbox.pack_call(session, transaction.hash, call.seq)
        return bool(transactions)

    async def _pack_captures(self, signer: Signer) -> bool:
        async with self._database.session() as session:
            if not await self._room(session, signer):
                return False
        fees, on_chain = await Fees.now(self._node), await signer.count_on_chain(self._node)
        async with self._database.session() as session:
            nonce = await outbox.lock_nonce(session, signer.address, on_chain)
            room = await self._room(session, signer)
            parts = await outbox.waiting_parts(session, _PARTS_AT_ONCE) if room else []
            loads = _loads(parts, self._settings.transaction_gas)[:room]
            transactions = [
                self._record(signer, load, nonce + offset, gas, fees) for offset, (load, gas) in enumerate(loads)
            ]
            if transactions:
                await outbox.save_transactions(session, signer.address, transactions)
            for transaction, (load, _) in zip(transactions, loads, strict=True):
                await outbox.pack_parts(session, transaction.hash, [part.id for part in load])
        if transactions:
            _log.info("packed", transactions=len(transactions), parts=sum(len(load) for load, _ in loads))
        return bool(transactions)

    async def _room(self, session: Session, signer: Signer) -> int:
        """How many more transactions may wait for a block now."""
        if not await outbox.anything_waits(session) or await outbox.registry_unsettled(session):
            return 0
        return self._settings.unmined_transactions - await outbox.count_unmined(session, signer.address)

    def _record(self, signer: Signer, load: Sequence[WaitingPart], nonce: int, gas: int, fees: Fees) -> NewTransaction:
        captures = [SignedCapture(part.entries, part.deadline, part.signature) for part in load]
        return signer.sign(
            "record", self._deployment.provenance, record_calldata(captures), nonce=nonce, gas=gas, fees=fees
        )

    async def _send(self, signer: Signer) -> bool:
        async with self._database.session() as session:
            unsent = await outbox.to_send(session, signer.address, _PATIENCE_SECONDS, _SEND_AT_ONCE)
        if not unsent:
            return False
        answers = await self._node.batch([("eth_sendRawTransaction", [hexed(one.raw)]) for one in unsent])
        refused = [
            (one, answer) for one, answer in zip(unsent, answers, strict=True) if isinstance(answer, NodeRefused)
        ]
        for one, answer in refused:
            if not _is_known(answer):
                _log.warning("send refused", transaction=hexed(one.hash), nonce=one.nonce, reason=answer.message)
        async with self._database.session() as session:
            await outbox.mark_sent(session, [one.hash for one in unsent])
        await self._give_up(signer, [one for one, answer in refused if "nonce" in answer.message.lower()])
        return True

    async def _give_up(self, signer: Signer, doubtful: Sequence[UnminedTransaction]) -> None:
        """Gives up transactions whose nonce the chain has used for others, as far as the watcher has followed it."""
        if not doubtful:
            return
        used = await signer.count_on_chain(self._node)
        receipts = await self._node.batch([("eth_getTransactionReceipt", [hexed(one.hash)]) for one in doubtful])
        head = number(await self._node.call("eth_blockNumber"))
        gone = [
            one.hash for one, receipt in zip(doubtful, receipts, strict=True) if receipt is None and one.nonce < used
        ]
        async with self._database.session() as session:
            followed = await chain.last_block(session)
            if gone and followed is not None and followed.number >= head:
                await outbox.void_transactions(session, gone)
                _log.warning("gave up transactions whose nonce was used elsewhere", count=len(gone))


def _is_known(refusal: NodeRefused) -> bool:
    message = refusal.message.lower()
    return "already" in message or "known" in message or "nonce too low" in message


def _loads(parts: Sequence[WaitingPart], gas_limit: int) -> list[tuple[list[WaitingPart], int]]:
    """The parts in order, cut into loads for one transaction each, with the gas limit of each."""
    loads: list[tuple[list[WaitingPart], int]] = []
    now = time.time()
    for part in parts:
        if part.deadline < now:
            _log.warning("a signature waited beyond its deadline", part=hexed(part.id))
        gas = _GAS_PER_CAPTURE + _GAS_PER_ENTRY * part.entry_count
        if not loads or loads[-1][1] + gas > gas_limit:
            loads.append(([], _GAS_BASE))
        load, sum_so_far = loads[-1]
        load.append(part)
        loads[-1] = (load, sum_so_far + gas)
    return loads
