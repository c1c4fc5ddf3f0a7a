"""Members of an EPCIS document as they can be read, whatever was sent: what cannot be read is None or empty.

EPCIS 2.0 in its JSON binding, with the forms that JSON-LD and XML bring along: a value inside `{"@value"}`, an id
inside `{"id"}`, a list of one as its only member, vocabulary words bare, compact, as web URI or as URN (CBV 2.0, 7.1).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ml.vocabulary import own

__all__ = ["LONGEST", "instant", "many", "number", "own", "text", "word"]

LONGEST = 2048
"""Characters of a text that is looked at; longer ones are no identifier and no word."""
_STANDARD_WORD = re.compile(
    r"(?:urn:epcglobal:cbv:[a-z]+:|https?://(?:ref\.)?gs1\.org/(?:voc|cbv)/|https?://ns\.gs1\.org/voc/|cbv:|gs1:)"
    r"(?:[A-Za-z]+-)?([^/#:]+)$"
)
_HELD = ("@value", "#text", "@id", "id")


def text(value: Any) -> str | None:
    """Text of a value that is not empty and not longer than `LONGEST`; None for anything else."""
    for _ in range(3):
        if isinstance(value, str):
            found = value.strip()
            return found if found and len(found) <= LONGEST else None
        if isinstance(value, Mapping):
            value = next((value[name] for name in _HELD if name in value), None)
        elif isinstance(value, list) and len(value) == 1:
            value = value[0]
        else:
            return None
    return None


def word(value: Any) -> str | None:
    """A word of the CBV without its namespace (`shipping`); words of other vocabularies whole."""
    found = text(value)
    match = _STANDARD_WORD.match(found) if found else None
    return match[1] if match else found


def instant(value: Any) -> datetime | None:
    """An ISO 8601 instant as UTC; None without an offset, for anything else, or where it leaves the years 1 to 9999."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.utcoffset() is not None else None
    found = value if isinstance(value, str) else text(value)
    if found is None or len(found) > 64:
        return None
    try:
        moment = datetime.fromisoformat(found)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number(value: Any) -> float | None:
    """A finite number, also written as text; None for NaN, infinities, truth values and anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Mapping):
        value = value.get("@value", value.get("#text"))
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        found = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def many(value: Any) -> list[Any]:
    """A list as it is; anything else as the only member of one; nothing for None."""
    return value if isinstance(value, list) else [] if value is None else [value]
