"""A block header's bytes from what JSON-RPC tells of the block: its RLP, whose hash is the block's."""

from collections.abc import Mapping
from typing import Any

from service.errors import TrailsealError
from service.ledger.client import raw
from service.sealing import rlp
from service.sealing.hashing import keccak256

# Each header field by its JSON name, in the order of the header; whether it is a number (RLP then drops leading zeros).
_FIELDS = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
)
# Appended by later forks, each only where all before it are there.
_LATER_FIELDS = (
    ("baseFeePerGas", True),  # London, EIP-1559
    ("withdrawalsRoot", False),  # Shanghai, EIP-4895
    ("blobGasUsed", True),  # Cancun, EIP-4844
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),  # Cancun, EIP-4788
    ("requestsHash", False),  # Prague, EIP-7685
)
_EXTRA_DATA = 12


class HeaderNotUnderstood(TrailsealError):
    """The node tells a block whose header this release cannot put together."""

    slug, title, status = "header-not-understood", "The chain has block headers that this release does not know", 502


def header_bytes(block: Mapping[str, Any]) -> bytes:
    """The RLP of the header of a block as `eth_getBlockByNumber` tells it; its keccak256 is the block's hash.

    On a chain under QBFT the hash leaves committed seals and round out of the extra data, and so do these bytes.

    Raises:
        HeaderNotUnderstood: the bytes do not hash to the block's hash; a fork newer than Prague added fields.
    """
    wanted = raw(block["hash"])
    fields = _fields(block)
    for candidate in (fields, _without_seals(fields)):
        if candidate is not None and keccak256(encoded := rlp.encode(candidate)) == wanted:
            return encoded
    raise HeaderNotUnderstood(
        f"the fields of block {int(block['number'], 16)} do not hash to {block['hash']}: the chain runs a fork that"
        " this release does not know; update it"
    )


def _fields(block: Mapping[str, Any]) -> list[rlp.Item]:
    names = list(_FIELDS)
    for field in _LATER_FIELDS:
        if block.get(field[0]) is None:
            break
        names.append(field)
    try:
        return [_minimal(block[name]) if is_number else raw(block[name]) for name, is_number in names]
    except (KeyError, TypeError, ValueError) as fault:
        raise HeaderNotUnderstood(f"the node tells a block without a readable header field: {fault}") from fault


def _minimal(quantity: str) -> bytes:
    value = int(quantity, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _without_seals(fields: list[rlp.Item]) -> list[rlp.Item] | None:
    """The fields as QBFT hashes them (round zero, no seals), or None where the extra data are not QBFT's."""
    extra = fields[_EXTRA_DATA]
    try:
        parts = rlp.decode_list(extra) if isinstance(extra, bytes) else []
    except rlp.BadRLP:
        return None
    if len(parts) != 5:
        return None
    return [*fields[:_EXTRA_DATA], rlp.encode([*parts[:3], b"", []]), *fields[_EXTRA_DATA + 1 :]]
