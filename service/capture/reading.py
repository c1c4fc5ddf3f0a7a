"""From the bytes of a document in any format to its events, with every fault told in the format's own places."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from service.epcis.documents import Document, Event, parse
from service.epcis.faults import Fault, InvalidDocument, Notation
from service.epcis.spreadsheet import read_csv
from service.epcis.translated import Translated
from service.epcis.xml import read_xml

Format = Literal["json", "xml", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it came in; `lenient` documents may use words that no standard vocabulary has.

    `most`: events that it may have.
    """

    body: bytes
    format: Format = "json"
    proceed: bool = False
    lenient: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that was read. `place` says where an event, or what lies in it, was in the document as it was sent."""

    document: Document
    translated: Translated | None = None

    @property
    def notation(self) -> Notation:
        """How places in the document are written."""
        return "pointer" if self.translated is None else self.translated.notation

    def place(self, pointer: str) -> str:
        """The place, in the notation of the document's format, of a JSON pointer into it."""
        return _writable(pointer if self.translated is None else self.translated.place(pointer))

    def placed(self, fault: Fault) -> Fault:
        """The fault with its place in the document as it was sent."""
        return _placed(fault, self.translated)

    def refusal(self, index: int, faults: Iterable[Fault]) -> dict[str, Any]:
        """An event that was left out, as a receipt tells it; `index` is among the events that were read."""
        sent = index if self.translated is None else self.translated.index(index)
        return {"index": sent, "faults": [self.placed(fault).told() for fault in faults]}

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The events that were left out while reading."""
        untranslated = () if self.translated is None else self.translated.refused
        return [self.refusal(one.index, one.faults) for one in self.document.refused] + [
            {"index": one.index, "faults": [self.placed(fault).told() for fault in one.faults]} for one in untranslated
        ]


def opened(source: Source) -> Opened:
    """The events of a document.

    Raises:
        InvalidDocument: with its faults in the notation of the document's format. TooManyEvents.
    """
    translated = _translated(source)
    try:
        value = source.body if translated is None else translated.value
        document = parse(value, proceed=source.proceed, lenient=source.lenient, most=source.most)
    except InvalidDocument as invalid:
        raise InvalidDocument(_placed(fault, translated) for fault in invalid.faults) from None
    return Opened(document, translated)


def opened_each(documents: list[dict[str, object]], lenient: bool) -> Opened:
    """Events that each stand alone, as one document; pointers begin with the event's index."""
    events: list[Event] = []
    for index, document in enumerate(documents):
        pointer = f"/events/{index}/document"
        try:
            found = parse(document, lenient=lenient).events
        except InvalidDocument as invalid:
            faults = [Fault(pointer + fault.pointer, fault.rule, fault.message) for fault in invalid.faults]
            raise InvalidDocument(faults) from None
        if len(found) != 1 or found[0].pointer:
            raise InvalidDocument([Fault(pointer, "value", "must be one event, as `prepare` gave it")])
        events.append(Event(found[0].model, found[0].source, pointer, found[0].prefixes))
    return Opened(Document(tuple(events)))


def _translated(source: Source) -> Translated | None:
    if source.format == "json":
        return None
    try:
        if source.format == "xml":
            return read_xml(source.body, source.most)
        return read_csv(source.body, proceed=source.proceed, lenient=source.lenient)
    except InvalidDocument as invalid:
        raise InvalidDocument(_placed(fault, None) for fault in invalid.faults) from None


def _placed(fault: Fault, translated: Translated | None) -> Fault:
    if translated is None or fault.notation != "pointer":
        return Fault(_writable(fault.pointer), fault.rule, fault.message, fault.notation)
    return Fault(_writable(translated.place(fault.pointer)), fault.rule, fault.message, translated.notation)


def _writable(place: str) -> str:
    """The place without what neither JSON text nor PostgreSQL can hold: a faulty member's name may have such."""
    return place.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
