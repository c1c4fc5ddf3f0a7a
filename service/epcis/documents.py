"""From a document to events: everything is read once, and every fault is reported with its JSON pointer.

Accepted: an EPCISDocument, an EPCISQueryDocument, an EPCISMasterDataDocument, one event, or an array of events
(EPCIS 2.0, JSON binding).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared, expanded, joined
from service.epcis.envelopes import Envelope, opened, type_fault
from service.epcis.events import EVENT_TYPES, AnyEvent
from service.epcis.faults import MAX_FAULTS, Fault, InvalidDocument, TooManyEvents, step
from service.epcis.jsontext import read
from service.epcis.masterdata import VocabularyElement
from service.epcis.rules import Judge
from service.epcis.shapes import check_names, faults_of


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a document.

    `model`: typed. `source`: what is stored and sealed: as sent, with the `@context` that it needs to stand alone,
    never with recordTime; do not change it. `pointer`: its place in the caller's document (RFC 6901). `prefixes`: what
    the compact URIs in it stand for.
    """

    model: AnyEvent
    source: dict[str, Any]
    pointer: str
    prefixes: Prefixes


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was left out: its index among the document's events, and why."""

    index: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says: its events in order, (only with `proceed`) those that were refused, and its master data.

    `header`: the members of the document around them, such as its sender; None where there is none.
    """

    events: tuple[Event, ...]
    refused: tuple[Refused, ...] = ()
    vocabularies: tuple[VocabularyElement, ...] = ()
    header: dict[str, Any] | None = None


def parse(
    document: bytes | Mapping[str, Any], *, proceed: bool = False, lenient: bool = False, most: int | None = None
) -> Document:
    """The events and the master data of a document in JSON (UTF-8 bytes, or a mapping that a JSON reader gave).

    Raises InvalidDocument with every fault found (at most 100). With `proceed`, faulty events are left out and named in
    `refused`; faults outside the events still raise. With `lenient`, members that name words of CBV vocabularies may
    hold any text, as may units of sensor reports, and sensor attributes may stand in both metadata and report; without,
    words that claim to be of the standard must be. With `most`, raises TooManyEvents before more than that are judged.
    """
    value, lexical = read(document)
    envelope, faults = opened(value, lexical)
    if most is not None and len(envelope.events) > most:
        count = len(envelope.events)
        raise TooManyEvents(f"{count} events are too many for one document; send at most {most}")
    found = _Findings(envelope, lexical, lenient)
    for index in range(len(envelope.events)):
        found.judge(index)
    if faults or (found.refused and not proceed):
        raise InvalidDocument([*faults, *(fault for refused in found.refused for fault in refused.faults)])
    return Document(tuple(found.events), tuple(found.refused), envelope.vocabularies, envelope.header)


class _Findings:
    """The events of one envelope, judged in order."""

    def __init__(self, envelope: Envelope, lexical: list[Fault], lenient: bool) -> None:
        self.envelope = envelope
        self.lexical = lexical
        self.lenient = lenient
        self.events: list[Event] = []
        self.refused: list[Refused] = []
        self._ids: set[tuple[str, bool]] = set()

    def judge(self, index: int) -> None:
        pointer = self.envelope.pointers + (f"/{index}" if self.envelope.many else "")
        event, faults = _read_event(self.envelope.events[index], self.envelope, pointer, self.lenient)
        faults = [fault for fault in self.lexical if _within(fault.pointer, pointer)] + faults
        if event is not None and not faults:
            faults = self._repeated(event)
        if faults or event is None:
            self.refused.append(Refused(index, tuple(faults[:MAX_FAULTS])))
        else:
            self.events.append(event)

    def _repeated(self, event: Event) -> list[Fault]:
        """An eventID may come twice only if one of the two declares the other an error (EPCIS 2.0 section 7.4.1.4)."""
        if event.model.eventID is None:
            return []
        identity = expanded(event.model.eventID, event.prefixes), event.model.errorDeclaration is not None
        if identity not in self._ids:
            self._ids.add(identity)
            return []
        message = f"the eventID {event.model.eventID!r} is in this document already; give each event its own"
        return [Fault(step(event.pointer, "eventID"), "duplicate-event-id", message)]


def _within(place: str, pointer: str) -> bool:
    return place == pointer or place.startswith(pointer + "/")


def _read_event(raw: Any, envelope: Envelope, pointer: str, lenient: bool) -> tuple[Event | None, list[Fault]]:
    if type(raw) is not dict:
        return None, [Fault(pointer, "value", "an event must be an object")]
    type_ = raw.get("type")
    shape = EVENT_TYPES.get(type_) if type(type_) is str else None
    if shape is None:
        return None, [type_fault(raw, pointer, EVENT_TYPES)]
    faults: list[Fault] = []
    own = raw.get("@context")
    prefixes = envelope.prefixes if own is None else declared(own, f"{pointer}/@context", envelope.prefixes, faults)
    model: Any = None
    try:
        model = shape.model_validate(raw)
    except ValidationError as error:
        faults += faults_of(error, pointer)
    check_names(shape, raw, pointer, prefixes, faults)
    Judge(pointer, prefixes, faults, lenient).judge(raw)
    if faults:
        return None, faults
    return Event(model, _standing_alone(raw, envelope.context), pointer, prefixes), faults


def _standing_alone(raw: dict[str, Any], outer: Any) -> dict[str, Any]:
    context = joined(outer, raw.get("@context"))
    if context is None and "recordTime" not in raw:
        return raw
    source = raw.copy() if context is None else {"@context": context, **raw}
    if context is not None:
        source["@context"] = context
    source.pop("recordTime", None)
    return source


__all__ = ["STANDARD_PREFIXES", "Document", "Event", "Refused", "parse"]
