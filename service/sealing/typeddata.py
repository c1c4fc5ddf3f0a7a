"""What a party signs: EIP-712 typed data of a capture (docs/format.md, section 2)."""

from collections.abc import Sequence
from typing import Any

from service.sealing.entries import ENTRIES_PER_CAPTURE, Entry
from service.sealing.hashing import keccak256

NAME, VERSION = "Trailseal", "1"

_ENTRY = "Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)"
_ENTRY_TYPE = keccak256(_ENTRY.encode())
_CAPTURE_TYPE = keccak256(f"Capture(Entry[] entries,uint64 deadline){_ENTRY}".encode())
_DOMAIN_TYPE = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


def domain_separator(chain_id: int, provenance: bytes) -> bytes:
    """EIP-712 domain separator of the `Provenance` at the 20-byte address `provenance`, 32 bytes.

    Raises:
        ValueError: the address is not 20 bytes.
    """
    if len(provenance) != 20:
        raise ValueError(f"an address has 20 bytes, this one has {len(provenance)}")
    return keccak256(
        _DOMAIN_TYPE,
        keccak256(NAME.encode()),
        keccak256(VERSION.encode()),
        chain_id.to_bytes(32, "big"),
        bytes(12) + provenance,
    )


def capture_id(entries: Sequence[Entry]) -> bytes:
    """The capture's id, 32 bytes: the EIP-712 encoding of its `entries`; the contract computes the same.

    Raises:
        ValueError: no entry, or more than 200, which the contract refuses; or words that are not 32 bytes.
    """
    if not 0 < len(entries) <= ENTRIES_PER_CAPTURE:
        raise ValueError(f"a capture has 1 to {ENTRIES_PER_CAPTURE} entries, this one has {len(entries)}")
    return keccak256(*map(struct_hash, entries))


def struct_hash(entry: Entry) -> bytes:
    """EIP-712's `hashStruct` of an entry, 32 bytes.

    Raises:
        ValueError: trail, seal or `to` is not 32 bytes.
    """
    trail, seal, step, to = entry
    if not len(trail) == len(seal) == len(to) == 32:  # else bytes could move from one word into the next
        raise ValueError("trail, seal and to of an entry have 32 bytes each")
    return keccak256(_ENTRY_TYPE, trail, seal, step.to_bytes(32, "big"), to)


def signing_digest(domain: bytes, capture: bytes, deadline: int) -> bytes:
    """The 32 bytes that are signed, from the domain separator, the capture id and the deadline (Unix seconds)."""
    return keccak256(b"\x19\x01", domain, keccak256(_CAPTURE_TYPE, capture, deadline.to_bytes(32, "big")))


def typed_data(chain_id: int, provenance: bytes, entries: Sequence[Entry], deadline: int) -> dict[str, Any]:
    """The same as a JSON value for `eth_signTypedData_v4`: every wallet and library can sign it."""
    return {
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": chain_id,
            "verifyingContract": f"0x{provenance.hex()}",
        },
        "primaryType": "Capture",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Capture": [{"name": "entries", "type": "Entry[]"}, {"name": "deadline", "type": "uint64"}],
            "Entry": [
                {"name": "trail", "type": "bytes32"},
                {"name": "seal", "type": "bytes32"},
                {"name": "step", "type": "uint8"},
                {"name": "to", "type": "bytes32"},
            ],
        },
        "message": {
            "entries": [
                {
                    "trail": f"0x{entry.trail.hex()}",
                    "seal": f"0x{entry.seal.hex()}",
                    "step": int(entry.step),
                    "to": f"0x{entry.to.hex()}",
                }
                for entry in entries
            ],
            "deadline": deadline,
        },
    }
