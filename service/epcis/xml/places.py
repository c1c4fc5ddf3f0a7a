"""From a JSON pointer into a translated document back to the XPath of the element or attribute that said it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from service.epcis.xml.elements import WRAPPERS, firsts, text
from service.epcis.xml.names import Names
from service.epcis.xml.namespaces import EPCIS, MASTER_DATA, QUERY, STANDARD, split, standard

_CONVENTIONAL = {EPCIS: "epcis", QUERY: "epcisq", MASTER_DATA: "epcismd"}
_ALWAYS_COUNTED = frozenset(("EventList", "VocabularyList", "VocabularyElementList"))
_EPC_LISTS = frozenset(("epcList", "childEPCs", "inputEPCList", "outputEPCList"))
_LISTS = _EPC_LISTS.union((
    "quantityList", "childQuantityList",
    "inputQuantityList", "outputQuantityList", "bizTransactionList", "sourceList", "destinationList",
    "sensorElementList", "correctiveEventIDs", "children", "VocabularyList", "VocabularyElementList", "EventList",
))  # fmt: skip
"""Elements whose child elements are the items of an array."""
_ELEMENTS = {
    "epcisHeader": "EPCISHeader", "epcisMasterData": "EPCISMasterData", "epcisBody": "EPCISBody",
    "queryResults": "QueryResults", "eventList": "EventList", "vocabularyList": "VocabularyList",
    "vocabularyElementList": "VocabularyElementList", "attributes": "attribute", "id": "id",
    "sender": "Sender", "receiver": "Receiver", "instanceIdentifier": "InstanceIdentifier",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """The root, and the events with the names in each, in order; `events_at`: the pointer of their list."""

    root: etree._Element
    names: Names
    events: Sequence[tuple[etree._Element, Names]]
    events_at: str

    def place(self, pointer: str) -> str:
        """The XPath of what the value at `pointer` was read from, or of the nearest element around it."""
        if pointer.startswith(f"{self.events_at}/") or not self.events_at:
            index, _, rest = pointer.removeprefix(self.events_at).removeprefix("/").partition("/")
            if not self.events_at:
                return _within(self.root, pointer.removeprefix("/"), self.names)
            if index.isdecimal() and index.isascii() and int(index) < len(self.events):
                element, names = self.events[int(index)]
                return _within(element, rest, names)
        return _within(self.root, pointer.removeprefix("/"), self.names)


def _within(element: etree._Element, rest: str, names: Names) -> str:
    repeated: list[etree._Element] = []
    for token in rest.split("/") if rest else ():
        name = token.replace("~1", "/").replace("~0", "~")
        if name.isdecimal() and name.isascii():
            items = _items(element, names) if not repeated or standard(element.tag) in _LISTS else repeated
            if int(name) < len(items):
                element = items[int(name)]
            repeated = []
            continue
        attribute = next(
            (str(key) for key in element.attrib if names.name(str(key), element) == name.removeprefix("#")), None
        )
        repeated = [child for child in _children(element) if _is(child, name, names)]
        if repeated:
            element = repeated[0]
        elif attribute is not None:
            return f"{xpath(element)}/@{_qualified(attribute, element)}"
        elif name in _ELEMENTS:
            found = next(_descendants(element, _ELEMENTS[name]), None)
            element = element if found is None else found
    return xpath(element)


def _items(element: etree._Element, names: Names) -> list[etree._Element]:
    """The elements that are items of the array, in order: in EPC lists, of equal ones the first."""
    children = _children(element)
    if standard(element.tag) not in _EPC_LISTS:
        return children
    said = (text(child, names) if standard(child.tag) == "epc" else None for child in children)
    return [child for child, first in zip(children, firsts(said), strict=True) if first]


def _children(element: etree._Element) -> list[etree._Element]:
    found: list[etree._Element] = []
    waiting = list(element)[::-1]
    while waiting:
        child = waiting.pop()
        if standard(child.tag) in WRAPPERS:
            waiting += list(child)[::-1]
        else:
            found.append(child)
    return found


def _descendants(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element.iterdescendants() if split(child.tag)[1] == name)


def _is(child: etree._Element, name: str, names: Names) -> bool:
    found = standard(child.tag)
    bare = name.removeprefix("#")
    return found == bare or (found.startswith("{") and names.name(found, child) == bare)


def xpath(element: etree._Element) -> str:
    """The absolute XPath of an element, with the document's prefixes (`epcis` where EPCIS is its default namespace)."""
    steps: list[str] = []
    node: etree._Element | None = element
    while node is not None:
        parent = node.getparent()
        step = _qualified(node.tag, node)
        if parent is not None:
            alike = [child for child in parent if child.tag == node.tag]
            if len(alike) > 1 or split(parent.tag)[1] in _ALWAYS_COUNTED:
                step += f"[{alike.index(node) + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))


def _qualified(tag: Any, element: etree._Element) -> str:
    uri, local = split(tag)
    if not uri:
        return local
    prefix = next((prefix for prefix, bound in element.nsmap.items() if bound == uri and prefix), None)
    if prefix is None:
        prefix = _CONVENTIONAL.get(uri, "epcis" if uri in STANDARD else None)
    return f"{prefix}:{local}" if prefix else f"*[local-name()='{local}']"
