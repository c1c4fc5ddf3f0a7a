"""The verification of a bundle, as the numbered list of docs/format.md section 6; no I/O, no clock.

1.  Form      the file is a canonical bundle and its digest is that of its content
2.  Block     the header hashes to the block that the auditor trusts
3.  Contract  the address is the ledger that the auditor knows, and the state holds released Provenance code there
4.  Registry  Provenance asks the released Participants code
5.  Head      the state proves the head of the trail that identifier and salt name, and it is not empty
6.  Seals     every disclosed document and nonce open the seal of their entry
7.  Meaning   every disclosed document speaks of this trail and says the step that its entry says
8.  Parties   every party of an entry is named by its identifier
9.  Times     block times never decrease and do not pass the block's own
10. Whole     the entries fold into the proven head: all of them, in this order, by these parties, at these times
11. Custody   the state proves the custody slot, and the registry proves whose numbers stand in it
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from service.sealing import bundle as bundles
from service.sealing import errors, released
from service.sealing.bundle import Bundle, PartyPart
from service.sealing.commitments import journal_of, party_of, seal_of, trail_of
from service.sealing.entries import NOBODY, Step, fold
from service.sealing.hashing import document_bytes
from service.sealing.layout import PARTICIPANTS_SLOT, Custody, custody_slot, head_slot, party_id_slot
from service.sealing.state import Account, Header
from service.sealing.trie import BadProof
from service.sealing.verdict import Passed, Verdict

Steps = Callable[[Mapping[str, Any]], Mapping[str, tuple[int, str | None]]]
"""What an event says of each thing that it touches: canonical identifier to (step, recipient's identifier).

Raises ValueError for a document that is no EPCIS event.
"""


@dataclass(slots=True)
class _Case:
    """What the steps learn from each other."""

    file: bytes
    trusted_block: bytes
    steps: Steps
    ledger: bytes | None
    bundle: Bundle = field(init=False)
    header: Header = field(init=False)
    provenance: Account = field(init=False)
    participants: Account = field(init=False)
    head: bytes = field(init=False)
    custody: Custody = field(init=False)
    withheld: int = 0

    @property
    def trail(self) -> bytes:
        return trail_of(self.bundle.trail.identifier, self.bundle.trail.salt)


def verify(file: bytes, trusted_block: bytes, steps: Steps, ledger: bytes | None = None) -> Verdict:
    """Check the bundle in `file` against the 32-byte hash of a block that the auditor trusts.

    `steps` says what an EPCIS event says of the things that it touches (`service.sealing.meaning.steps_of`).
    `ledger` is the 20-byte address of the consortium's Provenance; without it the verdict tells the address that the
    bundle uses, and the auditor has to compare it, because anyone can deploy the same code with a registry of their
    own. The list ends at the first step that fails, for nothing after it would mean anything.
    """
    case = _Case(file, trusted_block, steps, ledger)
    passed: list[Passed] = []
    failed: errors.ProofFailed | None = None
    try:
        for number, (title, check) in enumerate(CHECKS, start=1):
            passed.append(Passed(number, title, check(case)))
    except errors.ProofFailed as failure:
        failed = failure
    return _verdict(case, tuple(passed), failed)


def _verdict(case: _Case, passed: tuple[Passed, ...], failed: errors.ProofFailed | None) -> Verdict:
    held = len(passed)
    return Verdict(
        passed,
        failed,
        trail=case.bundle.trail.identifier if held >= 1 else None,
        block=case.header.number if held >= 2 else None,
        block_time=case.header.time if held >= 2 else None,
        ledger=case.bundle.provenance.address if held >= 3 else None,
        ledger_given=case.ledger is not None,
        entries=len(case.bundle.entries) if held >= 1 else 0,
        withheld=case.withheld,
        custody=case.custody if failed is None else None,
        custodian=_names(case).get(case.custody.custodian) if failed is None else None,
    )


def _form(case: _Case) -> str:  # step 1
    case.bundle = bundles.read(case.file)
    return f"{bundles.FORMAT}, {len(case.file)} bytes, {len(case.bundle.entries)} entries, digest matches"


def _block(case: _Case) -> str:  # step 2
    try:
        case.header = Header.read(case.bundle.header)
    except ValueError as fault:
        raise errors.UntrustedBlock(f"the bundle's header is malformed: {fault}") from fault
    if case.header.hash != case.trusted_block:
        raise errors.UntrustedBlock(
            f"the header hashes to 0x{case.header.hash.hex()}, the trusted block is 0x{case.trusted_block.hex()}"
        )
    return f"block {case.header.number} is the trusted 0x{case.header.hash.hex()}"


def _contract(case: _Case) -> str:  # step 3
    part = case.bundle.provenance
    if case.ledger is not None and case.ledger != part.address:
        raise errors.ForeignContract(
            f"the bundle speaks of the contract at 0x{part.address.hex()}, the ledger is at 0x{case.ledger.hex()}"
        )
    try:
        case.provenance = Account.prove(case.header.state_root, part.address, part.account)
    except BadProof as fault:
        raise errors.ForeignContract(f"the account of Provenance is not proven: {fault}") from fault
    if case.provenance.code_hash not in released.PROVENANCE:
        raise errors.ForeignContract(
            f"the code at 0x{part.address.hex()} hashes to 0x{case.provenance.code_hash.hex()}, which is no release"
        )
    whose = "the ledger that was given" if case.ledger else "compare this address with the consortium's: none was given"
    return f"0x{part.address.hex()} runs Provenance {released.PROVENANCE[case.provenance.code_hash]}; {whose}"


def _registry(case: _Case) -> str:  # step 4
    try:
        address = case.provenance.slot(PARTICIPANTS_SLOT, case.bundle.provenance.participants)[12:]
        case.participants = Account.prove(case.header.state_root, address, case.bundle.participants.account)
    except BadProof as fault:
        raise errors.ForeignRegistry(f"the registry is not proven: {fault}") from fault
    if case.participants.code_hash not in released.PARTICIPANTS:
        raise errors.ForeignRegistry(
            f"the registry at 0x{address.hex()} has code 0x{case.participants.code_hash.hex()}, which is no release"
        )
    return f"0x{address.hex()} runs Participants {released.PARTICIPANTS[case.participants.code_hash]}"


def _head(case: _Case) -> str:  # step 5
    try:
        case.head = case.provenance.slot(head_slot(case.trail), case.bundle.provenance.head)
    except BadProof as fault:
        raise errors.HeadUnproven(f"the head is not proven for this identifier and salt: {fault}") from fault
    if case.head == bytes(32):
        raise errors.HeadUnproven("the chain has no entry for this identifier and salt")
    return f"trail 0x{case.trail.hex()} has head 0x{case.head.hex()}"


def _seals(case: _Case) -> str:  # step 6
    for index, entry in enumerate(case.bundle.entries):
        if entry.document is None or entry.nonce is None:
            if entry.document is not None or entry.nonce is not None:
                raise errors.SealBroken(f"entry {index} discloses a document or a nonce but not both")
            case.withheld += 1
            continue
        if seal_of(_canonical(entry.document, index), entry.nonce) != entry.seal:
            raise errors.SealBroken(f"the document of entry {index} ({_name(entry.document)}) does not open its seal")
    disclosed = len(case.bundle.entries) - case.withheld
    return f"{disclosed} documents open their seals, {case.withheld} are withheld or erased"


def _meaning(case: _Case) -> str:  # step 7
    identifier = case.bundle.trail.identifier
    for index, document in _documents(case):
        entry = case.bundle.entries[index]
        said = said_on(identifier, _said(case.steps, document, index), entry.party)
        if said is None:
            raise errors.ForeignEvent(f"entry {index} ({_name(document)}) does not speak of {identifier}")
        step, recipient = said
        if entry.step != step or entry.to != (party_of(recipient) if recipient else NOBODY):
            raise errors.ForeignEvent(
                f"entry {index} ({_name(document)}) is recorded as {Step(entry.step).name}, its event says"
                f" {Step(step).name} to {recipient or 'nobody'}"
            )
    return f"every disclosed event speaks of {identifier}, and says what its entry says"


def _parties(case: _Case) -> str:  # step 8
    named = {party_of(party.identifier): party.identifier for party in case.bundle.participants.parties}
    for index, entry in enumerate(case.bundle.entries):
        if entry.party not in named:
            raise errors.PartyUnnamed(f"the party 0x{entry.party.hex()} of entry {index} is not named by the bundle")
    return ", ".join(sorted({named[entry.party] for entry in case.bundle.entries}))


def _times(case: _Case) -> str:  # step 9
    times = [entry.time for entry in case.bundle.entries]
    for index, (earlier, later) in enumerate(pairwise(times), start=1):
        if later < earlier:
            raise errors.TimesDisordered(f"entry {index} is recorded at {later}, before the one that it follows")
    if times[-1] > case.header.time:
        raise errors.TimesDisordered(f"the last entry is recorded at {times[-1]}, after the block ({case.header.time})")
    return f"from {times[0]} to {times[-1]} (Unix seconds of the recording blocks)"


def _whole(case: _Case) -> str:  # step 10
    folded = fold(entry.recorded for entry in case.bundle.entries)
    if folded != case.head:
        raise errors.NotWhole(
            f"the {len(case.bundle.entries)} entries fold into 0x{folded.hex()}, the chain's head is"
            f" 0x{case.head.hex()}: an entry was hidden, altered, reordered or added"
        )
    return f"{len(case.bundle.entries)} entries fold into the proven head; none is missing"


def _custody(case: _Case) -> str:  # step 11
    part = case.bundle.provenance
    try:
        case.custody = Custody.unpack(case.provenance.slot(custody_slot(case.trail), part.custody))
        for party in case.bundle.participants.parties:
            _prove_party(case.participants, party)
    except (BadProof, ValueError) as fault:
        raise errors.CustodyUnproven(f"custody is not proven: {fault}") from fault
    names = _names(case)
    custody = case.custody
    for number in (custody.custodian, custody.offered_to, custody.commissioner):
        if number and number not in names:
            raise errors.CustodyUnproven(f"the custody slot names party {number}, which the bundle does not")
    return (
        f"custodian {names.get(custody.custodian, 'nobody')}, offered to {names.get(custody.offered_to, 'nobody')},"
        f" {custody.holds} open holds, {custody.disputes} disputes"
    )


CHECKS: tuple[tuple[str, Callable[[_Case], str]], ...] = (
    ("Form", _form),
    ("Block", _block),
    ("Contract", _contract),
    ("Registry", _registry),
    ("Head", _head),
    ("Seals", _seals),
    ("Meaning", _meaning),
    ("Parties", _parties),
    ("Times", _times),
    ("Whole", _whole),
    ("Custody", _custody),
)


def _prove_party(participants: Account, party: PartyPart) -> None:
    if participants.slot(party_id_slot(party.number), party.proof) != party_of(party.identifier):
        raise BadProof(f"the registry's party {party.number} is not {party.identifier}")


def _names(case: _Case) -> dict[int, str]:
    return {party.number: party.identifier for party in case.bundle.participants.parties}


def _documents(case: _Case) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for index, entry in enumerate(case.bundle.entries):
        if entry.document is not None:
            yield index, entry.document


def _said(steps: Steps, document: Mapping[str, Any], index: int) -> Mapping[str, tuple[int, str | None]]:
    try:
        return steps(document)
    except ValueError as fault:
        raise errors.ForeignEvent(f"the document of entry {index} is no EPCIS event: {fault}") from fault


def said_on(
    identifier: str, things: Mapping[str, tuple[int, str | None]], party: bytes
) -> tuple[int, str | None] | None:
    """Step and recipient that an event of this party states on a trail; None where it has no place there.

    `things` is what it says of each thing that it names. One that names none speaks on its own party's journal.
    """
    if things:
        return things.get(identifier)
    return (Step.OBSERVE, None) if identifier == journal_of(party) else None


def _canonical(document: Mapping[str, Any], index: int) -> bytes:
    try:
        return document_bytes(document)
    except ValueError as fault:
        raise errors.SealBroken(f"the document of entry {index} cannot be canonicalised: {fault}") from fault


def _name(document: Mapping[str, Any]) -> str:
    return str(document.get("eventID", "an event without an eventID"))[:200]
