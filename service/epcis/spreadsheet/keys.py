"""GS1 keys that people type as digits: SSCC, GTIN, GLN, and serial numbers and lots of a GTIN.

They become canonical GS1 Digital Links, with their check digits verified. Digits that a spreadsheet dropped are never
guessed: only a GTIN may be shorter than its longest form.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from service.epcis.identifiers import InvalidIdentifier, is_uri
from service.epcis.keys import FORMATS, Key, checked, link
from service.epcis.spreadsheet.cells import Unreadable, rounded

LENGTHS = {"00": (18,), "01": (8, 12, 13, 14), "414": (13,), "417": (13,)}
"""Keys made of digits alone, by application identifier."""
_SPACED = re.compile(r"[0-9]+(?:[ \u00a0\u202f-][0-9]+)+")
_DECIMAL = re.compile(r"[0-9]{6,}[.,]0+")
_AFTER_AI = re.compile(r"(?<=\))\s+(?=[0-9])")
_NAMED = re.compile(r"(?:GTIN|GLN|SSCC|EAN|UPC)[\s:#-]*(?=[0-9])", re.IGNORECASE)
_TEXT = "format the column as text and type it again, or write it with ({ai}) before it, as on the label"


def numbers(text: str) -> list[str]:
    """The SSCCs in a cell that may hold several: between blanks, line breaks, or `,` `;` `|`.

    One that is written in groups of digits stays one.
    """
    if _SPACED.fullmatch(_NAMED.sub("", text.removeprefix("(00)").strip())) and sum(map(str.isdigit, text)) in (18, 20):
        return [text]
    return [piece for piece in re.split(r"[\s;,|]+", _AFTER_AI.sub("", text)) if piece]


def digits(ai: str) -> Callable[[str], str]:
    """A reader of a key made of digits alone (SSCC, GTIN, GLN): the key's digits, a GTIN's as 14. Raises Unreadable."""
    lengths, name = LENGTHS[ai], FORMATS[ai].name.removeprefix("party ")

    def read(text: str) -> str:
        found = _NAMED.sub("", text.removeprefix(f"({ai})").strip())
        _refuse_damaged(found, ai)
        if _SPACED.fullmatch(found):
            found = _joined(found, name, lengths)
        if found.startswith(ai) and len(found) == len(ai) + max(lengths):
            found = found[len(ai) :]  # as a scanner gives it
        if not (found.isascii() and found.isdecimal()):
            raise Unreadable("identifier", _no_digits(name, found, lengths))
        if len(found) not in lengths:
            raise Unreadable("identifier", _wrong_length(name, found, ai))
        return _verified(ai, found.rjust(14, "0") if ai == "01" else found)

    return read


def _joined(text: str, name: str, lengths: tuple[int, ...]) -> str:
    """Groups of digits as one key."""
    pieces = re.split("[^0-9]", text)
    if all(len(piece) in lengths for piece in pieces):
        message = f"{text[:60]!r} are several keys; give each {name} its own row, rows of one event the same eventGroup"
        raise Unreadable("identifier", message)
    return "".join(pieces)


def _refuse_damaged(text: str, ai: str) -> None:
    damaged = rounded(text)
    if damaged:
        raise damaged
    if _DECIMAL.fullmatch(text):
        raise Unreadable("identifier", f"{text!r} was saved as a decimal number; {_TEXT.format(ai=ai)}")


def _no_digits(name: str, text: str, lengths: tuple[int, ...]) -> str:
    wanted = " or ".join(str(length) for length in lengths)
    hint = "; identifiers of other kinds and URIs go into the column epc" if ":" in text or "(" in text else ""
    return f"{text[:60]!r} is no {name}: {wanted} digits{hint}"


def _wrong_length(name: str, text: str, ai: str) -> str:
    lengths = LENGTHS[ai]
    wanted = " or ".join(str(length) for length in lengths)
    message = f"{name} {text[:40]!r} has {len(text)} digits, it must have {wanted}"
    if max(lengths) - len(text) >= 4 or len(text) > max(lengths):
        return message
    return f"{message}; if the spreadsheet dropped zeros at its beginning, {_TEXT.format(ai=ai)}"


def _verified(ai: str, text: str) -> str:
    try:
        return checked(Key(ai, text)).value
    except InvalidIdentifier as fault:
        zeros = "; spreadsheets turn digits after the 15th into zeros" if len(text) > 15 and text.endswith("00") else ""
        raise Unreadable("identifier", f"{fault}{zeros}") from None


def sscc(text: str) -> str:
    """The link of an SSCC. Raises Unreadable."""
    return link(Key("00", digits("00")(text)))


@lru_cache(maxsize=1 << 12)
def gtin(text: str) -> str:
    """A GTIN, as 14 digits. Raises Unreadable."""
    if is_uri(text):
        raise Unreadable("identifier", f"{text[:60]!r}: a URI goes into the column epc (of a class: epcClass)")
    return digits("01")(text)


def serials(text: str) -> list[str]:
    """The serial numbers in a cell that may hold several, between blanks or line breaks.

    Commas and semicolons may be part of a serial number; they only separate where a blank follows.
    """
    pieces = text.split()
    return [piece.rstrip(",;") or piece for piece in pieces] if len(pieces) > 1 else pieces


def serial(gtin: str) -> Callable[[str], str]:
    """A reader of a serial number of a GTIN: the link of the item. Raises Unreadable."""
    reader = qualified(gtin, "21")

    def read(text: str) -> str:
        if re.search("[,;]", text):
            message = (
                f"{text[:60]!r} may be one serial number or several; put blanks between several, and one with a comma"
                " or semicolon into the column epc, as (01)...(21)..."
            )
            raise Unreadable("identifier", message)
        return reader(text)

    return read


def qualified(gtin: str, ai: str) -> Callable[[str], str]:
    """A reader of the serial number (21) or lot (10) of a GTIN: the link of the item, or lot. Raises Unreadable."""

    def read(text: str) -> str:
        damaged = rounded(text)
        if damaged:
            raise damaged
        try:
            return link(checked(Key("01", gtin, ai, text.removeprefix(f"({ai})"))))
        except InvalidIdentifier as fault:
            raise Unreadable("identifier", str(fault)) from None

    return read
