"""What a reader of a trail gets: entries, custody and ties, with what was noticed about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.sealing.commitments import seal_of
from service.sealing.entries import Step
from service.store.trails import EventRow

State = Literal["sealed", "pending", "refused"]


@dataclass(frozen=True, slots=True)
class PartyName:
    """A party: 32-byte id, and canonical identifier and name where they are known."""

    id: bytes
    identifier: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key that signs: 20-byte address, who holds it, and what the registry says of it; times in Unix seconds.

    `bound_*` and `revoked_*` are None where the chain has it not yet. From `compromised_from` on (None: never) its
    signatures are not to be trusted.
    """

    address: bytes
    custody: Literal["service", "own"] | None
    bound_block: int | None
    bound_time: int | None
    revoked: bool
    revoked_block: int | None
    revoked_time: int | None
    compromised_from: int | None


@dataclass(frozen=True, slots=True)
class SuspensionView:
    """A party's last suspension, in Unix seconds (`until` None: still), and whether it was suspended then."""

    now: bool
    since: int
    until: int | None
    then: bool


@dataclass(frozen=True, slots=True)
class ErasureView:
    """Who erased an event, when and why; the API key (its id and label) is told to that party only.

    `statement` is the eventID of the party's statement about it, `stated` whether that is captured, and `block` and
    `block_time` (Unix seconds) where the ledger has it.
    """

    by: PartyName
    key: str | None
    label: str | None
    at: datetime
    reason: str
    statement: str
    stated: bool
    block: int | None = None
    block_time: int | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as captured. `document` is its canonical JSON, None once erased; `erased` says by whom and when.

    `retracted`: the party declared it an error later. `intact`: document and nonce open the seal, as far as they are
    kept; what is not intact was altered after its capture.
    """

    event_id: str
    event_type: str
    event_time: datetime
    record_time: datetime
    party: PartyName
    seal: bytes
    document: bytes | None
    retracted: bool
    intact: bool
    erased: ErasureView | None = None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One entry of a trail.

    `event` is None where the ledger has an entry that the service did not capture. `block`, `block_time` (Unix
    seconds) and `head` (the trail's head after it) are None until it is sealed. `disputes` are reasons of the
    contract; `refusal` says why the chain refused it. `fault` says what does not fit, None where all does. `key` signed
    it, as far as the service knows; `doubtful`: it was recorded when that key was not to be trusted any more (None: the
    key is not known). `suspension` is its party's last one, None where it never was suspended.
    """

    state: State
    step: Step
    party: PartyName
    recipient: PartyName | None
    seal: bytes
    role: str | None
    event: EventView | None
    block: int | None = None
    log: int | None = None
    block_time: int | None = None
    head: bytes | None = None
    disputes: tuple[str, ...] = ()
    refusal: str | None = None
    fault: str | None = None
    key: KeyView | None = None
    doubtful: bool | None = None
    suspension: SuspensionView | None = None

    @property
    def intact(self) -> bool:
        """Whether what is kept is what was sealed."""
        return self.fault is None


@dataclass(frozen=True, slots=True)
class CustodyView:
    """Who has the thing, replayed from all sealed entries; `holders` have an open hold."""

    custodian: PartyName | None
    offered_to: PartyName | None
    commissioner: PartyName | None
    holders: tuple[PartyName, ...]
    disputes: int
    commissioned: bool
    decommissioned: bool


@dataclass(frozen=True, slots=True)
class Tied:
    """Another thing that this one was tied to, from one event time to another (None: still)."""

    identifier: str
    kind: str
    tie: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class TrailView:
    """A page of a trail: sealed entries in the ledger's order, then those that wait or were refused.

    `next` is where the next page begins, None on the last. `hidden` counts tied things that the caller may not see.
    `intact` is about the entries of this page and, on the last page of sealed entries, the trail's head.
    """

    identifier: str
    kind: str
    trail: bytes
    head: bytes | None
    custody: CustodyView
    entries: tuple[TrailEntry, ...]
    next: str | None
    parents: tuple[Tied, ...]
    children: tuple[Tied, ...]
    inputs: tuple[Tied, ...]
    outputs: tuple[Tied, ...]
    hidden: int

    @property
    def intact(self) -> bool:
        """Whether every entry shown is what was sealed."""
        return all(entry.intact for entry in self.entries)


def event_view(row: EventRow, party: PartyName, erased: ErasureView | None = None) -> EventView:
    """The event of a row, its seal checked."""
    return EventView(
        row.event_id,
        row.event_type,
        row.event_time,
        row.record_time,
        party,
        row.seal,
        row.document,
        row.retracted,
        opens(row),
        erased,
    )


def opens(row: EventRow) -> bool:
    """Whether document and nonce open the event's seal; an erased event has both erased."""
    if row.document is None or row.nonce is None:
        return row.document is None
    return seal_of(row.document, row.nonce) == row.seal
