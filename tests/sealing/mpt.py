"""A Merkle Patricia trie built the plain way (Yellow Paper, appendix D) with the `rlp` package: the other side."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import rlp  # type: ignore[import-untyped]

from service.sealing.hashing import keccak256

Items = tuple[tuple[str, bytes], ...]
"""Values by nibble path, sorted."""


def _packed(path: str, leaf: bool) -> bytes:
    flag = 2 if leaf else 0
    return bytes.fromhex(f"{flag + 1:x}{path}" if len(path) % 2 else f"{flag:x}0{path}")


def _shared(items: Items) -> str:
    first, last = items[0][0], items[-1][0]
    ends = (at for at, digit in enumerate(first) if last[at : at + 1] != digit)
    return first[: next(ends, len(first))]


@lru_cache(10_000)
def _node(items: Items) -> Any:
    if not items:
        return b""
    if len(items) == 1:
        ((path, value),) = items
        return [_packed(path, leaf=True), value]
    shared = _shared(items)
    if shared:
        return [_packed(shared, leaf=False), _reference(_below(items, shared))]
    ending = items[0][1] if not items[0][0] else b""
    return [_reference(_below(items, digit)) for digit in "0123456789abcdef"] + [ending]


def _below(items: Items, prefix: str) -> Items:
    return tuple((path[len(prefix) :], value) for path, value in items if path.startswith(prefix))


def _reference(items: Items) -> Any:
    node = _node(items)
    encoded = rlp.encode(node)
    return node if node == b"" or len(encoded) < 32 else keccak256(encoded)


def _sorted(items: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> Items:
    return tuple(sorted(dict(items).items()))


def root_of(items: Mapping[str, bytes]) -> bytes:
    """The root of the trie of these values by nibble path."""
    return keccak256(rlp.encode(_node(_sorted(items))))


def proof_of(items: Mapping[str, bytes], path: str) -> list[bytes]:
    """The nodes from the root towards the path, as `eth_getProof` lists them."""
    if not items:
        return []
    here = _sorted(items)
    nodes = [rlp.encode(_node(here))]
    while len(here) > 1:
        step = _shared(here) or path[:1]
        if not path.startswith(step):
            break
        here, path = _below(here, step), path[len(step) :]
        if here and len(encoded := rlp.encode(_node(here))) >= 32:
            nodes.append(encoded)
    return nodes


def hashed(items: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """The values by the path that a secured trie keeps them under."""
    return {keccak256(key).hex(): value for key, value in items.items()}
