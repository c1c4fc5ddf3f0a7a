# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Notices: what a recall tells the parties that have a part in the trails of the things it reached."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import VISIBLE, TrailRow, Viewer


class NoticeRow(NamedTuple):
    """A notice with what its recall says; `things` is of how many things it tells its party."""

    id: UUID
    seq: int
    party: bytes
    kind: str
    created_at: datetime
    acknowledged_at: datetime | None
    recall: UUID
    by: bytes
    by_identifier: str
    by_name: str
    reason: str
    disposition: str
    direction: str
    opened_at: datetime
    closed_at: datetime | None
    things: int


_ROW = (
    "SELECT notices.id, notices.seq, notices.party, notices.kind, notices.created_at, notices.acknowledged_at,"
    " recalls.id, recalls.party, parties.identifier, parties.name, recalls.reason, recalls.disposition,"
    " recalls.direction, recalls.opened_at, recalls.closed_at,"
    " (SELECT count(*) FROM notified WHERE notified.notice = notices.id)"
    " FROM notices JOIN recalls ON recalls.id = notices.recall JOIN parties ON parties.id = recalls.party"
)


async def lock_notices(session: Session) -> None:
    """Until the commit, nobody else writes notices: so their numbers follow the order of commits."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('notices', 0))"))


async def notify(session: Session, recall: UUID, by: bytes, kind: str) -> int:
    """One notice to each party that has a part in the trail of a thing that the recall reached and it was not told of;
    how many. `by`, who opened the recall, is not told of it. `lock_notices` is held.
    """
    statement = text(
        "WITH fresh AS MATERIALIZED (SELECT part.party, thing.trail FROM recall_things AS thing"
        " JOIN trail_parties AS part ON part.trail = thing.trail WHERE thing.recall = :recall AND thing.counts"
        " AND part.party <> :by AND NOT EXISTS (SELECT FROM notified WHERE notified.recall = :recall"
        " AND notified.party = part.party AND notified.trail = thing.trail)),"
        " told AS (INSERT INTO notices (id, party, kind, recall) SELECT gen_random_uuid(), party, :kind, :recall"
        " FROM (SELECT DISTINCT party FROM fresh) AS parties ORDER BY party RETURNING id, party),"
        " of AS (INSERT INTO notified (recall, party, trail, notice)"
        " SELECT :recall, fresh.party, fresh.trail, told.id FROM fresh JOIN told USING (party))"
        " SELECT count(*) FROM told"
    )
    found: int = (await session.execute(statement, {"recall": recall, "by": by, "kind": kind})).scalar_one()
    return found


async def tell_all(session: Session, recall: UUID, kind: str) -> None:
    """One notice to each party that the recall told something before. `lock_notices` is held."""
    statement = text(
        "INSERT INTO notices (id, party, kind, recall) SELECT gen_random_uuid(), party, :kind, :recall"
        " FROM (SELECT DISTINCT party FROM notified WHERE recall = :recall) AS parties ORDER BY party"
    )
    await session.execute(statement, {"recall": recall, "kind": kind})


async def notices_of(
    session: Session, party: bytes, before: int | None, limit: int, *, unacknowledged: bool = False
) -> list[NoticeRow]:
    """A party's notices, the newest first, from before the one with this seq."""
    statement = text(
        f"{_ROW} WHERE notices.party = :party AND (CAST(:before AS bigint) IS NULL OR notices.seq < :before)"
        " AND (NOT :unacknowledged OR notices.acknowledged_at IS NULL) ORDER BY notices.seq DESC LIMIT :limit"
    )
    values = {"party": party, "before": before, "limit": limit, "unacknowledged": unacknowledged}
    return [NoticeRow(*row) for row in (await session.execute(statement, values)).all()]


async def notice(session: Session, party: bytes, notice_id: UUID) -> NoticeRow | None:
    """The party's notice with this id."""
    statement = text(f"{_ROW} WHERE notices.party = :party AND notices.id = :notice")
    row = (await session.execute(statement, {"party": party, "notice": notice_id})).one_or_none()
    return NoticeRow(*row) if row else None


async def things_of(session: Session, notice_id: UUID, after: bytes, limit: int) -> list[TrailRow]:
    """Up to `limit` things that a notice tells of, by trail id from after `after`."""
    statement = text(
        "SELECT trails.id, trails.identifier, trails.kind FROM notified JOIN trails ON trails.id = notified.trail"
        " WHERE notified.notice = :notice AND notified.trail > :after ORDER BY notified.trail LIMIT :limit"
    )
    values = {"notice": notice_id, "after": after, "limit": limit}
    return [TrailRow(*row) for row in (await session.execute(statement, values)).all()]


async def acknowledge(session: Session, party: bytes, notice_id: UUID, key_id: str) -> None:
    """The party has seen its notice; the first time stays."""
    statement = text(
        "UPDATE notices SET acknowledged_at = now(), acknowledged_with = :key"
        " WHERE id = :notice AND party = :party AND acknowledged_at IS NULL"
    )
    await session.execute(statement, {"notice": notice_id, "party": party, "key": key_id})


class NotifiedRow(NamedTuple):
    """A party that a recall told something: of how many things, and which the viewer sees of them; when it acknowledged
    the last of its notices, None while one is left.
    """

    identifier: str
    name: str
    things: int
    visible: int
    notified_at: datetime
    acknowledged_at: datetime | None


async def notified_by(session: Session, recall: UUID, viewer: Viewer) -> Sequence[NotifiedRow]:
    """The parties that a recall told something, by name."""
    statement = text(
        "SELECT parties.identifier, parties.name, told.things, told.visible, sent.first,"
        " CASE WHEN sent.all_seen THEN sent.last END FROM (SELECT party, count(*) AS things,"
        f" count(*) FILTER (WHERE {VISIBLE.format(trail='notified.trail')}) AS visible FROM notified"
        " WHERE recall = :recall GROUP BY party) AS told"
        " JOIN (SELECT party, min(created_at) AS first, max(acknowledged_at) AS last,"
        " bool_and(acknowledged_at IS NOT NULL) AS all_seen FROM notices WHERE recall = :recall GROUP BY party) AS sent"
        " USING (party) JOIN parties ON parties.id = told.party ORDER BY parties.name, parties.identifier"
    )
    rows = await session.execute(statement, {"recall": recall, **viewer.values})
    return [NotifiedRow(*row) for row in rows.all()]
