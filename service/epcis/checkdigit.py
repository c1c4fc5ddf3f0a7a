"""The standard GS1 check digit (GS1 General Specifications, section 7.9.1)."""


def check_digit(digits: str) -> str:
    """The check digit for a key without it; `digits` are decimal digits, weighted 3, 1, 3 ... from the right."""
    weighted = sum(map(int, digits[-1::-2])) * 3 + sum(map(int, digits[-2::-2]))
    return str(-weighted % 10)


def is_checked(key: str) -> bool:
    """Whether the last digit of `key` is the check digit of the digits before it."""
    return check_digit(key[:-1]) == key[-1]
