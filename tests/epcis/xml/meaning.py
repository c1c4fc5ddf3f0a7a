"""When two events of the JSON binding mean the same: the identity that docs/epcis/xml.md defines."""

from collections.abc import Mapping
from typing import Any

from service.epcis import vocabulary
from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared, expanded
from service.epcis.documents import Event
from service.epcis.vocabulary import Vocabulary

_OMITTED_WHEN_EMPTY = ("bizTransactionList", "sourceList", "destinationList", "sensorElementList", "certificationInfo")
_WORDS: Mapping[str, Vocabulary] = {
    "bizStep": vocabulary.BIZ_STEPS,
    "disposition": vocabulary.DISPOSITIONS,
    "set": vocabulary.DISPOSITIONS,
    "unset": vocabulary.DISPOSITIONS,
    "reason": vocabulary.ERROR_REASONS,
    "exception": vocabulary.SENSOR_ALERTS,
    "component": vocabulary.COMPONENTS,
    "bizTransactionList/type": vocabulary.BIZ_TRANSACTION_TYPES,
    "sourceList/type": vocabulary.SOURCE_DEST_TYPES,
    "destinationList/type": vocabulary.SOURCE_DEST_TYPES,
    "sensorReport/type": vocabulary.MEASUREMENTS,
}


def meaning(event: Event) -> Any:
    """What an event says: names in full, standard values bare, one certificate as its only one, no empty lists."""
    found = _object(event.source, event.prefixes, "")
    found = {name: value for name, value in found.items() if value != [] or name not in _OMITTED_WHEN_EMPTY}
    if isinstance(several := found.get("certificationInfo"), list) and len(several) == 1:
        found["certificationInfo"] = several[0]
    return found


def document_meaning(document: Mapping[str, Any]) -> Any:
    """What a document says outside its events."""
    prefixes = declared(document.get("@context"), "", STANDARD_PREFIXES, [])
    return _object({name: value for name, value in document.items() if name != "epcisBody"}, prefixes, "")


def _object(members: Mapping[str, Any], prefixes: Prefixes, within: str) -> dict[str, Any]:
    return {
        _name(name, prefixes): _value(value, prefixes, name, within)
        for name, value in members.items()
        if name != "@context" or within == "extension"
    }


def _name(name: str, prefixes: Prefixes) -> str:
    return expanded(name, prefixes) if ":" in name else name


def _value(value: Any, prefixes: Prefixes, name: str, within: str) -> Any:
    if isinstance(value, list | tuple):
        return [_value(item, prefixes, name, within) for item in value]
    if isinstance(value, Mapping):
        inner = "extension" if within == "extension" or ":" in name else name
        return _object(value, prefixes, inner)
    if isinstance(value, str):
        words = None if within == "extension" else _WORDS.get(f"{within}/{name}") or _WORDS.get(name)
        return (words.word(expanded(value, prefixes)) if words else None) or expanded(value, prefixes)
    return (type(value).__name__, value) if isinstance(value, bool) else value
