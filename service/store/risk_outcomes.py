"""What became of shipments, as it was known when; and how often each lane was late, live and as of any moment.

Two ways to the same numbers: counters that move with each outcome, and window functions over all outcomes.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store import risk_times
from service.store.database import Session, copy
from service.store.risk_times import Asked, TimeRow


class Standing(NamedTuple):
    """A booking whose unit to be delivered was received: by when that was recorded, and from when to when the booking
    was the first of that unit's that stood (None: ever); `blocked` where an earlier one still does.
    """

    booking: int
    received: datetime
    blocked: bool
    since: datetime | None
    until: datetime | None


class OutcomeRow(NamedTuple):
    """An outcome in the columns of `shipment_outcomes` but `counted`."""

    booking: int
    known_from: datetime
    known_until: datetime | None
    delivered_at: datetime
    late: bool
    minutes: int


class Seen(NamedTuple):
    """How many outcomes were known on a lane, and how many of them were late."""

    number: int
    kind: str
    lane: str
    seen: int
    late: int


async def standings(session: Session, bookings: Collection[int]) -> list[Standing]:
    """Those of the bookings that have a plan and were received, and where they stand among those of their trails."""
    statement = text(
        "SELECT shipments.event, receipt.recorded, earlier.standing, earlier.since, shipments.retracted_at"
        " FROM shipments CROSS JOIN LATERAL (SELECT min(report.record_time) AS recorded"
        "  FROM shipment_milestones AS report WHERE report.booking = shipments.event AND report.unit = shipments.trail"
        "  AND report.step = 'receiving') AS receipt"
        " CROSS JOIN LATERAL (SELECT coalesce(bool_or(former.retracted_at IS NULL), false) AS standing,"
        "  max(former.retracted_at) AS since FROM shipments AS former WHERE former.trail = shipments.trail"
        "  AND former.event < shipments.event AND former.planned_minutes IS NOT NULL) AS earlier"
        " WHERE shipments.event = ANY(CAST(:bookings AS bigint[])) AND shipments.planned_minutes IS NOT NULL"
        " AND receipt.recorded IS NOT NULL ORDER BY shipments.event FOR SHARE OF shipments"
    )
    return [Standing(*row) for row in await session.execute(statement, {"bookings": sorted(bookings)})]


async def replace_outcomes(
    session: Session,
    bookings: Collection[int],
    rows: Sequence[OutcomeRow],
    times: Sequence[TimeRow],
    now: datetime,
) -> None:
    """The outcomes of these bookings, and what they tell of usual times, in the place of those that they had; the
    counts of their lanes and the sums move along.
    """
    await risk_times.forget(session, bookings)
    gone = text(
        "DELETE FROM shipment_outcomes WHERE booking = ANY(CAST(:bookings AS bigint[]))"
        " RETURNING booking, late, counted"
    )
    removed = await session.execute(gone, {"bookings": sorted(bookings)})
    changes: dict[int, tuple[int, int]] = {row[0]: (-1, -int(row[1])) for row in removed if row[2]}
    kept = [(row, row.known_until is None and row.delivered_at <= now) for row in rows]
    columns = (*OutcomeRow._fields, "counted")
    await copy(session, "shipment_outcomes", columns, [(*row, counted) for row, counted in kept])
    for row, counted in kept:
        if counted:
            seen, late = changes.get(row.booking, (0, 0))
            changes[row.booking] = (seen + 1, late + row.late)
    await risk_times.keep(session, times)
    await risk_times.count(session, {row.booking for row, counted in kept if counted})
    await _count(session, {booking: change for booking, change in changes.items() if change != (0, 0)})


async def count_ripe(session: Session, now: datetime, limit: int) -> int:
    """Counts outcomes that were dated later than now when they came, and no longer are; how many."""
    statement = text(
        "UPDATE shipment_outcomes SET counted = true WHERE (booking, known_from) IN (SELECT booking, known_from"
        " FROM shipment_outcomes WHERE NOT counted AND known_until IS NULL AND delivered_at <= :now"
        " ORDER BY booking LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING booking, late"
    )
    ripe = {row[0]: (1, int(row[1])) for row in await session.execute(statement, {"now": now, "limit": limit})}
    await risk_times.count(session, ripe)
    await _count(session, ripe)
    return len(ripe)


async def _count(session: Session, changes: Mapping[int, tuple[int, int]]) -> None:
    """Moves the counts of each booking's lanes; in one order, so that nobody waits for another in a circle."""
    if not changes:
        return
    statement = text(
        "INSERT INTO lane_counts (kind, lane, seen, late)"
        " SELECT kind, lane, sum(changed.seen), sum(changed.late) FROM unnest(CAST(:bookings AS bigint[]),"
        " CAST(:seen AS bigint[]), CAST(:late AS bigint[])) AS changed (booking, seen, late)"
        " JOIN shipment_lanes USING (booking) GROUP BY kind, lane ORDER BY kind, lane"
        " ON CONFLICT (kind, lane) DO UPDATE"
        " SET seen = lane_counts.seen + excluded.seen, late = lane_counts.late + excluded.late"
    )
    values = {
        "bookings": list(changes),
        "seen": [seen for seen, _ in changes.values()],
        "late": [late for _, late in changes.values()],
    }
    await session.execute(statement, values)


async def live_counts(session: Session, lanes: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
    """Outcomes seen, and late ones, on each of the lanes (kind, lane) as of now."""
    if not lanes:
        return {}
    statement = text(
        "SELECT kind, lane, seen, late FROM unnest(CAST(:kinds AS text[]), CAST(:lanes AS text[]))"
        " AS asked (kind, lane) JOIN lane_counts USING (kind, lane)"
    )
    kinds, names = zip(*sorted(set(lanes)), strict=True)
    rows = await session.execute(statement, {"kinds": list(kinds), "lanes": list(names)})
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


# Each outcome is a step up where it became known and, where it was taken back, a step down; a moment sees the sum of
# the steps up to it. Nothing that is recorded later moves a step that lies before.
_STEPS = (
    " outcomes AS (SELECT kind, lane, greatest(delivered_at, known_from) AS since, known_until, late"
    " FROM (SELECT DISTINCT kind, lane FROM asked) AS wanted JOIN shipment_lanes USING (kind, lane)"
    " JOIN shipment_outcomes USING (booking)),"
    " steps AS (SELECT kind, lane, since AS at, 1 AS seen, late::int AS late FROM outcomes"
    " WHERE known_until IS NULL OR known_until > since UNION ALL"
    " SELECT kind, lane, known_until, -1, -late::int FROM outcomes WHERE known_until > since),"
)
_STEPS_BY = (
    " steps AS (SELECT kind, lane, delivered_at AS at, 1 AS seen, late::int AS late"
    " FROM (SELECT DISTINCT kind, lane FROM asked) AS wanted JOIN shipment_lanes USING (kind, lane)"
    " JOIN shipment_outcomes USING (booking) WHERE known_from <= :recorded_by"
    " AND (known_until IS NULL OR known_until > :recorded_by)),"
)
_SUMS = (
    " line AS (SELECT kind, lane, at, false AS asks, seen, late, 0 AS number FROM steps UNION ALL"
    " SELECT kind, lane, at, true, 0, 0, number FROM asked)"
    " SELECT number, kind, lane, seen, late FROM (SELECT number, kind, lane, asks, sum(seen) OVER before AS seen,"
    " sum(late) OVER before AS late FROM line WINDOW before AS (PARTITION BY kind, lane ORDER BY at, asks"
    " ROWS UNBOUNDED PRECEDING)) AS summed WHERE asks AND seen > 0 ORDER BY number, kind, lane"
)


async def counts_as_of(session: Session, asked: Collection[Asked], recorded_by: datetime | None = None) -> list[Seen]:
    """What was known of lanes as of moments; lanes of which nothing was known are left out.

    An outcome is known once it happened and was recorded, both by the moment; with `recorded_by`, once it happened by
    the moment and was recorded by then (for history that was brought in later).
    """
    if not asked:
        return []
    steps = _STEPS if recorded_by is None else _STEPS_BY
    statement = text(
        "WITH asked AS MATERIALIZED (SELECT * FROM unnest(CAST(:numbers AS bigint[]), CAST(:kinds AS text[]),"  # noqa: S608
        f" CAST(:lanes AS text[]), CAST(:moments AS timestamptz[])) AS asked (number, kind, lane, at)),{steps}{_SUMS}"
    )
    numbers, kinds, lanes, moments = zip(*asked, strict=True)
    values = {"numbers": list(numbers), "kinds": list(kinds), "lanes": list(lanes), "moments": list(moments)}
    if recorded_by is not None:
        values["recorded_by"] = recorded_by  # type: ignore[assignment]
    return [Seen(*row) for row in await session.execute(statement, values)]
