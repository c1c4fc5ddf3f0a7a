"""From a document to drafts cut into parts, and which events were left out."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from os import urandom
from typing import Any

from service.capture import errors
from service.capture.draft import Draft, Drafter, cut, entries_of
from service.capture.limits import MOST_TIES, check_ties
from service.capture.reading import Opened, Source, opened, opened_each
from service.capture.receipts import SignedDocument
from service.config import Settings
from service.epcis.documents import Event
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.masterdata import VocabularyElement
from service.errors import TrailsealError
from service.ledger.client import raw
from service.parties.identity import party_id
from service.sealing.entries import Entry
from service.sealing.typeddata import capture_id

MANY_EVENTS, MANY_ENTRIES, MANY_BYTES = 50, 400, 64 * 1024
"""A document with more is worked on in a thread, so that other requests are served meanwhile."""

Identity = tuple[str, bool]
"""What makes an event one of its party's: its eventID, and whether it declares another an error."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A document ready to be signed.

    `parts` are the ids and entries of what is signed together, in order. `refused` tells the events that were left out,
    which only `proceed` allows.
    """

    opened: Opened
    drafts: tuple[Draft, ...]
    refused: tuple[dict[str, Any], ...]
    parts: tuple[tuple[bytes, Sequence[Entry]], ...]
    proceed: bool = False

    @property
    def identities(self) -> list[Identity]:
        """The events' identities, in order."""
        return [identity_of(draft) for draft in self.drafts]

    @property
    def large(self) -> bool:
        """Whether what is done for each event or entry is better done in a thread."""
        return len(self.drafts) > MANY_EVENTS or sum(len(entries) for _, entries in self.parts) > MANY_ENTRIES

    @property
    def vocabularies(self) -> tuple[VocabularyElement, ...]:
        """The document's master data, which is kept but not sealed."""
        return self.opened.document.vocabularies

    def without(self, known: Collection[Identity]) -> "Drafted":
        """The same but for events that were captured before; raises `NoEvents` where nothing is left."""
        left = [draft for draft in self.drafts if identity_of(draft) not in known]
        fault = errors.DuplicateEvent("an event with this eventID was captured before")
        repeated = [_refused(self.opened, draft.event, fault) for draft in self.drafts if identity_of(draft) in known]
        return drafted(self.opened, left, [*self.refused, *repeated], self.proceed)


def identity_of(draft: Draft) -> Identity:
    """What an event may be captured once as, by its party."""
    return draft.event_id, draft.declares_error


def drafted(found: Opened, drafts: Sequence[Draft], refused: Sequence[dict[str, Any]], proceed: bool) -> Drafted:
    """Drafts cut into parts; raises `NoEvents` where there are none, and no master data either."""
    if not drafts and not found.document.vocabularies:
        raise errors.NoEvents("no event is left to capture: send at least one good one", {"refused": list(refused)})
    parts = tuple((capture_id(part), part) for part in cut([entry for _, _, entry in entries_of(drafts)]))
    in_order = sorted(refused, key=lambda one: int(one["index"]))
    return Drafted(found, tuple(drafts), tuple(in_order), parts, proceed)


class Documents:
    """Reads documents into drafts."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._most_bytes = settings.document_events, 2 * settings.document_bytes
        scoring = None if settings.risk_party is None else party_id(settings.risk_party)
        self.drafter = Drafter(settings.consortium_secret.get_secret_value(), urandom, scoring)

    async def read(self, source: Source, party: bytes) -> Drafted:
        """The drafts of a document as a party sent it.

        Raises:
            InvalidDocument, NoEvents, TooManyEvents, DuplicateEvent.
        """
        found = await asyncio.to_thread(opened, replace(source, most=self._most))
        drafting = self._drafting(found, party, source.proceed)
        if len(source.body) > MANY_BYTES or len(found.document.events) > MANY_EVENTS:
            return await asyncio.to_thread(drafting.draft, ())
        return drafting.draft(())

    async def read_signed(self, signed: SignedDocument, party: bytes, *, lenient: bool) -> Drafted:
        """The drafts of a prepared document; seals and entries are computed anew, never taken from the client.

        Raises: as `read`.
        """
        found = await asyncio.to_thread(opened_each, [event.document for event in signed.events], lenient)
        drafting = self._drafting(found, party, False)
        return await asyncio.to_thread(drafting.draft, [raw(event.nonce) for event in signed.events])

    def _drafting(self, found: Opened, party: bytes, proceed: bool) -> "_Drafting":
        count = len(found.document.events) + len(found.document.refused)
        if count > self._most:
            raise errors.TooManyEvents(f"{count} events are too many for one document; send at most {self._most}")
        return _Drafting(self.drafter, found, party, proceed, self._most_bytes)


class _Drafting:
    """The events of one document, drafted in order."""

    def __init__(self, drafter: Drafter, found: Opened, party: bytes, proceed: bool, most_bytes: int) -> None:
        self._drafter, self._found, self._party, self._proceed = drafter, found, party, proceed
        self._most_bytes, self._bytes = most_bytes, 0
        self._drafts: dict[Identity, Draft] = {}
        self._ties = MOST_TIES

    def draft(self, nonces: Sequence[bytes]) -> Drafted:
        document = self._found.document
        refused = self._found.refused
        given: Sequence[bytes | None] = nonces or [None] * len(document.events)
        for event, nonce in zip(document.events, given, strict=True):
            try:
                self._add(event, nonce)
            except (InvalidDocument, errors.DuplicateEvent) as fault:
                if not self._proceed:
                    raise
                refused.append(_refused(self._found, event, fault))
        return drafted(self._found, list(self._drafts.values()), refused, self._proceed)

    def _add(self, event: Event, nonce: bytes | None) -> None:
        try:
            left = check_ties(event, self._ties)
            draft = self._drafter.draft(event, self._party, nonce)
        except InvalidDocument as invalid:
            raise InvalidDocument(self._found.placed(fault) for fault in invalid.faults) from None
        self._check_size(draft)
        self._refuse_repeated(draft)
        self._drafts[identity_of(draft)], self._ties = draft, left

    def _check_size(self, draft: Draft) -> None:
        """Each event is kept with the context of its document, which may be as large as all events together."""
        self._bytes += len(draft.document)
        if self._bytes > self._most_bytes:
            raise errors.TooManyEvents(
                f"the events, each with the document's @context, take more than {self._most_bytes} bytes: declare fewer"
                " prefixes, or send fewer events in one document"
            )

    def _refuse_repeated(self, draft: Draft) -> None:
        former = self._drafts.get(identity_of(draft))
        if former is not None:
            first, second = (self._found.place(one.event.pointer) for one in (former, draft))
            raise errors.DuplicateEvent(
                f"the events at {first} and {second} are the same: send it once",
                {"events": [{"eventID": draft.event_id, self._found.notation: second}]},
            )


def _refused(found: Opened, event: Event, fault: TrailsealError) -> dict[str, Any]:
    last = event.pointer.rpartition("/")[2]
    whole = (Fault(event.pointer, fault.slug, fault.detail),)
    faults = fault.faults if isinstance(fault, InvalidDocument) else whole
    return found.refusal(int(last) if last.isdecimal() else 0, faults)
