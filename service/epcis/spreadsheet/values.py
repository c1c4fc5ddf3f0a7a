"""Cells that hold numbers, units, words, dates: what is read, and what is refused because it could mean two things."""

import re
from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import lru_cache

from service.epcis.identifiers import is_uri
from service.epcis.likeness import Spellings
from service.epcis.spreadsheet.cells import Unreadable, rounded
from service.epcis.vocabulary import UnknownWord, Vocabulary

Number = int | float

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:([.,])([0-9]+))?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[.,' \u00a0\u202f’][0-9]{3})+(?:[.,][0-9]+)?")
_MOST_DIGITS = 15
_MEASURED = re.compile(r"([^°A-Z]{1,40}?)\s{0,3}(°\s?C|C|CEL|°\s?F|F|FAH|K|KEL)?", re.IGNORECASE)
_TEMPERATURE_UNITS = {"": "CEL", "c": "CEL", "cel": "CEL", "f": "FAH", "fah": "FAH", "k": "KEL", "kel": "KEL"}
_UNIT = re.compile(r"[A-Z0-9]{2,3}")
_UNITS = {
    "kg": "KGM", "kgs": "KGM", "kilogram": "KGM", "kilograms": "KGM", "g": "GRM", "gram": "GRM", "grams": "GRM",
    "mg": "MGM", "t": "TNE", "tonne": "TNE", "tonnes": "TNE", "lb": "LBR", "lbs": "LBR", "pound": "LBR",
    "pounds": "LBR", "oz": "ONZ", "l": "LTR", "liter": "LTR", "litre": "LTR", "liters": "LTR", "litres": "LTR",
    "ml": "MLT", "cl": "CLT", "hl": "HLT", "m": "MTR", "meter": "MTR", "metre": "MTR", "cm": "CMT", "mm": "MMT",
    "km": "KMT", "m2": "MTK", "m²": "MTK", "m3": "MTQ", "m³": "MTQ",
}  # fmt: skip
_PIECES = frozenset(("pc", "pcs", "piece", "pieces", "each", "item", "items", "unit", "units", "stk", "stück"))
_DATE = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:[T ]0?0:00(?::00)?)?")
_LABEL_DATE = re.compile(r"\((11|15|17)\)([0-9]{2})([0-9]{2})([0-9]{2})")
_COMMON = frozenset(
    ("commissioning", "packing", "shipping", "receiving", "active", "in_transit", "in_progress", "po", "desadv", "inv")
)
_COUNTRY = re.compile(r"[A-Za-z]{2}")


def number(text: str, separator: str) -> Number:
    """A number as people write it. Raises Unreadable.

    A point is a decimal point; a comma is a decimal comma where the separator of cells is no comma. What may be either
    a decimal sign or a mark between thousands (1,500, and 1.500 beside semicolons) is refused.
    """
    text = text.replace("\N{MINUS SIGN}", "-")
    damaged = rounded(text)
    if damaged:
        raise damaged
    match = _NUMBER.fullmatch(text)
    if match is None or _could_be_thousands(match, separator):
        if _GROUPED.fullmatch(text):
            raise Unreadable(
                "number",
                f"{text!r} may be read in two ways; write it without marks between thousands, like 1500 or 1.5",
            )
        raise Unreadable("number", f"{text[:40]!r} is no number; write digits only, like 1500 or 1.5")
    sign, whole, mark, fraction = match[1], match[2], match[3], match[4] or ""
    if mark == "," and separator == ",":
        raise Unreadable("number", f"{text!r}: write a decimal point; the comma separates the cells of this file")
    if len((whole + fraction).lstrip("0")) > _MOST_DIGITS:
        raise Unreadable("number", f"{text[:40]!r} has more than {_MOST_DIGITS} digits; spreadsheets keep no more")
    plain = f"{'-' if sign == '-' else ''}{whole}"
    return float(f"{plain}.{fraction}") if fraction else int(plain)


def _could_be_thousands(match: re.Match[str], separator: str) -> bool:
    if match[3] is None or len(match[4]) != 3 or len(match[2]) > 3 or match[2].startswith("0"):
        return False
    return match[3] == "," or separator != ","


def temperature(text: str, separator: str) -> tuple[Number, str]:
    """A temperature and the code of its unit (UN/ECE Recommendation 20). Raises Unreadable."""
    match = _MEASURED.fullmatch(text)
    if match is None:
        damaged = rounded(text)
        message = f"{text[:40]!r} is no temperature; write it like 4.5 (°C), 39 °F or 277 K"
        raise damaged or Unreadable("number", message)
    unit = (match[2] or "").lower().replace("°", "").strip()
    return number(match[1], separator), _TEMPERATURE_UNITS[unit]


def percent(text: str, separator: str) -> Number:
    """A percentage, with or without the sign. Raises Unreadable."""
    return number(text.removesuffix("%").strip(), separator)


def unit(text: str) -> str | None:
    """The code of a unit (UN/ECE Recommendation 20), None for pieces. Raises Unreadable."""
    word = text.casefold().rstrip(".")
    if word in _PIECES:
        return None
    if word in _UNITS:
        return _UNITS[word]
    if _UNIT.fullmatch(text.upper()):
        return text.upper()
    raise Unreadable(
        "unit", f"{text[:20]!r} is no unit; write kg, g, t, l, m or a code of UN/ECE Recommendation 20 such as KGM"
    )


@lru_cache(maxsize=1 << 12)
def word(vocabulary: Vocabulary, text: str, *, lenient: bool = False) -> str:
    """A standard word, with any capitals and with blanks or hyphens for its underscores; or a URI. Raises Unreadable.

    With `lenient`, other words are left as they are.
    """
    folded = re.sub(r"[ _-]+", "_", text).lower()
    if folded in vocabulary.words:
        return folded
    if is_uri(text):
        try:
            vocabulary.uri(text)
        except UnknownWord as fault:
            raise Unreadable("vocabulary", str(fault)) from None
        return text
    if lenient and " " not in text:
        return text
    message = f"{text[:60]!r} is no {vocabulary.name} of CBV 2.0; {_hint(folded, vocabulary.words)}"
    raise Unreadable("vocabulary", message)


def choice(options: Collection[str], what: str) -> Callable[[str], str]:
    """A reader of one of a few words, with any capitals."""
    known = {option.lower(): option for option in options}

    def chosen(text: str) -> str:
        found = known.get(text.lower())
        if found is None:
            raise Unreadable("value", f"{text[:40]!r} is no {what}; write one of {', '.join(options)}")
        return found

    return chosen


def day(text: str, year: int) -> str:
    """A date as YYYY-MM-DD; `year` says which century a label's two digits mean. Raises Unreadable.

    As on labels: (17)261031, where day 00 is the last of the month (GS1 General Specifications 3.4 and 7.12).
    """
    label = _LABEL_DATE.fullmatch(text)
    match = _DATE.fullmatch(text)
    try:
        if label:
            return _label_day(int(label[2]), int(label[3]), int(label[4]), year).isoformat()
        if match:
            return date(int(match[1]), int(match[3]), int(match[4])).isoformat()
    except ValueError as fault:
        raise Unreadable("date", f"{text!r} is no date that exists: {fault}") from None
    raise Unreadable(
        "date",
        f"{text[:40]!r} may be read in several ways, or is no date; write it year first, like 2026-10-31, or as on the"
        " label, like (17)261031 (the spreadsheet keeps that as it is)",
    )


def _label_day(short: int, month: int, number: int, year: int) -> date:
    difference = short - year % 100
    century = year // 100 + (1 if difference <= -50 else -1 if difference >= 51 else 0)
    if number:
        return date(century * 100 + short, month, number)
    return date(century * 100 + short + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def country(text: str) -> str:
    """A country's code, ISO 3166-1 alpha-2. Raises Unreadable."""
    if not _COUNTRY.fullmatch(text):
        raise Unreadable("value", f"{text[:40]!r} is no country code; write its two letters, like DE")
    return text.upper()


@lru_cache(maxsize=16)
def _spellings(words: frozenset[str]) -> Spellings:
    return Spellings(words)


def _hint(text: str, words: frozenset[str]) -> str:
    """The word that is most like the text, or like a part of it; else some that are used most."""
    spellings = _spellings(words)
    for piece in (text, *text.split("_", 3)[:3]):
        found = spellings.nearest(piece)
        if found:
            return f"is {found} meant?"
    common = ", ".join(sorted(words & _COMMON) or sorted(words)[:4])
    return f"use one of its words, such as {common}, or a URI of your own"
