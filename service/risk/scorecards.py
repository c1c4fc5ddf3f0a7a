"""The use: how suppliers, carriers and lanes did, fairly: with intervals, and against others on the same lanes.

Only shipments count that the caller may see, so a supplier sees its own scorecard from its own shipments. Who serves
the hard lanes is late more often than others: `adjusted` compares with what those lanes were like with everybody else.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.errors import BadPeriod
from service.risk.reading import viewer_of
from service.store import scorecards as store
from service.store.database import Database
from service.store.scorecards import By, SubjectRow

LEAST = 20
"""Shipments on which a share has to rest; below, it abstains."""
OTHERS = 10
"""Shipments of others on a lane, from which its rate is compared with."""
PRIOR = 2.0
CLEARLY = 0.5
LONGEST = timedelta(days=400)
_USUAL = timedelta(days=90)
_Z = 1.959964
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Scorecards:
    """Comparisons over a period."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def compare(
        self, caller: Caller, by: By, since: datetime | None = None, until: datetime | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """The subjects with the most shipments booked in the period (default: the last 90 days); raises BadPeriod."""
        caller.require(Scope.RISK_READ)
        end = until or datetime.now(UTC)
        begin = since or max(end, _FIRST) - _USUAL
        if not timedelta() < end - begin <= LONGEST:
            raise BadPeriod(f"since lies before until, by {LONGEST.days} days at most")
        async with self._database.session() as session:
            rows = await store.compare(
                session,
                viewer_of(caller),
                by,
                (begin, end),
                prior=PRIOR,
                others=OTHERS,
                clearly=CLEARLY,
                limit=limit,
            )
        return {"items": [_card(by, row) for row in rows], "more": rows[0].subjects - len(rows) if rows else 0}


def wilson(of: int, hits: int) -> tuple[float, float]:
    """The ends of the 95 % interval of a share (Wilson 1927); `of` > 0."""
    share, z = hits / of, _Z
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def _rate(of: int, hits: int) -> dict[str, Any] | None:
    if of < LEAST:
        return None
    low, high = wilson(of, hits)
    return {"of": of, "share": round(hits / of, 4), "low": round(low, 4), "high": round(high, 4)}


def _adjusted(row: SubjectRow) -> dict[str, Any] | None:
    if row.compared < LEAST or row.expected <= 0:
        return None
    low, high = wilson(row.compared, row.compared_late)
    each = row.expected / row.compared
    return {
        "of": row.compared,
        "late": row.compared_late,
        "expected": round(row.expected, 2),
        "ratio": round(row.compared_late / row.expected, 3),
        "low": round(low / each, 3),
        "high": round(high / each, 3),
    }


def _card(by: By, row: SubjectRow) -> dict[str, Any]:
    enough = row.delivered >= LEAST
    hours = [None if minutes is None else round(minutes / 60, 1) for minutes in (row.p10, row.p50, row.p90)]
    return {
        "by": by,
        "subject": row.subject,
        "name": row.name,
        "shipments": row.shipments,
        "delivered": row.delivered,
        "late": _rate(row.delivered, row.late),
        "adjusted": None if by == "lane" else _adjusted(row),
        "delayHours": dict(zip(("p10", "p50", "p90"), hours, strict=True)) if enough else None,
        "missingReports": _rate(row.planned_reports, row.planned_reports - row.reports) if enough else None,
        "anomalous": _rate(row.watched, row.anomalous),
        "disputes": row.disputes,
        "excursions": _rate(row.sensed, row.excursions),
        "abstained": None if enough else "NOT_ENOUGH_HISTORY",
    }
