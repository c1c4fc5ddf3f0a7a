"""The relay: what waits in the outbox goes to the chain, in the order of its acceptance, exactly once.

Rules (DESIGN section 6, steps 4 and 5):

1. One relay at a time stores transactions, by a database lock, and the node gets them in the order of their storing:
   however many relays and accounts there are, the chain records in the order of acceptance.
2. A transaction is stored, with its nonce and its bytes, in the same database transaction that marks what it carries;
   only then is it sent. After a crash or a rolled-back chain the same bytes are sent again, by any relay: the nonce
   lets them be mined once, and the contract records a capture once, whatever is sent.
3. Captures wait while a registry call waits for its transaction, for they may rely on it; and so does a registry call
   while others wait for their block.
4. Of several accounts one packs at a time: another one's turn comes when nothing of the first waits for a block. So a
   backlog becomes few large transactions of one account, which fit one block, and not many that wait for one another.
5. A transaction that gets no block is looked after: given up when the chain used its nonce for another, so that what it
   carried waits again; signed with higher fees when the base fee outgrew it; and a gap before it is filled.
"""

import re
import time
from collections.abc import Sequence

import structlog

from service.config import Settings
from service.ledger.abi import SignedCapture, record_calldata
from service.ledger.client import Node, NodeRefused, hexed, number
from service.ledger.gas import BASE, PER_ENTRY, TRANSACTION_CAP, gas_of
from service.ledger.overdue import Overdue
from service.ledger.transactions import Fees, Signer
from service.sealing.entries import Step
from service.store import outbox, transactions
from service.store.chain import Deployed
from service.store.database import Database, Session
from service.store.outbox import WaitingPart
from service.store.transactions import RECORD, NewTransaction

_log = structlog.get_logger(__name__)

_SUCCESSOR_SLOT = "0x5"  # docs/format.md, section 4
_GAS_REGISTRY_CALL = 12_000_000
_CALLS_AT_ONCE = 20
_PARTS_AT_ONCE = 2_000
_SEND_AT_ONCE = 16
_PATIENCE_SECONDS = 10.0
_SPENT_PATIENCE_SECONDS = 2.0
_KNOWN = re.compile(r"\balready\b|\bknown\b", re.IGNORECASE)
_SPENT = re.compile(r"nonce.*too low|too low.*nonce|nonce below", re.IGNORECASE)


class Relay:
    """One relay process's work; `step` does what there is to do now."""

    def __init__(self, database: Database, node: Node, deployment: Deployed, settings: Settings) -> None:
        self._database, self._node, self._deployment, self._settings = database, node, deployment, settings
        self._admin = self._signer(settings.admin_key.get_secret_value() if settings.admin_key else None)
        self._relay = self._signer(settings.relay_key.get_secret_value() if settings.relay_key else None)
        self._overdue = Overdue(database, node, [signer for signer in (self._admin, self._relay) if signer])
        self._begun = False
        self._looked = 0.0

    async def step(self) -> bool:
        """Packs what waits and sends what is unsent; whether there was anything.

        Raises:
            NodeUnavailable, NodeRefused: nothing is lost, call again later.
        """
        if not self._begun:
            async with self._database.session() as session:
                await outbox.retry_failed(session)
            self._begun = True
        busy = False
        if self._admin is not None:
            busy |= await self._pack_registry(self._admin)
        if self._relay is not None:
            busy |= await self._pack_captures(self._relay)
        busy |= await self._send()
        await self._look_after_own()
        return busy

    def _signer(self, key: bytes | None) -> Signer | None:
        return Signer(key, self._deployment.chain_id) if key else None

    async def _pack_registry(self, signer: Signer) -> bool:
        async with self._database.session() as session:
            if not await outbox.any_call_waits(session) or await transactions.registry_in_flight(session):
                return False
        fees, on_chain = await Fees.now(self._node), await signer.count_on_chain(self._node)
        async with self._database.session() as session:
            await transactions.lock_order(session)
            calls = await outbox.waiting_calls(session, _CALLS_AT_ONCE)
            if not calls or await transactions.registry_in_flight(session):
                return False
            nonce = await transactions.next_nonce(session, signer.address, on_chain)
            to, gas = self._deployment.participants, min(_GAS_REGISTRY_CALL, self._gas_limit)
            signed = [
                signer.sign(call.purpose, to, call.calldata, nonce=nonce + offset, gas=gas, fees=fees)
                for offset, call in enumerate(calls)
            ]
            await transactions.save_transactions(session, signer.address, signed)
            for transaction, call in zip(signed, calls, strict=True):
                await outbox.pack_call(session, transaction.hash, call.seq)
        return True

    async def _pack_captures(self, signer: Signer) -> bool:
        async with self._database.session() as session:
            if not await self._room(session, signer):
                return False
        if await self._superseded():
            return False
        fees, on_chain = await Fees.now(self._node), await signer.count_on_chain(self._node)
        async with self._database.session() as session:
            await transactions.lock_order(session)
            room = await self._room(session, signer)
            if room <= 0:
                return False
            loads = self._loads(await self._waiting(session, room))[:room]
            if not loads:
                return False
            nonce = await transactions.next_nonce(session, signer.address, on_chain)
            signed = [self._record(signer, load, nonce + offset, gas, fees) for offset, (load, gas) in enumerate(loads)]
            await transactions.save_transactions(session, signer.address, signed)
            carried = [(one.hash, [part.id for part in load]) for one, (load, _) in zip(signed, loads, strict=True)]
            await outbox.pack_parts(session, carried)
        _log.info("packed", transactions=len(signed), parts=sum(len(load) for load, _ in loads))
        return True

    async def _room(self, session: Session, signer: Signer) -> int:
        """How many more transactions may wait for a block now.

        None while another account's do: those of several accounts go to the node one after the other, a block for each.
        """
        if not await outbox.anything_waits(session) or await outbox.any_call_waits(session):
            return 0
        if await transactions.not_our_turn(session, signer.address):
            return 0
        return self._settings.unmined_transactions - await transactions.count_unmined(session, signer.address)

    async def _waiting(self, session: Session, room: int) -> list[WaitingPart]:
        fit = room * (self._gas_limit // gas_of(b"\x00")) + 1
        entries = room * self._gas_limit // PER_ENTRY[Step.OBSERVE]
        return await outbox.waiting_parts(session, min(fit, _PARTS_AT_ONCE), entries)

    async def _superseded(self) -> bool:
        """Whether the ledger goes on in another one, so that every `record` would revert."""
        ledger = hexed(self._deployment.provenance)
        slot = await self._node.call("eth_getStorageAt", ledger, _SUCCESSOR_SLOT, "latest")
        if number(slot) == 0:
            return False
        _log.error("the ledger was superseded, nothing more can be sealed in it", successor=slot)
        return True

    @property
    def _gas_limit(self) -> int:
        return min(self._settings.transaction_gas, TRANSACTION_CAP)

    def _loads(self, parts: Sequence[WaitingPart]) -> list[tuple[list[WaitingPart], int]]:
        """The parts in order, cut into loads for one transaction each, with the gas limit of each.

        What some transaction brought in vain goes alone, with all the gas there is, so that it spoils no other part.
        """
        loads: list[tuple[list[WaitingPart], int]] = []
        now, alone = time.time(), False
        for part in parts:
            if part.deadline < now:
                _log.warning("a signature waited beyond its deadline", part=hexed(part.id))
            gas = gas_of(part.entries[95::128])
            if not loads or alone or part.attempts or loads[-1][1] + gas > self._gas_limit:
                loads.append(([], BASE))
            load, sum_so_far = loads[-1]
            load.append(part)
            alone = part.attempts > 0
            loads[-1] = (load, max(sum_so_far + gas, self._gas_limit if alone else 0))
        return loads

    def _record(self, signer: Signer, load: Sequence[WaitingPart], nonce: int, gas: int, fees: Fees) -> NewTransaction:
        captures = [SignedCapture(part.entries, part.deadline, part.signature) for part in load]
        payload = record_calldata(captures)
        return signer.sign(RECORD, self._deployment.provenance, payload, nonce=nonce, gas=gas, fees=fees)

    async def _send(self) -> bool:
        """Gives the node what it is time to give it, whoever signed it."""
        async with self._database.session() as session:
            due = await transactions.to_send(session, _PATIENCE_SECONDS, _SEND_AT_ONCE)
        if not due:
            return False
        answers = await self._node.batch([("eth_sendRawTransaction", [hexed(one.raw)]) for one in due])
        refusals: dict[bytes, str] = {}
        soon: list[bytes] = []
        for one, answer in zip(due, answers, strict=True):
            if not isinstance(answer, NodeRefused):
                continue
            if _SPENT.search(answer.message):  # mined, and not followed yet; or somebody else's transaction was
                soon.append(one.hash)
            elif not _KNOWN.search(answer.message):
                refusals[one.hash] = answer.message
                _log.warning("send refused", transaction=hexed(one.hash), nonce=one.nonce, reason=answer.message)
        async with self._database.session() as session:
            await transactions.mark_sent(session, [one.hash for one in due])
            await transactions.send_sooner(session, soon, _PATIENCE_SECONDS - _SPENT_PATIENCE_SECONDS)
        for account in {one.account for one in due if one.sends or one.hash in soon or one.hash in refusals}:
            await self._overdue.look_after(account, refusals)
        return True

    async def _look_after_own(self) -> None:
        """Only who has an account's key can mend its transactions, and another relay may have been the one to send."""
        if time.monotonic() - self._looked < _PATIENCE_SECONDS / 2:
            return
        self._looked = time.monotonic()
        for signer in (self._admin, self._relay):
            if signer is None:
                continue
            async with self._database.session() as session:
                overdue = await transactions.any_overdue(session, signer.address, _PATIENCE_SECONDS)
            if overdue:
                await self._overdue.look_after(signer.address, {})
