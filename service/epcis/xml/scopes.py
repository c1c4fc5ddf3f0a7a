"""Names of JSON members as XML names, and the namespace declarations that these need, while a document is written."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared, is_extension
from service.epcis.identifiers import is_uri
from service.epcis.xml.escaping import escaped, holds, in_attribute
from service.epcis.xml.names import may_be_prefix
from service.epcis.xml.namespaces import CBV_MASTER_DATA, MACHINERY, SBDH, XML, is_name

_GS1 = ("https://ref.gs1.org/standards/epcis/", "https://gs1.github.io/EPCIS/", "http://ref.gs1.org/standards/epcis/")
_UNUSABLE = MACHINERY - {SBDH}
_OF_XML = frozenset(("lang", "base"))


class Prefixing:
    """Prefixes of one XML document: those for its own form, and made ones, that no context in it declares."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._text: str | None = None
        self._declared = {name for context in _contexts(document) for name in _names(context)}
        self.xsi, self.json = self.free("xsi"), self.free("json")

    def free(self, prefix: str) -> str:
        """`prefix`, numbered where a context of the document declares it."""
        number, found = 1, prefix
        while found in self._declared:
            number += 1
            found = f"{prefix}{number}"
        return found

    def made(self, taken: Mapping[str, str]) -> str:
        """A prefix that no context declares, that is not taken, and with which no value begins."""
        if self._text is None:
            self._text = json.dumps(self._document, ensure_ascii=False)
        number = 1
        while f"ns{number}" in taken or f"ns{number}" in self._declared or f"ns{number}:" in self._text:
            number += 1
        return f"ns{number}"


def _contexts(value: Any, depth: int = 0) -> Iterator[Any]:
    """Every `@context` of a document and its events."""
    if isinstance(value, Mapping):
        if "@context" in value:
            yield value["@context"]
        for name in ("epcisBody", "queryResults", "resultsBody", "eventList"):
            yield from _contexts(value.get(name), depth + 1)
    elif isinstance(value, list) and depth:
        for item in value:
            if isinstance(item, Mapping) and "@context" in item:
                yield item["@context"]


def _names(context: Any) -> Iterator[str]:
    for entry in context if isinstance(context, list) else (context,):
        if isinstance(entry, Mapping):
            yield from entry


class Scope:
    """Where names are resolved: a document, or an event within it.

    `context`: its `@context`; `verbatim`: whether that says more than XML's namespace declarations can.
    """

    def __init__(self, prefixing: Prefixing, context: Any, around: "Scope | None" = None) -> None:
        self.prefixing = prefixing
        inherited: Prefixes = STANDARD_PREFIXES if around is None else around.prefixes
        self.prefixes: Prefixes = inherited if context is None else declared(context, "", inherited, [])
        self.verbatim = not _is_plain(context)
        self.own: dict[str, str] = {}
        self._bound = {} if around is None else dict(around.bound)
        self._reverse = {uri: prefix for prefix, uri in self._bound.items()}
        self._qualified: dict[str, str | None] = {}
        for prefix, uri in self.prefixes.items():
            if inherited.get(prefix) != uri and _is_bindable(prefix, uri):
                self._bind(prefix, uri)

    @property
    def bound(self) -> dict[str, str]:
        """Every prefix in force, by namespace declaration."""
        return self._bound

    def declarations(self) -> str:
        """The namespace declarations of the element that this scope is for."""
        return "".join(f' xmlns:{prefix}="{in_attribute(uri)}"' for prefix, uri in self.own.items())

    def machinery(self, prefix: str, uri: str) -> str:
        """A prefix for a namespace of the document's own form."""
        if uri in self._reverse:
            return self._reverse[uri]
        if prefix in self._bound:
            prefix = self.prefixing.made(self._bound)
        self._bind(prefix, uri)
        return prefix

    def qualified(self, name: str) -> str | None:
        """The qualified XML name of a member; None where XML has none for it."""
        if name not in self._qualified:
            self._qualified[name] = self._resolved(name)
        return self._qualified[name]

    def named(self, name: str) -> tuple[str, str]:
        """The tag of the element of a member, and the attribute that names it where XML has no name for it."""
        found = self.qualified(name)
        if found is not None:
            return found, ""
        return f"{self.prefixing.json}:value", f' name="{in_attribute(escaped(name))}"'

    def _resolved(self, name: str) -> str | None:
        prefix, colon, local = name.partition(":")
        if not colon:
            return name if is_name(name) else None
        if prefix in self.prefixes and not local.startswith("//"):
            uri = self.prefixes[prefix]
        elif is_extension(name, {}):
            cut = max(name.rfind("/"), name.rfind("#"), name.rfind(":")) + 1
            prefix, uri, local = "", name[:cut], name[cut:]
        else:
            return None
        if uri == XML and local in _OF_XML:
            return f"xml:{local}"
        if not is_name(local) or uri in _UNUSABLE or not is_uri(uri) or not holds(uri):
            return None
        return f"{self._prefix(prefix, self._namespace(uri))}:{local}"

    def _namespace(self, uri: str) -> str:
        plain = f"{CBV_MASTER_DATA}:"
        return CBV_MASTER_DATA if uri == plain and CBV_MASTER_DATA not in self.prefixes.values() else uri

    def _prefix(self, wanted: str, uri: str) -> str:
        if wanted and self._bound.get(wanted) == uri:
            return wanted
        if uri in self._reverse:
            return self._reverse[uri]
        if not wanted or wanted in self._bound or not is_name(wanted) or wanted.lower().startswith("xml"):
            wanted = self.prefixing.made(self._bound)
        self._bind(wanted, uri)
        return wanted

    def _bind(self, prefix: str, uri: str) -> None:
        old = self._bound.get(prefix)
        if old is not None and self._reverse.get(old) == prefix:
            del self._reverse[old]
        self.own[prefix] = self._bound[prefix] = uri
        self._reverse[uri] = prefix


def _is_plain(context: Any) -> bool:
    """Whether a context is GS1's and prefixes that namespace declarations keep, or nothing.

    Types of terms go: XML writes the values themselves, and an event's meaning is in its names and values.
    """
    for entry in context if isinstance(context, list) else (context,):
        if isinstance(entry, Mapping):
            if not all(_is_kept(name, uri) for name, uri in entry.items()):
                return False
        elif entry is not None and not (isinstance(entry, str) and entry.startswith(_GS1)):
            return False
    return True


_COERCIONS = frozenset(("@type", "@container", "@language", "@direction", "@protected"))
"""What a term's definition may say (JSON-LD 1.1, 9.15.1) without giving the term another meaning."""


def _is_kept(name: str, uri: Any) -> bool:
    if isinstance(uri, Mapping):
        return uri.keys() <= _COERCIONS
    if not isinstance(uri, str):
        return False
    if (name, uri) == ("xml", XML):
        return True
    return STANDARD_PREFIXES.get(name) == uri or (may_be_prefix(name) and _is_bindable(name, uri))


def _is_bindable(prefix: str, uri: str) -> bool:
    return (
        is_name(prefix)
        and not prefix.lower().startswith("xml")
        and prefix not in STANDARD_PREFIXES
        and uri not in MACHINERY
        and uri.removesuffix(":") != CBV_MASTER_DATA
        and is_uri(uri)
    )
