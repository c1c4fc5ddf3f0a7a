"""EPCIS times: text with an offset, never floats, never zoneless (EPCIS 2.0 section 7.3; xsd:dateTimeStamp)."""

import re
from datetime import UTC, datetime, timedelta

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)", re.ASCII
)
_OFFSET = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)


class InvalidTime(ValueError):
    """The text is no date and time with an offset; the message says what to change."""


def is_offset(text: str) -> bool:
    """Whether `text` is an eventTimeZoneOffset: `+hh:mm` or `-hh:mm`, at most 14:00."""
    return _OFFSET.fullmatch(text) is not None


def instant(text: str) -> datetime:
    """The instant of an EPCIS time, in UTC, cut to microseconds. Raises InvalidTime."""
    date, time, fraction, offset = _parts(text)
    return _moment(date, f"{time}.{(fraction or '')[:6]:0<6}", offset, text)


def milliseconds(text: str) -> str:
    """An EPCIS time in UTC, rounded half up to milliseconds, as `YYYY-MM-DDThh:mm:ss.sssZ` (CBV 2.0 section 8.9.2)."""
    date, time, fraction, offset = _parts(text)
    digits = (fraction or "").ljust(4, "0")
    moment = _moment(date, f"{time}.{digits[:3]}", offset, text)
    if digits[3] >= "5":
        try:
            moment += timedelta(milliseconds=1)
        except OverflowError as error:
            raise InvalidTime(f"{text!r} rounds beyond the year 9999") from error
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")


def _parts(text: str) -> tuple[str, str, str | None, str]:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise InvalidTime(f"{text[:60]!r} is no time with an offset; write it like 2026-03-01T12:30:00.000+01:00")
    return match[1], match[2], match[3], match[4]


def _moment(date: str, time: str, offset: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{date}T{time}{offset}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidTime(f"{text[:60]!r} is no time that exists: {error}") from error
