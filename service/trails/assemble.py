"""Putting a bundle together from what the ledger proves and what the service keeps; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.ledger.proofs import LedgerState, RegistryState
from service.sealing.bundle import (
    Bundle,
    CapturePart,
    CommitPart,
    EntryPart,
    ErasedPart,
    EventPart,
    PartyPart,
    TrailPart,
)
from service.sealing.commitments import trail_of
from service.sealing.entries import NOBODY
from service.store.bundles import EntryRow, ErasureRow, EventRow
from service.store.chain import Deployed
from service.trails.signatures import Recording, Signed

_REASON = 2048


class Thing(NamedTuple):
    """A thing by its canonical identifier, and the salt that leads to its trail."""

    identifier: str
    salt: bytes

    @property
    def trail(self) -> bytes:
        """The trail's id on chain."""
        return trail_of(self.identifier, self.salt)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the service keeps of the trails. `numbers` are those of parties in the registry, by their ids; `names` are
    canonical identifiers by number.
    """

    entries: Mapping[bytes, Sequence[EntryRow]]
    events: Sequence[EventRow]
    erasures: Sequence[ErasureRow]
    signed: Mapping[Recording, Signed]
    numbers: Mapping[bytes, int]
    names: Mapping[int, str]


def assemble(
    things: Sequence[Thing], deployed: Deployed, ledger: LedgerState, registry: RegistryState, kept: Kept
) -> Bundle:
    """The bundle of the things, as of the block of `ledger`."""
    indexes: dict[Recording, int] = {}
    captures: list[CapturePart] = []
    nodes = set(ledger.nodes | registry.account)

    def index_of(row: EntryRow) -> int | None:
        recording = row.party, row.part
        if recording in kept.signed and recording not in indexes:
            indexes[recording] = len(captures)
            captures.append(kept.signed[recording].part)
            nodes.update(registry.keys[kept.signed[recording].signer].nodes)
        return indexes.get(recording)

    def entry(row: EntryRow) -> EntryPart:
        return EntryPart(
            seal=row.seal,
            party=kept.numbers[row.party],
            to=None if row.to == NOBODY else row.to,
            step=row.step,
            time=row.time,
            capture=index_of(row),
        )

    ordered = sorted(things, key=lambda thing: thing.identifier.encode("utf-16-be"))
    trails = [
        TrailPart(
            identifier=thing.identifier, salt=thing.salt, entries=[entry(row) for row in kept.entries[thing.trail]]
        )
        for thing in ordered
    ]
    for party in registry.parties.values():
        nodes |= party.nodes
    commit = ledger.commit
    return Bundle(
        chainId=deployed.chain_id,
        header=ledger.header,
        commit=None if commit is None else CommitPart(round=commit.round, seals=list(commit.seals)),
        provenance=deployed.provenance,
        nodes=sorted(nodes),
        parties=[PartyPart(identifier=kept.names[number], number=number) for number in sorted(registry.parties)],
        captures=captures,
        events=[
            EventPart(document=event.document, nonce=event.nonce)
            for event in sorted(kept.events, key=lambda event: event.seal)
        ],
        erased=_erased(kept),
        trails=trails,
    )


def _erased(kept: Kept) -> list[ErasedPart]:
    """One for each erased seal, the first that was made; a seal that is shown is not told as erased."""
    shown = {event.seal for event in kept.events}
    first = {row.seal: row for row in reversed(kept.erasures) if row.party in kept.numbers and row.seal not in shown}
    return [
        ErasedPart(seal=seal, party=kept.numbers[row.party], time=int(row.at.timestamp()), reason=row.reason[:_REASON])
        for seal, row in sorted(first.items())
    ]
