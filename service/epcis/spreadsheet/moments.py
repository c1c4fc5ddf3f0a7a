"""Times as people write them into cells: never without a time zone, never in an order that could be another.

Local times that a change of the clocks skips or repeats are refused, because they are no instant, or two.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from service.epcis.likeness import Spellings
from service.epcis.spreadsheet.cells import Unreadable
from service.epcis.times import InvalidTime, instant

_WRITE = "write it like 2026-03-01T12:30:00+01:00"
_TIME = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:T|,? +)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r" ?(Z|UTC|GMT|(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)
_ZULU = ("z", "utc", "gmt")
_WRONG: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[0-9]{5}(?:[.,][0-9]+)?"),
     "is a spreadsheet's own number of a day; format the column as text and " + _WRITE),
    (re.compile(r".*[0-9] ?[ap]\.?m\.?\b.*", re.IGNORECASE), "has AM or PM; use the 24 hours clock and " + _WRITE),
    (re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2,4}\b.*"),
     "does not say which number is the day and which the month; " + _WRITE),
    (re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"), "lacks the time of day; " + _WRITE),
    (re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9.,]+)?"), "lacks the date; " + _WRITE),
)  # fmt: skip


class Moment(NamedTuple):
    """An EPCIS time, and the offset of the place's clock (`eventTime`, `eventTimeZoneOffset`)."""

    time: str
    offset: str


def zone(text: str) -> tzinfo:
    """A time zone: an offset from UTC, or one that changes over the year by its IANA name. Raises Unreadable."""
    if text.lower() in _ZULU:
        return UTC
    match = _OFFSET.fullmatch(text)
    if match:
        return _fixed(match, text)
    if re.fullmatch(r"[0-9]{1,2}(?::[0-9]{2}){0,2}", text):
        message = f"{text!r}: the spreadsheet took the offset for a time of day; write UTC+{text[:5]} or UTC-{text[:5]}"
        raise Unreadable("time-zone", message)
    found = _named(text) if len(text) <= 60 else None
    if found is None:
        like = _nearest(text[:60])
        hint = f"is {like} meant?" if like else "write an offset like UTC+01:00 or an IANA name like Europe/Berlin"
        raise Unreadable("time-zone", f"{text[:60]!r} is no time zone; {hint}")
    return found


def _fixed(match: re.Match[str], text: str) -> tzinfo:
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or "0"))
    if offset > timedelta(hours=14) or int(match[3] or "0") > 59:
        raise Unreadable("time-zone", f"{text!r} is no offset from UTC; at most 14:00 is one")
    return timezone(-offset if match[1] == "-" else offset)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.lower(): name for name in sorted(available_timezones()) if name not in ("Factory", "localtime")}


def _named(text: str) -> tzinfo | None:
    name = _names().get(text.lower().replace(" ", "_"))
    return None if name is None else ZoneInfo(name)


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    return {name.rpartition("/")[2]: _names()[name] for name in reversed(_names()) if "/" in name}


@lru_cache(maxsize=600)
def _alike(area: str, initial: str) -> Spellings:
    """The zones of an area whose cities begin with the same letter."""
    return Spellings({name: full for name, full in _names().items() if name.startswith(f"{area}/{initial}")})


def _nearest(text: str) -> str | None:
    """The zone of a city, or one that is spelt alike; none for an abbreviation, which is used in several zones."""
    folded = text.lower().replace(" ", "_")
    area, _, city = folded.partition("/")
    return _cities().get(folded) or (_alike(area, city[:1]).nearest(folded) if city else None)


def moment(zone: tzinfo | None) -> Callable[[str], Moment]:
    """A reader of times; `zone` is where the clock hangs, None where the sender names none. It raises Unreadable."""

    def read(text: str) -> Moment:
        match = _TIME.fullmatch(text)
        if match is None:
            raise Unreadable("time", _why(text))
        try:
            return _moment(match, zone)
        except (InvalidTime, ValueError, OverflowError) as fault:
            if isinstance(fault, Unreadable):
                raise
            raise Unreadable("time", f"{text[:60]!r} is no time that exists: {fault}") from None

    return read


def _why(text: str) -> str:
    for pattern, message in _WRONG:
        if pattern.fullmatch(text):
            return f"{text[:60]!r} {message}"
    return f"{text[:60]!r} is no date and time; {_WRITE}"


def _moment(match: re.Match[str], zone: tzinfo | None) -> Moment:
    year, _, month, number, hour, minute, second, fraction, said = match.groups()
    clock = datetime(int(year), int(month), int(number), int(hour), int(minute), int(second or 0))  # noqa: DTZ001
    own = _own_offset(said)
    if own is None and zone is None:
        raise Unreadable(
            "time-zone", "the time has no time zone; add its offset, like +01:00, or name the zone in a column timeZone"
        )
    if own is None:
        own = _offset_at(clock, zone)
    elif zone is None:
        zone = own
    written = "Z" if said and said.upper() == "Z" else _told(own.utcoffset(None))
    time = f"{clock.isoformat()}{f'.{fraction}' if fraction else ''}{written}"
    at = instant(time)
    return Moment(time, _told(at.astimezone(zone).utcoffset()))


def _own_offset(said: str | None) -> timezone | None:
    if not said:
        return None
    found = zone(said)
    assert isinstance(found, timezone)  # the pattern lets nothing else through
    return found


def _offset_at(clock: datetime, zone: tzinfo | None) -> timezone:
    """The offset of a local time. Raises Unreadable where the zone's clocks skip or repeat it."""
    assert zone is not None
    early, late = (clock.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert early is not None
    assert late is not None
    if early != late:
        how = "is skipped" if early < late else "comes twice"
        message = f"the clocks of {zone} changed then, and {clock:%H:%M} {how} that day; add the offset, like +01:00"
        raise Unreadable("time-zone", message)
    return timezone(early)


def _told(offset: timedelta | None) -> str:
    seconds = int(offset.total_seconds()) if offset else 0
    if seconds % 60:
        raise Unreadable("time-zone", "this zone's clocks were then not whole minutes from UTC; write the time in UTC")
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
