"""JSON-LD contexts as EPCIS uses them: which extension prefixes are declared, and what a compact URI stands for.

Nothing is fetched: the GS1 contexts are known by their prefixes, and a prefix of another remote context must be
declared inline (JSON-LD 1.1 sections 3.1 and 4.1.2; EPCIS 2.0 section 10.1).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from service.epcis.faults import Fault, step
from service.epcis.identifiers import is_uri

Prefixes = Mapping[str, str]

STANDARD_PREFIXES: Prefixes = MappingProxyType(
    {
        "epcis": "https://ref.gs1.org/epcis/",
        "cbv": "https://ref.gs1.org/cbv/",
        "cbvmda": "urn:epcglobal:cbv:mda:",
        "gs1": "https://gs1.org/voc/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dcterms": "http://purl.org/dc/terms/",
    }
)
"""Declared by every GS1 EPCIS context."""
_SCHEMES = frozenset(("http", "https", "urn", "did", "ni", "geo", "mailto", "tag", "data", "file", "ftp"))
"""URI schemes that are in use as such: a context that makes one a prefix would change what plain URIs say."""
_ABSOLUTE = ("urn:", "https:", "http:")


def declared(context: Any, pointer: str, inherited: Prefixes, faults: list[Fault]) -> Prefixes:
    """The prefixes in force under a `@context`; faults say what in it cannot be read.

    `inherited`: those of the document around it. A later entry wins over an earlier one.
    """
    if context is None:
        return inherited
    prefixes = dict(inherited)
    entries = enumerate(context) if isinstance(context, list) else ((None, context),)
    for index, entry in entries:
        place = pointer if index is None else step(pointer, index)
        if isinstance(entry, dict):
            _declare(entry, place, prefixes, faults)
        elif not isinstance(entry, str) or not is_uri(entry):
            faults.append(Fault(place, "context", "a context is the URI of one, or an object that declares prefixes"))
    return prefixes


def _declare(entry: dict[str, Any], pointer: str, prefixes: dict[str, str], faults: list[Fault]) -> None:
    for name, meaning in entry.items():
        if name.startswith("@") or ":" in name:  # a JSON-LD keyword, or a type given to one extension field
            continue
        uri = meaning.get("@id") if isinstance(meaning, dict) else meaning
        place = step(pointer, name)
        if name.lower() in _SCHEMES:
            faults.append(
                Fault(place, "context", f"{name!r} is a URI scheme and cannot be a prefix; choose another name")
            )
        elif not isinstance(uri, str) or not is_uri(uri):
            faults.append(Fault(place, "context", f"the prefix {name!r} must stand for an absolute URI"))
        else:
            prefixes[name] = uri


def expanded(text: str, prefixes: Prefixes) -> str:
    """The URI that a compact URI `prefix:rest` stands for; any other text is returned as it is."""
    if text.startswith(_ABSOLUTE):
        return text
    prefix, colon, rest = text.partition(":")
    if not colon or rest.startswith("//") or prefix not in prefixes:
        return text
    return prefixes[prefix] + rest


def is_extension(name: str, prefixes: Prefixes) -> bool:
    """Whether a member's name is a declared extension: `prefix:name` with a declared prefix, or a full URI."""
    prefix, colon, rest = name.partition(":")
    if not colon or not rest:
        return False
    if prefix in prefixes:
        return True
    return (prefix.lower() in _SCHEMES and is_uri(name)) or (rest.startswith("//") and is_uri(name))


def joined(outer: Any, inner: Any) -> Any:
    """The context of an event that stands alone: its document's, then its own; None where there is neither."""
    if inner is None or outer is None or inner == outer:
        return outer if inner is None else inner
    entries = [*outer] if isinstance(outer, list) else [outer]
    for entry in inner if isinstance(inner, list) else [inner]:
        if entry not in entries or isinstance(entry, dict):
            entries.append(entry)
    return entries
