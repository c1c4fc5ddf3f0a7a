"""Events as answers: in an EPCISQueryDocument, with their record time, and EPCs in the format that was asked for.

What is stored and sealed is never changed; the values given here are copies where they differ.
Sources: EPCIS 2.0 sections 8.2 and 10.2 (query documents), 12.6.2 (`GS1-EPC-Format`); JSON-LD 1.1 section 4.1.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, cast

from service.epcis.identifiers import InvalidIdentifier, canonical, digital_link

EpcFormat = Literal["No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"]
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
"""GS1's context of EPCIS 2.0, which every answer names first."""
_CONTEXTS = frozenset(
    (
        CONTEXT,
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
    )
)
"""Addresses under which GS1 publishes it."""
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_MEMBERS = ("parentID", "transformationID")
_WITHIN: Mapping[str, str] = {
    "readPoint": "id",
    "bizLocation": "id",
    **dict.fromkeys(_QUANTITIES, "epcClass"),
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}


def query_document(
    events: Iterable[tuple[dict[str, Any], datetime]],
    *,
    query_name: str,
    subscription_id: str | None = None,
    epc_format: EpcFormat,
    created: datetime,
) -> dict[str, Any]:
    """An EPCISQueryDocument of events as stored, each with the time when it was recorded.

    Prefixes are declared once for the document where no two events mean different things by them.
    """
    listed = [rendered(event, record_time, epc_format) for event, record_time in events]
    shared, listed = _with_shared_context(listed)
    results: dict[str, Any] = {"queryName": query_name}
    if subscription_id is not None:
        results["subscriptionID"] = subscription_id
    results["resultsBody"] = {"eventList": listed}
    return {
        "@context": [CONTEXT, shared] if shared else [CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": written(created),
        "epcisBody": {"queryResults": results},
    }


def rendered(event: dict[str, Any], record_time: datetime, epc_format: EpcFormat) -> dict[str, Any]:
    """An event as stored, with its record time, and its EPCs in the format.

    An EPC URN always has a GS1 Digital Link, if its scheme has a GS1 key. The way back needs the length of the company
    prefix, which a Digital Link does not tell: such an identifier is left as it is under every format.
    """
    shown = {**event, "recordTime": written(record_time)}
    return _linked(shown) if epc_format == "Always_GS1_Digital_Link" else shown


def written(time: datetime) -> str:
    """A time in UTC with microseconds; raises ValueError for a time without zone."""
    if time.tzinfo is None:
        raise ValueError("a time needs its zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def identifiers_in(event: Mapping[str, Any], what: Literal["epcs", "readPoint", "bizLocation"]) -> dict[str, str]:
    """Canonical identifiers of what an event as stored names, and how it spells each; compact URIs are left out."""
    if what != "epcs":
        place = event.get(what)
        sent = [place["id"]] if place else []
    else:
        sent = [epc for name in _LISTS for epc in event.get(name, ())]
        sent += [one["epcClass"] for name in _QUANTITIES for one in event.get(name, ())]
        sent += [event["parentID"]] if "parentID" in event else []
    found: dict[str, str] = {}
    for identifier in sent:
        try:
            found.setdefault(canonical(identifier), identifier)
        except InvalidIdentifier:
            continue
    return found


def _link(identifier: str) -> str:
    if not identifier.startswith("urn:epc:"):
        return identifier
    try:
        return digital_link(identifier)
    except InvalidIdentifier:  # a scheme without GS1 key, such as gid or adi
        return identifier


def _linked(event: dict[str, Any]) -> dict[str, Any]:
    """The event with Digital Links for EPC URNs in the standard's own members; extensions are as they were sent."""
    shown = dict(event)
    for name in _LISTS:
        if name in shown:
            shown[name] = [_link(epc) for epc in shown[name]]
    for name in _MEMBERS:
        if name in shown:
            shown[name] = _link(shown[name])
    for name, member in _WITHIN.items():
        if name in shown:
            shown[name] = _each(shown[name], partial(_with_link, member))
    if "sensorElementList" in shown:
        shown["sensorElementList"] = _each(shown["sensorElementList"], _with_linked_devices)
    return shown


def _each(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def _with_link(member: str, element: dict[str, Any]) -> dict[str, Any]:
    return {**element, member: _link(element[member])} if isinstance(element.get(member), str) else element


def _with_linked_devices(element: dict[str, Any]) -> dict[str, Any]:
    shown = dict(element)
    for name in ("sensorMetadata", "sensorReport"):
        if name in shown:
            shown[name] = _each(shown[name], partial(_with_link, "deviceID"))
    return shown


def _with_shared_context(events: list[dict[str, Any]]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    declared = [_prefixes(event.get("@context")) for event in events]
    meanings: dict[str, set[str]] = {}
    for prefixes in declared:
        for prefix, meaning in (prefixes or {}).items():
            meanings.setdefault(prefix, set()).add(meaning)
    shared = {
        prefix: next(iter(found))
        for prefix, found in meanings.items()
        if len(found) == 1
        and all(
            prefix in (prefixes or ()) or not _speaks(prefix + ":", event)
            for prefixes, event in zip(declared, events, strict=True)
        )
    }
    return shared, [_without(event, prefixes, shared) for event, prefixes in zip(events, declared, strict=True)]


def _prefixes(context: Any) -> dict[str, str] | None:
    """What a context declares beyond GS1's, None where that is more than plain prefixes."""
    found: dict[str, str] = {}
    for entry in context if isinstance(context, list) else [context]:
        if entry is None or (isinstance(entry, str) and entry in _CONTEXTS):
            continue
        if not isinstance(entry, dict) or not all(_is_prefix(name, entry[name]) for name in entry):
            return None
        found |= entry
    return found


def _is_prefix(name: str, meaning: Any) -> bool:
    return isinstance(meaning, str) and not name.startswith("@") and ":" not in name


def _speaks(prefix: str, value: Any) -> bool:
    """Whether a name or text in the value begins so: under a prefix that it does not know it would mean another."""
    if isinstance(value, str):
        return value.startswith(prefix)
    if isinstance(value, dict):
        return any(name.startswith(prefix) or _speaks(prefix, member) for name, member in value.items())
    return isinstance(value, list) and any(_speaks(prefix, one) for one in value)


def _without(event: dict[str, Any], prefixes: dict[str, str] | None, shared: dict[str, str]) -> dict[str, Any]:
    """The event with only so much context of its own as the document does not declare for it."""
    if prefixes is None:
        return event
    own = {prefix: meaning for prefix, meaning in prefixes.items() if prefix not in shared}
    rest = {name: value for name, value in event.items() if name != "@context"}
    return cast("dict[str, Any]", {"@context": own, **rest} if own else rest)
