"""Putting a bundle together from what the ledger proves and what the service keeps; pure."""

from collections.abc import Mapping, Sequence

from service.ledger.proofs import LedgerState, RegistryState
from service.sealing.bundle import FORMAT, Bundle, EntryPart, ParticipantsPart, PartyPart, ProvenancePart, TrailPart
from service.sealing.commitments import trail_of


def assemble(
    thing: TrailPart,
    provenance: bytes,
    ledger: LedgerState,
    registry: RegistryState,
    *,
    names: Mapping[int, str],
    entries: Sequence[EntryPart],
) -> Bundle:
    """The bundle of a thing, as of the block of `ledger`.

    `provenance` is the contract's 20-byte address; `names` are the canonical identifiers of the parties in `registry`,
    by their numbers.
    """
    state = ledger.trails[trail_of(thing.identifier, thing.salt)]
    return Bundle(
        format=FORMAT,
        header=ledger.header,
        trail=thing,
        provenance=ProvenancePart(
            address=provenance,
            account=list(ledger.account),
            participants=list(ledger.participants),
            head=list(state.head_nodes),
            custody=list(state.custody_nodes),
        ),
        participants=ParticipantsPart(
            account=list(registry.account),
            parties=[
                PartyPart(identifier=names[number], number=number, proof=list(party.nodes))
                for number, party in sorted(registry.parties.items())
            ],
        ),
        entries=list(entries),
    )
