"""Text as it is printed on labels: application identifiers in brackets, like (01)09521001000017(21)4711.

Source: GS1 General Specifications section 4.14 (human readable interpretation).
"""

import re
from collections.abc import Iterator

from service.epcis.identifiers import InvalidIdentifier
from service.epcis.keys import FORMATS, QUALIFIERS, Key, checked, link
from service.epcis.spreadsheet.cells import Unreadable
from service.epcis.spreadsheet.keys import LENGTHS, digits

_AI = re.compile(r"\(([0-9]{2,4})\)")
_ELSEWHERE = {"10": "lot", "11": "productionDate", "15": "bestBefore", "17": "expiryDate", "37": "quantity"}
"""Columns for what a label tells besides the identity."""
_KNOWN = FORMATS.keys() | _ELSEWHERE.keys() | {name for names in QUALIFIERS.values() for name in names}


def is_label(text: str) -> bool:
    """Whether the text begins like that of a label."""
    return _AI.match(text) is not None


def of_label(text: str) -> str:
    """The link of the one thing (or class, lot, place ...) that the text identifies. Raises Unreadable."""
    parts = list(_label_parts(text))
    ai, value = parts[0]
    if ai not in FORMATS:
        raise Unreadable("identifier", f"{text[:60]!r} must begin with a GS1 key, such as (00), (01), (8003) or (8004)")
    if ai in LENGTHS:
        value = digits(ai)(value)
    found: dict[str, str] = {}
    for name, extension in parts[1:]:
        if name not in QUALIFIERS.get(ai, {}) or name in found or (found and name != "21"):
            raise Unreadable("identifier", _unwanted(text, name))
        found[name] = extension
    if len(found) > 1:
        raise Unreadable("identifier", _unwanted(text, next(iter(found))))
    name, extension = next(iter(found.items()), ("", ""))
    try:
        return link(checked(Key(ai, value, name, extension)))
    except InvalidIdentifier as fault:
        raise Unreadable("identifier", str(fault)) from None


def _label_parts(text: str) -> Iterator[tuple[str, str]]:
    """Application identifiers and values; brackets around what is no known AI belong to the value before."""
    matches = [match for match in _AI.finditer(text) if match.start() == 0 or match[1] in _KNOWN]
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=True):
        yield match[1], text[match.end() : end].strip()


def _unwanted(text: str, ai: str) -> str:
    column = _ELSEWHERE.get(ai)
    where = f"; it goes into the column {column}" if column else ""
    return f"{text[:80]!r}: ({ai}) is no part of what identifies the thing{where}; leave it out here"
