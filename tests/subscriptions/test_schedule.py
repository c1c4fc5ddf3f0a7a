from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.subscriptions.errors import SubscriptionControlsFault
from service.subscriptions.schedule import FIELDS, Schedule

FINENESS = [("second",), ("minute",), ("hour",), ("dayOfMonth", "dayOfWeek"), ("month",)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        # the example of the OpenAPI: "every morning at 1.05am"
        ({"hour": "1", "minute": "5"}, "2026-03-01T00:00:00Z", "2026-03-01T01:05:00Z"),
        ({"hour": "1", "minute": "5"}, "2026-03-01T01:05:00Z", "2026-03-02T01:05:00Z"),
        ({"hour": "1", "minute": "5"}, "2026-03-01T01:04:59.999Z", "2026-03-01T01:05:00Z"),
        ({"second": "0/30"}, "2026-03-01T10:00:00Z", "2026-03-01T10:00:30Z"),
        ({"second": "*"}, "2026-12-31T23:59:59.5Z", "2027-01-01T00:00:00Z"),
        ({"second": 10, "minute": 0}, "2026-03-01T10:00:10Z", "2026-03-01T11:00:10Z"),
        ({"minute": "*/15"}, "2026-03-01T10:46:00Z", "2026-03-01T11:00:00Z"),
        ({"hour": "[9-17]", "dayOfWeek": "[1-5]"}, "2026-03-06T17:00:00Z", "2026-03-09T09:00:00Z"),  # Friday, Monday
        ({"dayOfWeek": "7"}, "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"),  # a Sunday itself
        ({"dayOfMonth": "31"}, "2026-04-01T00:00:00Z", "2026-05-31T00:00:00Z"),
        ({"month": "2"}, "2026-03-01T00:00:00Z", "2027-02-01T00:00:00Z"),
        ({"month": "2", "dayOfMonth": "29"}, "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),  # 2100 has none
        ({"month": "2", "dayOfMonth": "29", "dayOfWeek": "1"}, "2472-03-01T00:00:00Z", "2512-02-29T00:00:00Z"),
        ({"month": "1", "dayOfWeek": "1"}, "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"),
        ({"hour": "1", "second": "30"}, "2026-03-01T01:00:30Z", "2026-03-01T01:01:30Z"),
        ({"second": "5,[10-12], 40"}, "2026-03-01T10:00:11Z", "2026-03-01T10:00:12Z"),
        ({"hour": "0"}, "2026-03-01T23:30:00+02:00", "2026-03-02T00:00:00Z"),
    ],
)
def test_the_next_run(schedule: Mapping[str, object], after: str, expected: str) -> None:
    found = Schedule.read(schedule).following(at(after))
    assert found == at(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("schedule", "pointer"),
    [
        ({}, "/schedule"),
        (None, "/schedule"),
        ("5", "/schedule"),
        ({"hours": "1"}, "/schedule"),
        ({"second": "60"}, "/schedule/second"),
        ({"minute": "-1"}, "/schedule/minute"),
        ({"hour": "24"}, "/schedule/hour"),
        ({"dayOfMonth": "0"}, "/schedule/dayOfMonth"),
        ({"dayOfWeek": "8"}, "/schedule/dayOfWeek"),
        ({"month": "13"}, "/schedule/month"),
        ({"second": ""}, "/schedule/second"),
        ({"second": "1,"}, "/schedule/second"),
        ({"second": "1-5"}, "/schedule/second"),
        ({"second": "[5-1]"}, "/schedule/second"),
        ({"second": "[1-60]"}, "/schedule/second"),
        ({"second": "*/0"}, "/schedule/second"),
        ({"second": "١"}, "/schedule/second"),
        ({"second": True}, "/schedule/second"),
        ({"second": ["1"]}, "/schedule/second"),
        ({"second": "1," * 300 + "1"}, "/schedule/second"),
        ({"month": "2", "dayOfMonth": "30"}, "/schedule/dayOfMonth"),
        ({"month": "4,6,9,11", "dayOfMonth": "31"}, "/schedule/dayOfMonth"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_place(schedule: object, pointer: str) -> None:
    with pytest.raises(SubscriptionControlsFault) as refusal:
        Schedule.read(schedule)
    assert refusal.value.extra["pointer"] == pointer
    assert refusal.value.status == 400


def some_values(low: int, high: int) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high)
    ranges = st.tuples(numbers, numbers).map(sorted).map(lambda ends: f"[{ends[0]}-{ends[1]}]")
    steps = st.tuples(numbers, st.integers(1, 30)).map(lambda two: f"{two[0]}/{two[1]}")
    return st.lists(numbers.map(str) | ranges | steps | st.just("*"), min_size=1, max_size=3).map(",".join)


def told(text: str, low: int, high: int) -> set[int]:
    """The same syntax read a second time, by splitting."""
    found: set[int] = set()
    for element in text.split(","):
        body, _, step = element.partition("/")
        if body == "*":
            ends = (low, high)
        elif body.startswith("["):
            first, last = body[1:-1].split("-")
            ends = (int(first), int(last))
        else:
            ends = (int(body), high if step else int(body))
        found |= {value for value in range(ends[0], ends[1] + 1) if (value - ends[0]) % int(step or 1) == 0}
    return found


def matcher(schedule: Mapping[str, str]) -> Callable[[datetime], bool]:
    """The rule itself, asked of one moment."""
    finest = min(place for place, names in enumerate(FINENESS) if any(name in schedule for name in names))
    allowed = [
        told(schedule[name], *FIELDS[name])
        if name in schedule
        else set(range(FIELDS[name][0], FIELDS[name][1] + 1) if place >= finest else FIELDS[name][:1])
        for place, names in enumerate(FINENESS)
        for name in names
    ]

    def matches(moment: datetime) -> bool:
        values = (moment.second, moment.minute, moment.hour, moment.day, moment.isoweekday(), moment.month)
        return all(value in some for value, some in zip(values, allowed, strict=True))

    return matches


schedules = st.fixed_dictionaries(
    {}, optional={name: some_values(*span) for name, span in FIELDS.items() if name in ("second", "minute", "hour")}
).filter(bool)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=40)
@given(schedules, moments)
def test_within_a_day_nothing_earlier_matches(schedule: dict[str, str], moment: datetime) -> None:
    found = Schedule.read(schedule).following(moment)
    assert found > moment
    assert found - moment <= timedelta(days=1)
    second = moment.replace(microsecond=0) + timedelta(seconds=1)
    matches = matcher(schedule)
    # every second is asked, as far as the first that matches
    for number in range(86_401):
        if matches(second + timedelta(seconds=number)):
            assert found == second + timedelta(seconds=number)
            return
    pytest.fail("nothing matches within a day")


day_schedules = st.fixed_dictionaries(
    {}, optional={name: some_values(*FIELDS[name]) for name in ("dayOfMonth", "dayOfWeek", "month")}
).filter(bool)


@given(day_schedules, moments, st.integers(-14, 14))
def test_among_days_nothing_earlier_matches(schedule: dict[str, str], moment: datetime, zone: int) -> None:
    matches = matcher(schedule)
    try:
        read = Schedule.read(schedule)
    except SubscriptionControlsFault:
        day = datetime(2000, 1, 1, tzinfo=UTC)
        assert not any(matches(day + timedelta(days=number)) for number in range(366))
        return
    found = read.following(moment.astimezone(timezone(timedelta(hours=zone))))
    assert matches(found)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while midnight < found:
        assert not matches(midnight)
        midnight += timedelta(days=1)
