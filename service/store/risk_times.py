# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""How long milestones usually take (`ml.usual`), and who works where (`ml.trail_rules.counted`): the sums of all known
outcomes, live and as of any moment.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session, copy

COLUMNS = ("seen", "took", "plan", "took_took", "took_plan", "plan_plan")
Sums = tuple[int, int, int, int, int, int]
Key = tuple[str, str]
_ADDED = ", ".join(f"{name} = time_sums.{name} + excluded.{name}" for name in COLUMNS)
_INTO = f"INSERT INTO time_sums (kind, lane, {', '.join(COLUMNS)}) SELECT kind, lane, "
_COUNTED = (
    " FROM shipment_outcomes JOIN shipment_times USING (booking, known_from)"
    " WHERE booking = ANY(CAST(:bookings AS bigint[])) AND counted GROUP BY kind, lane ORDER BY kind, lane"
    f" ON CONFLICT (kind, lane) DO UPDATE SET {_ADDED}"
)
_UP = text(_INTO + ", ".join(f"sum({name})" for name in COLUMNS) + _COUNTED)
_DOWN = text(_INTO + ", ".join(f"-sum({name})" for name in COLUMNS) + _COUNTED)


class Asked(NamedTuple):
    """A lane, or a kind and place, that is asked for as of a moment; `number` is the asker's."""

    number: int
    kind: str
    lane: str
    at: datetime


class TimeRow(NamedTuple):
    """What a version of an outcome tells of one kind and place, in the columns of `shipment_times`."""

    booking: int
    known_from: datetime
    kind: str
    lane: str
    seen: int
    took: int
    plan: int
    took_took: int
    took_plan: int
    plan_plan: int


async def forget(session: Session, bookings: Collection[int]) -> None:
    """Takes what the outcomes of these bookings told out of the sums, and away. Their rows are there still."""
    values = {"bookings": sorted(bookings)}
    await session.execute(_DOWN, values)
    gone = text("DELETE FROM shipment_times WHERE booking = ANY(CAST(:bookings AS bigint[]))")
    await session.execute(gone, values)


async def keep(session: Session, rows: Sequence[TimeRow]) -> None:
    """Notes what outcomes tell; `count` puts it into the sums once they are counted."""
    await copy(session, "shipment_times", TimeRow._fields, rows)


async def count(session: Session, bookings: Collection[int]) -> None:
    """Puts what the counted outcomes of these bookings tell into the sums."""
    await session.execute(_UP, {"bookings": sorted(bookings)})


async def live_sums(session: Session, keys: Collection[Key]) -> dict[Key, Sums]:
    """The sums of these kinds and places as of now."""
    if not keys:
        return {}
    statement = text(
        f"SELECT kind, lane, {', '.join(COLUMNS)} FROM unnest(CAST(:kinds AS text[]), CAST(:lanes AS text[]))"
        " AS asked (kind, lane) JOIN time_sums USING (kind, lane) WHERE seen > 0"
    )
    kinds, lanes = zip(*sorted(set(keys)), strict=True)
    rows = await session.execute(statement, {"kinds": list(kinds), "lanes": list(lanes)})
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


# As in `risk_outcomes`: a step up where an outcome became known, a step down where it was taken back.
_TOLD = (
    " told AS (SELECT kind, lane, greatest(delivered_at, known_from) AS since, known_from, known_until, delivered_at,"
    f" {', '.join(COLUMNS)} FROM (SELECT DISTINCT kind, lane FROM asked) AS wanted JOIN shipment_times"
    " USING (kind, lane) JOIN shipment_outcomes USING (booking, known_from)),"
)
_STEPS = (
    f" steps AS (SELECT kind, lane, since AS at, {', '.join(COLUMNS)} FROM told"
    " WHERE known_until IS NULL OR known_until > since UNION ALL SELECT kind, lane, known_until,"
    f" {', '.join(f'-{name}' for name in COLUMNS)} FROM told WHERE known_until > since),"
)
_STEPS_BY = (
    f" steps AS (SELECT kind, lane, delivered_at AS at, {', '.join(COLUMNS)} FROM told"
    " WHERE known_from <= :recorded_by AND (known_until IS NULL OR known_until > :recorded_by)),"
)
_SUMMED = (
    f" line AS (SELECT kind, lane, at, false AS asks, 0 AS number, {', '.join(COLUMNS)} FROM steps UNION ALL"
    f" SELECT kind, lane, at, true, number, {', '.join('0' for _ in COLUMNS)} FROM asked),"
    " summed AS (SELECT number, kind, lane, asks,"
    f" {', '.join(f'(sum({name}) OVER before)::bigint AS {name}' for name in COLUMNS)} FROM line"
    " WINDOW before AS (PARTITION BY kind, lane ORDER BY at, asks ROWS UNBOUNDED PRECEDING))"
    f" SELECT number, kind, lane, {', '.join(COLUMNS)} FROM summed WHERE asks AND seen > 0"
)


async def sums_as_of(
    session: Session, asked: Collection[Asked], recorded_by: datetime | None = None
) -> dict[int, dict[Key, Sums]]:
    """The sums that were known of kinds and places as of moments, by the askers' numbers (see `counts_as_of`)."""
    if not asked:
        return {}
    statement = text(
        "WITH asked AS MATERIALIZED (SELECT * FROM unnest(CAST(:numbers AS bigint[]), CAST(:kinds AS text[]),"
        " CAST(:lanes AS text[]), CAST(:moments AS timestamptz[])) AS asked (number, kind, lane, at)),"
        f"{_TOLD}{_STEPS if recorded_by is None else _STEPS_BY}{_SUMMED}"
    )
    numbers, kinds, lanes, moments = zip(*asked, strict=True)
    values: dict[str, object] = {"numbers": list(numbers), "kinds": list(kinds), "lanes": list(lanes)}
    values |= {"moments": list(moments)} | ({} if recorded_by is None else {"recorded_by": recorded_by})
    found: dict[int, dict[Key, Sums]] = {}
    for row in await session.execute(statement, values):
        found.setdefault(row[0], {})[row[1], row[2]] = tuple(row[3:])
    return found
