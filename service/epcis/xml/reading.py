"""An EPCIS document in XML 1.2 or 2.0, or one event, as a document of the JSON binding (EPCIS 2.0 section 9)."""

from typing import Any

from lxml import etree

from service.epcis.contexts import STANDARD_PREFIXES, declared
from service.epcis.events import EVENT_TYPES
from service.epcis.faults import TooManyEvents
from service.epcis.translated import Translated
from service.epcis.xml.elements import WRAPPERS, Read, structure, text
from service.epcis.xml.events import event
from service.epcis.xml.masterdata import master_data, vocabulary_list
from service.epcis.xml.names import Names, Table, context_of, scope
from service.epcis.xml.namespaces import EPCIS, JSON, SBDH, standard
from service.epcis.xml.parsing import parsed, refusal
from service.epcis.xml.places import Places, xpath
from service.epcis.xml.supplements import supplement, verbatim_context

_VERSIONS_1 = ("1", "1.0", "1.1", "1.2")
_OF_DOCUMENT = frozenset(("#schemaVersion", "#creationDate"))
_EVENTS_AT = {
    "EPCISDocument": "/epcisBody/eventList",
    "EPCISMasterDataDocument": "/epcisBody/eventList",
    "EPCISQueryDocument": "/epcisBody/queryResults/resultsBody/eventList",
}
_HEADER = f"{{{SBDH}}}StandardBusinessDocumentHeader"


def read_xml(body: bytes, most: int | None = None) -> Translated:
    """The document in the JSON binding, and where in the XML each of its parts was.

    Read: an EPCISDocument, EPCISQueryDocument or EPCISMasterDataDocument of EPCIS 1.2 or 2.0, or one event. Raises
    InvalidDocument (places in XPath) for what is no such document; what is wrong within it is left to
    `documents.parse`, whose pointers `place` takes back to XPaths. With `most`, raises TooManyEvents where a document
    has more.
    """
    root, source = parsed(body)
    kind = standard(root.tag)
    if kind in _EVENTS_AT and root.tag != kind:
        return _Reading(root, source, kind, most).translated()
    if kind in EVENT_TYPES:
        return _single(root, source)
    known = ", ".join((*_EVENTS_AT, *EVENT_TYPES))
    raise refusal("root", f"the root element must be one of {known}, documents in the namespace {EPCIS}", "/*")


def _single(root: etree._Element, source: str) -> Translated:
    verbatim = verbatim_context(root)
    prefixes = {} if verbatim is None else _beyond(verbatim, STANDARD_PREFIXES)
    table = Table.of(scope(root), prefixes, source)
    names = Names(table, source)
    value = event(root, names, _OF_DOCUMENT)
    own = {name: uri for name, uri in table.prefixes.items() if prefixes.get(name) != uri} | names.added
    value = {"@context": context_of(own, verbatim), **value}
    return Translated(value, "xpath", Places(root, names, (), "").place)


def _beyond(context: Any, around: Any) -> dict[str, str]:
    """The prefixes that a kept context declares on top of (or otherwise than) those around it."""
    found = declared(context, "", around, [])
    return {name: uri for name, uri in found.items() if around.get(name) != uri}


class _Reading:
    """The reading of one document."""

    def __init__(self, root: etree._Element, source: str, kind: str, most: int | None) -> None:
        self.root, self.source, self.kind, self.most = root, source, kind, most
        self.verbatim = verbatim_context(root)
        kept = {} if self.verbatim is None else _beyond(self.verbatim, STANDARD_PREFIXES)
        self.table = Table.of(scope(root), kept, source)
        self.kept = kept
        self.names = Names(self.table, source)
        self.scope = scope(root)
        self.tables: dict[frozenset[tuple[str | None, str]], Table] = {}
        self.events: list[dict[str, Any]] = []
        self.elements: list[tuple[etree._Element, Names]] = []

    def translated(self) -> Translated:
        value = self._query() if self.kind == "EPCISQueryDocument" else self._document()
        supplement(self.root, self.names, value)
        own = {name: uri for name, uri in self.table.prefixes.items() if self.kept.get(name) != uri}
        value = {"@context": context_of(own | self.names.added, self.verbatim), **value}
        places = Places(self.root, self.names, self.elements, _EVENTS_AT[self.kind])
        return Translated(value, "xpath", places.place)

    def _frame(self, type_: str) -> dict[str, Any]:
        value: dict[str, Any] = {"type": type_}
        for name in ("schemaVersion", "creationDate", "id"):
            if (said := self.root.get(name)) is not None:
                value[name] = said.strip()
        if value.get("schemaVersion") in _VERSIONS_1:
            value["schemaVersion"] = "2.0"
        return value

    def _document(self) -> dict[str, Any]:
        value = self._frame("EPCISDocument")
        header: dict[str, Any] = {}
        known: dict[str, Read] = {
            "EPCISHeader": lambda child, names: header.update(self._header(child, names)),
            "EPCISBody": self._body,
        }
        found = structure(self.root, self.names, known, {})
        self._finish(value, found, header)
        body = value.get("epcisBody")
        if self.kind == "EPCISMasterDataDocument" and isinstance(body, dict) and "vocabularyList" in body:
            value.setdefault("epcisHeader", {})["epcisMasterData"] = {"vocabularyList": body.pop("vocabularyList")}
        return value

    def _finish(self, value: dict[str, Any], found: dict[str, Any], header: dict[str, Any]) -> None:
        found.pop("EPCISHeader", None)
        body = found.pop("EPCISBody", None)
        for name in ("#schemaVersion", "#creationDate", "#id"):
            found.pop(name, None)
        value.update(self._parties())
        if header:
            value["epcisHeader"] = header
        if body is not None:
            value["epcisBody"] = body
        value.update({name: said for name, said in found.items() if name not in value})

    def _parties(self) -> dict[str, str]:
        """The JSON binding's sender, receiver and instanceIdentifier, from the Standard Business Document Header."""
        found: dict[str, str] = {}
        element = next(self.root.iterdescendants(_HEADER), None)
        for name, path in (
            ("sender", "Sender/Identifier"),
            ("receiver", "Receiver/Identifier"),
            ("instanceIdentifier", "DocumentIdentification/InstanceIdentifier"),
        ):
            said = (
                None if element is None else element.findtext("/".join(f"{{{SBDH}}}{step}" for step in path.split("/")))
            )
            if said and said.strip():
                found[name] = said.strip()
            elif (said := self.root.get(f"{{{JSON}}}{name}")) is not None:
                found[name] = said
        return found

    def _header(self, element: etree._Element, names: Names) -> dict[str, Any]:
        known: dict[str, Read] = {"EPCISMasterData": master_data}
        if self.root.get(f"{{{JSON}}}header") == "derived":
            known[_HEADER] = lambda *_: None
        found = structure(element, names, known, {})
        found.pop(_HEADER, None)
        return {"epcisMasterData" if name == "EPCISMasterData" else name: value for name, value in found.items()}

    def _body(self, element: etree._Element, names: Names) -> dict[str, Any]:
        known: dict[str, Read] = {"EventList": self._event_list, "VocabularyList": vocabulary_list}
        found = structure(element, names, known, {})
        body: dict[str, Any] = {"eventList": found.pop("EventList", [])}
        if "VocabularyList" in found:
            body["vocabularyList"] = found.pop("VocabularyList")
        return body | found

    def _query(self) -> dict[str, Any]:
        value = self._frame("EPCISQueryDocument")
        header: dict[str, Any] = {}
        results: dict[str, Read] = {"queryName": text, "subscriptionID": text, "resultsBody": self._body}
        known: dict[str, Read] = {
            "EPCISHeader": lambda child, names: header.update(self._header(child, names)),
            "EPCISBody": lambda child, names: structure(child, names, inner, {}),
        }
        inner: dict[str, Any] = {"QueryResults": lambda child, names: structure(child, names, results, {}), **results}
        found = structure(self.root, self.names, {**known, **results}, {})
        self._finish(value, found, {})
        body = value.get("epcisBody")
        body = body if isinstance(body, dict) else {}
        around = {name: value.pop(name) for name in results if name in value}
        around |= {name: body.pop(name) for name in results if name in body}
        query = body.pop("QueryResults", None) or around
        if query:
            value["epcisBody"] = {"queryResults": query, **body}
        self._keep_header(value, query, header)
        return value

    def _keep_header(self, value: dict[str, Any], query: Any, header: dict[str, Any]) -> None:
        """The JSON binding's query document has no header: its master data are results, the rest an extension."""
        vocabularies = header.pop("epcisMasterData", {}).get("vocabularyList")
        results = query.get("resultsBody") if isinstance(query, dict) else None
        if vocabularies and isinstance(results, dict):
            results.setdefault("vocabularyList", []).extend(vocabularies)
        value.update(header)

    def _event_list(self, element: etree._Element, names: Names, depth: int = 0) -> list[Any]:
        for child in element:
            name = standard(child.tag)
            if name in WRAPPERS and depth < 8:
                self._event_list(child, names, depth + 1)
            else:
                self._event(child, name)
        if element.text and not element.text.isspace():
            raise refusal("text", "an EventList holds events only; take the text out", xpath(element))
        return self.events

    def _event(self, element: etree._Element, name: str) -> None:
        if len(self.events) == self.most:
            raise TooManyEvents(f"more than {self.most} events are too many for one document; send them in several")
        bound = scope(element)
        table = self.table if bound == self.scope else self._table(bound)
        names = Names(table, self.source)
        self.elements.append((element, names))
        if name not in EVENT_TYPES:
            self.events.append({"type": names.name(name, element)})
            return
        verbatim = verbatim_context(element)
        if verbatim is not None:
            table = Table({**table.prefixes, **_beyond(verbatim, self.table.prefixes)})
            names.table = table
        found = event(element, names)
        own = {prefix: uri for prefix, uri in table.prefixes.items() if self.table.prefixes.get(prefix) != uri}
        own |= names.added
        if verbatim is not None:
            own = {prefix: uri for prefix, uri in own.items() if _beyond(verbatim, {}).get(prefix) != uri}
            found = {"@context": context_of(own, verbatim), **found}
        elif own:
            found = {"@context": [own], **found}
        self.events.append(found)

    def _table(self, bound: dict[str | None, str]) -> Table:
        key = frozenset(bound.items())
        if key not in self.tables:
            self.tables[key] = Table.of(bound, self.table.prefixes)
        return self.tables[key]
