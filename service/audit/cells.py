"""Cells of tables that people open in spreadsheets: text that cannot become a formula, an instruction or a fault."""

import re
from datetime import UTC, date, datetime

Cell = str | int | float | date | datetime | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
MOST_CHARACTERS = 32_000
"""In one cell; Excel takes 32,767."""


def clean(text: str) -> str:
    """Text without control and direction characters (shown as code points), cut where no spreadsheet takes more."""
    shown = _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]} … ({len(shown)} characters)"


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula when it opens a CSV file: with an apostrophe before what may be one.

    Source: OWASP, CSV Injection. Full-width signs count, since some programs read them as the ASCII ones.
    """
    shown = clean(text)
    return f"'{shown}" if shown.startswith(_FORMULA) or shown.lstrip().startswith(_FORMULA) else shown


def moment(at: datetime) -> str:
    """An instant as CSV has it: ISO 8601, UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def naive(at: datetime) -> datetime | None:
    """An instant as a spreadsheet's date, in UTC; None before 1900, which they do not know."""
    shown = at.astimezone(UTC).replace(tzinfo=None)
    return shown if shown.year >= 1900 else None
