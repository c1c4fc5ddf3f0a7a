"""What holds the events: an EPCISDocument, an EPCISQueryDocument, an array, or nothing (EPCIS 2.0 section 10.2)."""
# ruff: noqa: N815 - members are named as in the standard's JSON binding

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, ValidationError

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared
from service.epcis.events import EVENT_TYPES
from service.epcis.faults import MAX_FAULTS, Fault
from service.epcis.fields import Element, Text, Time
from service.epcis.identifiers import is_uri
from service.epcis.shapes import check_names, faults_of


class EPCISBody(Element):
    """The events of a capture document, each still unread."""

    eventList: list[Any]


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
    epcisHeader: dict[str, Any] | None = None
    epcisBody: EPCISBody


class ResultsBody(Element):
    """The events of a query's result, each still unread."""

    eventList: list[Any]
    vocabularyList: list[Any] | None = None


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
    """The unread events, where they lie (`pointers`, then the index where there are `many`), and the context around."""

    events: list[Any]
    pointers: str = ""
    many: bool = True
    context: Any = None
    prefixes: Prefixes = field(default_factory=lambda: STANDARD_PREFIXES)


def opened(value: Any, lexical: list[Fault]) -> tuple[Envelope, list[Fault]]:
    """The envelope of a document, and the faults that lie outside its events (lexical ones included)."""
    if value is None and lexical:
        return Envelope([]), lexical
    if type(value) is list:
        return _checked(Envelope(value), lexical, [])
    if type(value) is not dict:
        return Envelope([]), [Fault("", "type", "a document is a JSON object, or an array of events")]
    if value.get("type") == "EPCISDocument":
        return _unpacked(value, EPCISDocument, ("epcisBody",), lexical)
    if value.get("type") == "EPCISQueryDocument":
        return _unpacked(value, EPCISQueryDocument, ("epcisBody", "queryResults", "resultsBody"), lexical)
    if "type" in value and type(value["type"]) is str and value["type"] in EVENT_TYPES:
        return Envelope([value], many=False), []
    known = ", ".join(("EPCISDocument", "EPCISQueryDocument", *EVENT_TYPES))
    rule, place = ("type", "/type") if "type" in value else ("missing", "")
    return Envelope([]), [*lexical, Fault(place, rule, f"the member 'type' must be one of {known}")]


def _unpacked(
    value: dict[str, Any], shape: type[Element], path: tuple[str, ...], lexical: list[Fault]
) -> tuple[Envelope, list[Fault]]:
    faults: list[Fault] = []
    prefixes = declared(value.get("@context"), "/@context", STANDARD_PREFIXES, faults)
    try:
        shape.model_validate(value)
    except ValidationError as error:
        faults += faults_of(error, "")
    version = value.get("schemaVersion")
    if type(version) is str and version.split(".")[0] != "2":
        faults.append(
            Fault("/schemaVersion", "value", f"{version[:20]!r} is no version of EPCIS 2; send a 2.0 document")
        )
    id_ = value.get("id")
    if type(id_) is str and not is_uri(id_):
        faults.append(Fault("/id", "identifier", f"{id_[:80]!r} is not a URI (RFC 3986)"))
    check_names(shape, value, "", prefixes, faults)
    body: Any = value
    for name in path:
        body = body.get(name) if type(body) is dict else None
    events = body.get("eventList") if type(body) is dict else None
    pointer = "/" + "/".join((*path, "eventList"))
    return _checked(
        Envelope(events if type(events) is list else [], pointer, True, value.get("@context"), prefixes),
        lexical,
        faults,
    )


def _checked(envelope: Envelope, lexical: list[Fault], faults: list[Fault]) -> tuple[Envelope, list[Fault]]:
    """Lexical faults inside one of the events are that event's; all others are the document's."""
    inside = tuple(f"{envelope.pointers}/{index}" for index in range(len(envelope.events))) if lexical else ()
    outside = [fault for fault in lexical if not any(f"{fault.pointer}/".startswith(f"{place}/") for place in inside)]
    return envelope, [*outside, *faults][:MAX_FAULTS]
