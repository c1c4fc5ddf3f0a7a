"""Numbers as plain decimals (CBV 2.0 section 8.9.2: no exponent, no sign +, no needless zeros)."""

from decimal import Decimal


def plain(number: float | Decimal) -> str:
    """The shortest plain decimal of a JSON number: `0.5`, `-12`, `100`. A double means the digits that it prints."""
    if isinstance(number, int):
        return str(number)
    text = format(Decimal(repr(number)) if isinstance(number, float) else number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
