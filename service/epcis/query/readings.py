"""What a value of an extension field, an attribute or a parameter says: text, and perhaps a number or a time.

XML has no types, so text that looks like a number or a time is one as well. Sources: XML Schema 1.1 part 2 (decimal,
double, dateTimeStamp, date), CBV 2.0 section 8.9.2 (plain decimals).
"""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

from service.epcis.decimals import plain
from service.epcis.identifiers import InvalidIdentifier, resolved
from service.epcis.query.memory import remembered
from service.epcis.query.terms import hashed
from service.epcis.times import InvalidTime, instant

MOST_DIGITS = 64
"""Text that is longer is no number, whatever it looks like."""
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)")


class Reading(NamedTuple):
    """`text`: in canonical form, so that equal values are equal texts. `time`: seconds since 1970."""

    text: str
    number: float | None = None
    time: float | None = None


@remembered(1 << 15)
def read(text: str) -> Reading:
    """What text says: `5.0` is `5`, `...+01:00` is in UTC, an identifier is canonical, all else is itself.

    `007` and other numbers with needless zeros before them are text only. A date is text, and a time at its midnight in
    UTC. Never raises.
    """
    text = text.strip()
    if len(text) <= MOST_DIGITS and _NUMBER.fullmatch(text):
        return numeric(Decimal(text))
    if _TIME.fullmatch(text):
        return _timed(text)
    if _DATE.fullmatch(text):
        return Reading(text, None, _midnight(text))
    return Reading(identified(text))


def numeric(number: float | Decimal) -> Reading:
    """What a number says; one that no IEEE 754 double holds is text only."""
    return Reading(plain(number), finite(number))


def finite(number: float | Decimal) -> float | None:
    """The nearest double, None beyond their range."""
    try:
        value = float(number)
    except OverflowError:
        return None
    return value if isfinite(value) else None


def _timed(text: str) -> Reading:
    try:
        moment = instant(text)
    except InvalidTime:
        return Reading(text)
    return Reading(moment.isoformat(), None, moment.timestamp())


def _midnight(text: str) -> float | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC).timestamp()
    except ValueError:
        return None


@remembered(1 << 15)
def identified(text: str) -> str:
    """An identifier in canonical form; any other text is itself."""
    if text.startswith(("urn:epc:", "http")):
        try:
            return resolved(text)[0]
        except InvalidIdentifier:
            return text
    return text


@remembered(1 << 15)
def value_of(text: str) -> tuple[int, float | None, float | None]:
    """As `read`, with the hash of the text."""
    reading = read(text)
    return hashed(reading.text), reading.number, reading.time
