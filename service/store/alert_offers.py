# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""What a day offered to alert to, what of it stands, and the forecast that the day's budget is shared out by."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text

from service.store.database import Session


class OfferRow(NamedTuple):
    """In the columns of `alert_offers`."""

    party: bytes
    day: date
    trail: bytes
    benefit: float
    gone: float
    standing: float
    assessment: UUID


class Standing(NamedTuple):
    """An offer that stands, with the assessment that it rests on."""

    trail: bytes
    benefit: float
    assessment: UUID
    as_of: datetime
    stage: str
    probability: float
    planned_end: datetime | None


class DayRow(NamedTuple):
    """A day until now: the forecast made for it, and the benefits of what was offered and alerted to."""

    days: int
    forecast: list[list[float]]
    offered: list[float]
    alerted: list[float]


async def offer(session: Session, rows: Sequence[OfferRow]) -> None:
    """Notes what shipments offer; the day's best is kept until a better one comes. An offer of 0 only ends one."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row[:3])
    columns = {name: [getattr(row, name) for row in ordered] for name in OfferRow._fields}
    statement = text(
        "INSERT INTO alert_offers (party, day, trail, benefit, gone, standing, assessment)"
        f" SELECT * FROM {_GIVEN} WHERE given.benefit > 0"
        " ON CONFLICT (party, day, trail) DO UPDATE SET"
        " gone = CASE WHEN excluded.benefit > alert_offers.benefit THEN excluded.gone ELSE alert_offers.gone END,"
        " benefit = greatest(excluded.benefit, alert_offers.benefit), standing = excluded.standing,"
        " assessment = excluded.assessment"
    )
    await session.execute(statement, columns)
    ended = text(
        f"UPDATE alert_offers SET standing = 0 FROM {_GIVEN} WHERE given.benefit = 0"
        " AND alert_offers.party = given.party AND alert_offers.day = given.day AND alert_offers.trail = given.trail"
    )
    await session.execute(ended, columns)


_GIVEN = (
    "unnest(CAST(:party AS bytea[]), CAST(:day AS date[]), CAST(:trail AS bytea[]), CAST(:benefit AS float8[]),"
    " CAST(:gone AS float8[]), CAST(:standing AS float8[]), CAST(:assessment AS uuid[]))"
    " AS given (party, day, trail, benefit, gone, standing, assessment)"
)


async def day_of(session: Session, party: bytes, day: date, *, kept: int, recent: int) -> DayRow:
    """The day until now; its forecast is made when it is first asked for, from up to `recent` days before it.

    `kept`: the best so many offers of a day are looked at.
    """
    values = {"party": party, "day": day, "kept": kept, "recent": recent}
    known = (await session.execute(text(f"SELECT days, forecast FROM alert_days WHERE {_OF_DAY}"), values)).first()
    days, forecast = tuple(known) if known is not None else await _forecast(session, values)
    offered = await session.scalars(
        text(f"SELECT benefit FROM alert_offers WHERE {_OF_DAY} ORDER BY benefit DESC LIMIT :kept"), values
    )
    alerted = await session.scalars(text(f"SELECT benefit FROM alerts WHERE {_OF_DAY}"), values)
    return DayRow(days, forecast, list(offered.all()), list(alerted.all()))


_OF_DAY = "party = :party AND day = :day"


async def _forecast(session: Session, values: dict[str, Any]) -> tuple[int, Any]:
    past = await session.execute(
        text(
            "SELECT best.day, best.gone, best.benefit FROM (SELECT DISTINCT day FROM alert_offers WHERE party = :party"
            " AND day < :day AND day >= CAST(:day AS date) - 2 * CAST(:recent AS int) ORDER BY day DESC LIMIT :recent)"
            " AS recent CROSS JOIN LATERAL (SELECT day, gone, benefit FROM alert_offers WHERE party = :party"
            "  AND alert_offers.day = recent.day ORDER BY benefit DESC LIMIT :kept) AS best"
        ),
        values,
    )
    rows = past.all()
    days, forecast = len({row[0] for row in rows}), [[row[1], row[2]] for row in rows]
    made = text(
        "INSERT INTO alert_days (party, day, days, forecast) VALUES (:party, :day, :days, CAST(:forecast AS jsonb))"
        " ON CONFLICT DO NOTHING"
    )
    await session.execute(made, values | {"days": days, "forecast": orjson.dumps(forecast).decode()})
    # Nobody looks further back than the forecast does.
    await session.execute(
        text("DELETE FROM alert_offers WHERE party = :party AND day < CAST(:day AS date) - 3 * CAST(:recent AS int)"),
        values,
    )
    return days, forecast


_SEES_STILL = """(EXISTS (SELECT FROM trail_parties AS part WHERE part.trail = offers.trail AND (part.party = :party
    OR part.party IN (SELECT grantor FROM grants WHERE grantee = :party)))
    OR EXISTS (SELECT FROM parties WHERE parties.id = :party AND parties.roles & 40 <> 0))"""


async def standing(session: Session, party: bytes, day: date, limit: int) -> list[Standing]:
    """The best offers of the day that stand and the party sees still, the best first."""
    statement = text(
        "SELECT offers.trail, offers.standing, given.id, given.as_of, given.stage, given.probability,"
        " given.planned_end FROM alert_offers AS offers JOIN assessments AS given ON given.id = offers.assessment"
        f" WHERE offers.party = :party AND offers.day = :day AND offers.standing > 0 AND {_SEES_STILL}"
        " ORDER BY offers.standing DESC, offers.trail LIMIT :limit"
    )
    rows = await session.execute(statement, {"party": party, "day": day, "limit": limit})
    return [Standing(*row) for row in rows.all()]
