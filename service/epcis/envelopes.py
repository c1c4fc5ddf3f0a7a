"""What holds the events: an EPCISDocument, an EPCISQueryDocument, an array, or nothing (EPCIS 2.0 section 10.2).

The first two may hold master data as well. A document of master data only is an EPCISDocument without events or, as in
the XML binding, an EPCISMasterDataDocument.
"""
# ruff: noqa: N815 - members are named as in the standard's JSON binding

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from service.epcis.advice.members import event_type
from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared
from service.epcis.events import EVENT_TYPES
from service.epcis.faults import MAX_FAULTS, Fault
from service.epcis.fields import Element, Text, Time
from service.epcis.identifiers import is_uri
from service.epcis.masterdata import VocabularyElement, vocabularies
from service.epcis.shapes import check_names, faults_of


class EPCISBody(Element):
    """The events of a capture document, each still unread."""

    eventList: list[Any]


class EPCISMasterData(Element):
    """Vocabularies, each still unread."""

    vocabularyList: list[Any] = Field(default_factory=list)


class EPCISHeader(Element):
    """What a document says besides its events."""

    epcisMasterData: EPCISMasterData | None = None


class EPCISDocument(Element):
    """A document for capture."""

    context: Any = Field(alias="@context")
    id: Text | None = None
    type: Literal["EPCISDocument"]
    schemaVersion: Text
    creationDate: Time
    instanceIdentifier: Text | None = None
    sender: Text | None = None
    receiver: Text | None = None
    epcisHeader: EPCISHeader | None = None
    epcisBody: EPCISBody


class EPCISMasterDataDocument(EPCISDocument):
    """A document of master data only."""

    type: Literal["EPCISMasterDataDocument"]  # type: ignore[assignment]
    epcisBody: EPCISMasterData  # type: ignore[assignment]


class ResultsBody(Element):
    """The events of a query's result, each still unread; of a master data query, vocabularies."""

    eventList: list[Any] | None = None
    vocabularyList: list[Any] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.eventList is None and self.vocabularyList is None:
            raise ValueError("the member 'eventList' is missing; add it")
        return self


class QueryResults(Element):
    """The result of a named query."""

    queryName: Text
    subscriptionID: Text | None = None
    resultsBody: ResultsBody


class EPCISQueryBody(Element):
    """The body of a query document."""

    queryResults: QueryResults


class EPCISQueryDocument(Element):
    """A query's result, which can be captured too."""

    context: Any = Field(alias="@context")
    id: Text | None = None
    type: Literal["EPCISQueryDocument"]
    schemaVersion: Text | None = None
    creationDate: Time | None = None
    epcisBody: EPCISQueryBody


@dataclass(frozen=True, slots=True)
class Envelope:
    """The unread events, where they lie (`pointers`, then the index where there are `many`), and the context around.

    `vocabularies`: the master data that lies beside them. `header`: what else the document says of itself, None for
    events without a document around them.
    """

    events: list[Any]
    pointers: str = ""
    many: bool = True
    context: Any = None
    prefixes: Prefixes = field(default_factory=lambda: STANDARD_PREFIXES)
    vocabularies: tuple[VocabularyElement, ...] = ()
    header: dict[str, Any] | None = None


Path = tuple[str, ...]
_HEADER: Path = ("epcisHeader", "epcisMasterData", "vocabularyList")
_RESULTS: Path = ("epcisBody", "queryResults", "resultsBody")
_FORMS: dict[str, tuple[type[Element], Path, tuple[Path, ...]]] = {
    "EPCISDocument": (EPCISDocument, ("epcisBody", "eventList"), (_HEADER,)),
    "EPCISQueryDocument": (EPCISQueryDocument, (*_RESULTS, "eventList"), ((*_RESULTS, "vocabularyList"),)),
    "EPCISMasterDataDocument": (EPCISMasterDataDocument, (), (_HEADER, ("epcisBody", "vocabularyList"))),
}
"""Each type of document: its shape, where its events lie, and where its vocabularies do."""
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def opened(value: Any, lexical: list[Fault]) -> tuple[Envelope, list[Fault]]:
    """The envelope of a document, and the faults that lie outside its events (lexical ones included)."""
    if value is None and lexical:
        return Envelope([]), lexical
    if type(value) is list:
        return _checked(Envelope(value), lexical, [])
    if type(value) is not dict:
        return Envelope([]), [Fault("", "type", "a document is a JSON object, or an array of events")]
    type_ = value.get("type")
    if type(type_) is str and type_ in _FORMS:
        return _unpacked(value, *_FORMS[type_], lexical)
    if type(type_) is str and type_ in EVENT_TYPES:
        return Envelope([value], many=False), []
    return Envelope([]), [*lexical, type_fault(value, "", (*_FORMS, *EVENT_TYPES))]


def type_fault(value: dict[str, Any], pointer: str, known: Iterable[str]) -> Fault:
    """What is wrong with the `type` of a document or event that is none of the `known`."""
    type_ = value.get("type")
    known = tuple(known)
    names = ", ".join(known)
    if "type" not in value:
        other = next((name for name in ("@type", "isA") if name in value), None)
        hint = f"; it is called 'type', not {other!r}" if other else ""
        return Fault(pointer, "missing", f"the member 'type' must be one of {names}{hint}")
    if type(type_) is str and (meant := event_type(type_, known)) is not None:
        return Fault(f"{pointer}/type", "type", f"{type_[:80]!r} is no type of EPCIS 2.0; {meant}")
    if type(type_) is str and is_uri(type_):
        message = (
            f"{type_[:80]!r} is an event type of one's own, and nobody else can say what such an event is about;"
            f" send one of {names}, with what is special to it in extension members"
        )
        return Fault(f"{pointer}/type", "type", message)
    return Fault(f"{pointer}/type", "type", f"the member 'type' must be one of {names}")


def _unpacked(
    value: dict[str, Any], shape: type[Element], path: Path, vocabulary_paths: Iterable[Path], lexical: list[Fault]
) -> tuple[Envelope, list[Fault]]:
    faults: list[Fault] = []
    prefixes = declared(value.get("@context"), "/@context", STANDARD_PREFIXES, faults)
    try:
        shape.model_validate(value)
    except ValidationError as error:
        faults += faults_of(error, "")
    _check_frame(value, faults)
    check_names(shape, value, "", prefixes, faults)
    found: tuple[VocabularyElement, ...] = ()
    for place in vocabulary_paths:
        if type(sent := _at(value, place)) is list:
            found += vocabularies(sent, "/" + "/".join(place), prefixes, faults)
    events = _at(value, path) if path else []
    pointer = "/" + "/".join(path)
    envelope = Envelope(
        events if type(events) is list else [],
        pointer,
        many=True,
        context=value.get("@context"),
        prefixes=prefixes,
        vocabularies=found,
        header=_header(value),
    )
    return _checked(envelope, lexical, faults)


def _header(value: dict[str, Any]) -> dict[str, Any]:
    """The document without its events and master data."""
    told = {name: member for name, member in value.items() if name != "epcisBody"}
    header = told.get("epcisHeader")
    if type(header) is dict and "epcisMasterData" in header:
        told["epcisHeader"] = {name: member for name, member in header.items() if name != "epcisMasterData"}
    return told


def _check_frame(value: dict[str, Any], faults: list[Fault]) -> None:
    version = value.get("schemaVersion")
    if type(version) is str and not (_VERSION.fullmatch(version) and version.split(".")[0] == "2"):
        message = f"{version[:20]!r} is no version of EPCIS 2; send a 2.0 document"
        faults.append(Fault("/schemaVersion", "value", message))
    id_ = value.get("id")
    if type(id_) is str and not is_uri(id_):
        faults.append(Fault("/id", "identifier", f"{id_[:80]!r} is not a URI (RFC 3986)"))


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value.get(name) if type(value) is dict else None
    return value


def _checked(envelope: Envelope, lexical: list[Fault], faults: list[Fault]) -> tuple[Envelope, list[Fault]]:
    """Lexical faults inside one of the events are that event's; all others are the document's."""
    inside = tuple(f"{envelope.pointers}/{index}" for index in range(len(envelope.events))) if lexical else ()
    outside = [fault for fault in lexical if not any(f"{fault.pointer}/".startswith(f"{place}/") for place in inside)]
    return envelope, [*outside, *faults][:MAX_FAULTS]
