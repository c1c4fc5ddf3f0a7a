"""From drafts and signatures to the rows of one accepted document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.capture.draft import Draft, Drafter, entries_of
from service.ledger.abi import entry_words
from service.sealing.entries import ENTRIES_PER_CAPTURE, NOBODY, Entry
from service.store.captures import EventRow, LinkRow, MentionRow, NewCapture, PartRow


@dataclass(frozen=True, slots=True)
class SignedPart:
    """Entries that are signed together; `id` is their capture id on chain, `signer` a 20-byte address."""

    entries: Sequence[Entry]
    id: bytes
    signer: bytes
    deadline: int
    signature: bytes


def new_capture(
    capture: UUID,
    party: bytes,
    idempotency_key: str | None,
    request_hash: bytes,
    refused: list[Any],
    drafts: Sequence[Draft],
    numbers: Sequence[int],
    parts: Sequence[SignedPart],
    drafter: Drafter,
) -> NewCapture:
    """The rows of a document whose drafts have these event numbers and were cut into these parts."""
    mentions = list(_mentions(drafts, numbers, parts))
    return NewCapture(
        capture,
        party,
        idempotency_key,
        request_hash,
        refused,
        [_event(draft, seq, party, capture, at) for at, (draft, seq) in enumerate(zip(drafts, numbers, strict=True))],
        [(seq, draft.nonce) for draft, seq in zip(drafts, numbers, strict=True)],
        mentions,
        list(_links(drafts, numbers, drafter)),
        list({(one.trail, one.identifier, one.kind) for draft in drafts for one in draft.mentions}),
        list({pair for draft in drafts for one in draft.mentions for pair in _parties(one.trail, party, one.to)}),
        [
            PartRow(
                part.id,
                capture,
                party,
                part.signer,
                part.deadline,
                part.signature,
                entry_words(part.entries),
                len(part.entries),
            )
            for part in parts
        ],
    )


def _event(draft: Draft, seq: int, party: bytes, capture: UUID, position: int) -> EventRow:
    return EventRow(
        seq,
        draft.event_id,
        draft.declares_error,
        draft.event_hash,
        party,
        capture,
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


def _links(drafts: Sequence[Draft], numbers: Sequence[int], drafter: Drafter) -> Iterator[LinkRow]:
    for draft, seq in zip(drafts, numbers, strict=True):
        for link in draft.links:
            child = drafter.trail(link.child) if link.child is not None else b""
            yield LinkRow(drafter.trail(link.parent), child, seq, link.kind, link.action, draft.event_time)


def _parties(trail: bytes, party: bytes, to: bytes) -> Iterator[tuple[bytes, bytes]]:
    yield trail, party
    if to != NOBODY:
        yield trail, to
