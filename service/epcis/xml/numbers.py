"""Numbers and truth values between XML's text and JSON."""

import math
import re

from service.epcis.jsontext import MAX_INTEGER

_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,4}))?", re.ASCII)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def number(text: str, *, exact: bool = False) -> int | float | None:
    """The number that an xsd:decimal, xsd:integer or xsd:double says; None where JSON has none for it.

    `exact`: None also where a double would not keep all its digits (xsd:decimal has no bound, xsd:double rounds).
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if match[2].isdigit() and match[3] is None and len(text) < 400:
        whole = int(text)
        if abs(whole) > MAX_INTEGER and float(whole) == whole and abs(whole) >= 10**21:
            return float(whole)
        return whole
    value = float(text)
    if not math.isfinite(value):
        return None
    digits = match[2].replace(".", "").strip("0")
    return None if exact and (len(digits) > 17 or (digits and value == 0)) else value


def truth(text: str) -> bool | None:
    """The value of an xsd:boolean; None for anything else."""
    return _TRUTH.get(text)
