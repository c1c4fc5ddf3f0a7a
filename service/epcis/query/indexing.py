"""Everything that queries find an event by (EPCIS 2.0 section 8.2.7.1), from the event as it is stored.

A term stands for a field with a value in it, and a field alone for "the event has it" (`terms`). Identifiers, words and
times are in canonical form, so that a query finds an event whichever spelling either uses.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from service.epcis import times
from service.epcis.contexts import Prefixes, expanded
from service.epcis.documents import Event
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.query import names, units
from service.epcis.query.conditions import Indexed
from service.epcis.query.lineage import Lineage, lineage
from service.epcis.query.readings import Reading, finite, identified, numeric, read, value_of
from service.epcis.query.terms import hashed
from service.epcis.query.words import ANY_LIST_OF_CLASSES, WORDS, measure, moment, word

Members = Mapping[str, Any]

MOST_TERMS: Final = 100_000
MOST_NUMBERS: Final = 20_000
MOST_SORT_KEYS: Final = 100
MOST_SORT_CHARACTERS: Final = 200
"""Of text that events are ordered by."""

_EPCS: Final = {
    "epcList": hashed("epc"),
    "childEPCs": hashed("epc"),
    "inputEPCList": hashed("inputEPC"),
    "outputEPCList": hashed("outputEPC"),
}
_PARENT: Final = hashed("parentID")
_ANY_LIST: Final = hashed(ANY_LIST_OF_CLASSES)
_SENSOR_TIMES: Final = ("time", "startTime", "endTime")
_SENSOR_WORDS: Final = ("type", "exception", "component")
_SENSOR_IDENTIFIERS: Final = (
    "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism", "chemicalSubstance",
    "coordinateReferenceSystem", "uriValue",
)  # fmt: skip
_MEASURES: Final = ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue", "percRank")


def indexed(event: Event) -> Indexed:
    """The event's terms, numbers and sort keys.

    Raises InvalidDocument where it has more of them than are kept, so that no event is stored that cannot be found.
    """
    indexing = _Indexing(event.prefixes)
    indexing.event(event.source)
    indexing.check(event.pointer)
    return Indexed(tuple(indexing.terms), tuple(indexing.numbers), indexing.sort_keys)


class _Indexing:
    """Gathers what one event is found by."""

    def __init__(self, prefixes: Prefixes) -> None:
        self.prefixes = prefixes
        self.terms: set[int] = set()
        self.numbers: set[tuple[int, float]] = set()
        self.sort_keys: dict[str, str | float] = {}

    def check(self, pointer: str) -> None:
        for found, most, what in (
            (self.terms, MOST_TERMS, "values"),
            (self.numbers, MOST_NUMBERS, "numbers and times"),
        ):
            if len(found) > most:
                message = (
                    f"the event has {len(found)} {what} to be found by, identifiers and what they belong to included;"
                    f" at most {most} are kept: tell it as several events"
                )
                raise InvalidDocument([Fault(pointer, "too-many-values", message)])

    def event(self, source: Members) -> None:
        for name, value in source.items():
            if name in _EPCS:
                self.identifiers(_EPCS[name], value)
            elif name in _HANDLERS:
                _HANDLERS[name](self, value)
            elif ":" in name:
                self.top(name, value)

    # Things

    def identifiers(self, field: int, epcs: Iterable[str]) -> None:
        terms, before = self.terms, None
        for epc in epcs:
            own, above = lineage(self.full(epc), False)
            terms.add(field ^ own)
            if above is not before:
                self.above(field, above)
                before = above

    def above(self, field: int, above: Lineage) -> None:
        self.terms.update([field ^ one for one in above])

    def quantities(self, field: int, elements: Iterable[Members]) -> None:
        for element in elements:
            own, above = lineage(self.full(element["epcClass"]), True)
            self.terms.add(field ^ own)
            self.terms.add(_ANY_LIST ^ own)
            self.above(field, above)
            quantity = element.get("quantity")
            if quantity is not None:
                self.measured("quantity", quantity, element.get("uom"))

    # Fixed fields

    def full(self, text: str) -> str:
        return text if text.startswith(("urn:", "http")) else expanded(text, self.prefixes)

    def identifier(self, field: str, text: str) -> None:
        self.terms.add(hashed(field) ^ hashed(identified(self.full(text))))

    def word(self, field: str, text: str) -> None:
        self.terms.add(hashed(field) ^ hashed(word(WORDS[field], text, self.prefixes)))

    def moment(self, field: str, text: str) -> None:
        self.numbers.add((hashed(moment(field)), times.instant(text).timestamp()))

    def measured(self, field: str, number: float, uom: str | None) -> None:
        """The number as sent, and in the base unit of what it measures."""
        sent = finite(number)
        if sent is not None:
            self.numbers.add((hashed(field), sent))
        if uom:
            base = units.in_base(number, uom, field == "sDev")
            if base is not None:
                self.numbers.add((hashed(measure(field, uom)), base))

    def place(self, field: str, place: Members) -> None:
        self.identifier(field, place["id"])
        self.extensions(field, place)

    def parties(self, member: str, entries: Iterable[Members]) -> None:
        for entry in entries:
            self.identifier(member, entry[member])
            if "type" in entry:
                type_ = word(WORDS[member], entry["type"], self.prefixes)
                self.identifier(f"{member}_{type_}", entry[member])

    def persistent(self, persistent: Members) -> None:
        for name in ("set", "unset"):
            for text in persistent.get(name, ()):
                self.word(f"persistentDisposition_{name}", text)

    def declaration(self, declaration: Members) -> None:
        self.terms.add(hashed("errorDeclaration"))
        self.moment("errorDeclarationTime", declaration["declarationTime"])
        if "reason" in declaration:
            self.word("errorReason", declaration["reason"])
        for text in declaration.get("correctiveEventIDs", ()):
            self.terms.add(hashed("correctiveEventID") ^ hashed(self.full(text)))
        self.extensions("ERROR_DECLARATION", declaration)

    # Sensors

    def sensors(self, elements: Iterable[Members]) -> None:
        for element in elements:
            self.terms.add(hashed("sensorElement"))
            self.extensions("SENSORELEMENT", element)
            if "sensorMetadata" in element:
                self.sensed("SENSORMETADATA", element["sensorMetadata"])
            for report in element.get("sensorReport", ()):
                self.sensed("SENSORREPORT", report)

    def sensed(self, scope: str, members: Members) -> None:
        """Metadata or a report: what both can say is found alike."""
        for name, value in members.items():
            if ":" in name:
                self.extension(scope, f"INNER_{scope}", name, value)
            elif name in _MEASURES:
                self.measured(name, value, None if name == "percRank" else members.get("uom"))
            elif name in _SENSOR_IDENTIFIERS:
                self.identifier(name, value)
            elif name in _SENSOR_WORDS:
                self.word(name, value)
            elif name in _SENSOR_TIMES:
                self.moment(name, value)
            elif name == "booleanValue":
                self.terms.add(hashed(name) ^ hashed("true" if value else "false"))
            elif name == "hexBinaryValue":
                self.terms.add(hashed(name) ^ hashed(value.upper()))
            elif name == "stringValue":
                self.terms.add(hashed(name) ^ hashed(value))

    # Extensions

    def extensions(self, scope: str, members: Members) -> None:
        inner = f"INNER_{scope}"
        for name, value in members.items():
            if ":" in name:
                self.extension(scope, inner, name, value)

    def top(self, name: str, value: Any) -> None:
        self.extension("", "INNER_", name, value)
        if isinstance(value, str | int | float) and len(self.sort_keys) < MOST_SORT_KEYS:
            self.sorted(name, value)

    def extension(self, scope: str, inner: str, name: str, value: Any) -> None:
        """A field of `scope`, and those inside it as fields of `inner`."""
        fields = [names.in_scope(scope, field) for field in self.named(name)]
        self.terms.update(map(hashed, fields))
        for one in _listed(value):
            self.extended(fields, inner, one)

    def extended(self, fields: list[str], inner: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for name, one in value.items():
                if name in ("#text", "@value", "@id"):
                    self.extended(fields, inner, one)
                elif name == "#mixed":  # text of XML with elements in it: it is the elements that are fields
                    self.extended(fields, inner, [part for part in _listed(one) if isinstance(part, Mapping)])
                elif not name.startswith("@"):
                    self.extension(inner, inner, name, one)
        elif isinstance(value, list):
            for one in value:
                self.extended(fields, inner, one)
        elif value is not None:
            self.said(fields, value)

    def said(self, fields: list[str], value: Any) -> None:
        text, number, time = value_of(value) if isinstance(value, str) else _value_of(value)
        for field in fields:
            own = hashed(field)
            self.terms.add(own ^ text)
            if number is not None:
                self.numbers.add((own, number))
            if time is not None:
                self.numbers.add((hashed(moment(field)), time))

    def named(self, name: str) -> tuple[str, ...]:
        prefix, colon, local = name.partition(":")
        known = colon and not local.startswith("//")
        return names.sent(name, self.prefixes.get(prefix) if known else None)

    def sorted(self, name: str, value: Any) -> None:
        reading = read(value) if isinstance(value, str) else _reading(value)
        number = reading.time if reading.number is None else reading.number
        for field in self.named(name):
            self.sort_keys[field] = reading.text[:MOST_SORT_CHARACTERS] if number is None else number


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _reading(value: Any) -> Reading:
    if isinstance(value, bool):
        return Reading("true" if value else "false")
    return numeric(value)


def _value_of(value: Any) -> tuple[int, float | None, float | None]:
    reading = _reading(value)
    return hashed(reading.text), reading.number, reading.time


_HANDLERS: Final[dict[str, Callable[[_Indexing, Any], None]]] = {
    "parentID": lambda found, value: found.identifiers(_PARENT, (value,)),
    "quantityList": lambda found, value: found.quantities(hashed("epcClass"), value),
    "childQuantityList": lambda found, value: found.quantities(hashed("epcClass"), value),
    "inputQuantityList": lambda found, value: found.quantities(hashed("inputEPCClass"), value),
    "outputQuantityList": lambda found, value: found.quantities(hashed("outputEPCClass"), value),
    "bizStep": lambda found, value: found.word("bizStep", value),
    "disposition": lambda found, value: found.word("disposition", value),
    "readPoint": lambda found, value: found.place("readPoint", value),
    "bizLocation": lambda found, value: found.place("bizLocation", value),
    "bizTransactionList": lambda found, value: found.parties("bizTransaction", value),
    "sourceList": lambda found, value: found.parties("source", value),
    "destinationList": lambda found, value: found.parties("destination", value),
    "transformationID": lambda found, value: found.identifier("transformationID", value),
    "persistentDisposition": lambda found, value: found.persistent(value),
    "errorDeclaration": lambda found, value: found.declaration(value),
    "sensorElementList": lambda found, value: found.sensors(value),
    "ilmd": lambda found, value: found.extensions("ILMD", value),
}
