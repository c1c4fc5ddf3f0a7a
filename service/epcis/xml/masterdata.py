"""Master data: lists of vocabularies between XML and the JSON binding (EPCIS 2.0 sections 9.4 and 9.8).

JSON: `[{"type", "vocabularyElementList": [{"id", "attributes": [{"id", "attribute"}], "children": [id]}]}]`.
"""

from typing import Any

from lxml import etree

from service.epcis.xml.contents import content
from service.epcis.xml.elements import Read, items, structure, text
from service.epcis.xml.names import Names
from service.epcis.xml.namespaces import standard


def vocabulary_list(element: etree._Element, names: Names) -> list[Any]:
    """The vocabularies of a VocabularyList."""
    return _VOCABULARIES(element, names)  # type: ignore[no-any-return]


def master_data(element: etree._Element, names: Names) -> dict[str, Any]:
    """An EPCISMasterData element."""
    found = structure(element, names, {"VocabularyList": vocabulary_list}, {})
    return _renamed(found, "VocabularyList", "vocabularyList")


def _vocabulary(element: etree._Element, names: Names) -> dict[str, Any]:
    found = structure(element, names, {"VocabularyElementList": _ELEMENTS}, {})
    kind = found.pop("#type", None)
    first = {} if kind is None else {"type": kind}
    return first | _renamed(found, "VocabularyElementList", "vocabularyElementList")


def _element(element: etree._Element, names: Names) -> dict[str, Any]:
    several = [_attribute(child, names) for child in element if standard(child.tag) == "attribute"]
    known: dict[str, Read] = {"attribute": lambda *_: None, "children": _CHILDREN}
    found = structure(element, names, known, {})
    found.pop("attribute", None)
    first: dict[str, Any] = {"id": found.pop("#id")} if "#id" in found else {}
    if several:
        first["attributes"] = several
    return first | found


def _attribute(element: etree._Element, names: Names) -> dict[str, Any]:
    identity = element.get("id")
    first: dict[str, Any] = {} if identity is None else {"id": identity.strip()}
    return {**first, "attribute": content(element, names, passed="id")}


def _renamed(found: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in found.items()}


_CHILDREN = items("id", text)
_ELEMENTS = items("VocabularyElement", _element)
_VOCABULARIES = items("Vocabulary", _vocabulary)
