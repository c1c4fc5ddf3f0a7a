"""Single values in a pre-hash string: identifiers as GS1 Digital Links, vocabulary as web URIs (CBV 2.0, 8.9.2)."""

from functools import lru_cache
from typing import Literal

from service.epcis.identifiers import REMEMBERED, InvalidIdentifier, resolved
from service.epcis.keys import ROOT
from service.epcis.vocabulary import UnknownWord, Vocabulary

Revision = Literal["2.0", "2026"]

_LINKED = ("urn:epc:", "http")
_CBV_URN = "urn:epcglobal:cbv:"
_WEB_OF_URN = {
    urn: f"https://ref.gs1.org/cbv/{web}-"
    for urn, web in (("bizstep", "BizStep"), ("disp", "Disp"), ("btt", "BTT"), ("sdt", "SDT"), ("er", "ER"))
}


def _web(words: Vocabulary, text: str) -> str:
    try:
        return words.uri(text)
    except UnknownWord:
        return text


def canonical_value(text: str, revision: Revision, words: Vocabulary | None = None) -> str:
    """Text as it stands in a pre-hash string, by one revision; `words` where it is of a standard vocabulary."""
    if words is None and revision == "2.0" and text.startswith(_LINKED):
        try:
            return resolved(text)[0]  # as when the event was read, which is remembered
        except InvalidIdentifier:
            pass
    if len(text) > REMEMBERED:
        return _canonical(text, revision, words)
    return _remembered(text, revision, words)


def _canonical(text: str, revision: Revision, words: Vocabulary | None) -> str:
    if words is not None:
        text = _web(words, text)
    if text.startswith(_LINKED):
        try:
            text = _linked(text)
        except InvalidIdentifier:
            return text
    elif text.startswith(_CBV_URN):
        vocabulary_, colon, word = text.removeprefix(_CBV_URN).partition(":")
        return _WEB_OF_URN[vocabulary_] + word if colon and vocabulary_ in _WEB_OF_URN else text
    return text if revision == "2.0" else _as_of_2026(text)


_remembered = lru_cache(maxsize=1 << 16)(_canonical)


def forget() -> None:
    """Empties what is remembered of values, for measurements."""
    _remembered.cache_clear()


def _linked(text: str) -> str:
    """The canonical form, its check digit right or wrong; reading the event has put the right ones into the cache."""
    try:
        return resolved(text)[0]
    except InvalidIdentifier:
        return resolved(text, False)[0]


def _as_of_2026(text: str) -> str:
    if text.startswith("https://gs1.org/voc/"):
        return "https://ref.gs1.org/voc/" + text.removeprefix("https://gs1.org/voc/")
    if not text.startswith(ROOT):
        return text
    for escape, character in (("%21", "!"), ("%28", "("), ("%29", ")"), ("%2A", "*")):
        text = text.replace(escape, character)
    return text.replace(";", "%3B").replace("=", "%3D")
