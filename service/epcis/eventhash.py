"""The CBV event hash: an eventID that everybody who has the event can compute (CBV 2.0 section 8.9.2).

A pre-hash string is put together, without separators: members in a fixed order, each as `name=value`, lists sorted,
identifiers as GS1 Digital Links, vocabulary as web URIs, times in UTC at milliseconds, numbers as plain decimals; then
everything that the standard does not name, sorted. recordTime, eventID, errorDeclaration and comments are left out.

The published algorithm has two revisions that give different hashes for some events; say which one made a hash:

| | "2.0" | "2026" |
|---|---|---|
| certificationInfo | after eventTimeZoneOffset | left out |
| sensorElementList | after bizLocation, named before its elements | last of the standard's members, not named |
| sourceList, destinationList | sorted among what follows the sensors, as bizTransactionList and ilmd | fixed order |
| extensions of readPoint, sensors ... | in their element | after all else, under the element's name |
| GS1 web vocabulary | gs1.org/voc | ref.gs1.org/voc |
| in Digital Links | ' ; = stay, ! ( ) * are percent-encoded | ! ' ( ) * stay, ; = are percent-encoded |

What `#text` says of an extension stands after its name, where it is text, a number, true or false; null says nothing,
and an object or array in its place, which no XML element can have, is a member with that name.

Against others' software: times are rounded half up, never half to even; text is never read as a number; numbers are
read as decimals, never through floats of another base.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.epcis import times, vocabulary
from service.epcis.contexts import Prefixes, expanded
from service.epcis.decimals import plain
from service.epcis.documents import Event
from service.epcis.hashvalues import Revision, canonical_value
from service.epcis.vocabulary import Vocabulary

__all__ = ["DEFAULT_REVISION", "Revision", "event_hash", "prehash"]

DEFAULT_REVISION: Revision = "2.0"

Members = Mapping[str, Any]

_IGNORED = frozenset(
    ("@context", "type", "recordTime", "eventID", "errorDeclaration", "rdfs:comment", "comment", "#text")
)
_IGNORED_INSIDE = _IGNORED - {"type"}
_SINGLE = (str, int, float)
_TIMES = frozenset(("eventTime", "time", "startTime", "endTime"))
_PARTIES = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}
_ORDER = (
    "eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID", "epcList", "inputEPCList", "childEPCs",
    "quantityList", "childQuantityList", "inputQuantityList", "outputEPCList", "outputQuantityList", "action",
    "transformationID", "bizStep", "disposition", "persistentDisposition", "readPoint", "bizLocation",
)  # fmt: skip
_FIXED: dict[Revision, tuple[str, ...]] = {
    "2.0": (*_ORDER, "sensorElementList"),
    "2026": (
        *(name for name in _ORDER if name != "certificationInfo"),
        "bizTransactionList", "sourceList", "destinationList", "sensorElementList",
    ),
}  # fmt: skip
_METADATA = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue",
    "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_WORDS: dict[str, Vocabulary] = {
    "bizStep": vocabulary.BIZ_STEPS,
    "disposition": vocabulary.DISPOSITIONS,
    "set": vocabulary.DISPOSITIONS,
    "unset": vocabulary.DISPOSITIONS,
    "exception": vocabulary.SENSOR_ALERTS,
    "component": vocabulary.COMPONENTS,
    "sensorReport/type": vocabulary.MEASUREMENTS,
    "bizTransaction/type": vocabulary.BIZ_TRANSACTION_TYPES,
    "source/type": vocabulary.SOURCE_DEST_TYPES,
    "destination/type": vocabulary.SOURCE_DEST_TYPES,
}


def event_hash(event: Event, revision: Revision = DEFAULT_REVISION) -> str:
    """The event's hash id, `ni:///sha-256;<64 hexadecimal digits>?ver=CBV2.0`, by one revision of the algorithm."""
    text = prehash(event.source, event.prefixes, revision)
    return f"ni:///sha-256;{hashlib.sha256(text.encode()).hexdigest()}?ver=CBV2.0"


def prehash(source: Members, prefixes: Prefixes, revision: Revision = DEFAULT_REVISION) -> str:
    """The pre-hash string of an event in the JSON binding, whose compact URIs `prefixes` resolve.

    Raises times.InvalidTime for a time without offset (no hash can be right then).
    """
    return _Writing(prefixes, revision).event(source)


class _Writing:
    """Writes the pre-hash string of one event."""

    def __init__(self, prefixes: Prefixes, revision: Revision) -> None:
        self.prefixes = prefixes
        self.revision = revision
        self.gathers = revision == "2026"
        """Whether extensions of elements are gathered at the end."""
        self.rest: list[str] = []

    def event(self, source: Members) -> str:
        parts = [f"eventType={source['type']}"]
        for name, write in _PLANS[self.revision]:
            value = source.get(name)
            if value is not None:
                parts.append(write(self, name, value))
        passed_over = _PASSED_OVER[self.revision]
        for name, value in source.items():
            if name in passed_over:
                continue
            if name in _PARTIES:
                self.rest.append(self.parties(name, value))
            else:
                self.rest += self.extension(name, value)
        return "".join((*parts, *sorted(self.rest)))

    # Members of the event that the standard names, each empty where its value is

    def epcs(self, name: str, value: Iterable[Any]) -> str:
        text = self.text
        inner = "".join(sorted([f"epc={text(item)}" for item in value]))
        return name + inner if inner else ""

    def quantities(self, name: str, value: Iterable[Members]) -> str:
        inner = self.sorted(f"quantityElement{self.element(item, _QUANTITY, 'quantityElement')}" for item in value)
        return name + inner if inner else ""

    def parties(self, name: str, value: Iterable[Members]) -> str:
        member = _PARTIES[name]
        words = _WORDS[f"{member}/type"]
        pairs = [
            (f"type={self.text(pair['type'], words)}" if pair.get("type") else "")
            + self.values(member, pair.get(member))
            for pair in value
        ]
        inner = self.sorted(pairs)
        return name + inner if inner else ""

    def sensors(self, name: str, value: Iterable[Members]) -> str:
        inner = self.sorted(self.sensor(item) for item in value)
        return inner if self.gathers else name + inner if inner else ""

    def place(self, name: str, value: Members) -> str:
        if len(value) == 1 and "id" in value:
            return f"{name}id={self.text(value['id'])}"
        inner = self.element(value, _PLACE, name)
        return name + inner if inner else ""

    def dispositions(self, name: str, value: Members) -> str:
        inner = self.element(value, _DISPOSITIONS, name)
        return name + inner if inner else ""

    # Kinds of values

    def values(self, name: str, value: Any, words: str = "") -> str:
        """`name=value`; for a list one each, sorted."""
        if type(value) is list:
            return self.sorted(self.values(name, item, words) for item in value)
        if value is None:
            return ""
        if name in _TIMES and isinstance(value, str):
            return f"{name}={times.milliseconds(value.strip())}"
        text = self.text(value, _WORDS.get(words or name))
        return f"{name}={text}" if text else ""

    def element(self, members: Members, order: Iterable[str], path: str) -> str:
        """An element's members in order, then its extensions, unless these are gathered at the end of the event."""
        known = "".join(
            [
                self.values(name, members[name], f"{path}/type" if name == "type" else "")
                for name in order
                if name in members
            ]
        )
        more = self.extensions(members, order)
        if not more or not self.gathers:
            return known + more
        if "/" not in path and not path.startswith("sensor"):
            self.rest.append(path + more)
        return known

    def extensions(self, members: Members, order: Iterable[str]) -> str:
        names = [name for name in members if name not in order and name not in _IGNORED]
        return "".join(sorted(part for name in names for part in self.extension(name, members[name]))) if names else ""

    def sensor(self, element: Members) -> str:
        metadata = element.get("sensorMetadata") or {}
        reports = element.get("sensorReport") or []
        known = self.element(metadata, _METADATA, "sensorMetadata")
        written = [f"sensorMetadata{known}"] if known else []
        written.append(self.sorted(f"sensorReport{self.element(item, _REPORT, 'sensorReport')}" for item in reports))
        own = self.extensions(element, ("sensorMetadata", "sensorReport"))
        if self.gathers:
            self.gather_sensor(metadata, reports, own)
            own = ""
        return "".join(("sensorElement", *written, own))

    def gather_sensor(self, metadata: Members, reports: Iterable[Members], own: str) -> None:
        found = [("sensorMetadata", self.extensions(metadata, _METADATA))]
        found += [("sensorReport", self.extensions(report, _REPORT)) for report in reports]
        parts = sorted(name + more for name, more in found if more)
        if parts or own:
            self.rest.append("".join(("sensorElement", *parts, own)))

    def extension(self, name: str, value: Any) -> list[str]:
        """What the standard does not name: one part for each value, inner members sorted."""
        if type(value) is list:
            return [part for item in value for part in self.extension(name, item)]
        if value is None:
            return []
        full = self.name(name)
        if type(value) is not dict:
            text = self.text(value)
            return [f"{full}={text}" if text else full]
        said = value.get("#text")
        text = self.text(said) if isinstance(said, _SINGLE) else ""
        inner: list[str] = []
        for member, item in value.items():
            if member not in _IGNORED_INSIDE or (member == "#text" and isinstance(item, dict | list)):
                inner += self.extension(member, item)
        return ["".join((full, f"={text}" if text else "", *sorted(inner)))]

    def name(self, name: str) -> str:
        """An extension's name with its namespace: `{namespace}name`."""
        prefix, colon, local = name.partition(":")
        if not colon:
            return name
        if prefix in self.prefixes and not local.startswith("//"):
            return f"{{{self.prefixes[prefix]}}}{local}"
        cut = max(name.rfind("/"), name.rfind("#"), name.rfind(":")) + 1
        return f"{{{name[:cut]}}}{name[cut:]}"

    def text(self, value: Any, words: Vocabulary | None = None) -> str:
        """A single value in canonical form."""
        if type(value) is str:
            text = value.strip()
            if ":" in text:
                text = expanded(text, self.prefixes)
            elif words is None:
                return text
            return canonical_value(text, self.revision, words)
        if isinstance(value, bool):
            return "true" if value else "false"
        return plain(value)

    @staticmethod
    def sorted(parts: Iterable[str]) -> str:
        return "".join(sorted(part for part in parts if part))


_QUANTITY = ("epcClass", "quantity", "uom")
_PLACE = ("id",)
_DISPOSITIONS = ("set", "unset")
_Write = Callable[[_Writing, str, Any], str]
_WRITERS: dict[str, _Write] = {
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _Writing.epcs),
    **dict.fromkeys(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"), _Writing.quantities
    ),
    **dict.fromkeys(_PARTIES, _Writing.parties),
    **dict.fromkeys(("readPoint", "bizLocation"), _Writing.place),
    "persistentDisposition": _Writing.dispositions,
    "sensorElementList": _Writing.sensors,
}
_PLANS: dict[Revision, tuple[tuple[str, _Write], ...]] = {
    revision: tuple((name, _WRITERS.get(name, _Writing.values)) for name in fixed) for revision, fixed in _FIXED.items()
}
"""The members that have their place, in order, and what writes each."""
_PASSED_OVER: dict[Revision, frozenset[str]] = {
    revision: _IGNORED.union(fixed, () if revision == "2.0" else ("certificationInfo",))
    for revision, fixed in _FIXED.items()
}
