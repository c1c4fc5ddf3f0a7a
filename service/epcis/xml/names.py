"""Names of XML elements and attributes as names of JSON members: `{namespace}name` becomes `prefix:name`.

The prefix is the document's own where that is free to stand for the namespace in a JSON-LD `@context`, else one made
from it. An element in no namespace keeps its bare name.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lxml import etree

from service.epcis.contexts import STANDARD_PREFIXES, declared
from service.epcis.faults import Fault
from service.epcis.vocabulary import Vocabulary
from service.epcis.xml.namespaces import CBV_MASTER_DATA, MACHINERY, is_name, split
from service.epcis.xml.parsing import MAX_ATTRIBUTES, refusal

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_OF_STANDARD = {uri: prefix for prefix, uri in STANDARD_PREFIXES.items()} | {CBV_MASTER_DATA: "cbvmda"}
_NOT_SEEN_AS_PREFIX = frozenset(("urn", "http", "https", "ni"))


@lru_cache(maxsize=1 << 12)
def may_be_prefix(prefix: str) -> bool:
    """Whether a JSON-LD context may declare `prefix`: it is a name, no URI scheme, and not the standard's own."""
    faults: list[Fault] = []
    declared({prefix: "https://a.example/"}, "", {}, faults)
    return not faults and is_name(prefix) and prefix not in STANDARD_PREFIXES


def scope(element: etree._Element) -> dict[str | None, str]:
    """The namespace declarations in force for an element. Raises InvalidDocument where these are too many."""
    found = element.nsmap
    if len(found) > MAX_ATTRIBUTES:
        raise refusal("size", f"more than {MAX_ATTRIBUTES} namespaces are declared in one place; declare what you use")
    return found


class Table:
    """The prefixes that a `@context` declares, and the other way round; shared by all events under it."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.prefixes = dict(prefixes)
        self.reverse = _OF_STANDARD | {uri: prefix for prefix, uri in prefixes.items()}
        self.names: dict[str, str] = {}

    @classmethod
    def of(cls, declarations: Mapping[str | None, str], around: Mapping[str, str], text: str = "") -> "Table":
        """`declarations` on top of `around`; those that are no use in a context, or not used in `text`, left out."""
        own = {
            prefix: uri
            for prefix, uri in declarations.items()
            if prefix is not None
            and uri not in MACHINERY
            and uri != CBV_MASTER_DATA
            and may_be_prefix(prefix)
            and (not text or f"{prefix}:" in text)
        }
        return cls({**around, **own})


class Names:
    """The names within one event (or within the document around its events)."""

    def __init__(self, table: Table, text: str) -> None:
        self.table = table
        self.text = text
        self.added: dict[str, str] = {}
        self._reverse: dict[str, str] = {}

    def name(self, tag: str, element: etree._Element) -> str:
        """The member name of a tag that stands on, or is an attribute of, `element`."""
        known = self.table.names.get(tag)
        if known is not None:
            return known
        uri, local = split(tag)
        if not uri:
            return local
        prefix = self.table.reverse.get(uri)
        if prefix is not None:
            return self.table.names.setdefault(tag, f"{prefix}:{local}")
        prefix = self._reverse.get(uri) or self._new(uri, element)
        return f"{prefix}:{local}"

    def _new(self, uri: str, element: etree._Element) -> str:
        if len(self.added) >= MAX_ATTRIBUTES:
            raise refusal("size", f"one event uses more than {MAX_ATTRIBUTES} namespaces; use fewer")
        own = next((prefix for prefix, bound in scope(element).items() if bound == uri and prefix), None)
        if own is None or not self._free(own):
            stem = own if own and is_name(own) else "ns"
            number = 2 if own else 1 + len(self.added)
            while not self._free(f"{stem}{number}") or f"{stem}{number}:" in self.text:
                number += 1
            own = f"{stem}{number}"
        self.added[own] = uri
        self._reverse[uri] = own
        return own

    def _free(self, prefix: str) -> bool:
        return may_be_prefix(prefix) and prefix not in self.table.prefixes and prefix not in self.added

    def mentioned(self, text: str, element: etree._Element) -> str:
        """A value as it stands in JSON: a prefix in it that is bound deeper than its event is declared or resolved."""
        head, colon, rest = text.partition(":")
        if not colon or head in _NOT_SEEN_AS_PREFIX or rest.startswith("//") or not is_name(head):
            return text
        known = self.table.prefixes.get(head) or self.added.get(head)
        bound = scope(element).get(head)
        if bound is None or bound == known or bound in MACHINERY or head in STANDARD_PREFIXES:
            return text
        if known is None and self._free(head):
            self.added[head] = bound
            self._reverse.setdefault(bound, head)
            return text
        return bound + rest


def standard_word(words: Vocabulary, text: str, prefixes: Mapping[str, str]) -> str | None:
    """The bare word of a standard value in any spelling, unless the prefix in it stands for something else here."""
    head, colon, _ = text.partition(":")
    if colon and head in STANDARD_PREFIXES and prefixes.get(head, STANDARD_PREFIXES[head]) != STANDARD_PREFIXES[head]:
        return None
    return words.word(text)


def context_of(prefixes: Mapping[str, str], verbatim: Any = None) -> list[Any]:
    """A document's `@context`: the standard's (or the one that was kept), and the prefixes beyond it."""
    entries = [CONTEXT] if verbatim is None else list(verbatim) if isinstance(verbatim, list) else [verbatim]
    return [*entries, dict(prefixes)] if prefixes else entries
