"""The standard GS1 check digit (GS1 General Specifications, section 7.9.1)."""

_ZERO = ord("0")


def check_digit(digits: str) -> str:
    """The check digit for a key without it; `digits` are ASCII decimal digits, weighted 3, 1, 3 ... from the right."""
    codes = digits.encode("ascii")
    heavy, light = codes[-1::-2], codes[-2::-2]
    weighted = 3 * (sum(heavy) - _ZERO * len(heavy)) + sum(light) - _ZERO * len(light)
    return str(-weighted % 10)
