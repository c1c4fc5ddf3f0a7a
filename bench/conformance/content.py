"""What an event says, whichever binding it came in: JSON and XML events read into one form that can be compared.

Written from the XSDs and the JSON-LD context alone. Names of extensions are `{namespace}local`; standard vocabulary is
the bare CBV word; times are instants; numbers are decimals; lists whose order means nothing are sorted, and lists of
EPCs are sets (the JSON schema's `uniqueItems`; the XSD lets one EPC come twice). recordTime is left out, since the
repository sets it (EPCIS 2.0, 7.4.1).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from bench.conformance.elements import EPCS, PARTIES, QUANTITIES, members_of

EVENT_TYPES = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
STANDARD_PREFIXES = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_TIMES = {"eventTime", "declarationTime", "time", "startTime", "endTime"}
_NUMBERS = {"quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"}
_WORDS = {"bizStep", "disposition", "set", "unset", "reason", "exception", "component"}
_CBV = re.compile(
    r"(?:urn:epcglobal:cbv:(?:bizstep|disp|btt|sdt|er):"
    r"|https?://(?:ref|ns)\.gs1\.org/cbv/(?:(?:BizStep|Disp|BTT|SDT|ER|Comp)-)?"
    r"|https?://(?:www\.|ref\.)?gs1\.org/voc/)(\w+)"
)
_TIME = re.compile(r"(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")

Prefixes = Mapping[str, str]


def json_events(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The content of each event of an EPCISDocument, an EPCISQueryDocument or a single event."""
    prefixes = declared(document.get("@context"), STANDARD_PREFIXES)
    if document.get("type") in EVENT_TYPES:
        return [of_json(document, prefixes)]
    body = document.get("epcisBody", {})
    events = body.get("eventList") or body.get("queryResults", {}).get("resultsBody", {}).get("eventList") or []
    return [of_json(event, prefixes) for event in events]


def xml_events(body: bytes) -> list[dict[str, Any]]:
    """The same of an XML document, 1.2 or 2.0."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
    return [
        of_xml(element) for element in root.iter("{*}" + EVENT_TYPES[0], *("{*}" + name for name in EVENT_TYPES[1:]))
    ]


def declared(context: Any, outer: Prefixes) -> Prefixes:
    """The prefixes in force under a JSON-LD `@context`."""
    found = dict(outer)
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, Mapping):
            found.update({name: value for name, value in part.items() if isinstance(value, str)})
    return found


def of_json(event: Mapping[str, Any], prefixes: Prefixes) -> dict[str, Any]:
    """The content of one event in the JSON binding."""
    prefixes = declared(event.get("@context"), prefixes)
    return _event({name: value for name, value in event.items() if name != "@context"}, prefixes)


def of_xml(element: Any) -> dict[str, Any]:
    """The content of one event element."""
    prefixes = {**STANDARD_PREFIXES, **{name: uri for name, uri in element.nsmap.items() if name}}
    return _event(members_of(element), prefixes)


def differences(wanted: Any, got: Any, path: str = "", *, across: bool = True) -> list[str]:
    """Where two contents differ, at most a few places.

    `across` bindings, an extension's number or boolean may be the text that says it: XML has nothing else.
    """
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        found = []
        for name in sorted({*wanted, *got}):
            if name not in got:
                found.append(f"{path}/{name} is lost ({_short(wanted[name])})")
            elif name not in wanted:
                found.append(f"{path}/{name} was added ({_short(got[name])})")
            else:
                found += differences(wanted[name], got[name], f"{path}/{name}", across=across)
        return found[:6]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got, strict=True))
        return [more for at, (one, other) in pairs for more in differences(one, other, f"{path}/{at}", across=across)][
            :6
        ]
    same = wanted == got and type(wanted) is type(got)
    return [] if same or (across and _same_text(wanted, got)) else [f"{path}: {_short(wanted)} became {_short(got)}"]


def _same_text(one: Any, other: Any) -> bool:
    """Whether a text says the number or boolean that the other one is."""
    for typed, text in ((one, other), (other, one)):
        if isinstance(typed, bool) and isinstance(text, str):
            return text in (("true", "1") if typed else ("false", "0"))
        if isinstance(typed, Decimal) and isinstance(text, str):
            return _number(text) == typed
    return False


def without_id(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content but for the eventID."""
    return {name: value for name, value in content.items() if name != "eventID"}


def _event(members: Mapping[str, Any], prefixes: Prefixes) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in members.items():
        if name in ("recordTime", "@context") or value in (None, "", [], {}):
            continue
        if name in EPCS:
            said[name] = sorted({_scalar("id", one, prefixes) for one in value})
        elif name in QUANTITIES or name in PARTIES:
            kept = [
                {inner: _scalar(inner, one[inner], prefixes) for inner in one if one[inner] is not None}
                for one in value
            ]
            said[name] = sorted(kept, key=lambda one: sorted(one.items()))
        elif name == "persistentDisposition":
            kept_ways = {way: sorted(_scalar(way, one, prefixes) for one in words) for way, words in value.items()}
            said[name] = {way: words for way, words in kept_ways.items() if words}
        elif name in ("errorDeclaration", "readPoint", "bizLocation", "ilmd"):
            said[name] = _members(value, prefixes)
        elif name == "sensorElementList":
            said[name] = [_element(one, prefixes) for one in value]
        else:
            said[_expanded(name, prefixes)] = _any(name, value, prefixes)
    return said


def _element(element: Mapping[str, Any], prefixes: Prefixes) -> dict[str, Any]:
    said = _members({name: value for name, value in element.items() if not name.startswith("sensor")}, prefixes)
    if element.get("sensorMetadata"):
        said["sensorMetadata"] = _members(element["sensorMetadata"], prefixes)
    said["sensorReport"] = [_members(one, prefixes) for one in element.get("sensorReport") or ()]
    return said


def _members(members: Mapping[str, Any], prefixes: Prefixes) -> dict[str, Any]:
    prefixes = declared(members.get("@context"), prefixes)
    return {
        _expanded(name, prefixes): _any(name, value, prefixes)
        for name, value in members.items()
        if name != "@context" and value not in (None, [], {}) and (name, value) != ("#text", "")
    }


def _any(name: str, value: Any, prefixes: Prefixes) -> Any:
    if isinstance(value, Mapping):
        return _members(value, prefixes)
    if isinstance(value, list):
        said = [_any(name, one, prefixes) for one in value]
        if name in ("correctiveEventIDs", "certificationInfo"):
            return sorted(said)
        return said[0] if len(said) == 1 else said
    said_one = _scalar(name, value, prefixes)
    return [said_one] if name in ("correctiveEventIDs", "certificationInfo") else said_one


def _scalar(name: str, value: Any, prefixes: Prefixes) -> Any:
    text = value.strip() if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if name in _TIMES:
        return _instant(text)
    if name in _NUMBERS:
        return _plain(text)
    if name == "booleanValue":
        return {"1": "true", "0": "false"}.get(text, text)
    if name == "hexBinaryValue":
        return text.upper()
    if not isinstance(value, str):
        return value if isinstance(value, bool) else _number(text)
    return _word(text, prefixes) if name in _WORDS or name == "type" else _uri(text, prefixes)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _word(text: str, prefixes: Prefixes) -> str:
    full = _uri(text, prefixes)
    known = _CBV.fullmatch(full)
    return known[1] if known else full


def _uri(text: str, prefixes: Prefixes) -> str:
    prefix, colon, rest = text.partition(":")
    if colon and prefix in prefixes and not rest.startswith("//"):
        return prefixes[prefix] + rest
    return text


def _expanded(name: str, prefixes: Prefixes) -> str:
    if name.startswith("{"):
        namespace, _, local = name[1:].partition("}")
        return f"{{{namespace.rstrip(':#/')}}}{local}"
    prefix, colon, local = name.partition(":")
    if not colon:
        return name
    if prefix in prefixes:
        return f"{{{prefixes[prefix].rstrip(':#/')}}}{local}"
    cut = max(name.rfind("/"), name.rfind("#"), name.rfind(":"))
    return f"{{{name[:cut].rstrip(':#/')}}}{name[cut + 1 :]}"


def _instant(text: str) -> str:
    parts = _TIME.fullmatch(text)
    if parts is None:
        return text
    moment = datetime.fromisoformat(parts[1] + parts[3].replace("Z", "+00:00")).astimezone(UTC)
    fraction = (parts[2] or "").rstrip("0")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "Z"


def _plain(text: str) -> str:
    number = _number(text)
    if number is None or not number.is_finite():
        return text
    plain = format(number.normalize(), "f")
    return "0" if plain in ("-0", "") else plain


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"
