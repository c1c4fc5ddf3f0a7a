"""From a document's bytes to drafts cut into parts, and which events were left out."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from os import urandom
from typing import Any

from service.capture import errors
from service.capture.draft import Draft, Drafter, cut, entries_of
from service.capture.limits import MOST_TIES, check_ties
from service.capture.receipts import SignedDocument
from service.config import Settings
from service.epcis.documents import Document, Event, parse
from service.epcis.faults import Fault, InvalidDocument
from service.errors import TrailsealError
from service.ledger.client import raw
from service.sealing.entries import Entry
from service.sealing.typeddata import capture_id

MANY_EVENTS = 50
"""A document with more is read in a thread, so that other requests are served meanwhile."""

Identity = tuple[str, bool]
"""What makes an event one of its party's: its eventID, and whether it declares another an error."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A document ready to be signed.

    `parts` are the ids and entries of what is signed together, in order. `refused` tells the events that were left out,
    which only `proceed` allows.
    """

    drafts: tuple[Draft, ...]
    refused: tuple[dict[str, Any], ...]
    parts: tuple[tuple[bytes, Sequence[Entry]], ...]
    proceed: bool = False

    @property
    def identities(self) -> list[Identity]:
        """The events' identities, in order."""
        return [identity_of(draft) for draft in self.drafts]

    def without(self, known: Collection[Identity]) -> "Drafted":
        """The same but for events that were captured before; raises `NoEvents` where nothing is left."""
        left = [draft for draft in self.drafts if identity_of(draft) not in known]
        repeated = [
            _refused(draft.event, errors.DuplicateEvent("an event with this eventID was captured before"))
            for draft in self.drafts
            if identity_of(draft) in known
        ]
        return drafted(left, [*self.refused, *repeated], self.proceed)


def identity_of(draft: Draft) -> Identity:
    """What an event may be captured once as, by its party."""
    return draft.event_id, draft.declares_error


def drafted(drafts: Sequence[Draft], refused: Sequence[dict[str, Any]], proceed: bool) -> Drafted:
    """Drafts cut into parts; raises `NoEvents` where there are none."""
    if not drafts:
        raise errors.NoEvents("no event is left to capture: send at least one good one", {"refused": list(refused)})
    parts = tuple((capture_id(part), part) for part in cut([entry for _, _, entry in entries_of(drafts)]))
    return Drafted(tuple(drafts), tuple(sorted(refused, key=lambda one: int(one["index"]))), parts, proceed)


class Documents:
    """Reads documents into drafts."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.document_events
        self.drafter = Drafter(settings.consortium_secret.get_secret_value(), urandom)

    async def read(self, body: bytes, proceed: bool) -> Drafted:
        """The drafts of a document as it was sent.

        Raises:
            InvalidDocument, NoEvents, TooManyEvents, NothingTouched, DuplicateEvent.
        """
        document = await asyncio.to_thread(_parsed, body, proceed)
        return await self._drafted(document, proceed, [])

    async def read_signed(self, signed: SignedDocument) -> Drafted:
        """The drafts of a prepared document; seals and entries are computed anew, never taken from the client.

        Raises: as `read`.
        """
        document = await asyncio.to_thread(_parse_many, [event.document for event in signed.events])
        return await self._drafted(document, False, [raw(event.nonce) for event in signed.events])

    async def _drafted(self, document: Document, proceed: bool, nonces: Sequence[bytes]) -> Drafted:
        count = len(document.events) + len(document.refused)
        if count > self._most:
            raise errors.TooManyEvents(f"{count} events are too many for one document; send at most {self._most}")
        if count > MANY_EVENTS:
            return await asyncio.to_thread(self._draft, document, proceed, nonces)
        return self._draft(document, proceed, nonces)

    def _draft(self, document: Document, proceed: bool, nonces: Sequence[bytes]) -> Drafted:
        refused = [{"index": one.index, "faults": [_told(fault) for fault in one.faults]} for one in document.refused]
        drafts: dict[Identity, Draft] = {}
        given: Sequence[bytes | None] = nonces or [None] * len(document.events)
        ties = MOST_TIES
        for event, nonce in zip(document.events, given, strict=True):
            try:
                left = check_ties(event, ties)
                draft = self.drafter.draft(event, nonce)
                _refuse_repeated(draft, drafts)
                drafts[identity_of(draft)], ties = draft, left
            except (InvalidDocument, errors.NothingTouched, errors.DuplicateEvent) as fault:
                if not proceed:
                    raise
                refused.append(_refused(event, fault))
        return drafted(list(drafts.values()), refused, proceed)


def _refuse_repeated(draft: Draft, drafts: dict[Identity, Draft]) -> None:
    former = drafts.get(identity_of(draft))
    if former is not None:
        raise errors.DuplicateEvent(
            f"the events at {former.event.pointer} and {draft.event.pointer} are the same: send it once",
            {"events": [{"eventID": draft.event_id, "pointer": draft.event.pointer}]},
        )


def _refused(event: Event, fault: TrailsealError) -> dict[str, Any]:
    last = event.pointer.rpartition("/")[2]
    index = int(last) if last.isdecimal() else 0
    whole = (Fault(event.pointer, fault.slug, fault.detail),)
    return {
        "index": index,
        "faults": [_told(one) for one in (fault.faults if isinstance(fault, InvalidDocument) else whole)],
    }


def _told(fault: Fault) -> dict[str, str]:
    return {"pointer": _writable(fault.pointer), "rule": fault.rule, "message": fault.message}


def _writable(pointer: str) -> str:
    """The pointer without what neither JSON text nor PostgreSQL can hold: a faulty member's name may have such."""
    return pointer.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _parsed(body: bytes, proceed: bool) -> Document:
    try:
        return parse(body, proceed=proceed)
    except InvalidDocument as invalid:
        faults = [Fault(_writable(fault.pointer), fault.rule, fault.message) for fault in invalid.faults]
        raise InvalidDocument(faults) from None


def _parse_many(documents: Sequence[dict[str, Any]]) -> Document:
    """Events that each stand alone, as one document; pointers begin with the event's index."""
    events: list[Event] = []
    for index, document in enumerate(documents):
        pointer = f"/events/{index}/document"
        try:
            found = parse(document).events
        except InvalidDocument as invalid:
            faults = [Fault(pointer + fault.pointer, fault.rule, fault.message) for fault in invalid.faults]
            raise InvalidDocument(faults) from None
        if len(found) != 1 or found[0].pointer:
            raise InvalidDocument([Fault(pointer, "value", "must be one event, as `prepare` gave it")])
        events.append(Event(found[0].model, found[0].source, pointer, found[0].prefixes))
    return Document(tuple(events))
