"""Membership and absence in a Merkle Patricia trie (Yellow Paper, appendix D), over a pool of its nodes."""

from collections.abc import Iterable

from service.sealing import rlp
from service.sealing.hashing import keccak256

EMPTY_ROOT = keccak256(rlp.encode(b""))


class BadProof(ValueError):
    """The nodes do not lead from the root to the key."""


class Nodes:
    """RLP nodes of any tries, found by their hash; knows which of them no look-up came by."""

    def __init__(self, encoded: Iterable[bytes]) -> None:
        self._unread = {keccak256(node): node for node in encoded}
        self._read: dict[bytes, list[rlp.Item]] = {}

    @property
    def unread(self) -> frozenset[bytes]:
        """The nodes that no look-up came by."""
        return frozenset(self._unread.values())

    def named(self, name: bytes) -> list[rlp.Item]:
        """The node with this hash.

        Raises:
            BadProof: there is none, or it is malformed.
        """
        node = self._read.get(name)
        if node is None:
            node = self._read[name] = self._decoded(name)
        return node

    def _decoded(self, name: bytes) -> list[rlp.Item]:
        encoded = self._unread.pop(name, None)
        if encoded is None:
            raise BadProof(f"the node 0x{name.hex()[:64]} on the way to the key is not there")
        try:
            return rlp.decode_list(encoded)
        except rlp.BadRLP as fault:
            raise BadProof(f"the node 0x{name.hex()} is malformed: {fault}") from fault


def lookup(root: bytes, key: bytes, nodes: Nodes) -> bytes | None:
    """The value under `keccak256(key)` in the secured trie with this 32-byte root, or None where the trie has none.

    Each node of the way is looked up by the hash that its parent names, so none can be another.

    Raises:
        BadProof: a node is missing or malformed.
    """
    return None if root == EMPTY_ROOT else _walk(root, keccak256(key).hex(), nodes)


def _walk(root: bytes, path: str, nodes: Nodes) -> bytes | None:
    """The value at the end of a path of nibbles; all paths of the trie have one length, and every step takes some."""
    reference: rlp.Item = root
    while True:
        found = _step(nodes.named(reference) if isinstance(reference, bytes) else reference, path)
        if not isinstance(found, tuple):
            return found
        reference, path = found


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
