"""Entries: what one event says about one trail, and the running head that they fold into (docs/format.md, 2 and 3)."""

from collections.abc import Iterable
from typing import NamedTuple

from service.epcis.custody import Step
from service.sealing.hashing import keccak256

__all__ = [
    "ENTRIES_PER_CAPTURE",
    "GENESIS",
    "NOBODY",
    "Entry",
    "Recorded",
    "Step",
    "advance",
    "fold",
]

NOBODY = bytes(32)
GENESIS = bytes(32)
ENTRIES_PER_CAPTURE = 200


class Entry(NamedTuple):
    """One entry of a capture: `trail`, `seal` and `to` are 32 bytes."""

    trail: bytes
    seal: bytes
    step: int
    to: bytes = NOBODY


class Recorded(NamedTuple):
    """An entry as the ledger recorded it: by whom (`party`, 32 bytes) and when (`time`, block timestamp in seconds)."""

    seal: bytes
    party: bytes
    to: bytes
    step: int
    time: int


def advance(head: bytes, entry: Recorded) -> bytes:
    """The head after one more entry: `keccak256(head ‖ seal ‖ party ‖ to ‖ step ‖ time)`, 32 bytes."""
    return keccak256(
        head, entry.seal, entry.party, entry.to, entry.step.to_bytes(1, "big"), entry.time.to_bytes(8, "big")
    )


def fold(entries: Iterable[Recorded], head: bytes = GENESIS) -> bytes:
    """The head that the entries, in the order of their recording, lead to."""
    for entry in entries:
        head = advance(head, entry)
    return head
