"""From drafts and signatures to the rows of one accepted document."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.capture.draft import Draft, entries_of
from service.ledger.abi import entry_words
from service.sealing.entries import ENTRIES_PER_CAPTURE, Entry, Step
from service.store.captures import EventRow, LinkRow, MentionRow, NewCapture, PartRow
from service.store.indexing import index_row, number_rows


@dataclass(frozen=True, slots=True)
class SignedPart:
    """Entries that are signed together; `id` is their capture id on chain, `signer` a 20-byte address."""

    entries: Sequence[Entry]
    id: bytes
    signer: bytes
    deadline: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document that is accepted: its drafts, cut into signed parts; `refused` are the events left out."""

    id: UUID
    party: bytes
    idempotency_key: str | None
    request_hash: bytes
    refused: list[Any]
    drafts: Sequence[Draft]
    parts: Sequence[SignedPart]
    proceed: bool = False
    header: dict[str, Any] | None = None


def rows_of(accepted: Accepted, numbers: Sequence[int], trail: Callable[[str], bytes]) -> NewCapture:
    """The rows of an accepted document whose events have these numbers; `trail` gives a thing's trail id."""
    drafts, party = accepted.drafts, accepted.party
    numbered = list(zip(drafts, numbers, strict=True))
    return NewCapture(
        accepted.id,
        party,
        accepted.idempotency_key,
        accepted.request_hash,
        accepted.refused,
        [_event(draft, seq, accepted, position) for position, (draft, seq) in enumerate(numbered)],
        [(seq, draft.nonce) for draft, seq in numbered],
        list(_mentions(drafts, numbers, accepted.parts)),
        list(_links(drafts, numbers, trail)),
        list(_shipments(numbered, trail)),
        list({(one.trail, one.identifier, one.kind) for draft in drafts for one in draft.mentions}),
        list({(one.trail, one.to) for draft in drafts for one in draft.mentions if one.step == Step.SHIP}),
        [_part(part, accepted) for part in accepted.parts],
        accepted.proceed,
        accepted.header,
        [index_row(seq, one.event_time, one.event.model.type, one.action, one.indexed) for one, seq in numbered],
        [number for draft, seq in numbered for number in number_rows(seq, draft.indexed)],
    )


def _shipments(
    numbered: Iterable[tuple[Draft, int]], trail: Callable[[str], bytes]
) -> Iterator[tuple[bytes, int, datetime]]:
    """What is booked. Who declares a booking an error repeats it, plan and all: that books nothing."""
    for draft, seq in numbered:
        if draft.books is not None and not draft.declares_error:
            yield trail(draft.books), seq, draft.event_time


def _part(part: SignedPart, accepted: Accepted) -> PartRow:
    return PartRow(
        part.id,
        accepted.id,
        accepted.party,
        part.signer,
        part.deadline,
        part.signature,
        entry_words(part.entries),
        len(part.entries),
    )


def _event(draft: Draft, seq: int, accepted: Accepted, position: int) -> EventRow:
    return EventRow(
        seq,
        draft.event_id,
        draft.declares_error,
        draft.event_hash,
        accepted.party,
        accepted.id,
        position,
        draft.event.model.type,
        draft.action,
        draft.biz_step,
        draft.disposition,
        draft.read_point,
        draft.biz_location,
        draft.event_time,
        draft.document,
        draft.seal,
    )


def _mentions(drafts: Sequence[Draft], numbers: Sequence[int], parts: Sequence[SignedPart]) -> Iterator[MentionRow]:
    seqs = dict(zip((draft.seal for draft in drafts), numbers, strict=True))
    for index, (draft, mention, _) in enumerate(entries_of(drafts)):
        part = parts[index // ENTRIES_PER_CAPTURE]
        yield MentionRow(mention.trail, seqs[draft.seal], part.id, mention.role, mention.step)


def _links(drafts: Sequence[Draft], numbers: Sequence[int], trail: Callable[[str], bytes]) -> Iterator[LinkRow]:
    for draft, seq in zip(drafts, numbers, strict=True):
        for link in draft.links:
            child = trail(link.child) if link.child is not None else b""
            yield LinkRow(trail(link.parent), child, seq, link.kind, link.action, draft.event_time)
