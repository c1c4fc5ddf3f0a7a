"""When a scheduled subscription runs (EPCIS 2.0, 8.2.5.3): pure, and in UTC.

A field that is not given stands for any value, unless it is finer than every field that is given: then for its lowest.
`{"hour": "1", "minute": "5"}` is every day at 01:05:00, `{"second": "0"}` every minute, `{"dayOfWeek": "1"}` every
Monday at midnight.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from service.subscriptions.errors import SubscriptionControlsFault

FIELDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "second": (0, 59),
        "minute": (0, 59),
        "hour": (0, 23),
        "dayOfMonth": (1, 31),
        "dayOfWeek": (1, 7),
        "month": (1, 12),
    }
)
"""The fields and their ranges, both ends included; the week begins with Monday."""
_FINENESS = {"second": 0, "minute": 1, "hour": 2, "dayOfMonth": 3, "dayOfWeek": 3, "month": 4}
_ELEMENT = re.compile(r"(?:(\d{1,2})|\[(\d{1,2})-(\d{1,2})\]|(\*))(?:/(\d{1,2}))?", re.ASCII)
_LONGEST = 400
_CALENDAR_REPEATS = timedelta(days=41 * 366)
"""Beyond: any day of any month falls on any day of the week within 40 years, 29 February across 2100 included."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times that match, field by field, in ascending order; `given` is what it was read from."""

    second: tuple[int, ...]
    minute: tuple[int, ...]
    hour: tuple[int, ...]
    dayOfMonth: tuple[int, ...]  # noqa: N815
    dayOfWeek: tuple[int, ...]  # noqa: N815
    month: tuple[int, ...]
    given: Mapping[str, str]

    @classmethod
    def read(cls, given: object) -> "Schedule":
        """The schedule of an EPCIS `schedule` object: fields of numbers, `[1-5]`, `*`, `0/30`, and lists of these.

        Raises:
            SubscriptionControlsFault: it names nothing, or a field or value that there is not, or a day that never is.
        """
        if not isinstance(given, Mapping) or not given:
            raise SubscriptionControlsFault(f"give at least one of {', '.join(FIELDS)}", "/schedule")
        for name in given:
            if name not in FIELDS:
                raise SubscriptionControlsFault(f"there is no {name!r:.40}; there are {', '.join(FIELDS)}", "/schedule")
        finest = min(_FINENESS[name] for name in given)
        fields = {name: _values(name, given[name]) if name in given else _default(name, finest) for name in FIELDS}
        made = cls(**fields, given={name: str(value) for name, value in given.items()})
        if next(made._days(date(2000, 1, 1)), None) is None:
            raise SubscriptionControlsFault("no month has such a day, so it would never run", "/schedule/dayOfMonth")
        return made

    def following(self, moment: datetime) -> datetime:
        """The first time after `moment` (with a zone) that matches, in UTC, to the second."""
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for day in self._days(start.date()):
            found = self._time(start.time() if day == start.date() else time.min)
            if found is not None:
                return datetime.combine(day, found, UTC)
        raise AssertionError("a schedule that runs never was refused when it was read")

    def _days(self, first: date) -> Iterator[date]:
        for number in range(_CALENDAR_REPEATS.days):
            day = first + timedelta(days=number)
            if day.month in self.month and day.day in self.dayOfMonth and day.isoweekday() in self.dayOfWeek:
                yield day

    def _time(self, earliest: time) -> time | None:
        return next(
            (
                time(hour, minute, second)
                for hour in self.hour
                if hour >= earliest.hour
                for minute in self.minute
                if (hour, minute) >= (earliest.hour, earliest.minute)
                for second in self.second
                if (hour, minute, second) >= (earliest.hour, earliest.minute, earliest.second)
            ),
            None,
        )


def _default(name: str, finest: int) -> tuple[int, ...]:
    lowest, highest = FIELDS[name]
    return (lowest,) if _FINENESS[name] < finest else tuple(range(lowest, highest + 1))


def _values(name: str, text: Any) -> tuple[int, ...]:
    if type(text) is int:
        text = str(text)
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
        raise _unreadable(name)
    found: set[int] = set()
    for element in text.split(","):
        found.update(_element(name, element.strip()))
    return tuple(sorted(found))


def _element(name: str, element: str) -> range:
    read = _ELEMENT.fullmatch(element)
    if read is None:
        raise _unreadable(name)
    number, begin, end, every, step = read.groups()
    lowest, highest = FIELDS[name]
    first = lowest if every else int(number or begin)
    last = int(end) if end else first if number and not step else highest
    width = int(step) if step else 1
    if not lowest <= first <= last <= highest or not width:
        raise SubscriptionControlsFault(
            f"{element!r} is out of range: {name} goes from {lowest} to {highest}, and a range upwards",
            f"/schedule/{name}",
        )
    return range(first, last + 1, width)


def _unreadable(name: str) -> SubscriptionControlsFault:
    lowest, highest = FIELDS[name]
    return SubscriptionControlsFault(
        f"write a number from {lowest} to {highest}, a range like [{lowest}-{lowest + 4}], or several with commas",
        f"/schedule/{name}",
    )
