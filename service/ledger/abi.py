"""The contracts as the service calls and reads them: committed artifacts, calldata of `record`, and the logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from eth_abi.abi import encode
from eth_utils.abi import abi_to_signature

from service.ledger.client import number, raw
from service.sealing.entries import Entry
from service.sealing.hashing import keccak256

ARTIFACTS = Path(__file__).parents[2] / "contracts" / "artifacts"

REFUSALS = (
    "UnknownKey",
    "KeyNotYetValid",
    "KeyExpired",
    "KeyRevoked",
    "PartySuspended",
    "DeadlinePassed",
    "BadSignature",
    "NoEntries",
    "TooManyEntries",
    "BadStep",
)
"""Names of `RefusalReason`, by number."""

DISPUTES = (
    "AlreadyCommissioned",
    "InAnothersCustody",
    "UnknownRecipient",
    "NotCustodian",
    "Decommissioned",
    "NotOffered",
    "NotEntitled",
    "NoSuchHold",
    "Held",
)
"""Names of `DisputeReason`, by number."""


@cache
def artifact(contract: str) -> Mapping[str, Any]:
    """The committed build of `Participants` or `Provenance`: ABI, bytecode, storage layout, code hash."""
    loaded: Mapping[str, Any] = orjson.loads((ARTIFACTS / f"{contract}.json").read_bytes())
    return loaded


def creation_code(contract: str, types: Sequence[str], arguments: Sequence[Any]) -> bytes:
    """What a transaction carries to deploy the contract with constructor arguments."""
    return raw(artifact(contract)["bytecode"]) + encode(types, arguments)


def topic(contract: str, event: str) -> bytes:
    """Topic 0 of an event's logs: keccak256 of its signature, 32 bytes."""
    return keccak256(_signature(contract, "event", event).encode())


def calldata(contract: str, function: str, arguments: Sequence[Any]) -> bytes:
    """Selector and ABI-encoded arguments of a call."""
    signature = _signature(contract, "function", function)
    types = _split(signature[signature.index("(") + 1 : -1])
    return keccak256(signature.encode())[:4] + encode(types, arguments)


@cache
def _signature(contract: str, kind: str, name: str) -> str:
    for part in artifact(contract)["abi"]:
        if part["type"] == kind and part["name"] == name:
            return abi_to_signature(part)
    raise LookupError(f"{contract} has no {kind} {name}")


def _split(types: str) -> list[str]:
    parts, depth = [""], 0
    for character in types:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part]


def entry_words(entries: Sequence[Entry]) -> bytes:
    """ABI words of the entries as they stand in calldata: 128 bytes each."""
    return b"".join(entry.trail + entry.seal + entry.step.to_bytes(32, "big") + entry.to for entry in entries)


def entries_of(words: bytes) -> list[Entry]:
    """The entries that the words encode."""
    return [
        Entry(words[at : at + 32], words[at + 32 : at + 64], words[at + 95], words[at + 96 : at + 128])
        for at in range(0, len(words), 128)
    ]


@dataclass(frozen=True, slots=True)
class SignedCapture:
    """A capture as the contract takes it; `words` are its entries' ABI words."""

    words: bytes
    deadline: int
    signature: bytes


def record_calldata(captures: Sequence[SignedCapture]) -> bytes:
    """Calldata of `record(Capture[])`, laid out by hand (Solidity ABI, "Use of Dynamic Types").

    The same as `calldata("Provenance", "record", …)` in a hundredth of the time, which counts per event.
    """
    bodies = [_capture_words(capture) for capture in captures]
    offset, offsets = 32 * len(bodies), []
    for body in bodies:
        offsets.append(_word(offset))
        offset += len(body)
    return b"".join((record_selector(), _word(32), _word(len(bodies)), *offsets, *bodies))


@cache
def record_selector() -> bytes:
    """The first four bytes of calldata of `record`."""
    return keccak256(_signature("Provenance", "function", "record").encode())[:4]


def _capture_words(capture: SignedCapture) -> bytes:
    entries = _word(len(capture.words) // 128) + capture.words
    padding = bytes(-len(capture.signature) % 32)
    return b"".join(
        (
            _word(96),
            _word(capture.deadline),
            _word(96 + len(entries)),
            entries,
            _word(len(capture.signature)),
            capture.signature,
            padding,
        )
    )


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Log:
    """A log with what all logs have; `topics` and `data` are bytes, `transaction` is the hash that it came with."""

    block: int
    block_hash: bytes
    position: int
    transaction: bytes
    topics: tuple[bytes, ...]
    data: bytes

    @classmethod
    def read(cls, log: Mapping[str, Any]) -> "Log":
        """From `eth_getLogs`."""
        return cls(
            number(log["blockNumber"]),
            raw(log["blockHash"]),
            number(log["logIndex"]),
            raw(log["transactionHash"]),
            tuple(raw(part) for part in log["topics"]),
            raw(log["data"]),
        )

    def word(self, index: int) -> bytes:
        """The 32-byte word of the data with this index."""
        return self.data[32 * index : 32 * index + 32]
