"""Block headers as the witness's own node tells them, checked: each hashes to its name, and they lead to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.ledger.client import Node, NodeRefused, hexed, member, number, raw
from service.ledger.header import HeaderNotUnderstood, header_and_commit
from service.sealing.qbft import Commit
from service.witness.errors import NodeIncoherent
from service.witness.journal import Seen

HEADER_BYTES = 16384
"""Longest header that a bundle can carry (docs/format.md, section 5)."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header: its bytes as hashed, the 32-byte hash of its parent, and who committed it (QBFT)."""

    seen: Seen
    parent: bytes
    encoded: bytes
    commit: Commit | None

    def as_json(self) -> dict[str, Any]:
        """The header as evidence: anybody can hash it, and recover who sealed it."""
        commit = self.commit and {"round": self.commit.round, "seals": [hexed(seal) for seal in self.commit.seals]}
        return {"number": self.seen.number, "hash": hexed(self.seen.hash), "header": hexed(self.encoded),
                "commit": commit}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the node is: its chain, its newest block, and its header at a number asked for (None: it has none)."""

    chain_id: int
    newest: int
    header: Header | None


class Blocks:
    """What one node says; every method raises NodeUnavailable, NodeRefused, NodeIncoherent or HeaderNotUnderstood."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def standing(self, at: int | None) -> Standing:
        """Where the node is, and its header at the block number, in one request."""
        calls: list[tuple[str, Sequence[Any]]] = [("eth_chainId", []), ("eth_blockNumber", [])]
        if at is not None:
            calls.append(_asks(at))
        chain_id, newest, *told = await self._node.all(calls)
        return Standing(number(chain_id), number(newest), _header(told[0], at) if told and at is not None else None)

    async def at(self, place: int) -> Header | None:
        """The header at the number, None where the node has no such block."""
        method, params = _asks(place)
        return _header(await self._node.call(method, *params), place)

    async def between(self, first: int, last: int) -> list[Header]:
        """The headers from `first` to `last`, as far as the node has them."""
        told = await self._node.batch([_asks(place) for place in range(first, last + 1)])
        found: list[Header] = []
        for place, block in enumerate(told, start=first):
            if isinstance(block, NodeRefused):
                raise block
            header = _header(block, place)
            if header is None:
                break
            found.append(header)
        return found


def lead(before: Seen, headers: Sequence[Header]) -> None:
    """Checks that each header names the one before it as its parent, beginning after `before`, and time not backwards.

    Raises:
        NodeIncoherent: one does not.
    """
    for header in headers:
        seen = header.seen
        if seen.number != before.number + 1 or header.parent != before.hash:
            raise NodeIncoherent(
                f"block {seen.number} (0x{seen.hash.hex()}) names 0x{header.parent.hex()} as its parent; block"
                f" {before.number} is 0x{before.hash.hex()}"
            )
        if seen.time < before.time:
            raise NodeIncoherent(f"block {seen.number} is of {seen.time}, before its parent ({before.time})")
        before = seen


def _asks(place: int) -> tuple[str, Sequence[Any]]:
    return "eth_getBlockByNumber", [hex(place), False]


def _header(block: Any, place: int) -> Header | None:
    if block is None:
        return None
    if number(member(block, "number")) != place:
        raise NodeIncoherent(f"the node was asked for block {place} and told {str(member(block, 'number'))[:80]}")
    encoded, commit = header_and_commit(block)
    if len(encoded) > HEADER_BYTES:
        raise HeaderNotUnderstood(f"the header of block {place} has {len(encoded)} bytes; {HEADER_BYTES} are known")
    name, parent, root = (raw(block[member]) for member in ("hash", "parentHash", "stateRoot"))
    time = number(block["timestamp"])
    if not len(name) == len(parent) == len(root) == 32 or not 0 <= time < 2**53:
        raise NodeIncoherent(f"block {place} has a hash, parent, state root or time of a wrong length")
    return Header(Seen(place, name, root, time), parent, encoded, commit)
