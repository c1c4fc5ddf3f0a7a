"""Text as it is printed on labels: application identifiers in brackets, like (01)09521001000017(21)4711.

Read as `elementstrings` reads it, but nothing that a label tells besides the identity is passed over: it has columns.
"""

import re

from service.epcis.elementstrings import from_element_string
from service.epcis.keys import FORMATS, QUALIFIERS, InvalidIdentifier
from service.epcis.spreadsheet.cells import Unreadable
from service.epcis.spreadsheet.keys import LENGTHS, digits

_AI = re.compile(r"(?<!\\)\(([0-9]{2,4})\)")
_ELSEWHERE = {"10": "lot", "11": "productionDate", "15": "bestBefore", "17": "expiryDate", "37": "quantity"}
"""Columns for what a label tells besides the identity."""


def is_label(text: str) -> bool:
    """Whether the text begins like that of a label."""
    return _AI.match(text) is not None


def of_label(text: str) -> str:
    """The link of the one thing (or class, lot, place ...) that the text identifies. Raises Unreadable."""
    ai, *others = _AI.findall(text)
    if ai not in FORMATS:
        raise Unreadable("identifier", f"{text[:60]!r} must begin with a GS1 key, such as (00), (01), (8003) or (8004)")
    for other in others:
        if other not in QUALIFIERS.get(ai, {}) or (other == "10" and "21" in others):
            raise Unreadable("identifier", _unwanted(text, other))
    end = text.find("(", len(ai) + 2)
    value = text[len(ai) + 2 :] if end < 0 else text[len(ai) + 2 : end]
    if ai in LENGTHS:
        text = f"({ai}){digits(ai)(value)}{text[end:] if end >= 0 else ''}"
    try:
        return from_element_string(text)
    except InvalidIdentifier as fault:
        raise Unreadable("identifier", str(fault)) from None


def _unwanted(text: str, ai: str) -> str:
    column = _ELSEWHERE.get(ai)
    where = f"put it into the column {column}" if column else "leave it out, or write \\( where a value has a bracket"
    return f"{text[:80]!r}: ({ai}) is no part of what identifies the thing; {where}"
