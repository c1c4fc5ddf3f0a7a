"""Steps about what the chain holds: block, contracts, heads, parties and custody (docs/format.md, section 6)."""

from collections.abc import Iterator

from service.sealing import errors, released
from service.sealing.case import Case
from service.sealing.checkpoints import agreed
from service.sealing.commitments import trail_of
from service.sealing.layout import (
    PARTICIPANTS_SLOT,
    Custody,
    Standing,
    custody_slot,
    head_slot,
    party_id_slot,
    party_standing_slot,
)
from service.sealing.qbft import Commit, committed
from service.sealing.state import Account, Header
from service.sealing.trie import BadProof


def block(case: Case) -> str:
    """Step 2: everything that the auditor trusts says that the header is one of the chain's."""
    try:
        header = Header.read(case.bundle.header)
    except ValueError as fault:
        raise errors.UntrustedBlock(f"the bundle's header is malformed: {fault}") from fault
    case.trusted = tuple(_reasons(case, header))
    case.header = header
    return f"block {header.number} (0x{header.hash.hex()}): {', '.join(case.trusted)}"


def _reasons(case: Case, header: Header) -> Iterator[str]:
    trust = case.trust
    if trust.block is not None:
        if trust.block != header.hash:
            raise errors.UntrustedBlock(
                f"the header hashes to 0x{header.hash.hex()}, the trusted block is 0x{trust.block.hex()}"
            )
        yield "it is the trusted block"
    if trust.validators is not None:
        known = trust.validators.addresses
        told = case.bundle.commit
        commit = None if told is None else Commit(told.round, tuple(told.seals))
        sealers = committed(case.bundle.header, commit, known)
        yield f"{len(sealers)} of {len(known)} validators sealed it"
    if trust.witnesses is not None:
        given = trust.witnesses
        signers = agreed(given, case.bundle.chain_id, header)
        yield f"{len(signers)} of {len(given.addresses)} witnesses signed it, {given.required} are required"


def contract(case: Case) -> str:
    """Step 3: the address is the ledger that the auditor knows, and the state holds released Provenance code there."""
    address = case.bundle.provenance
    if case.ledger is not None and case.ledger != address:
        raise errors.ForeignContract(
            f"the bundle speaks of the contract at 0x{address.hex()}, the ledger is at 0x{case.ledger.hex()}"
        )
    try:
        case.provenance = Account.prove(case.header.state_root, address, case.nodes)
    except BadProof as fault:
        raise errors.ForeignContract(f"the account of Provenance is not proven: {fault}") from fault
    code = case.provenance.code_hash
    if code not in released.PROVENANCE:
        raise errors.ForeignContract(f"the code at 0x{address.hex()} hashes to 0x{code.hex()}, which is no release")
    whose = "the ledger that was given" if case.ledger else "compare this address with the consortium's: none was given"
    return f"0x{address.hex()} runs Provenance {released.PROVENANCE[code]}; {whose}"


def registry(case: Case) -> str:
    """Step 4: Provenance asks the released Participants code."""
    try:
        address = case.provenance.slot(PARTICIPANTS_SLOT, case.nodes)[12:]
        case.participants = Account.prove(case.header.state_root, address, case.nodes)
    except BadProof as fault:
        raise errors.ForeignRegistry(f"the registry is not proven: {fault}") from fault
    code = case.participants.code_hash
    if code not in released.PARTICIPANTS:
        raise errors.ForeignRegistry(f"the registry at 0x{address.hex()} has code 0x{code.hex()}, which is no release")
    return f"0x{address.hex()} runs Participants {released.PARTICIPANTS[code]}"


def heads(case: Case) -> str:
    """Step 5: the state proves the head of each trail that identifier and salt name, and it is not empty."""
    case.trail_ids = [trail_of(trail.identifier, trail.salt) for trail in case.bundle.trails]
    case.heads = []
    for trail, trail_id in zip(case.bundle.trails, case.trail_ids, strict=True):
        try:
            head = case.provenance.slot(head_slot(trail_id), case.nodes)
        except BadProof as fault:
            raise errors.HeadUnproven(
                f"the head of {trail.identifier} is not proven for this identifier and salt: {fault}"
            ) from fault
        if head == bytes(32):
            raise errors.HeadUnproven(f"the chain has no entry for {trail.identifier} and its salt")
        case.heads.append(head)
    return f"{len(case.heads)} trails have proven heads"


def parties(case: Case) -> str:
    """Step 8: the registry proves who each party's number is, its roles, and whether it is suspended."""
    case.standings = []
    for party in case.bundle.parties:
        try:
            held = case.participants.slot(party_id_slot(party.number), case.nodes)
            standing = Standing.unpack(case.participants.slot(party_standing_slot(party.number), case.nodes))
        except ValueError as fault:  # BadProof is one
            raise errors.PartyUnproven(f"party {party.number} ({party.identifier}) is not proven: {fault}") from fault
        if held != case.party_ids[party.number]:
            raise errors.PartyUnproven(f"the registry's party {party.number} is not {party.identifier}")
        case.standings.append(standing)
    suspended = sum(standing.suspended for standing in case.standings)
    return f"{len(case.standings)} parties are who they are said to be, {suspended} of them suspended"


def custody(case: Case) -> str:
    """Step 11: the state proves each custody slot, and names no party that step 8 did not prove."""
    case.custodies = []
    for trail, trail_id in zip(case.bundle.trails, case.trail_ids, strict=True):
        try:
            held = Custody.unpack(case.provenance.slot(custody_slot(trail_id), case.nodes))
        except ValueError as fault:
            raise errors.CustodyUnproven(f"custody of {trail.identifier} is not proven: {fault}") from fault
        for number in (held.custodian, held.offered_to, held.commissioner):
            if number and number not in case.party_ids:
                raise errors.CustodyUnproven(
                    f"the custody of {trail.identifier} names party {number}, which the bundle does not"
                )
        case.custodies.append(held)
    disputes, holds = sum(one.disputes for one in case.custodies), sum(one.holds for one in case.custodies)
    return f"custody of {len(case.custodies)} trails is proven: {holds} open holds, {disputes} disputes"
