"""EIP-1186 proofs of what the contracts hold at one block, checked before they are handed on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.errors import TrailsealError
from service.ledger.client import Node, NodeRefused, hexed, raw
from service.ledger.header import header_bytes
from service.sealing.layout import PARTICIPANTS_SLOT, Custody, custody_slot, head_slot, party_id_slot
from service.sealing.state import Account, Header
from service.sealing.trie import BadProof

Nodes = tuple[bytes, ...]
"""RLP nodes of a Merkle Patricia trie from its root down."""
_SLOTS_AT_ONCE = 500
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.1


class StateUnavailable(TrailsealError):
    """The node cannot show the state of the block; `status` 503: another block, or another node, may do."""

    slug, title, status = "state-unavailable", "The node cannot prove the state of this block", 503


@dataclass(frozen=True, slots=True)
class TrailState:
    """What the ledger holds for a trail: its 32-byte head (zero: no entry) and custody, each with its proof."""

    head: bytes
    custody: Custody
    head_nodes: Nodes
    custody_nodes: Nodes


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`Provenance` at one block: the header's bytes, account and registry proofs, and the trails asked for."""

    header: bytes
    block: Header
    account: Nodes
    participants: Nodes
    trails: Mapping[bytes, TrailState]


@dataclass(frozen=True, slots=True)
class PartyState:
    """The 32-byte id that the registry holds for a party's number, with the nodes that prove it."""

    id: bytes
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class RegistryState:
    """`Participants` at one block: its account proof, and the parties asked for by number."""

    account: Nodes
    parties: Mapping[int, PartyState]


class Proofs:
    """Proofs from one node, for contracts at 20-byte addresses."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def newest_block(self) -> int:
        """The number of the chain's newest block."""
        return int(await self._node.call("eth_blockNumber"), 16)

    async def trails(self, provenance: bytes, trails: Sequence[bytes], block: int) -> LedgerState:
        """What the ledger holds for these 32-byte trail ids at the block with this number.

        Raises:
            StateUnavailable: the node has no such block or no longer its state, or its proofs do not hold.
            HeaderNotUnderstood: see `header_bytes`.
            NodeUnavailable: no answer.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return await self._trails(provenance, trails, block)
            except _Unproven:  # a node that mines the next block just now may prove that one's state for its newest
                await asyncio.sleep(_PAUSE_SECONDS * attempt)
        return await self._trails(provenance, trails, block)

    async def _trails(self, provenance: bytes, trails: Sequence[bytes], block: int) -> LedgerState:
        slots = [PARTICIPANTS_SLOT, *map(head_slot, trails), *map(custody_slot, trails)]
        header, told = await self._ask(provenance, slots, block)
        try:
            account = Account.prove(header.read.state_root, provenance, told.account)
            words = [account.slot(slot, nodes) for slot, nodes in zip(slots, told.slots, strict=True)]
            custodies = [Custody.unpack(word) for word in words[1 + len(trails) :]]
        except ValueError as fault:
            raise _unproven(block, fault) from fault
        proven = zip(words[1:], custodies, told.slots[1:], told.slots[1 + len(trails) :], strict=False)
        states = {trail: TrailState(*state) for trail, state in zip(trails, proven, strict=False)}
        return LedgerState(header.encoded, header.read, told.account, told.slots[0], states)

    async def parties(self, participants: bytes, numbers: Sequence[int], block: Header) -> RegistryState:
        """The ids that the registry holds for these party numbers at the block, which `trails` told.

        Raises: as `trails`; StateUnavailable also where the chain no longer has that block.
        """
        slots = [party_id_slot(number) for number in numbers]
        header, told = await self._ask(participants, slots, block.number)
        if header.read.hash != block.hash:
            raise StateUnavailable(f"the chain replaced block {block.number} meanwhile; ask again")
        try:
            account = Account.prove(block.state_root, participants, told.account)
            ids = [account.slot(slot, nodes) for slot, nodes in zip(slots, told.slots, strict=True)]
        except BadProof as fault:
            raise _unproven(block.number, fault) from fault
        states = map(PartyState, ids, told.slots)
        return RegistryState(told.account, dict(zip(numbers, states, strict=True)))

    async def _ask(self, contract: bytes, slots: Sequence[bytes], block: int) -> "tuple[_Block, _Told]":
        place = hex(block)
        calls: list[tuple[str, Sequence[Any]]] = [("eth_getBlockByNumber", [place, False])]
        for start in range(0, max(1, len(slots)), _SLOTS_AT_ONCE):
            keys = [hexed(slot) for slot in slots[start : start + _SLOTS_AT_ONCE]]
            calls.append(("eth_getProof", [hexed(contract), keys, place]))
        told, *proofs = await self._node.batch(calls)
        for answer in (told, *proofs):
            if isinstance(answer, NodeRefused) or answer is None:
                raise StateUnavailable(f"the node does not show block {block}: {answer or 'it has no such block'}")
        encoded = header_bytes(told)
        nodes = [_nodes(slot["proof"]) for proof in proofs for slot in proof["storageProof"]]
        if len(nodes) != len(slots):
            raise StateUnavailable(f"the node proves {len(nodes)} slots where {len(slots)} were asked for")
        return _Block(encoded, Header.read(encoded)), _Told(_nodes(proofs[0]["accountProof"]), nodes)


@dataclass(frozen=True, slots=True)
class _Block:
    encoded: bytes
    read: Header


@dataclass(frozen=True, slots=True)
class _Told:
    account: Nodes
    slots: list[Nodes]


def _nodes(told: Sequence[str]) -> Nodes:
    return tuple(raw(node) for node in told)


class _Unproven(StateUnavailable):
    """The node answered with proofs that do not hold."""


def _unproven(block: int, fault: ValueError) -> StateUnavailable:
    return _Unproven(f"the node's proofs of block {block} do not hold ({fault}): the chain moved, or it errs")
