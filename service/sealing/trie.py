"""Membership and absence in a Merkle Patricia trie (Yellow Paper, appendix D), as EIP-1186 proofs show them."""

from collections.abc import Sequence

from service.sealing import rlp
from service.sealing.hashing import keccak256

EMPTY_ROOT = keccak256(rlp.encode(b""))


class BadProof(ValueError):
    """The nodes do not lead from the root to the key."""


def lookup(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """The value under `keccak256(key)` in the secured trie with this 32-byte root, or None where the trie has none.

    `nodes` are the RLP nodes from the root down, each used, none spare.

    Raises:
        BadProof: a node is missing, spare, malformed, or does not hash to what its parent names.
    """
    if root == EMPTY_ROOT:
        if list(nodes) not in ([], [rlp.encode(b"")]):  # nodes differ in how they show an empty trie
            raise BadProof("the trie is empty and yet the proof has nodes")
        return None
    return _walk(root, keccak256(key).hex(), nodes)


def _walk(root: bytes, path: str, nodes: Sequence[bytes]) -> bytes | None:
    """The value at the end of a path of nibbles; all paths of the trie have one length."""
    reference: rlp.Item = root
    used = 0
    while True:
        if isinstance(reference, bytes):
            used += 1
            reference = _named(reference, nodes, used - 1)
        found = _step(reference, path)
        if isinstance(found, tuple) and found[0]:
            reference, path = found
            continue
        if used != len(nodes):
            raise BadProof(f"{len(nodes) - used} nodes of the proof are not on the way to the key")
        return found if isinstance(found, bytes) else None


def _named(name: bytes, nodes: Sequence[bytes], index: int) -> list[rlp.Item]:
    if index >= len(nodes):
        raise BadProof("the proof ends before the key")
    if len(name) != 32 or keccak256(nodes[index]) != name:
        raise BadProof(f"node {index} does not hash to what its parent names")
    try:
        return rlp.decode_list(nodes[index])
    except rlp.BadRLP as fault:
        raise BadProof(f"node {index} is malformed: {fault}") from fault


def _step(node: rlp.Item, path: str) -> bytes | tuple[rlp.Item, str] | None:
    """The value that ends the way here, None where the key is absent, or the next reference and the path left."""
    if not isinstance(node, list) or len(node) not in (2, 17):
        raise BadProof("a node is neither a branch nor an extension nor a leaf")
    if len(node) == 17:
        if not path:
            raise BadProof("a branch stands where a key of fixed length ends")
        return (node[int(path[0], 16)], path[1:]) if node[int(path[0], 16)] else None
    if not isinstance(node[0], bytes):
        raise BadProof("a node's path is no byte string")
    is_leaf, piece = _unpack(node[0])
    if is_leaf:
        if not isinstance(node[1], bytes):
            raise BadProof("a leaf's value is no byte string")
        return node[1] if path == piece else None
    if not node[1] or not piece:
        raise BadProof("an extension leads nowhere")
    return (node[1], path[len(piece) :]) if path.startswith(piece) else None


def _unpack(packed: bytes) -> tuple[bool, str]:
    """Whether it is a leaf's path, and its nibbles (hex-prefix encoding, Yellow Paper appendix C)."""
    nibbles = packed.hex()
    if not nibbles or nibbles[0] not in "0123" or (nibbles[0] in "02" and nibbles[1] != "0"):
        raise BadProof("a node's path has a malformed prefix")
    return nibbles[0] in "23", nibbles[1:] if nibbles[0] in "13" else nibbles[2:]
