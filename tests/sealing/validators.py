"""QBFT blocks as validators with known keys make and seal them, and as a node tells them."""

from collections.abc import Sequence
from typing import Any

from service.sealing import rlp
from service.sealing.hashing import keccak256
from service.sealing.qbft import EXTRA_DATA, Commit, commit_digest
from service.sealing.signing import address_of, sign

KEYS = [keccak256(b"validator", bytes((index,))) for index in range(4)]
VALIDATORS = [address_of(key) for key in KEYS]
NAMES = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty",
    "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce",
    "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
)  # fmt: skip
NUMBERS = {
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas",
}  # fmt: skip
LATER: list[rlp.Item] = [b"", keccak256(b"withdrawals"), b"", b"", keccak256(b"beacon"), keccak256(b"requests")]


def hashed(
    *,
    number: int = 77,
    validators: Sequence[bytes] = tuple(VALIDATORS),
    vote: list[rlp.Item] | None = None,
    vanity: bytes = bytes(32),
    extra: bytes = b"",
    extra_data: bytes | None = None,
    later: int = 4,
) -> bytes:
    """The header as the block's hash has it; `extra` makes another state, `later` counts the fields of later forks."""
    fields: list[rlp.Item] = [keccak256(name.encode(), extra) for name in NAMES[:15]]
    fields[2], fields[6] = bytes(20), bytes(256)
    for place, quantity in ((7, 1), (8, number), (9, 300_000_000), (10, 21_000), (11, 1_780_000_000)):
        fields[place] = quantity.to_bytes((quantity.bit_length() + 7) // 8, "big")
    listed: list[rlp.Item] = list(validators)
    own = rlp.encode([vanity, listed, vote or [], b"", []])
    fields[12] = own if extra_data is None else extra_data
    fields[13] = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
    fields[14] = bytes(8)
    return rlp.encode([*fields, *LATER[:later]])


def sealed(header: bytes, number: int, keys: Sequence[bytes]) -> Commit:
    """Sealed in this round with these keys, as Besu writes signatures: `v` 0 or 1."""
    seals = [sign(commit_digest(header, number), key) for key in keys]
    return Commit(number, tuple(seal[:64] + bytes((seal[64] - 27,)) for seal in seals))


def told(header: bytes, commit: Commit | None) -> dict[str, Any]:
    """The block as a node's `eth_getBlockByNumber` tells it."""
    fields = rlp.decode_list(header)
    if commit is not None:
        extra = fields[EXTRA_DATA]
        assert isinstance(extra, bytes)
        seals: list[rlp.Item] = list(commit.seals)
        number = commit.round.to_bytes((commit.round.bit_length() + 7) // 8, "big")
        fields[EXTRA_DATA] = rlp.encode([*rlp.decode_list(extra)[:3], number, seals])
    block: dict[str, Any] = {"hash": "0x" + keccak256(header).hex(), "transactions": [], "uncles": []}
    for name, field in zip(NAMES, fields, strict=False):
        assert isinstance(field, bytes)
        block[name] = hex(int.from_bytes(field, "big")) if name in NUMBERS else "0x" + field.hex()
    return block
