"""One parameter of a query as it was sent: what its value may be, and faults that say what to send instead."""

import re
from datetime import datetime
from typing import Final

from service.epcis import times
from service.epcis.query.faults import QueryParameterFault
from service.epcis.query.readings import Reading, finite, numeric, read

Scalar = str | int | float

MOST_CHARACTERS: Final = 2048
"""Of a value, or of a parameter's name."""
MOST_EVENTS: Final = 2**31 - 1
_TRUTHS: Final = {"true": True, "": True, "1": True, "false": False, "0": False}
_SPACED: Final = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+) (\d\d:\d\d)", re.ASCII)


def _mended(text: str) -> str:
    """A time in whose offset the sign + became a space, as it does in a URL that does not escape it."""
    return _SPACED.sub(r"\1+\2", text)


class Parameter:
    """A parameter's name and value; each method reads it as values of one kind, and else raises QueryParameterFault."""

    def __init__(self, name: str, value: object) -> None:
        self.name = name
        self.value = value

    def fault(self, message: str) -> QueryParameterFault:
        """The fault to raise: `message` says what is wrong and what to send."""
        return QueryParameterFault(self.name, message)

    def scalars(self) -> list[Scalar]:
        """One value, or a list of at least one: text (not empty), numbers or truths."""
        values = self.value if isinstance(self.value, list | tuple) else [self.value]
        if not values:
            raise self.fault("the list is empty; send at least one value, or leave the parameter out")
        for value in values:
            if not isinstance(value, str | int | float):
                raise self.fault("send text, a number, true or false, or a list of these")
            if isinstance(value, str) and not value.strip():
                raise self.fault("a value is empty; send at least one value, or leave the parameter out")
        return list(values)

    def texts(self) -> list[str]:
        """One text, or a list of at least one."""
        texts = [value for value in self.scalars() if isinstance(value, str)]
        if len(texts) != len(self.scalars()):
            raise self.fault("send text, or a list of texts")
        return [text.strip() for text in texts]

    def words(self) -> list[str]:
        """As `texts`; a list may also be one text with commas, for no word has any."""
        return [word for text in self.texts() for word in (text.split(",") if ":" not in text else [text]) if word]

    def one(self) -> Scalar:
        """Exactly one value."""
        values = self.scalars()
        if len(values) != 1:
            raise self.fault(f"it takes one value, not {len(values)}")
        return values[0]

    def text(self) -> str:
        """Exactly one text."""
        value = self.one()
        if not isinstance(value, str):
            raise self.fault("send text")
        return value.strip()

    def number(self, value: Scalar) -> float:
        """A number, or text that is one."""
        reading = self.reading(value)
        if reading.number is None:
            raise self.fault(f"{str(value)[:60]!r} is no number; send one like 26.5")
        return reading.number

    def reading(self, value: Scalar) -> Reading:
        """What a value says."""
        if isinstance(value, bool):
            return Reading("true" if value else "false")
        if isinstance(value, str):
            return read(_mended(value))
        if finite(value) is None:
            raise self.fault("send a number within the range of IEEE 754 doubles")
        return numeric(value)

    def moment(self, value: Scalar) -> datetime:
        """An instant."""
        if not isinstance(value, str):
            raise self.fault("send a time with an offset, like 2026-03-01T12:30:00.000+01:00")
        try:
            return times.instant(_mended(value.strip()))
        except times.InvalidTime as error:
            raise self.fault(str(error)) from None

    def truth(self) -> bool:
        """Whether an `EXISTS_` parameter asks for anything: nothing, null and true do; false asks for nothing."""
        value = self.value[0] if isinstance(self.value, list) and len(self.value) == 1 else self.value
        if value is None:
            return True
        known = _TRUTHS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
        if known is None:
            raise self.fault("send true, or leave the parameter out")
        return known

    def count(self) -> int:
        """How many events: a positive integer."""
        value = self.one()
        text = "" if isinstance(value, bool) else str(value).strip()
        if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= MOST_EVENTS):
            raise self.fault(f"{text[:60]!r} is no positive whole number; send one from 1 to {MOST_EVENTS}")
        return int(text)
