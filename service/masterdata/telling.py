"""From the master data of a document to rows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from service.epcis.masterdata import VocabularyElement
from service.epcis.query.readings import read
from service.epcis.query.terms import hashed
from service.store import masterdata as store
from service.store.database import Session
from service.store.masterdata import AttributeRow, ChildRow, ElementRow


async def tell(session: Session, owner: bytes, elements: Sequence[VocabularyElement]) -> None:
    """Keeps what a party says about elements, in place of what it said about them before.

    Where a document has an element twice, the last one counts.
    """
    last = {(element.vocabulary, element.id): element for element in elements}.values()
    await store.tell(
        session,
        [_row(owner, element) for element in last],
        [
            ChildRow(owner, element.vocabulary, hashed(element.id), hashed(child))
            for element in last
            for child in element.children
        ],
        list(_attributes(owner, last)),
    )


def _row(owner: bytes, element: VocabularyElement) -> ElementRow:
    attributes = orjson.dumps([{"id": name, "attribute": value} for name, value in element.attributes]).decode()
    children = orjson.dumps(list(element.children)).decode()
    return ElementRow(owner, element.vocabulary, hashed(element.id), element.id, attributes, children)


def _attributes(owner: bytes, elements: Iterable[VocabularyElement]) -> Iterator[AttributeRow]:
    for element in elements:
        for name, value in element.attributes:
            for text in _texts(value):
                yield AttributeRow(owner, element.vocabulary, hashed(element.id), hashed(name), hashed(text))


def _texts(value: Any) -> set[str]:
    """What a value can be asked for by: text as it is and in its canonical form, numbers and truths in theirs.

    What has members of its own cannot be asked for.
    """
    if isinstance(value, str):
        return {value, read(value).text}
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    if isinstance(value, dict):
        return set()
    text = orjson.dumps(value).decode()
    return {text, read(text).text}
