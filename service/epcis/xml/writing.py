"""A document of the JSON binding as EPCIS XML 2.0, valid by EPCIS's schemas (EPCIS 2.0 section 9.5)."""

import re
from collections.abc import Mapping
from typing import Any

from service.epcis.contexts import expanded
from service.epcis.events import EVENT_TYPES
from service.epcis.faults import step
from service.epcis.xml.escaping import holds, in_attribute
from service.epcis.xml.eventwriting import EventWriting
from service.epcis.xml.headers import derived_header, header_element
from service.epcis.xml.inexpressible import InexpressibleInXml
from service.epcis.xml.leftovers import kept_context, left_over
from service.epcis.xml.namespaces import EPCIS, JSON, QUERY, SBDH
from service.epcis.xml.scopes import Prefixing, Scope
from service.epcis.xml.spelling import Spelling, standard_text
from service.epcis.xml.values import Values
from service.epcis.xml.vocabularywriting import VocabularyWriting

_VERSION = re.compile(r"\d{1,9}(\.\d{1,9})?")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PARTIES = ("sender", "receiver", "instanceIdentifier")
_HEADER = f"{SBDH}StandardBusinessDocumentHeader"
"""As a compact URI with the namespace for prefix expands to."""


def write_document(document: Mapping[str, Any], *, cbv: Spelling = "urn") -> bytes:
    """The XML of an EPCISDocument, an EPCISQueryDocument or a single event of the JSON binding, in UTF-8.

    `cbv`: whether standard values are written as URNs or as URIs of the web vocabulary. What `documents.parse` accepts
    can be written; `read_xml` gives it back with its meaning (docs/epcis/xml.md). Raises InexpressibleInXml.
    """
    type_ = document.get("type")
    prefixing = Prefixing(document)
    scope = Scope(prefixing, document.get("@context"))
    if isinstance(type_, str) and type_ in EVENT_TYPES:
        return (_DECLARATION + EventWriting(document, scope, cbv, "").written()).encode()
    if type_ not in ("EPCISDocument", "EPCISQueryDocument"):
        raise InexpressibleInXml("/type", "this is neither an EPCIS 2.0 document nor an event")
    return (_DECLARATION + _Writing(document, scope, cbv).written(type_)).encode()


class _Writing:
    """The writing of one document."""

    def __init__(self, document: Mapping[str, Any], scope: Scope, spelling: Spelling) -> None:
        self.document, self.scope, self.spelling = document, scope, spelling
        self.values = Values(scope)
        self.left: dict[str, dict[str, Any]] = {}
        self.vocabularies = VocabularyWriting(self.values, self.left)
        self.marks: dict[str, str] = {}

    def written(self, type_: str) -> str:
        query = type_ == "EPCISQueryDocument"
        known = {"@context", "type", "id", "schemaVersion", "creationDate", "epcisBody"}
        header = self._query_header(known) if query else self._header(known)
        body = self._query_body() if query else self._body()
        more = [self._extension(name, value, "") for name, value in self.document.items() if name not in known]
        if self.scope.verbatim:
            more.append(kept_context(self.document.get("@context"), self.scope))
        more += left_over(self.left, self.scope)
        tag = self._tag(type_)
        inside = f"{header}<EPCISBody>{body}</EPCISBody>{''.join(more)}"
        attributes = self._attributes()
        return f"<{tag}{self.scope.declarations()}{attributes}>{inside}</{tag}>"

    def _tag(self, type_: str) -> str:
        prefix, uri = ("epcisq", QUERY) if type_ == "EPCISQueryDocument" else ("epcis", EPCIS)
        return f"{self.scope.machinery(self.scope.prefixing.free(prefix), uri)}:{type_}"

    def _attributes(self) -> str:
        version = self.document.get("schemaVersion", "2.0")
        said = {"schemaVersion": version if isinstance(version, str) and _VERSION.fullmatch(version) else "2.0"}
        for name in ("creationDate", "id"):
            if name in self.document:
                said[name] = self._held(self.document[name], f"/{name}")
        marks = self.scope.machinery(self.scope.prefixing.json, JSON) if self.marks else ""
        said |= {f"{marks}:{name}": self._held(value, f"/{name}") for name, value in self.marks.items()}
        return "".join(f' {name}="{in_attribute(value)}"' for name, value in said.items())

    def _held(self, value: Any, pointer: str) -> str:
        if not isinstance(value, str) or not holds(value):
            raise InexpressibleInXml(pointer, "this must be text that XML can hold")
        return value

    def _extension(self, name: str, value: Any, at: str) -> str:
        if ":" not in name:
            raise InexpressibleInXml(step(at, name), "EPCIS 2.0 has no such member here")
        return self.values.member(name, value)

    # Headers

    def _header(self, known: set[str]) -> str:
        known.update((*_PARTIES, "epcisHeader"))
        header = self.document.get("epcisHeader", {})
        if not isinstance(header, Mapping):
            raise InexpressibleInXml("/epcisHeader", "this must be an object")
        parts = [self._business_header(header)]
        if isinstance(master := header.get("epcisMasterData"), Mapping):
            at = "/epcisHeader/epcisMasterData"
            vocabularies = self.vocabularies.written(master.get("vocabularyList", []), f"{at}/vocabularyList")
            parts.append(f"<extension><EPCISMasterData>{vocabularies}</EPCISMasterData></extension>")
            self._leave(master, {"vocabularyList"}, at)
        named = {name for name in header if self._is_business_header(name)}
        self._leave(header, {"epcisMasterData", *named}, "/epcisHeader")
        inside = "".join(parts)
        return f"<EPCISHeader>{inside}</EPCISHeader>" if inside or "epcisHeader" in self.document else ""

    def _business_header(self, header: Mapping[str, Any]) -> str:
        name = next((name for name in header if self._is_business_header(name)), None)
        if name is not None:
            return header_element(self.values, name, header[name])
        parties = {name: self.document[name] for name in _PARTIES if name in self.document}
        if len(parties) == len(_PARTIES) and "creationDate" in self.document:
            self.marks["header"] = "derived"
            return derived_header(self.values, self.document)
        self.marks.update(parties)
        return ""

    def _is_business_header(self, name: str) -> bool:
        return expanded(name, self.scope.prefixes) == _HEADER

    def _query_header(self, known: set[str]) -> str:
        name = next((name for name in self.document if self._is_business_header(name)), None)
        if name is None:
            return ""
        known.add(name)
        return f"<EPCISHeader>{header_element(self.values, name, self.document[name])}</EPCISHeader>"

    def _leave(self, members: Mapping[str, Any], known: set[str], at: str) -> None:
        for name, value in members.items():
            if name not in known:
                self.left.setdefault(at, {})[name] = value

    # Bodies

    def _object(self, value: Any, at: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise InexpressibleInXml(at, "this must be an object")
        return value

    def _body(self) -> str:
        body = self._object(self.document.get("epcisBody"), "/epcisBody")
        more = [self._extension(name, value, "/epcisBody") for name, value in body.items() if name != "eventList"]
        return self._events(body.get("eventList"), "/epcisBody/eventList") + "".join(more)

    def _query_body(self) -> str:
        body = self._object(self.document.get("epcisBody"), "/epcisBody")
        at = "/epcisBody/queryResults"
        results = self._object(body.get("queryResults"), at)
        self._leave(body, {"queryResults"}, "/epcisBody")
        parts = [
            f"<{name}>{standard_text(results[name], f'{at}/{name}')}</{name}>"
            for name in ("queryName", "subscriptionID")
            if name in results
        ]
        parts.append(f"<resultsBody>{self._results(results.get('resultsBody'), f'{at}/resultsBody')}</resultsBody>")
        known = ("queryName", "subscriptionID", "resultsBody")
        parts += [self._extension(name, value, at) for name, value in results.items() if name not in known]
        tag = self._tag("EPCISQueryDocument").partition(":")[0]
        return f"<{tag}:QueryResults>{''.join(parts)}</{tag}:QueryResults>"

    def _results(self, value: Any, at: str) -> str:
        results = self._object(value, at)
        self._leave(results, {"eventList", "vocabularyList"}, at)
        if "vocabularyList" not in results:
            return self._events(results.get("eventList"), f"{at}/eventList")
        if results.get("eventList"):
            raise InexpressibleInXml(at, "XML has events or vocabularies in a query's results, not both")
        return self.vocabularies.written(results["vocabularyList"], f"{at}/vocabularyList")

    def _events(self, events: Any, at: str) -> str:
        if not isinstance(events, list | tuple):
            raise InexpressibleInXml(at, "this must be an array of events")
        parts: list[str] = []
        for index, event in enumerate(events):
            pointer = f"{at}/{index}"
            members = self._object(event, pointer)
            scope = Scope(self.scope.prefixing, members.get("@context"), self.scope)
            parts.append(EventWriting(members, scope, self.spelling, pointer).written())
        return f"<EventList>{''.join(parts)}</EventList>" if parts else "<EventList/>"
