"""Statements as the rules read them: documents parsed once, words of the CBV in one spelling, times as instants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from service.epcis.contexts import expanded
from service.epcis.documents import Event, parse
from service.epcis.events import EVENT_TYPES
from service.epcis.faults import InvalidDocument
from service.epcis.identifiers import InvalidIdentifier, Kind, canonical, resolved
from service.epcis.references import Link, links, touched
from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, Vocabulary
from service.findings.finding import EventName
from service.findings.statements import Statement


def read(document: Mapping[str, Any] | None) -> Event | None:
    """The one event of a document, read leniently like everything that is sealed; None where it is not one event."""
    if document is None or str(document.get("type")) not in EVENT_TYPES:
        return None
    try:
        events = parse(document, lenient=True).events
    except (InvalidDocument, ValueError, RecursionError):
        return None
    return events[0] if len(events) == 1 else None


@dataclass(frozen=True)
class Told:
    """A statement with its event; `event` is None where no document is shown (or it is no event)."""

    statement: Statement
    event: Event | None
    retracted: bool = field(default=False)

    @property
    def declares_error(self) -> bool:
        """Whether it takes another statement of its party back (EPCIS 2.0, 7.4: errorDeclaration)."""
        return self.event is not None and self.event.model.errorDeclaration is not None

    @property
    def stands(self) -> bool:
        """Whether it says something that was not taken back, and does not itself take something back."""
        return not self.retracted and not self.declares_error

    @cached_property
    def event_id(self) -> str | None:
        """The eventID, in full."""
        if self.event is None or self.event.model.eventID is None:
            return None
        return expanded(self.event.model.eventID, self.event.prefixes)

    @property
    def name(self) -> EventName:
        """How findings name it."""
        return EventName(self.event_id, self.statement.seal)

    @cached_property
    def at(self) -> datetime | None:
        """When it happened."""
        return None if self.event is None else self.event.model.instant

    @cached_property
    def sealed_at(self) -> datetime:
        """When it was recorded."""
        return moment(self.statement.block_time)

    @cached_property
    def day(self) -> date | None:
        """The calendar day at the place where it happened."""
        if self.event is None or self.at is None:
            return None
        text = self.event.model.eventTimeZoneOffset
        offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
        try:
            return (self.at.replace(tzinfo=None) + (-offset if text[0] == "-" else offset)).date()
        except OverflowError:
            return self.at.date()

    @cached_property
    def biz_step(self) -> str | None:
        """The CBV word of the business step; None for none and for private ones."""
        return self._word(BIZ_STEPS, self.event.model.bizStep) if self.event else None

    @cached_property
    def disposition(self) -> str | None:
        """The CBV word of the disposition."""
        return self._word(DISPOSITIONS, self.event.model.disposition) if self.event else None

    @cached_property
    def persistent(self) -> tuple[frozenset[str], frozenset[str]]:
        """The CBV words of the persistent dispositions that it sets, and those that it unsets."""
        said = self.event.model.persistentDisposition if self.event else None
        if said is None:
            return frozenset(), frozenset()
        return self._words(said.set), self._words(said.unset)

    def _words(self, texts: Iterable[str]) -> frozenset[str]:
        found = (self._word(DISPOSITIONS, text) for text in texts)
        return frozenset(word for word in found if word is not None)

    def _word(self, vocabulary: Vocabulary, text: str | None) -> str | None:
        if text is None or self.event is None:
            return None
        return vocabulary.word(text) or vocabulary.word(expanded(text, self.event.prefixes))

    @cached_property
    def place(self) -> str | None:
        """Where it happened: the read point, else the business location (where the thing is from then on)."""
        model = self.event.model if self.event else None
        where = None if model is None else model.readPoint or model.bizLocation
        return self.name_of(where.id) if where else None

    def name_of(self, identifier: str) -> str:
        """The canonical form of an identifier in it; text that is none as it is."""
        full = expanded(identifier, self.event.prefixes) if self.event else identifier
        try:
            return canonical(full)
        except InvalidIdentifier:
            return full

    @cached_property
    def things(self) -> Mapping[str, str]:
        """The role of each thing that it touches, by canonical identifier."""
        return {} if self.event is None else {thing: role for thing, (role, _) in touched(self.event).items()}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The ties that it makes, sees or undoes."""
        return () if self.event is None else links(self.event)


def moment(seconds: int) -> datetime:
    """Unix seconds as an instant; those beyond the calendar are cut to its end."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def kind_of(identifier: str) -> Kind:
    """What an identifier identifies; OTHER for text that is none."""
    try:
        return resolved(identifier)[1]
    except InvalidIdentifier:
        return Kind.OTHER


def written(at: datetime) -> str:
    """An instant as findings write it: UTC, to the second."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds") + " UTC"
