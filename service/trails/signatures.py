"""Which signatures prove who recorded a capture, judged as an auditor will; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.ledger.abi import SignedCapture, entries_of
from service.ledger.proofs import KeyState
from service.sealing.bundle import CapturePart
from service.sealing.hashing import keccak256
from service.sealing.signing import BadSignature, recover
from service.sealing.typeddata import signing_digest, struct_hash
from service.store.bundles import EntryRow

Recording = tuple[bytes, bytes]
"""A capture as the ledger knows it: the id of its party, and its own."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A capture with a signature over it, and the 20-byte address of the key that made it."""

    part: CapturePart
    signer: bytes


def signed_captures(domain: bytes, captures: Iterable[SignedCapture]) -> dict[bytes, list[Signed]]:
    """The captures by their ids, as far as their signatures are of any key."""
    found: dict[bytes, list[Signed]] = {}
    for capture in captures:
        hashes = b"".join(map(struct_hash, entries_of(capture.words)))
        capture_id = keccak256(hashes)
        try:
            signer = recover(signing_digest(domain, capture_id, capture.deadline), capture.signature)
        except BadSignature:
            continue
        part = CapturePart(entries=hashes, deadline=capture.deadline.to_bytes(8, "big"), signature=capture.signature)
        found.setdefault(capture_id, []).append(Signed(part, signer))
    return found


def proven(
    entries: Sequence[EntryRow],
    signed: Mapping[bytes, Sequence[Signed]],
    keys: Mapping[bytes, KeyState],
    numbers: Mapping[bytes, int],
) -> dict[Recording, Signed]:
    """For each capture that recorded entries, the signature of a key that the registry held for its party, then.

    A signature that was made anew after the chain had taken the former may be of a key that was not bound then.
    `numbers` are those of the parties, by their ids.
    """
    times = {(entry.party, entry.part): entry.time for entry in entries}
    found: dict[Recording, Signed] = {}
    for (party, capture), time in times.items():
        for one in signed.get(capture, ()):
            state = keys.get(one.signer)
            in_time = time <= int.from_bytes(one.part.deadline, "big")
            if state and in_time and state.binding.party == numbers[party] and state.binding.is_valid_at(time):
                found[party, capture] = one
                break
    return found
