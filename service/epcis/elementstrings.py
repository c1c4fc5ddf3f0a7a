r"""Element strings: identifiers as barcodes carry them and scanners send them, to canonical form and back.

Both forms of the GS1 General Specifications are read: the human-readable one with application identifiers in brackets,
`(01)09521141111116(21)400`, and the raw one, in which FNC1 (sent as GS, U+001D) ends a value of variable length,
perhaps after a symbology identifier (`]C1`, `]e0`, `]d2`, `]Q3`, `]J1`; section 5.10). EAN/UPC and ITF-14 symbols carry
a GTIN without any application identifier, and are known by theirs (`]E0`, `]E4`, `]I1`); a link in a two-dimensional
symbol is read as a link. In brackets, `\(` stands for an opening bracket of a value.

What a label tells besides the identity (dates, weights, counts) is passed over, as `canonical` passes over the query
part of a link.
"""

import re
from collections.abc import Iterator, Mapping

from service.epcis.identifiers import canonical, key_of
from service.epcis.keys import FORMATS, QUALIFIERS, InvalidIdentifier, Key, Kind, checked, finest, kind_of, link

MOST_CHARACTERS = 8_000
"""More than any symbol holds (7,089 digits in a QR Code)."""
_GS = "\x1d"
_FNC1 = re.compile("[\x1d\u241d^]")  # GS, the picture of it, and how the GS1 syntax dictionary writes it
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_SYMBOLS = frozenset(("]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1"))
_LINK_SYMBOLS = frozenset(("]d1", "]Q1", "]J0", "]d0", "]Q0", "]Q2"))
_GTIN_SYMBOLS = {"]E0": (12, 13), "]E4": (8,), "]I1": (14,), "]I0": (14,)}
_BRACKETED = re.compile(r"(?<!\\)\(([0-9]{2,4})\)")
_VALUE = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z#]+")  # sets 82 and 39
_PREDEFINED = {
    **dict.fromkeys(("00",), 18), **dict.fromkeys(("01", "02", "03"), 14), "04": 16,
    **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 6), "20": 2,
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 6), "41": 13,
}  # fmt: skip
"""Lengths of values that need no FNC1 after them, by the first two digits (General Specifications, figure 7.8.5-2)."""
_THREE = frozenset(("23", "24", "25", "40", "41", "42", "71"))
_FOUR = frozenset(("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"))
_SURROUNDINGS = frozenset(("401", "402", "414", "417"))
"""Keys that tell of a thing with another key where it goes, or whose it is."""


def from_element_string(text: str) -> str:
    """The canonical identifier of what a label or scan identifies (see `identifiers.canonical`).

    Raises InvalidIdentifier for text that is no element string, that has no key, or keys of several things; for a wrong
    check digit; and for bare digits that may be a GTIN or an element string: these need brackets or the scanner's
    symbology identifier.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidIdentifier(f"an element string has at most {MOST_CHARACTERS} characters, not {len(text)}")
    text = text.strip(" \t\r\n")  # what a scanner ends its input with
    found = _SYMBOLOGY.match(text)
    symbology, rest = (found[0], text[3:]) if found else ("", text)
    if symbology in _GTIN_SYMBOLS:
        return _of_gtin(rest, _GTIN_SYMBOLS[symbology])
    if rest[:4].lower() == "http" and (not symbology or symbology in _LINK_SYMBOLS):
        return _of_link(rest)
    if symbology and symbology not in _GS1_SYMBOLS:
        raise InvalidIdentifier(f"{symbology} is no GS1 symbol: what it carries is no element string")
    elements = _bracketed(rest) if _BRACKETED.match(rest) else _raw(rest, symbology)
    return link(_thing(elements))


def element_string(identifier: str, *, bracketed: bool = True) -> str:
    """The element string of an identifier, in brackets or raw: with GS where FNC1 must be, no symbology identifier.

    Raises InvalidIdentifier for an identifier without GS1 key, which no barcode carries as element string.
    """
    key = key_of(identifier)
    if key is None:
        raise InvalidIdentifier(f"{identifier[:200]!r} carries no GS1 key, so it has no element string")
    parts = [(key.ai, key.value)] + ([(key.qualifier, key.extension)] if key.qualifier else [])
    if bracketed:
        return "".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in parts)
    text = "".join(ai + value + ("" if ai[:2] in _PREDEFINED else _GS) for ai, value in parts)
    return text.removesuffix(_GS)


def _of_gtin(text: str, lengths: tuple[int, ...]) -> str:
    digits = text[: max(lengths)]  # an add-on of two or five digits may follow
    if len(text) not in lengths and len(text) - max(lengths) not in (2, 5):
        raise InvalidIdentifier(f"{text[:40]!r} must be {' or '.join(map(str, lengths))} digits")
    return link(checked(Key("01", digits.rjust(14, "0"))))


def _of_link(text: str) -> str:
    if key_of(text) is None:
        raise InvalidIdentifier(f"{text[:200]!r} is a link, but no GS1 Digital Link in uncompressed form")
    return canonical(text)


def _bracketed(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of application identifier and value; brackets around what is no such identifier belong to the value."""
    marks = [mark for mark in _BRACKETED.finditer(text) if mark.start() == 0 or len(mark[1]) == _length_of_ai(mark[1])]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        if len(mark[1]) != _length_of_ai(mark[1]):
            raise InvalidIdentifier(f"({mark[1]}) is no GS1 application identifier")
        value = text[mark.end() : end].strip().replace("\\(", "(").replace("\\)", ")")
        yield mark[1], _well_formed(mark[1], value)


def _raw(text: str, symbology: str) -> Iterator[tuple[str, str]]:
    """Pairs of application identifier and value."""
    if not symbology and text.isascii() and text.isdecimal() and len(text) in (8, 12, 13, 14):
        raise InvalidIdentifier(
            f"{text!r} may be a GTIN or an element string: write (01) before the GTIN's 14 digits, or have the scanner"
            " send the symbology identifier"
        )
    rest = _FNC1.sub(_GS, text).removeprefix(_GS)
    if not rest:
        raise InvalidIdentifier("an empty text is no element string")
    while rest:
        ai = rest[: _length_of_ai(rest)]
        if len(ai) < 2 or not (ai.isascii() and ai.isdecimal()):
            raise InvalidIdentifier(f"{rest[:40]!r} does not begin with a GS1 application identifier")
        fixed = _PREDEFINED.get(ai[:2])
        end = len(ai) + fixed if fixed is not None else (rest + _GS).index(_GS)
        yield ai, _well_formed(ai, rest[len(ai) : end])
        rest = rest[end:].removeprefix(_GS)


def _length_of_ai(text: str) -> int:
    """How many digits an application identifier has that begins with these."""
    start = text[:2]
    if start == "41" or start in _THREE:
        return 3
    return 4 if start in _FOUR else 2


def _well_formed(ai: str, value: str) -> str:
    fixed = _PREDEFINED.get(ai[:2])
    if fixed is not None and not (len(value) == fixed and value.isascii() and value.isdecimal()):
        raise InvalidIdentifier(f"({ai}) {value[:40]!r} must be {fixed} digits")
    if len(value) > 90 or not _VALUE.fullmatch(value):
        raise InvalidIdentifier(f"({ai}) {value[:40]!r} must be 1 to 90 GS1 characters (set 82)")
    return value


def _thing(elements: Iterator[tuple[str, str]]) -> Key:
    """The one thing that the elements identify."""
    values: dict[str, str] = {}
    for ai, value in elements:
        if values.setdefault(ai, value) != value:
            raise InvalidIdentifier(f"({ai}) comes twice, as {values[ai]!r} and as {value!r}")
    keys = [_key(ai, values) for ai in values if ai in FORMATS]
    if not keys:
        raise InvalidIdentifier(f"no GS1 key is among ({'), ('.join(values)}): nothing is identified")
    things = [key for key in keys if key.ai not in _SURROUNDINGS] or keys
    single = [key for key in things if kind_of(key) not in (Kind.CLASS, Kind.LOT)] or things
    if len(single) > 1:
        named = ", ".join(f"({key.ai}) {key.value}" for key in single)
        raise InvalidIdentifier(f"several things are identified: {named}; send one of them")
    return single[0]


def _key(ai: str, values: Mapping[str, str]) -> Key:
    qualifiers = {name: values[name] for name in QUALIFIERS.get(ai, {}) if name in values}
    return checked(finest(ai, values[ai], qualifiers))
