# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Which shipments are to be scored when, and the latest score of each, from which lists are read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.risk import FIRST, GIVEN, VISIBLE, BookedShipment


class Former(NamedTuple):
    """A shipment's latest stored score, as far as the next one is compared with it."""

    as_of: datetime
    probability: float | None
    band: str | None
    codes: list[str]


class DueShipment(NamedTuple):
    """A shipment that is to be scored; `stands` is False where its booking is no longer the one that counts."""

    booked: BookedShipment
    stands: bool
    former: Former | None


class LatestRow(NamedTuple):
    """A shipment's latest score, in the columns of `shipment_scores`."""

    booking: int
    trail: bytes
    assessment: UUID
    as_of: datetime
    probability: float | None
    band: str | None
    rank: float
    codes: list[str]
    overrun: bool
    under_way: bool


class Place(NamedTuple):
    """Where a page of the ranked list begins: after this rank and booking."""

    overrun: bool
    rank: float
    booking: int


async def take_due(session: Session, now: datetime, limit: int) -> list[DueShipment]:
    """Some shipments that are due and that no other worker has taken; theirs until the commit.

    Their rows are held: an erasure that changes them comes before this or after the commit.
    """
    statement = text(
        "SELECT shipments.trail, trails.identifier, shipments.event, shipments.booked_at,"
        f" shipments.retracted_at IS NULL AND {FIRST}, latest.as_of, latest.probability, latest.band, latest.codes"
        " FROM shipments_due AS due JOIN shipments ON shipments.event = due.booking"
        " JOIN trails ON trails.id = shipments.trail LEFT JOIN shipment_scores AS latest"
        " ON latest.booking = due.booking WHERE due.due_at <= :now AND NOT due.refollow"
        " ORDER BY due.due_at LIMIT :limit FOR UPDATE OF due SKIP LOCKED FOR SHARE OF shipments SKIP LOCKED"
    )
    rows = await session.execute(statement, {"now": now, "limit": limit})
    return [
        DueShipment(BookedShipment(*row[:4]), row[4], None if row[5] is None else Former(*row[5:]))
        for row in rows.all()
    ]


async def clock(session: Session) -> datetime:
    """The database's clock, which stamps what is recorded: nothing that this session has read is later."""
    found: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return found


async def set_due(session: Session, due: Sequence[tuple[int, datetime | None]]) -> None:
    """When each booking is to be scored next; None: not before an event comes."""
    if not due:
        return
    bookings, moments = zip(*due, strict=True)
    told = (
        " FROM unnest(CAST(:bookings AS bigint[]), CAST(:moments AS timestamptz[])) AS told (booking, moment)"
        " WHERE shipments_due.booking = told.booking"
    )
    values = {"bookings": list(bookings), "moments": list(moments)}
    later = f"UPDATE shipments_due SET due_at = told.moment, reason = 'silence'{told} AND told.moment IS NOT NULL"
    never = (
        "DELETE FROM shipments_due USING unnest(CAST(:bookings AS bigint[]), CAST(:moments AS timestamptz[]))"
        " AS told (booking, moment) WHERE shipments_due.booking = told.booking AND told.moment IS NULL"
    )
    await session.execute(text(later), values)
    await session.execute(text(never), values)


async def save_latest(session: Session, rows: Sequence[LatestRow]) -> None:
    """Makes these the latest scores of their shipments."""
    if not rows:
        return
    statement = text(
        "INSERT INTO shipment_scores (booking, trail, assessment, as_of, probability, band, rank, codes, overrun,"
        " under_way) SELECT booking, trail, assessment, as_of, probability, band, rank, string_to_array(codes, ','),"
        " overrun, under_way FROM unnest(CAST(:booking AS bigint[]), CAST(:trail AS bytea[]),"
        " CAST(:assessment AS uuid[]), CAST(:as_of AS timestamptz[]), CAST(:probability AS double precision[]),"
        " CAST(:band AS text[]), CAST(:rank AS double precision[]), CAST(:codes AS text[]),"
        " CAST(:overrun AS boolean[]), CAST(:under_way AS boolean[])) AS told (booking, trail, assessment, as_of,"
        " probability, band, rank, codes, overrun, under_way) ON CONFLICT (booking) DO UPDATE"
        " SET assessment = excluded.assessment,"
        " as_of = excluded.as_of, probability = excluded.probability, band = excluded.band, rank = excluded.rank,"
        " codes = excluded.codes, overrun = excluded.overrun, under_way = excluded.under_way"
    )
    columns = zip(*((*row[:7], ",".join(row.codes), *row[8:]) for row in rows), strict=True)
    values = {name: list(column) for name, column in zip(LatestRow._fields, columns, strict=True)}
    await session.execute(statement, values)


async def forget_latest(session: Session, bookings: Sequence[int]) -> None:
    """Takes bookings that no longer stand off the list."""
    if bookings:
        statement = text("DELETE FROM shipment_scores WHERE booking = ANY(CAST(:bookings AS bigint[]))")
        await session.execute(statement, {"bookings": list(bookings)})


class Listed(NamedTuple):
    """A shipment on the ranked list, with its stored score (columns of `assessments`)."""

    place: Place
    identifier: str
    booked_at: datetime
    given: dict[str, Any]


async def riskiest(
    session: Session,
    party: bytes,
    sees_all: bool,
    after: Place | None,
    limit: int,
    *,
    now: datetime,
    late_too: bool,
) -> list[Listed]:
    """The latest scores of visible shipments under way, the likeliest to be late first, from after a place on.

    Those whose planned end has passed by `now` are left out, unless `late_too`.
    """
    statement = text(
        "SELECT scores.overrun, scores.rank, scores.booking, trails.identifier, shipments.booked_at AS booked_at,"
        f" {GIVEN} FROM shipment_scores AS scores JOIN shipments ON shipments.event = scores.booking"
        " JOIN trails ON trails.id = shipments.trail JOIN assessments ON assessments.id = scores.assessment"
        " WHERE scores.under_way AND shipments.retracted_at IS NULL"
        + ("" if late_too else " AND NOT scores.overrun AND (assessments.planned_end > :now) IS NOT FALSE")
        + VISIBLE
        + ("" if after is None else " AND (scores.overrun, scores.rank, scores.booking) < (:overrun, :rank, :booking)")
        + " ORDER BY scores.overrun DESC, scores.rank DESC, scores.booking DESC LIMIT :limit"
    )
    values = {"party": party, "sees_all": sees_all, "limit": limit, **({} if late_too else {"now": now})}
    rows = (await session.execute(statement, values | (after._asdict() if after else {}))).mappings()
    return [
        Listed(Place(row["overrun"], row["rank"], row["booking"]), row["identifier"], row["booked_at"], dict(row))
        for row in rows
    ]
