"""The reference for event hashes, the PyPI package epcis-event-hash-generator, and what is wrong with it, by name.

A fault of the reference explains a difference only where the difference goes away once the event is rewritten so that
this fault cannot strike (`Fault.spared`), and nothing else in it. Each is shown by tests/epcis/test_hash_reference.py.
"""

import copy
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from epcis_event_hash_generator import file_document_loader, hash_generator, json_to_py, xml_to_py
from pyld import jsonld  # type: ignore[import-untyped]

from service.epcis.contexts import STANDARD_PREFIXES, declared, joined
from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.faults import InvalidDocument
from service.epcis.times import milliseconds

logging.getLogger().setLevel(logging.CRITICAL)  # it logs each event that it gives up

Document = dict[str, Any]
_TIMES = ("eventTime", "time", "startTime", "endTime")
_ELEMENTS = ("readPoint", "bizLocation", "sensorMetadata", "sensorReport", "sensorElementList")
_PAIRS = ("bizTransactionList", "sourceList", "destinationList")
_SPARED = "https://spared.example/"
_TAIL = re.compile(r"\.\d{4,}")


_KNOWN = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_own_loader = file_document_loader.file_document_loader()


def _load(url: str, options: Any = None) -> Any:
    """The reference's own loader, which has GS1's context in a file, for all addresses of it; never the network."""
    if not url.endswith("epcis-context.jsonld"):
        raise ValueError(f"{url} is not at hand")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return _own_loader(_KNOWN, options or {})


jsonld.set_document_loader(_load)


def hashes_of_json(text: str) -> list[str]:
    """Its hashes of the events of a JSON document; those that it gives up are left out. Raises whatever it raises."""
    json_to_py._namespaces.clear()  # noqa: SLF001 - else prefixes of the document before would still be in force
    return list(hash_generator.epcis_hashes_from_events(json_to_py.event_list_from_epcis_document_str(text)))


def hashes_of_xml(text: str) -> list[str]:
    """As `hashes_of_json`, of an XML document."""
    return list(hash_generator.epcis_hashes_from_events(xml_to_py.event_list_from_epcis_document_str(text)))


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the reference; `spared` rewrites a document of one event so that it cannot strike."""

    name: str
    spared: Callable[[Document], Document]


def explained(document: Document) -> tuple[str, ...] | None:
    """The fewest faults that explain why the hashes of a JSON document of one event differ; None where none do."""
    asis = json.dumps(document)
    striking = [fault for fault in FAULTS if json.dumps(fault.spared(copy.deepcopy(document))) != asis]
    for count in range(1, len(striking) + 1):
        for some in combinations(striking, count):
            changed = copy.deepcopy(document)
            for fault in some:
                changed = fault.spared(changed)
            if agree(changed):
                return tuple(fault.name for fault in some)
    return None


def agree(document: Document) -> bool:
    """Whether both sides hash a JSON document of one event alike."""
    try:
        (event,) = parse(document, lenient=True).events
        return hashes_of_json(json.dumps(document)) == [event_hash(event)]
    except InvalidDocument:
        return False
    except Exception:  # noqa: BLE001 - whatever the reference raises
        return False


def _event(document: Document) -> Document:
    event: Document = document["epcisBody"]["eventList"][0]
    return event


def _members(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Document, str, Any, tuple[str, ...]]]:
    """Each object with the name and value of each of its members, and the names of the members around it."""
    for item in value if isinstance(value, list) else ():
        yield from _members(item, path)
    if isinstance(value, dict):
        for name, item in list(value.items()):
            if name != "@context":
                yield value, name, item, path
                yield from _members(item, (*path, name))


def _replaced(document: Document, changed: Callable[[str, Any, tuple[str, ...]], Any]) -> Document:
    """The document with each scalar, and each in a list, as `changed` gives it for name, value and path."""
    for holder, name, value, path in _members(_event(document)):
        if isinstance(value, list):
            holder[name] = [item if isinstance(item, dict | list) else changed(name, item, path) for item in value]
        elif not isinstance(value, dict):
            holder[name] = changed(name, value, path)
    return document


def _rounded_times(document: Document) -> Document:
    def rounded(name: str, value: Any, _path: tuple[str, ...]) -> Any:
        return milliseconds(value) if name in _TIMES and isinstance(value, str) and _TAIL.search(value) else value

    return _replaced(document, rounded)


def _no_numbers_in_text(document: Document) -> Document:
    def spelled(name: str, value: Any, _path: tuple[str, ...]) -> Any:
        if not isinstance(value, str) or name in _TIMES:
            return value
        try:
            number = float(value)
            same = str(int(number) if int(number) == number else number) == value
        except OverflowError:
            same = False
        except ValueError:
            return value
        return value if same else ("AB" if name == "hexBinaryValue" else "text " + re.sub("[^0-9]", "", value))

    return _replaced(document, spelled)


def _no_small_numbers(document: Document) -> Document:
    return _replaced(
        document, lambda _name, value, _path: 1 if isinstance(value, float) and "e-" in repr(value) else value
    )


def _no_booleans(document: Document) -> Document:
    for holder, name, value, _ in _members(_event(document)):
        if isinstance(value, bool) and name == "booleanValue":
            del holder[name]
    return _replaced(document, lambda _name, value, _path: str(value).lower() if isinstance(value, bool) else value)


def _no_nulls(document: Document) -> Document:
    for holder, name, value, _ in _members(_event(document)):
        if value is None:
            del holder[name]
    return document


def _one_context(document: Document) -> Document:
    own = _event(document).pop("@context", None)
    if own is not None:
        document["@context"] = joined(document["@context"], own)
    return document


def _prefixes_repeated(document: Document) -> Document:
    """The prefixes of GS1's context that the document uses, declared by the document as well."""
    text = json.dumps(document["epcisBody"])
    used = {name: uri for name, uri in STANDARD_PREFIXES.items() if f'"{name}:' in text}
    context = document["@context"] if isinstance(document["@context"], list) else [document["@context"]]
    known = {name for entry in context if isinstance(entry, dict) for name in entry}
    new = {name: uri for name, uri in used.items() if name not in known and name != "rdfs"}
    if new:
        document["@context"] = [*context, new]
    return document


def _no_torn_extensions(document: Document) -> Document:
    """Extensions of elements get a namespace by which the reference knows them; bizRules leaves the reports."""
    prefixes = declared(document["@context"], "", STANDARD_PREFIXES, [])
    for holder, name, _, path in _members(_event(document)):
        if path[-1:] == ("sensorReport",) and name == "bizRules":
            del holder[name]
        prefix, colon, local = name.partition(":")
        if colon and path and path[-1] in _ELEMENTS and not prefixes.get(prefix, "/").endswith("/"):
            holder[f"spared:{local}"] = holder.pop(name)
            document["@context"] = joined(document["@context"], {"spared": _SPARED})
    return document


def _types_first(document: Document) -> Document:
    event = _event(document)
    for name in _PAIRS:
        for index, pair in enumerate(event.get(name, ())):
            event[name][index] = {"type": pair.get("type", "urn:example:untyped")} | pair
    return document


def _no_bare_words(document: Document) -> Document:
    """Text of extensions that is some word of the CBV, which the reference takes for that word."""

    def spelled(name: str, value: Any, path: tuple[str, ...]) -> Any:
        is_extension = ":" in name or any(":" in around or around == "ilmd" for around in path)
        return f"text {value}" if is_extension and isinstance(value, str) and value.isidentifier() else value

    return _replaced(document, spelled)


FAULTS: tuple[Fault, ...] = (
    Fault("rounds times half to even, cuts them after microseconds, and drops an event at .9995 s", _rounded_times),
    Fault("reads text as numbers (007, 1e3, 1_000, inf)", _no_numbers_in_text),
    Fault("writes small numbers with an exponent", _no_small_numbers),
    Fault("writes JSON's true as True, XML's as true", _no_booleans),
    Fault("writes null as None", _no_nulls),
    Fault("hashes an event's own @context as if it were content, and does not use it", _one_context),
    Fault("does not know the prefixes that GS1's context declares (cbvmda, gs1, cbv)", _prefixes_repeated),
    Fault("tears extensions of elements out of them unless their namespace ends in /", _no_torn_extensions),
    Fault("hashes pairs of type and value by the order of their members", _types_first),
    Fault("takes the text of extensions for words of the CBV", _no_bare_words),
)
