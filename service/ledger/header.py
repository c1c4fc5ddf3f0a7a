"""A block header's bytes from what JSON-RPC tells of the block: its RLP, whose hash is the block's."""

from collections.abc import Mapping
from typing import Any

from service.errors import TrailsealError
from service.ledger.client import raw
from service.sealing import qbft, rlp
from service.sealing.hashing import keccak256
from service.sealing.qbft import EXTRA_DATA, Commit

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


class HeaderNotUnderstood(TrailsealError):
    """The node tells a block whose header this release cannot put together."""

    slug, title, status = "header-not-understood", "The chain has block headers that this release does not know", 502


def header_bytes(block: Mapping[str, Any]) -> bytes:
    """The RLP of the header of a block as `eth_getBlockByNumber` tells it; its keccak256 is the block's hash.

    On a chain under QBFT the hash leaves committed seals and round out of the extra data, and so do these bytes.

    Raises:
        HeaderNotUnderstood: the bytes do not hash to the block's hash; a fork newer than Prague added fields.
    """
    return header_and_commit(block)[0]


def commit_of(block: Mapping[str, Any]) -> Commit | None:
    """The round and committed seals of a QBFT block, which `header_bytes` leaves out; None for any other block.

    The genesis block, which nobody commits, has none either.

    Raises:
        HeaderNotUnderstood: see `header_bytes`.
    """
    return header_and_commit(block)[1]


def header_and_commit(block: Mapping[str, Any]) -> tuple[bytes, Commit | None]:
    """What `header_bytes` and `commit_of` give, for little more than the price of one."""
    fields, (wanted, number) = _fields(block), _named(block)
    if keccak256(encoded := rlp.encode(fields)) == wanted:
        return encoded, None
    extra = fields[EXTRA_DATA]
    found = qbft.split(extra) if isinstance(extra, bytes) else None
    if found is not None:
        fields[EXTRA_DATA] = found[0]
        if keccak256(encoded := rlp.encode(fields)) == wanted:
            return encoded, found[1] if found[1].seals else None
    raise HeaderNotUnderstood(
        f"the fields of block {number} do not hash to 0x{wanted.hex()}: the chain runs a fork, or a consensus, that"
        " this release does not know; update it"
    )


def _named(block: Mapping[str, Any]) -> tuple[bytes, int]:
    """Hash and number by which the node names the block."""
    try:
        return raw(block["hash"]), int(block["number"], 16)
    except (KeyError, TypeError, ValueError) as fault:
        raise HeaderNotUnderstood(f"the node tells a block without a readable hash or number: {fault}") from fault


def _fields(block: Mapping[str, Any]) -> list[rlp.Item]:
    names = list(_FIELDS)
    for field in _LATER_FIELDS:
        if block.get(field[0]) is None:
            break
        names.append(field)
    try:
        return [_minimal(block[name]) if is_number else raw(block[name]) for name, is_number in names]
    except (KeyError, TypeError, ValueError, OverflowError) as fault:
        raise HeaderNotUnderstood(f"the node tells a block without a readable header field: {fault}") from fault


def _minimal(quantity: str) -> bytes:
    value = int(quantity, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
