"""From an event of the language to what is stored, sealed and said to the chain; pure but for the nonce."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote

from service.capture.limits import check_lengths
from service.epcis.contexts import expanded
from service.epcis.custody import steps
from service.epcis.documents import Event
from service.epcis.eventhash import event_hash
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.identifiers import canonical, kind
from service.epcis.query.conditions import Indexed
from service.epcis.query.indexing import indexed
from service.epcis.references import Link, links, references
from service.epcis.saying import NoEvent, said
from service.epcis.times import InvalidTime
from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, Vocabulary
from service.risk.booking import booked_unit
from service.sealing.commitments import JOURNAL, RISK, journal_of, party_of, salt_of, seal_of, trail_of
from service.sealing.entries import ENTRIES_PER_CAPTURE, NOBODY, Entry, Step
from service.sealing.hashing import document_bytes


@dataclass(frozen=True, slots=True)
class DraftMention:
    """One trail that an event touches: the thing, its role in the event, the step, and to whom a Ship goes."""

    identifier: str
    kind: str
    trail: bytes
    role: str
    step: int
    to: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """An event ready to be stored. `document` is what is sealed; `seal` commits to it and to the nonce.

    `event_id` is the full URI of the document's eventID: a compact one means another event under another prefix.
    """

    event: Event
    event_id: str
    event_hash: str
    document: bytes
    nonce: bytes
    seal: bytes
    mentions: tuple[DraftMention, ...]
    links: tuple[Link, ...]
    indexed: Indexed

    @property
    def declares_error(self) -> bool:
        """Whether it takes back a former event, whose id it then carries too (EPCIS 2.0, 7.4.1.4)."""
        return self.event.model.errorDeclaration is not None

    @property
    def event_time(self) -> datetime:
        """The event's time as an instant."""
        return self.event.model.instant

    @property
    def action(self) -> str | None:
        """ADD, OBSERVE or DELETE; a transformation has none."""
        return getattr(self.event.model, "action", None)

    @property
    def biz_step(self) -> str | None:
        """The bare CBV word, or the URI of a private one."""
        return self._word(BIZ_STEPS, self.event.model.bizStep)

    @property
    def disposition(self) -> str | None:
        """The bare CBV word, or the URI of a private one."""
        return self._word(DISPOSITIONS, self.event.model.disposition)

    @property
    def read_point(self) -> str | None:
        """Canonical identifier of the read point."""
        place = self.event.model.readPoint
        return canonical(expanded(place.id, self.event.prefixes)) if place else None

    @property
    def biz_location(self) -> str | None:
        """Canonical identifier of the business location."""
        place = self.event.model.bizLocation
        return canonical(expanded(place.id, self.event.prefixes)) if place else None

    @property
    def books(self) -> str | None:
        """The unit whose shipment this event books, where it carries a plan."""
        return booked_unit(self.event)

    def _word(self, vocabulary: Vocabulary, text: str | None) -> str | None:
        if text is None:
            return None
        full = expanded(text, self.event.prefixes)
        return vocabulary.word(text) or vocabulary.word(full) or full


class Drafter:
    """Drafts events under one consortium secret; `random` gives so many random bytes.

    `scoring` is the party that may write on risk trails, if any may.
    """

    def __init__(self, secret: bytes, random: Callable[[int], bytes], scoring: bytes | None = None) -> None:
        self._random, self._scoring = random, scoring
        # The same things come again and again: a trail id costs two hashes and a kind needs the key's parts.
        self._trail = lru_cache(100_000)(lambda identifier: trail_of(identifier, salt_of(identifier, secret)))
        self._kind = lru_cache(100_000)(_kind_of)

    def draft(self, event: Event, party: bytes, nonce: bytes | None = None) -> Draft:
        """The event with its id, hash, seal and trails; a fresh nonce unless one is given.

        An event that names no identified thing belongs to the journal of its party.

        Raises:
            InvalidDocument: a time cannot be rounded, an identifier is too long or reserved, or it says too much.
        """
        hashed = _hash_of(event)
        if event.model.eventID is None:
            event = replace(event, source={**event.source, "eventID": hashed})
        event_id = expanded(event.source["eventID"], event.prefixes)
        mentions = tuple(self._mentions(event))
        check_lengths(event, event_id, (mention.identifier for mention in mentions))
        _check_reserved(event, mentions, scores=party == self._scoring)
        _check_said(event, mentions)
        mentions = mentions or (self._in_journal(party),)
        document = document_bytes(event.source)
        nonce = self._random(16) if nonce is None else nonce
        seal = seal_of(document, nonce)
        return Draft(event, event_id, hashed, document, nonce, seal, mentions, links(event), indexed(event))

    def trail(self, identifier: str) -> bytes:
        """The trail id of a canonical identifier."""
        return self._trail(identifier)

    def _in_journal(self, party: bytes) -> DraftMention:
        identifier = journal_of(party)
        return DraftMention(identifier, "journal", self._trail(identifier), "journal", Step.OBSERVE, NOBODY)

    def _mentions(self, event: Event) -> Iterator[DraftMention]:
        moves = steps(event)
        for reference in references(event):
            identifier = reference.identifier
            step, recipient = moves[identifier]
            to = party_of(recipient) if recipient else NOBODY
            yield DraftMention(
                identifier, self._kind(identifier), self._trail(identifier), reference.role, int(step), to
            )


def _kind_of(identifier: str) -> str:
    return "risk" if identifier.startswith(RISK) else str(kind(identifier))


def _check_reserved(event: Event, mentions: Iterable[DraftMention], *, scores: bool) -> None:
    for named in (one.identifier for one in mentions):
        looks = unquote(named).lower()  # in any spelling: to whoever reads a bundle, they look alike
        if looks.startswith(JOURNAL):
            message = f"{named[:120]!r} names a journal, which only events without any thing belong to; leave it out"
            raise InvalidDocument([Fault(event.pointer, "reserved", message)])
        if looks.startswith(RISK) and not scores:
            message = f"{named[:120]!r} names a risk trail, on which only scores are told; leave it out"
            raise InvalidDocument([Fault(event.pointer, "reserved", message)])


def _check_said(event: Event, mentions: Sequence[DraftMention]) -> None:
    """What is sealed has to say to every verifier what it says here (docs/format.md, section 8)."""
    try:
        told = said(event.source)
    except NoEvent as fault:
        raise InvalidDocument(
            [Fault(event.pointer, "reading", f"no verifier could read this event: {fault}")]
        ) from None
    read = {thing: (step, party_of(recipient) if recipient else NOBODY) for thing, (step, recipient) in told.items()}
    if read != {one.identifier: (one.step, one.to) for one in mentions}:
        message = "verifiers would read another thing, step or recipient from this event; write its URIs out in full"
        raise InvalidDocument([Fault(event.pointer, "reading", message)])


def _hash_of(event: Event) -> str:
    try:
        return event_hash(event)
    except InvalidTime as fault:  # the very last half millisecond of the year 9999: a time, but not to the CBV's hash
        raise InvalidDocument([Fault(event.pointer, "value", str(fault))]) from None


def entries_of(drafts: Iterable[Draft]) -> Iterator[tuple[Draft, DraftMention, Entry]]:
    """The entries of the drafts, in order: one for each trail that an event touches."""
    for draft in drafts:
        for mention in draft.mentions:
            yield draft, mention, Entry(mention.trail, draft.seal, mention.step, mention.to)


def cut(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    """The entries in order, cut into as few parts as the contract's limit allows."""
    return [entries[start : start + ENTRIES_PER_CAPTURE] for start in range(0, len(entries), ENTRIES_PER_CAPTURE)]
