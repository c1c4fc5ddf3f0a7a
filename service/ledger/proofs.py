"""EIP-1186 proofs of what the contracts hold at one block, checked before they are handed on."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from service.errors import TrailsealError
from service.ledger import recordings
from service.ledger.abi import SignedCapture
from service.ledger.client import Node, NodeRefused, hexed, member, raw
from service.ledger.header import commit_of, header_bytes
from service.sealing.layout import (
    PARTICIPANTS_SLOT,
    Custody,
    KeyBinding,
    Standing,
    custody_slot,
    head_slot,
    key_slot,
    party_id_slot,
    party_standing_slot,
)
from service.sealing.qbft import Commit
from service.sealing.state import Account, Header
from service.sealing.trie import Nodes

# A proof of one slot has some 10 kB of JSON: what is asked for at once is what has to be held at once.
_SLOTS_AT_ONCE = 500
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.1
_T = TypeVar("_T")


class StateUnavailable(TrailsealError):
    """The node cannot show the state of the block; `status` 503: another block, or another node, may do."""

    slug, title, status = "state-unavailable", "The node cannot prove the state of this block", 503


@dataclass(frozen=True, slots=True)
class TrailState:
    """What the ledger holds for a trail: its 32-byte head (zero: no entry) and custody."""

    head: bytes
    custody: Custody


@dataclass(frozen=True, slots=True)
class LedgerState:
    """`Provenance` at one block: the header's bytes and its committed seals (QBFT), the trails asked for, and the RLP
    nodes that prove them, its account and its registry.
    """

    header: bytes
    commit: Commit | None
    block: Header
    trails: Mapping[bytes, TrailState]
    nodes: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class PartyState:
    """What the registry holds for a party's number: its 32-byte id and its standing, with the nodes that prove them."""

    id: bytes
    standing: Standing
    nodes: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class KeyState:
    """What the registry holds for a key, with the nodes that prove it."""

    binding: KeyBinding
    nodes: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class RegistryState:
    """`Participants` at one block: parties by number and keys by address, and the nodes that prove its account."""

    parties: Mapping[int, PartyState]
    keys: Mapping[bytes, KeyState]
    account: frozenset[bytes]


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
        told = await self._block(block)
        slots = [PARTICIPANTS_SLOT, *map(head_slot, trails), *map(custody_slot, trails)]
        proven = await self._prove(told.read, provenance, slots)
        heads, custodies = slots[1 : 1 + len(trails)], slots[1 + len(trails) :]
        states = {
            trail: TrailState(proven.words[head], _unpacked(Custody.unpack, proven.words[custody], block))
            for trail, head, custody in zip(trails, heads, custodies, strict=True)
        }
        nodes = proven.account.union(*proven.nodes.values())
        return LedgerState(told.encoded, told.commit, told.read, states, nodes)

    async def registry(
        self, participants: bytes, numbers: Sequence[int], keys: Sequence[bytes], block: Header
    ) -> RegistryState:
        """What the registry holds for these party numbers and 20-byte key addresses at the block, which `trails` told.

        Raises: as `trails`; StateUnavailable also where the chain no longer has that block.
        """
        told = await self._block(block.number)
        if told.read.hash != block.hash:
            raise StateUnavailable(f"the chain replaced block {block.number} meanwhile; ask again")
        slots = [slot for number in numbers for slot in (party_id_slot(number), party_standing_slot(number))]
        proven = await self._prove(told.read, participants, [*slots, *map(key_slot, keys)])
        parties = {}
        for number, named, standing in zip(numbers, slots[::2], slots[1::2], strict=True):
            nodes = proven.nodes[named] | proven.nodes[standing]
            read = _unpacked(Standing.unpack, proven.words[standing], block.number)
            parties[number] = PartyState(proven.words[named], read, nodes)
        bound = {
            key: KeyState(_unpacked(KeyBinding.unpack, proven.words[slot], block.number), proven.nodes[slot])
            for key, slot in zip(keys, map(key_slot, keys), strict=True)
        }
        return RegistryState(parties, bound, proven.account)

    async def captures_in(self, provenance: bytes, wanted: Mapping[int, Sequence[bytes]]) -> list[SignedCapture]:
        """See `recordings.captures_in`."""
        return await recordings.captures_in(self._node, provenance, wanted)

    async def _block(self, number: int) -> "_Block":
        told = await self._node.call("eth_getBlockByNumber", hex(number), False)
        if told is None:
            raise StateUnavailable(f"the node does not show block {number}: it has no such block")
        encoded = header_bytes(told)
        return _Block(encoded, commit_of(told), Header.read(encoded))

    async def _prove(self, block: Header, contract: bytes, slots: Sequence[bytes]) -> "_Proven":
        proven = _Proven()
        for start in range(0, max(1, len(slots)), _SLOTS_AT_ONCE):
            some = slots[start : start + _SLOTS_AT_ONCE]
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    proven.take(block, contract, some, await self._ask(contract, some, block.number))
                    break
                except _Unproven:  # a node that mines the next block just now may prove that one's state for its newest
                    if attempt == _ATTEMPTS:
                        raise
                    await asyncio.sleep(_PAUSE_SECONDS * attempt)
        return proven

    async def _ask(self, contract: bytes, slots: Sequence[bytes], number: int) -> Mapping[str, Any]:
        (told,) = await self._node.batch([("eth_getProof", [hexed(contract), list(map(hexed, slots)), hex(number)])])
        if isinstance(told, NodeRefused) or not isinstance(told, Mapping):
            raise StateUnavailable(f"the node does not prove the state of block {number}: {told or 'it has none'}")
        return told


@dataclass(frozen=True, slots=True)
class _Block:
    encoded: bytes
    commit: Commit | None
    read: Header


@dataclass(slots=True)
class _Proven:
    """Words of a contract's slots, and the nodes on the way to each and to its account; equal nodes are kept once."""

    account: frozenset[bytes] = frozenset()
    words: dict[bytes, bytes] = field(default_factory=dict)
    nodes: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    _kept: dict[bytes, bytes] = field(default_factory=dict)

    def take(self, block: Header, contract: bytes, slots: Sequence[bytes], told: Mapping[str, Any]) -> None:
        """Checks what the node answered for these slots; StateUnavailable where it does not hold."""
        answers = member(told, "storageProof", ())
        if len(answers) != len(slots):
            raise StateUnavailable(f"the node proves {len(answers)} slots where {len(slots)} were asked for")
        offered = [self._nodes(member(answer, "proof", ())) for answer in answers]
        on_account = self._nodes(member(told, "accountProof", ()))
        try:
            nodes = Nodes(on_account)
            account = Account.prove(block.state_root, contract, nodes)
            self.account = on_account - nodes.unread
            for slot, some in zip(slots, offered, strict=True):
                nodes = Nodes(some)
                self.words[slot] = account.slot(slot, nodes)
                self.nodes[slot] = some - nodes.unread
        except ValueError as fault:  # BadProof is one
            raise _unproven(block.number, fault) from fault

    def _nodes(self, told: Iterable[Any]) -> frozenset[bytes]:
        return frozenset(self._kept.setdefault(node, node) for node in map(raw, told))


class _Unproven(StateUnavailable):
    """The node answered with proofs that do not hold."""


def _unproven(block: int, fault: ValueError) -> StateUnavailable:
    return _Unproven(f"the node's proofs of block {block} do not hold ({fault}): the chain moved, or it errs")


def _unpacked(unpack: Callable[[bytes], _T], word: bytes, block: int) -> _T:
    try:
        return unpack(word)
    except ValueError as fault:
        raise StateUnavailable(f"at block {block} {fault}: these are not the released contracts") from fault
