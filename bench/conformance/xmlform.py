"""The bench's own events as XML, written by hand after the XSD, so that no writer of the service is trusted."""

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

EPCIS = "urn:epcglobal:epcis:xsd:2"
_CBV = {"bizStep": "bizstep", "disposition": "disp", "set": "disp", "unset": "disp", "reason": "er"}
_ORDER = (
    "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "certificationInfo",
)  # fmt: skip
_BODY: Mapping[str, tuple[str, ...]] = {
    "ObjectEvent": (
        "epcList", "action", "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList",
        "quantityList", "sourceList", "destinationList", "sensorElementList", "persistentDisposition", "ilmd",
    ),
    "AggregationEvent": (
        "parentID", "childEPCs", "action", "bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList",
        "childQuantityList", "sourceList", "destinationList", "sensorElementList", "persistentDisposition",
    ),
    "AssociationEvent": (
        "parentID", "childEPCs", "childQuantityList", "action", "bizStep", "disposition", "readPoint", "bizLocation",
        "bizTransactionList", "sourceList", "destinationList", "sensorElementList", "persistentDisposition",
    ),
    "TransactionEvent": (
        "bizTransactionList", "parentID", "epcList", "action", "bizStep", "disposition", "readPoint", "bizLocation",
        "quantityList", "sourceList", "destinationList", "sensorElementList", "persistentDisposition",
    ),
    "TransformationEvent": (
        "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID", "bizStep",
        "disposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList", "destinationList",
        "sensorElementList", "persistentDisposition", "ilmd",
    ),
}  # fmt: skip
_ENTRIES = {
    "bizTransactionList": ("bizTransaction", "btt"),
    "sourceList": ("source", "sdt"),
    "destinationList": ("destination", "sdt"),
}


def document(events: Iterable[Mapping[str, Any]], namespaces: Mapping[str, str], *, header: str = "") -> bytes:
    """An EPCISDocument of events in the JSON binding; `namespaces` are those of their extensions."""
    declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in namespaces.items())
    body = "".join(event(one) for one in events)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<epcis:EPCISDocument xmlns:epcis="{EPCIS}"{declared}'
        f' schemaVersion="2.0" creationDate="2026-03-02T00:00:00.000Z">{header}'
        f"<EPCISBody><EventList>{body}</EventList></EPCISBody></epcis:EPCISDocument>"
    )
    return text.encode()


def event(members: Mapping[str, Any]) -> str:
    """One event element, its fields in the order of the XSD, extensions last."""
    kind = members["type"]
    named = (*_ORDER, *_BODY[kind])
    fields = "".join(_field(name, members[name]) for name in named if name in members)
    extensions = "".join(_extension(name, value) for name, value in members.items() if ":" in name)
    return f"<{kind}>{fields}{extensions}</{kind}>"


def _field(name: str, value: Any) -> str:
    if name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        inner = "".join(f"<epc>{escape(epc)}</epc>" for epc in value)
    elif name.lower().endswith("quantitylist"):
        inner = "".join(f"<quantityElement>{_plain(one)}</quantityElement>" for one in value)
    elif name in _ENTRIES:
        inner = "".join(_entry(*_ENTRIES[name], one) for one in value)
    elif name in ("readPoint", "bizLocation"):
        inner = f"<id>{escape(value['id'])}</id>" + _extensions(value)
    elif name == "errorDeclaration":
        inner = _declaration(value)
    elif name == "persistentDisposition":
        inner = "".join(_field(way, word) for way in ("unset", "set") for word in value.get(way, ()))
    elif name == "sensorElementList":
        inner = "".join(f"<sensorElement>{_sensor(one)}</sensorElement>" for one in value)
    elif name == "ilmd":
        inner = _extensions(value)
    else:
        inner = escape(_word(_CBV[name], value) if name in _CBV else _text(value))
    return f"<{name}>{inner}</{name}>"


def _declaration(value: Mapping[str, Any]) -> str:
    inner = _field("declarationTime", value["declarationTime"])
    inner += _field("reason", value["reason"]) if "reason" in value else ""
    if value.get("correctiveEventIDs"):
        ids = "".join(f"<correctiveEventID>{escape(one)}</correctiveEventID>" for one in value["correctiveEventIDs"])
        inner += f"<correctiveEventIDs>{ids}</correctiveEventIDs>"
    return inner + _extensions(value)


def _sensor(element: Mapping[str, Any]) -> str:
    metadata = element.get("sensorMetadata")
    text = f"<sensorMetadata{_attributes(metadata)}/>" if metadata else ""
    text += "".join(f"<sensorReport{_attributes(report)}/>" for report in element["sensorReport"])
    return text + _extensions(element)


def _attributes(members: Mapping[str, Any]) -> str:
    written = {name: _text(value) for name, value in members.items()}
    for name, prefix in (("type", "gs1:"), ("exception", "gs1:"), ("component", "cbv:Comp-")):
        if name in written and ":" not in written[name]:
            written[name] = prefix + written[name]
    return "".join(f" {name}={quoteattr(value)}" for name, value in written.items())


def _entry(name: str, vocabulary: str, value: Mapping[str, Any]) -> str:
    kind = f" type={quoteattr(_word(vocabulary, value['type']))}" if "type" in value else ""
    return f"<{name}{kind}>{escape(value[name])}</{name}>"


def _plain(members: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{escape(_text(members[name]))}</{name}>"
        for name in ("epcClass", "quantity", "uom")
        if name in members
    )


def _extensions(members: Mapping[str, Any]) -> str:
    return "".join(_extension(name, value) for name, value in members.items() if ":" in name)


def _extension(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_extension(name, one) for one in value)
    inner = _extensions(value) if isinstance(value, Mapping) else escape(_text(value))
    return f"<{name}>{inner}</{name}>"


def _word(vocabulary: str, word: str) -> str:
    return word if ":" in word else f"urn:epcglobal:cbv:{vocabulary}:{word}"


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
