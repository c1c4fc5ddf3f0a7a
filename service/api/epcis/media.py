"""Which of the media types that we can write a request wants (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Form = Literal["json", "xml"]
JSON = ("application/json", "application/ld+json")
XML = ("application/xml", "text/xml")
_PROBLEMS: dict[str, Form] = {
    "application/problem+json": "json",
    "application/json": "json",
    "application/ld+json": "json",
    "application/problem+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
}
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]*)?|1(?:\.0*)?|\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class _Range:
    type: str
    subtype: str
    weight: float

    def covers(self, media_type: str) -> int:
        """How closely: 0 not at all, 3 by name."""
        type_, _, subtype = media_type.partition("/")
        if (self.type, self.subtype) == (type_, subtype):
            return 3
        if self.subtype != "*":
            return 0
        return 2 if self.type == type_ else int(self.type == "*")


def form_of(media_type: str) -> Form:
    """Whether a media type is XML or JSON."""
    return "xml" if media_type.partition(";")[0].strip().lower().endswith("xml") else "json"


def chosen(accept: str | None, offered: Sequence[str]) -> str | None:
    """The media type to answer in, None where none of the offered ones is acceptable.

    The highest quality wins, then what is named more closely, then what is offered first.
    """
    ranges = _read(accept)
    best: tuple[float, int] = (0.0, 0)
    found = None
    for media_type in offered:
        closeness, weight = max(((each.covers(media_type), each.weight) for each in ranges), key=lambda pair: pair[0])
        if closeness and weight > 0 and (weight, closeness) > best:
            best, found = (weight, closeness), media_type
    return found


def problem_form(accept: str | None) -> Form:
    """How to write a refusal: as is accepted; JSON where both forms are, or neither."""
    found = chosen(accept, tuple(_PROBLEMS))
    return _PROBLEMS[found] if found else "json"


def _read(accept: str | None) -> list[_Range]:
    if accept is None or not accept.strip():
        return [_Range("*", "*", 1.0)]
    ranges = []
    for each in accept.split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        type_, _, subtype = ("*/*" if name == "*" else name).partition("/")
        ranges.append(_Range(type_, subtype, _weight(parameters)))
    return ranges


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value.strip()) if _WEIGHT.fullmatch(value.strip()) else 1.0
    return 1.0
