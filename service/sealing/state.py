"""A block header and the state under it: accounts and storage slots as EIP-1186 proofs show them."""

from dataclasses import dataclass

from service.sealing import rlp
from service.sealing.hashing import keccak256
from service.sealing.trie import BadProof, Nodes, lookup


@dataclass(frozen=True, slots=True)
class Header:
    """What a proof needs of a block header; `hash` and `state_root` are 32 bytes, `time` is in seconds."""

    hash: bytes
    state_root: bytes
    number: int
    time: int

    @classmethod
    def read(cls, encoded: bytes) -> "Header":
        """From the header's RLP; fields that later forks append are hashed and not looked at (EIP-1559, 4895, 4844...).

        Raises:
            ValueError: no header.
        """
        fields = rlp.decode_list(encoded)
        if len(fields) < 15:
            raise ValueError(f"a block header has at least 15 fields, this one has {len(fields)}")
        state_root, number, time = fields[3], fields[8], fields[11]
        return cls(keccak256(encoded), _field(state_root, 32, 32), _number(number), _number(time))


def _field(item: rlp.Item, shortest: int, longest: int) -> bytes:
    if isinstance(item, bytes) and shortest <= len(item) <= longest:
        return item
    raise ValueError("state root, number or time of the header has a wrong shape")


def _number(item: rlp.Item) -> int:
    return int.from_bytes(_field(item, 0, 8), "big")


@dataclass(frozen=True, slots=True)
class Account:
    """A contract's account: its storage root and the hash of its code, 32 bytes each."""

    storage_root: bytes
    code_hash: bytes

    @classmethod
    def prove(cls, state_root: bytes, address: bytes, nodes: Nodes) -> "Account":
        """The account at the 20-byte address.

        Raises:
            BadProof: the nodes do not lead to it, or the state has no such account.
        """
        leaf = lookup(state_root, address, nodes)
        if leaf is None:
            raise BadProof(f"the state has no account 0x{address.hex()}")
        try:
            fields = rlp.decode_list(leaf)
        except rlp.BadRLP as fault:
            raise BadProof(f"the account is malformed: {fault}") from fault
        if len(fields) != 4 or not isinstance(fields[2], bytes) or not isinstance(fields[3], bytes):
            raise BadProof("the account has another shape than (nonce, balance, storage root, code hash)")
        return cls(fields[2], fields[3])

    def slot(self, key: bytes, nodes: Nodes) -> bytes:
        """The 32 bytes in the storage slot `key`; zero where the trie proves that nothing is there.

        Raises:
            BadProof: the nodes do not lead from the storage root to the slot.
        """
        leaf = lookup(self.storage_root, key, nodes)
        if leaf is None:
            return bytes(32)
        try:
            value = rlp.decode(leaf)
        except rlp.BadRLP as fault:
            raise BadProof(f"the slot is malformed: {fault}") from fault
        if not isinstance(value, bytes) or len(value) > 32:
            raise BadProof("the slot is longer than 32 bytes")
        return value.rjust(32, b"\x00")
