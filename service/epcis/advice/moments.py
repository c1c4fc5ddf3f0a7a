"""What is missing in, or wrong with, the text of a time."""

import re

_PARTS = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:(?P<mark>\s*[Tt]\s*|\s+|_)(?P<clock>\d\d:\d\d)(?P<seconds>:\d\d(?:[.,]\d+)?)?\s*(?P<offset>\S.*)?)?",
    re.ASCII,
)
_LONGEST = 60


def time(text: str) -> str:
    """Which part of a text that is no time with an offset must be changed; an example where that cannot be said."""
    found = _PARTS.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return "write it like 2026-03-01T12:30:00.000+01:00"
    if found["clock"] is None:
        return f"the time of day and the offset are missing; write it like {found['date']}T12:30:00.000+01:00"
    wrong = []
    if found["mark"] != "T":
        wrong.append(f"a 'T' must stand between date and time, not {found['mark']!r}")
    seconds = found["seconds"]
    if seconds is None:
        wrong.append("the seconds are missing")
    elif "," in seconds:
        wrong.append("fractions of seconds come after a point, not a comma")
    offset = _offset(found["offset"])
    if offset is not None:
        wrong.append(offset)
    if not wrong:
        wrong.append("there must be no blanks around it or in it")
    seconds = (seconds or ":00").replace(",", ".")
    example = found["offset"] if offset is None else "+01:00"
    return f"{', and '.join(wrong)}; write it like {found['date']}T{found['clock']}{seconds}{example}"


def _offset(offset: str | None) -> str | None:
    """What is wrong with an offset; None if nothing."""
    if offset is None:
        return "the offset from UTC is missing (Z, or one like +01:00)"
    if offset == "Z" or re.fullmatch(r"[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00", offset, re.ASCII):
        return None
    return f"{offset!r} is no offset from UTC (write Z, or one like +01:00, at most 14:00)"
