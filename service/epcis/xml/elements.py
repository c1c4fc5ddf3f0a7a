"""Elements of the standard as members: how structures, lists and texts are read, whatever they are.

Elements are taken in any order, in 1.2's `extension` and `baseExtension` or outside. Nothing is judged here: what the
standard does not know, or knows once and finds twice, becomes a member that `documents.parse` refuses by its name or
type, so that one bad event costs a document only that event.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from service.epcis.vocabulary import Vocabulary
from service.epcis.xml.contents import ONLY, add, content, is_mark, member_name
from service.epcis.xml.names import Names, standard_word
from service.epcis.xml.namespaces import standard
from service.epcis.xml.parsing import attributes_of
from service.epcis.xml.supplements import CONTEXT, MEMBERS

Read = Callable[[etree._Element, Names], Any]  # noqa: SLF001 - lxml has no public name for it
WRAPPERS = frozenset(("extension", "baseExtension"))
_DEEPEST = 8
"""Wrappers inside each other; 1.2 has up to three."""
_RESERVED = frozenset((
    "@context", "type", "id", "sender", "receiver", "instanceIdentifier", "schemaVersion", "creationDate",
    "epcisHeader", "epcisMasterData", "epcisBody", "eventList", "queryResults", "vocabularyList",
    "vocabularyElementList", "attributes",
))  # fmt: skip
"""Members of the JSON binding that no XML element has the name of."""


def text(element: etree._Element, names: Names) -> Any:
    """The text of an element of the standard; an object, which no rule accepts, where there is more than text."""
    if not len(element) and not element.keys():
        found = element.text
        return found.strip() if found else ""
    return content(element, names)


def structure(
    element: etree._Element, names: Names, known: Mapping[str, Read], into: dict[str, Any], depth: int = 0
) -> dict[str, Any]:
    """The children of an element of the standard as members of `into`, each read as `known` says."""
    stray(element.text, into)
    several: set[str] = set()
    for child in element:
        tag: Any = child.tag
        name = tag if tag in known else standard(tag)
        read = known.get(name)
        if read is not None:
            _once(into, name, read(child, names))
        elif name in WRAPPERS and depth < _DEEPEST:
            structure(child, names, known, into, depth + 1)
        elif tag in (MEMBERS, CONTEXT):
            pass
        else:
            name = unknown(name) if not name.startswith("{") and tag != name else member_name(child, names)
            name = unknown(name) if name in known or name in _RESERVED else name
            add(into, several, name, content(child, names), child.get(ONLY) is not None)
        if child.tail and not child.tail.isspace():
            stray(child.tail, into)
    if element.keys():
        attributes(element, names, into)
    return into


def attributes(
    element: etree._Element, names: Names, into: dict[str, Any], passed: frozenset[str] = frozenset()
) -> None:
    """Attributes of an element of the standard, as members; those in `passed` and all hints of form left out."""
    for key, value in attributes_of(element):
        if key in passed or is_mark(key):
            continue
        name = names.name(key, element)
        add(into, set(), f"#{name}" if name in into or name in _RESERVED else name, names.mentioned(value, element))


def unknown(name: str) -> str:
    """A name that no rule accepts, for an element that the standard does not have in this place."""
    return f"#{name}"


def _once(into: dict[str, Any], name: str, value: Any) -> None:
    if name not in into:
        into[name] = value
    elif name == "certificationInfo":
        into[name] = [*(into[name] if isinstance(into[name], list) else [into[name]]), value]
    else:
        into[name] = {"#twice": [into[name], value]}


def stray(found: str | None, into: dict[str, Any]) -> None:
    """Text where the standard has none: a member that no rule accepts."""
    if found and not found.isspace():
        into["#text"] = found.strip()


def word(words: Vocabulary) -> Read:
    """An element whose text is a word of a standard vocabulary in any spelling (given back bare), or a private URI."""

    def read(element: etree._Element, names: Names) -> Any:
        found = text(element, names)
        return standard_word(words, found, names.table.prefixes) or found if isinstance(found, str) else found

    return read


def epcs(read_items: Read) -> Read:
    """A list of EPCs, of equal texts the first: in XML a list may name a thing twice, in JSON not."""

    def read(element: etree._Element, names: Names) -> list[Any]:
        found: list[Any] = read_items(element, names)
        return [item for item, first in zip(found, firsts(found), strict=True) if first]

    return read


def firsts(values: Iterable[Any]) -> Iterator[bool]:
    """Of each value, whether it is no text that came before."""
    seen: set[str] = set()
    for value in values:
        if not isinstance(value, str):
            yield True
            continue
        yield value not in seen
        seen.add(value)


def items(item: str, read: Read) -> Read:
    """A list of elements named `item`; anything else in it becomes an object, which no list of texts accepts."""

    def read_items(element: etree._Element, names: Names) -> list[Any]:
        found: list[Any] = []
        for child in element:
            name = item if child.tag == item else standard(child.tag)
            if name == item:
                found.append(read(child, names))
            elif name in WRAPPERS:
                found += read_items(child, names)
            else:
                found.append({member_name(child, names): content(child, names)})
            if child.tail and not child.tail.isspace():
                found.append({"#text": child.tail.strip()})
        if element.text and not element.text.isspace():
            found.append({"#text": element.text.strip()})
        if any(not is_mark(str(key)) for key, _ in attributes_of(element)):
            stray: dict[str, Any] = {}
            attributes(element, names, stray)
            found.append(stray)
        return found

    return read_items
