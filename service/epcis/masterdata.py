"""Master data in documents: elements of vocabularies, with attributes and children (EPCIS 2.0 sections 6.5 and 9.4).

They stand in `epcisHeader/epcisMasterData/vocabularyList` of an EPCISDocument, in the body of a query document, and in
the body of a master data document. An element that comes twice in one vocabulary says what both of them say.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from service.epcis.contexts import Prefixes, expanded
from service.epcis.faults import MAX_FAULTS, Fault
from service.epcis.fields import Element, Number, Text
from service.epcis.identifiers import InvalidIdentifier, canonical, is_uri
from service.epcis.shapes import check_names, faults_of

MOST_ELEMENTS = 10_000
"""In one document."""
MOST_PARTS = 100_000
"""Attributes and children of all elements of one document, together."""
MOST_CHARACTERS = 2048
"""Of an identifier or an attribute's name."""
MOST_TYPE = 500
"""Characters of a vocabulary's name, which stores keep in order together with an identifier."""
MOST_VALUE = 16_384
"""Characters of an attribute's value, names of inner members included."""


@dataclass(frozen=True, slots=True)
class VocabularyElement:
    """An element of a vocabulary.

    `vocabulary`: URI of its type. `id` and `children`: canonical identifiers; `sent`: the id as sent. `attributes`:
    (name, value) in the order sent, a name as full URI and perhaps more than once; a value is text, a number or an
    object, and empty text where none was sent.
    """

    vocabulary: str
    id: str
    sent: str
    attributes: tuple[tuple[str, Any], ...] = ()
    children: tuple[str, ...] = ()


class Attribute(Element):
    """An attribute as sent."""

    id: Text
    attribute: Text | Number | dict[str, Any] | None = None


class ElementSent(Element):
    """A vocabulary element as sent."""

    id: Text
    attributes: tuple[Attribute, ...] = ()
    children: tuple[Text, ...] = ()


class Vocabulary(Element):
    """A vocabulary as sent."""

    type: Text
    vocabularyElementList: tuple[ElementSent, ...] = ()  # noqa: N815 - named as in the JSON binding


def vocabularies(
    sent: list[Any], pointer: str, prefixes: Prefixes, faults: list[Fault]
) -> tuple[VocabularyElement, ...]:
    """The elements of a `vocabularyList` that lies at `pointer`; what is wrong with it is added to `faults`."""
    if not _is_bounded(sent, pointer, faults):
        return ()
    reader = _Reader(prefixes, faults)
    for index, vocabulary in enumerate(sent):
        place = f"{pointer}/{index}"
        check_names(Vocabulary, vocabulary, place, prefixes, faults)
        try:
            reader.read(Vocabulary.model_validate(vocabulary), place)
        except ValidationError as error:
            faults += faults_of(error, place)
        if len(faults) >= MAX_FAULTS:
            break
    return reader.found()


class _Reader:
    """Gathers elements by vocabulary and canonical identifier."""

    def __init__(self, prefixes: Prefixes, faults: list[Fault]) -> None:
        self.prefixes = prefixes
        self.faults = faults
        self._found: dict[tuple[str, str], VocabularyElement] = {}

    def found(self) -> tuple[VocabularyElement, ...]:
        return tuple(self._found.values())

    def read(self, vocabulary: Vocabulary, pointer: str) -> None:
        type_ = self.name(vocabulary.type, f"{pointer}/type", MOST_TYPE)
        for index, element in enumerate(vocabulary.vocabularyElementList):
            place = f"{pointer}/vocabularyElementList/{index}"
            attributes = tuple(self.attributes(element, place))
            children = tuple(
                self.identifier(child, f"{place}/children/{number}") for number, child in enumerate(element.children)
            )
            self.add(
                VocabularyElement(
                    type_,
                    self.identifier(element.id, f"{place}/id"),
                    element.id,
                    attributes,
                    tuple(dict.fromkeys(children)),
                )
            )

    def add(self, element: VocabularyElement) -> None:
        former = self._found.get((element.vocabulary, element.id))
        if former is not None:
            more = tuple(attribute for attribute in element.attributes if attribute not in former.attributes)
            children = tuple(dict.fromkeys((*former.children, *element.children)))
            element = VocabularyElement(
                element.vocabulary, element.id, former.sent, (*former.attributes, *more), children
            )
        self._found[element.vocabulary, element.id] = element

    def attributes(self, element: ElementSent, pointer: str) -> Iterator[tuple[str, Any]]:
        for index, attribute in enumerate(element.attributes):
            place = f"{pointer}/attributes/{index}"
            value = "" if attribute.attribute is None else attribute.attribute
            if _length(value) > MOST_VALUE:
                message = f"the value has more than {MOST_VALUE} characters; send less, or a link to it"
                self.faults.append(Fault(f"{place}/attribute", "length", message))
            yield self.name(attribute.id, f"{place}/id"), value

    def name(self, text: str, pointer: str, most: int = MOST_CHARACTERS) -> str:
        """The full URI that names a vocabulary or an attribute."""
        full = expanded(text, self.prefixes)
        if self.is_short(full, pointer, most) and not is_uri(full):
            self.faults.append(Fault(pointer, "identifier", f"{text[:80]!r} is not a URI (RFC 3986)"))
        return full

    def identifier(self, text: str, pointer: str) -> str:
        """The canonical identifier of an element."""
        full = expanded(text, self.prefixes)
        if not self.is_short(full, pointer):
            return full
        try:
            return canonical(full)
        except InvalidIdentifier as error:
            self.faults.append(Fault(pointer, "identifier", str(error)))
            return full

    def is_short(self, text: str, pointer: str, most: int = MOST_CHARACTERS) -> bool:
        if len(text) > most:
            self.faults.append(Fault(pointer, "length", f"it has {len(text)} characters; send at most {most}"))
        return len(text) <= most


def _is_bounded(sent: list[Any], pointer: str, faults: list[Fault]) -> bool:
    """Whether there are few enough elements and parts of elements; looked at before anything else is."""
    elements = [element for vocabulary in sent for element in _items(vocabulary, "vocabularyElementList")]
    parts = sum(len(_items(element, name)) for element in elements for name in ("attributes", "children"))
    for count, most, what in (
        (max(len(sent), len(elements)), MOST_ELEMENTS, "vocabulary elements"),
        (parts, MOST_PARTS, "attributes and children"),
    ):
        if count > most:
            message = f"{count} {what} are too many for one document; send at most {most}"
            faults.append(Fault(pointer, "too-many", message))
            return False
    return True


def _items(value: Any, name: str) -> list[Any]:
    items = value.get(name) if type(value) is dict else None
    return items if type(items) is list else []


def _length(value: Any) -> int:
    return len(value) if type(value) is str else len(json.dumps(value, ensure_ascii=False))
