"""A party's day: from one midnight to the next in its own time zone. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.risk.errors import BadPolicy


def zone(name: str) -> ZoneInfo:
    """The time zone with this IANA name; raises BadPolicy where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadPolicy(f"{name!r} is no time zone: use an IANA name like Europe/Berlin, or UTC") from None


def day_and_part(moment: datetime, timezone: str) -> tuple[date, float]:
    """The day in the time zone, and how much of it is over (0 to 1); days of 23 and 25 hours are taken as they are."""
    here = zone(timezone)
    day = moment.astimezone(here).date()
    begin = datetime.combine(day, time(), here).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
    return day, min(1.0, max(0.0, (moment - begin) / (end - begin)))
