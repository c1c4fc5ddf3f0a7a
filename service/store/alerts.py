# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Alerts and inspections as their party reads them, and what its analysts say about assessments."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import VISIBLE, Viewer


class DispositionRow(NamedTuple):
    """In the columns of `dispositions`."""

    id: UUID
    seq: int
    party: bytes
    assessment: UUID
    trail: bytes
    number: int
    verdict: str
    note: str
    at: datetime
    by_key: str


class AlertRow(NamedTuple):
    """An alert with its shipment, its assessment's reasons, and the disposition that stands (by its `latest`)."""

    id: UUID
    seq: int
    party: bytes
    identifier: str
    assessment: UUID
    day: date
    as_of: datetime
    created_at: datetime
    stage: str
    probability: float
    band: str
    benefit: float
    threshold: float
    why: str
    acknowledged_at: datetime | None
    expected_end: datetime | None
    planned_end: datetime | None
    reasons: list[Any]


class InspectionRow(NamedTuple):
    """A shipment that the day's draw chose, with the assessment that it had then."""

    seq: int
    day: date
    identifier: str
    assessment: UUID
    propensity: float
    draw: bytes
    created_at: datetime
    as_of: datetime
    stage: str
    probability: float | None
    reasons: list[Any]


class Judged(NamedTuple):
    """An assessment that can be disposed of: its shipment's trail."""

    assessment: UUID
    trail: bytes


_SEEN = VISIBLE.format(trail="alerts.trail")
_ALERT = (
    "SELECT alerts.id, alerts.seq, alerts.party, trails.identifier, alerts.assessment, alerts.day, alerts.as_of,"
    " alerts.created_at, alerts.stage, alerts.probability, alerts.band, alerts.benefit, alerts.threshold, alerts.why,"
    " alerts.acknowledged_at, given.expected_end, given.planned_end, given.reasons FROM alerts"
    " JOIN trails ON trails.id = alerts.trail JOIN assessments AS given ON given.id = alerts.assessment"
)
_DISPOSITION = ", ".join(DispositionRow._fields)


async def alerts_of(
    session: Session, viewer: Viewer, before: int | None, limit: int, *, day: date | None, undisposed: bool
) -> list[AlertRow]:
    """The viewer's alerts to shipments that it sees, the newest first, from before the one with this seq."""
    statement = text(
        f"{_ALERT} WHERE alerts.party = :viewer AND (CAST(:before AS bigint) IS NULL OR alerts.seq < :before)"
        " AND (CAST(:day AS date) IS NULL OR alerts.day = :day) AND (NOT :undisposed OR NOT EXISTS (SELECT"
        " FROM dispositions WHERE dispositions.party = :viewer AND dispositions.assessment = alerts.assessment))"
        f" AND {_SEEN} ORDER BY alerts.seq DESC LIMIT :limit"
    )
    values = {"before": before, "day": day, "undisposed": undisposed, "limit": limit, **viewer.values}
    return [AlertRow(*row) for row in (await session.execute(statement, values)).all()]


async def alert(session: Session, viewer: Viewer, alert_id: UUID) -> AlertRow | None:
    """The viewer's alert with this id, to a shipment that it sees."""
    statement = text(f"{_ALERT} WHERE alerts.id = :alert AND alerts.party = :viewer AND {_SEEN}")
    row = (await session.execute(statement, {"alert": alert_id, **viewer.values})).one_or_none()
    return AlertRow(*row) if row else None


async def alert_at(session: Session, seq: int) -> AlertRow | None:
    """The alert with this number."""
    row = (await session.execute(text(f"{_ALERT} WHERE alerts.seq = :seq"), {"seq": seq})).one_or_none()
    return AlertRow(*row) if row else None


async def alerts_after(session: Session, viewer: Viewer, after: int, until: int, limit: int) -> list[AlertRow]:
    """The viewer's alerts after one number, up to another, in the order of their commits."""
    statement = text(
        f"{_ALERT} WHERE alerts.party = :viewer AND alerts.seq > :after AND alerts.seq <= :until AND {_SEEN}"
        " ORDER BY alerts.seq LIMIT :limit"
    )
    values = {"after": after, "until": until, "limit": limit, **viewer.values}
    return [AlertRow(*row) for row in (await session.execute(statement, values)).all()]


async def acknowledge(session: Session, party: bytes, alert_id: UUID, key_id: str) -> None:
    """The party has seen its alert; the first time stays."""
    statement = text(
        "UPDATE alerts SET acknowledged_at = now(), acknowledged_with = :key"
        " WHERE id = :alert AND party = :party AND acknowledged_at IS NULL"
    )
    await session.execute(statement, {"alert": alert_id, "party": party, "key": key_id})


async def inspections(
    session: Session, viewer: Viewer, day: date | None, after: int, limit: int
) -> list[InspectionRow]:
    """What the draw of a day (None: of all) put on the viewer's list and it sees, without what was alerted to."""
    statement = text(
        "SELECT drawn.seq, drawn.day, trails.identifier, drawn.assessment, drawn.propensity, drawn.draw,"
        " drawn.created_at, given.as_of, given.stage, given.probability, given.reasons FROM inspections AS drawn"
        " JOIN trails ON trails.id = drawn.trail JOIN assessments AS given ON given.id = drawn.assessment"
        " WHERE drawn.party = :viewer AND (CAST(:day AS date) IS NULL OR drawn.day = :day) AND drawn.seq > :after"
        " AND NOT EXISTS (SELECT FROM alerts WHERE alerts.party = drawn.party AND alerts.day = drawn.day"
        f"  AND alerts.trail = drawn.trail) AND {VISIBLE.format(trail='drawn.trail')}"
        " ORDER BY drawn.seq LIMIT :limit"
    )
    values = {"day": day, "after": after, "limit": limit, **viewer.values}
    return [InspectionRow(*row) for row in (await session.execute(statement, values)).all()]


async def judged(session: Session, viewer: Viewer, assessment: UUID) -> Judged | None:
    """The assessment with this id, of a shipment that the viewer sees."""
    statement = text(
        "SELECT given.id, given.trail FROM assessments AS given WHERE given.id = :assessment"
        f" AND {VISIBLE.format(trail='given.trail')}"
    )
    row = (await session.execute(statement, {"assessment": assessment, **viewer.values})).one_or_none()
    return Judged(*row) if row else None


async def lock_dispositions(session: Session, party: bytes, assessment: UUID) -> None:
    """Until the commit, nobody else of the party disposes of the assessment."""
    statement = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:party, 'hex') || :assessment, 0))")
    await session.execute(statement, {"party": party, "assessment": str(assessment)})


async def add_disposition(session: Session, row: DispositionRow) -> DispositionRow:
    """Appends a disposition, as the next of its assessment; time and number are the database's."""
    statement = text(
        "INSERT INTO dispositions (id, party, assessment, trail, number, verdict, note, by_key)"
        " SELECT :id, :party, :assessment, :trail, 1 + (SELECT count(*) FROM dispositions"
        "  WHERE party = :party AND assessment = :assessment), :verdict, :note, :by_key"
        f" RETURNING {_DISPOSITION}"
    )
    return DispositionRow(*(await session.execute(statement, row._asdict())).one())


async def dispositions(
    session: Session, party: bytes, assessment: UUID, after: int, limit: int
) -> list[DispositionRow]:
    """What the party said about an assessment, the first first."""
    statement = text(
        f"SELECT {_DISPOSITION} FROM dispositions WHERE party = :party AND assessment = :assessment"
        " AND number > :after ORDER BY number LIMIT :limit"
    )
    values = {"party": party, "assessment": assessment, "after": after, "limit": limit}
    return [DispositionRow(*row) for row in (await session.execute(statement, values)).all()]


async def latest_dispositions(
    session: Session, party: bytes, assessments: Collection[UUID]
) -> dict[UUID, DispositionRow]:
    """For each of the assessments that the party disposed of: what stands."""
    statement = text(
        f"SELECT DISTINCT ON (assessment) {_DISPOSITION} FROM dispositions WHERE party = :party"
        " AND assessment = ANY(:assessments) ORDER BY assessment, number DESC"
    )
    rows = await session.execute(statement, {"party": party, "assessments": list(assessments)})
    return {row[3]: DispositionRow(*row) for row in rows.all()}


async def disposition(session: Session, party: bytes, disposition_id: UUID) -> DispositionRow | None:
    """The party's disposition with this id."""
    statement = text(f"SELECT {_DISPOSITION} FROM dispositions WHERE id = :id AND party = :party")
    row = (await session.execute(statement, {"id": disposition_id, "party": party})).one_or_none()
    return DispositionRow(*row) if row else None


class LabelRow(NamedTuple):
    """An assessment that a party looked at, and what came of it (see `service.risk.dispositions.labels`)."""

    assessment: UUID
    trail: bytes
    party: bytes
    as_of: datetime
    stage: str
    probability: float | None
    source: str
    propensity: float | None
    verdict: str | None
    late: bool | None


async def labels(
    session: Session, party: bytes | None, since: datetime, until: datetime, known_by: datetime
) -> Sequence[LabelRow]:
    """What was looked at by assessments as of a period, with what was known of it by a moment, in order of time."""
    statement = text(
        "WITH looked AS ("
        " SELECT assessment, trail, party, 'alert' AS source, 1::float8 AS propensity FROM alerts"
        "  WHERE created_at <= :known_by"
        " UNION ALL SELECT assessment, trail, party, 'inspection', propensity FROM inspections"
        "  WHERE created_at <= :known_by AND NOT EXISTS (SELECT FROM alerts WHERE alerts.party = inspections.party"
        "   AND alerts.day = inspections.day AND alerts.trail = inspections.trail)"
        " UNION ALL SELECT DISTINCT assessment, trail, party, 'chosen', CAST(NULL AS float8) FROM dispositions"
        "  WHERE at <= :known_by AND NOT EXISTS (SELECT FROM alerts WHERE alerts.party = dispositions.party"
        "   AND alerts.assessment = dispositions.assessment) AND NOT EXISTS (SELECT FROM inspections"
        "   WHERE inspections.party = dispositions.party AND inspections.assessment = dispositions.assessment))"
        " SELECT looked.assessment, looked.trail, looked.party, given.as_of, given.stage, given.probability,"
        " looked.source, looked.propensity, said.verdict, outcome.late FROM looked"
        " JOIN assessments AS given ON given.id = looked.assessment AND given.as_of >= :since AND given.as_of < :until"
        " LEFT JOIN LATERAL (SELECT verdict FROM dispositions WHERE dispositions.party = looked.party"
        "  AND dispositions.assessment = looked.assessment AND at <= :known_by"
        "  ORDER BY number DESC LIMIT 1) AS said ON true"
        " LEFT JOIN LATERAL (SELECT outcomes.late FROM shipments JOIN shipment_outcomes AS outcomes"
        "  ON outcomes.booking = shipments.event WHERE shipments.trail = looked.trail"
        "  AND outcomes.known_from <= :known_by AND outcomes.delivered_at <= :known_by"
        "  AND (outcomes.known_until IS NULL OR outcomes.known_until > :known_by)"
        "  ORDER BY shipments.event LIMIT 1) AS outcome ON true"
        " WHERE CAST(:party AS bytea) IS NULL OR looked.party = :party"
        " ORDER BY given.as_of, looked.assessment, looked.party"
    )
    values = {"party": party, "since": since, "until": until, "known_by": known_by}
    return [LabelRow(*row) for row in (await session.execute(statement, values)).all()]
