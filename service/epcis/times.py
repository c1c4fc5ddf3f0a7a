"""EPCIS times: text with an offset, never floats, never zoneless (EPCIS 2.0 section 7.3; xsd:dateTimeStamp)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from service.epcis.advice.moments import time as advice

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)", re.ASCII
)
_OFFSET = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)

_TOO_LATE = datetime.max.replace(microsecond=999_500, tzinfo=UTC)
"""From here on there is no millisecond to round to, which the event hash does."""


class InvalidTime(ValueError):
    """The text is no date and time with an offset; the message says what to change."""


def is_offset(text: str) -> bool:
    """Whether `text` is an eventTimeZoneOffset: `+hh:mm` or `-hh:mm`, at most 14:00."""
    return _OFFSET.fullmatch(text) is not None


def instant(text: str) -> datetime:
    """The instant of an EPCIS time, in UTC, cut to microseconds. Raises InvalidTime."""
    return _remembered(text) if len(text) <= 40 else _instant(text)


def _instant(text: str) -> datetime:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise InvalidTime(f"{text[:60]!r} is no time with an offset: {advice(text)}")
    date, time, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{time}.{(fraction or '')[:6]:0<6}{offset}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"{text[:60]!r} is no time that exists: {error}") from error
    if moment >= _TOO_LATE:
        raise InvalidTime(f"{text[:60]!r} rounds to milliseconds beyond the year 9999; send an earlier time")
    return moment


_remembered = lru_cache(maxsize=1 << 14)(_instant)  # a time is read when its event is judged, hashed and stored


def milliseconds(text: str) -> str:
    """An EPCIS time in UTC, rounded half up to milliseconds, as `YYYY-MM-DDThh:mm:ss.sssZ` (CBV 2.0 section 8.9.2)."""
    moment = instant(text)
    if moment.microsecond % 1000 >= 500:  # digits that `instant` cut off come too late to matter
        moment += timedelta(milliseconds=1)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
