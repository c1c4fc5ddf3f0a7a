"""The use: the record of the scores that were shown, by week and by lane."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.backtest import Group, judged
from service.risk.errors import BadPeriod
from service.store import score_record as store
from service.store.database import Database
from service.store.score_record import MOST_SHOWN, ShownScore
from service.store.trails import Viewer

By = Literal["week", "lane"]
MOST_LANES = 50
"""Lanes that are told, those with the most shipments first; the others are told together."""
LONGEST = timedelta(days=400)
USUAL = timedelta(days=28)


class Record:
    """What was shown to the caller's party (to auditors and regulators: to anybody), and whether it was right."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database, self._clock = database, clock

    async def backtest(
        self, caller: Caller, since: datetime | None = None, until: datetime | None = None, *, by: By = "week"
    ) -> dict[str, Any]:
        """The figures of a period (default: the last four weeks), over all and by week or lane.

        Nothing is computed anew: these are the probabilities, lists and intervals as they were stored and shown. Only
        shipments that the caller may see count.

        Raises:
            BadPeriod: it ends before it begins, or is longer than some 13 months.
        """
        caller.require(Scope.RISK_READ)
        since, until = period(since, until, self._clock())
        async with self._database.session() as session:
            rows = await store.shown_between(session, Viewer(caller.party, caller.sees_all), since, until)
        figures = await asyncio.to_thread(_figures, rows, by)
        whole = {"since": since.isoformat(), "until": until.isoformat(), "by": by}
        return whole | {"truncated": len(rows) >= MOST_SHOWN} | figures


def period(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """A period with its defaults; raises BadPeriod."""
    until = until or now
    since = since or until - USUAL
    if any(moment.utcoffset() is None for moment in (since, until)):
        raise BadPeriod("times need an offset from UTC, for example a Z at the end")
    if not timedelta(0) < until - since <= LONGEST:
        raise BadPeriod(f"give a period that ends after it begins and has at most {LONGEST.days} days")
    return since, until


def _figures(rows: Sequence[ShownScore], by: By) -> dict[str, Any]:
    groups = by_week(rows) if by == "week" else by_lane(rows)
    return {"all": judged(Group("all", rows)), "groups": [judged(group, intervals=by == "week") for group in groups]}


def by_week(rows: Iterable[ShownScore]) -> list[Group]:
    """ISO weeks of when the scores were shown, in UTC."""
    ordered = sorted(rows, key=lambda one: one.at)
    return [Group(week, list(some)) for week, some in groupby(ordered, key=lambda one: _week(one.at))]


def by_lane(rows: Sequence[ShownScore]) -> list[Group]:
    """Hub and destination; lanes beyond `MOST_LANES` are one group, as are plans without both."""
    trails: dict[str, set[bytes]] = {}
    for one in rows:
        trails.setdefault(one.lane or "", set()).add(one.trail)
    told = sorted((lane for lane in trails if lane), key=lambda lane: (-len(trails[lane]), lane))[:MOST_LANES]
    groups = [Group(lane.replace(",", " to "), [one for one in rows if one.lane == lane]) for lane in told]
    rest = [one for one in rows if one.lane not in told]
    return [*groups, Group("other lanes", rest)] if rest else groups


def _week(moment: datetime) -> str:
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02d}"
