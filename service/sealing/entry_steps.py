"""Steps about what was said: seals, meaning, times, wholeness and signatures (docs/format.md, section 6)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from service.sealing import errors
from service.sealing.bundle import CapturePart, EntryPart, EventPart, TrailPart
from service.sealing.case import Case
from service.sealing.commitments import journal_of, party_of
from service.sealing.entries import NOBODY, Entry, Recorded, Step, fold
from service.sealing.hashing import keccak256
from service.sealing.layout import KeyBinding, key_slot
from service.sealing.signing import BadSignature, recover
from service.sealing.trie import BadProof
from service.sealing.typeddata import domain_separator, signing_digest, struct_hash

ERASES = "trailseal:erases"
"""The member of a document that says that its party erased the event with this seal (0x and 64 hex digits)."""


def seals(case: Case) -> str:
    """Step 6: each event opens the seal of an entry, each event another one."""
    case.seals = [event.seal for event in case.bundle.events]
    for index in range(1, len(case.seals)):
        if case.seals[index - 1] >= case.seals[index]:
            raise errors.SealBroken(f"{_name(case, index)} is out of the order of seals, or there twice")
    sealed = {entry.seal for _, entry in case.entries}
    for index, seal in enumerate(case.seals):
        if seal not in sealed:
            raise errors.SealBroken(f"{_name(case, index)} does not open the seal of any entry")
    if both := {one.seal for one in case.bundle.erased}.intersection(case.seals):
        raise errors.SealBroken(f"the event with seal 0x{min(both).hex()} is disclosed, and said to be erased")
    return f"{len(case.seals)} documents open seals"


def meaning(case: Case) -> str:
    """Step 7: each document is an EPCIS event that says, on a trail at least, what an entry with its seal says."""
    standing: dict[bytes, list[tuple[TrailPart, EntryPart]]] = {seal: [] for seal in case.seals}
    for trail, entry in case.entries:
        if (found := standing.get(entry.seal)) is not None:
            found.append((trail, entry))
    for index, (event, seal) in enumerate(zip(case.bundle.events, case.seals, strict=True)):
        _check_meaning(case, index, event, standing.pop(seal))
    return f"what they say is what was recorded; {case.contradicted} entries contradict the document of their seal"


def _check_meaning(case: Case, index: int, event: EventPart, standing: list[tuple[TrailPart, EntryPart]]) -> None:
    document = event.document
    try:
        things = case.steps(document)
    except ValueError as fault:
        raise errors.ForeignEvent(f"{_name(case, index)} is no EPCIS event: {fault}") from fault
    said = [(trail, entry) for trail, entry in standing if says(things, trail.identifier, entry, case.party_ids)]
    if not said:
        trail, entry = standing[0]
        raise errors.ForeignEvent(
            f"{_name(case, index)} does not say of {trail.identifier} what is recorded there with its seal:"
            f" {Step(entry.step).name}"
        )
    case.contradicted += len(standing) - len(said)
    erased = document.get(ERASES)
    if isinstance(erased, str):
        case.erasing.update((trail.identifier, entry.party, erased) for trail, entry in said)


def says(
    things: Mapping[str, tuple[int, str | None]], identifier: str, entry: EntryPart, party_ids: Mapping[int, bytes]
) -> bool:
    """Whether an event that says this of things says on the trail of `identifier` what the entry says."""
    said = said_on(identifier, things, party_ids[entry.party])
    return said is not None and said == (entry.step, entry.to or NOBODY)


def said_on(identifier: str, things: Mapping[str, tuple[int, str | None]], party: bytes) -> tuple[int, bytes] | None:
    """Step and recipient's party id that an event of this party states on a trail; None where it has no place there.

    `things` is what it says of each thing that it names. One that names none speaks on its own party's journal.
    """
    if not things:
        return (Step.OBSERVE, NOBODY) if identifier == journal_of(party) else None
    if identifier not in things:
        return None
    step, recipient = things[identifier]
    return step, party_of(recipient) if recipient else NOBODY


def times(case: Case) -> str:
    """Step 9: block times never decrease, and do not pass the block's own."""
    for trail in case.bundle.trails:
        for index, (earlier, later) in enumerate(pairwise(trail.entries), start=1):
            if later.time < earlier.time:
                raise errors.TimesDisordered(
                    f"entry {index} of {trail.identifier} is recorded at {later.time}, before the one that it follows"
                )
        last = trail.entries[-1].time
        if last > case.header.time:
            raise errors.TimesDisordered(
                f"the last entry of {trail.identifier} is recorded at {last}, after the block ({case.header.time})"
            )
    first = min(trail.entries[0].time for trail in case.bundle.trails)
    last = max(trail.entries[-1].time for trail in case.bundle.trails)
    return f"from {first} to {last} (Unix seconds of the recording blocks)"


def whole(case: Case) -> str:
    """Step 10: each trail's entries fold into its proven head: all of them, in this order, by these parties."""
    for trail, head in zip(case.bundle.trails, case.heads, strict=True):
        folded = fold(
            Recorded(entry.seal, case.party_ids[entry.party], entry.to or NOBODY, entry.step, entry.time)
            for entry in trail.entries
        )
        if folded != head:
            raise errors.NotWhole(
                f"the {len(trail.entries)} entries of {trail.identifier} fold into 0x{folded.hex()}, the chain's head"
                f" is 0x{head.hex()}: an entry was hidden, altered, reordered or added"
            )
    return f"{case.number_of_entries} entries fold into the proven heads; none is missing"


def keys(case: Case) -> str:
    """Step 12: each capture is signed by a key that the registry held for the party of its entries, then; no node is
    left over.
    """
    domain = domain_separator(case.bundle.chain_id, case.bundle.provenance)
    for index, entries in _of_captures(case):
        capture = case.bundle.captures[index]
        deadline = int.from_bytes(capture.deadline, "big")
        try:
            digest = signing_digest(domain, keccak256(capture.entries), deadline)
            address = recover(digest, capture.signature)
            _check_key(_binding(case, address), entries, deadline)
            _check_entries(capture, entries)
        except (BadSignature, BadProof, _NotSigned) as fault:
            raise errors.KeyUnproven(f"capture {index}: {fault}") from fault
        case.signed[address] += len(entries)
        case.doubtful[address] += len(entries) * case.keys[address].is_doubtful_at(entries[0][1].time)
    if spare := len(case.nodes.unread):
        raise errors.KeyUnproven(f"{spare} nodes of the proofs are not on the way to anything")
    unsigned = case.number_of_entries - case.signed.total()
    return f"{len(case.keys)} keys signed {case.signed.total()} entries; {unsigned} show no signature"


class _NotSigned(ValueError):
    """The signature is not one under these entries, or its key could not record them."""


Signed = list[tuple[bytes, EntryPart]]
"""Entries with the ids of their trails."""


def _of_captures(case: Case) -> Iterator[tuple[int, Signed]]:
    """For each capture by its index, the entries that it recorded."""
    named: dict[int, Signed] = defaultdict(list)
    for trail, trail_id in zip(case.bundle.trails, case.trail_ids, strict=True):
        for entry in trail.entries:
            if entry.capture is not None:
                named[entry.capture].append((trail_id, entry))
    return iter(named.items())


def _binding(case: Case, address: bytes) -> KeyBinding:
    if address not in case.keys:
        try:
            case.keys[address] = KeyBinding.unpack(case.participants.slot(key_slot(address), case.nodes))
        except ValueError as fault:
            raise BadProof(f"the registry's slot of the key 0x{address.hex()} is not proven: {fault}") from fault
    return case.keys[address]


def _check_key(binding: KeyBinding, entries: Signed, deadline: int) -> None:
    """One capture is one statement of one party, in one block, in time."""
    _, first = entries[0]
    if any((entry.party, entry.time) != (first.party, first.time) for _, entry in entries):
        raise _NotSigned("its entries are not of one party and one block")
    if binding.party != first.party:
        raise _NotSigned(f"its key is bound to party {binding.party}, its entries are of party {first.party}")
    if not binding.is_valid_at(first.time):
        raise _NotSigned(f"its key is valid from {binding.valid_from} to {binding.valid_to}, not at {first.time}")
    if first.time > deadline:
        raise _NotSigned(f"its deadline is {deadline}, its entries were recorded at {first.time}")


def _check_entries(capture: CapturePart, entries: Signed) -> None:
    left = capture.hashes
    for trail, entry in entries:
        hashed = struct_hash(Entry(trail, entry.seal, entry.step, entry.to or NOBODY))
        if hashed not in left:
            raise _NotSigned(f"an entry (seal 0x{entry.seal.hex()}) is not among those that were signed")
        left.remove(hashed)


def _name(case: Case, index: int) -> str:
    named = case.bundle.events[index].document.get("eventID")
    return f"event {index} ({named[:200] if isinstance(named, str) else 'without an eventID'})"
