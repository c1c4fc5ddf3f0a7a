# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""The scores that were shown, as they were stored, with what became of their shipments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.risk import FIRST
from service.store.trails import VISIBLE, Viewer

MOST_SHOWN = 100_000
"""Of the newest; whoever showed more in a period asks for a shorter one."""


class ShownScore(NamedTuple):
    """A score when it was first shown to a party; `late`, `delivered_at`, `known_from`: the outcome as believed now.

    `list_size` is how long the list was that it was shown in, `lane` the hub and destination of its plan.
    """

    assessment: UUID
    party: bytes
    at: datetime
    rank: int | None
    trail: bytes
    as_of: datetime
    stage: str
    probability: float | None
    band: str | None
    planned_end: datetime | None
    arrival: list[datetime] | None
    model_hash: str
    lane: str | None
    late: bool | None
    delivered_at: datetime | None
    known_from: datetime | None


class Given(NamedTuple):
    """A stored score with what drift looks at; `inputs` is what it was computed from."""

    as_of: datetime
    trail: bytes
    stage: str
    probability: float | None
    model_hash: str
    lane: str | None
    late: bool | None
    inputs: bytes | None


# Of several bookings of a unit, the first that stands has the outcome.
BOOKING = (
    " LEFT JOIN LATERAL (SELECT shipments.event FROM shipments WHERE shipments.trail = assessments.trail"
    f" AND shipments.retracted_at IS NULL AND {FIRST} ORDER BY shipments.event LIMIT 1) AS booking ON true"
    " LEFT JOIN shipment_outcomes AS outcome ON outcome.booking = booking.event AND outcome.known_until IS NULL"
    " LEFT JOIN LATERAL (SELECT lane FROM shipment_lanes WHERE shipment_lanes.booking = booking.event"
    " AND kind = 'pair' LIMIT 1) AS pair ON true"
)


async def shown_between(session: Session, viewer: Viewer, since: datetime, until: datetime) -> list[ShownScore]:
    """What was shown from one moment until before another, each score once for each party, in the order of showing.

    To the viewer's own party, or to anybody where it sees everything; of shipments that it may see now.
    """
    statement = text(
        "SELECT first.assessment, first.party, first.at, first.rank, assessments.trail, assessments.as_of,"
        " assessments.stage, assessments.probability, assessments.band, assessments.planned_end, assessments.arrival,"
        " assessments.model_hash, pair.lane, outcome.late, outcome.delivered_at, outcome.known_from"
        " FROM (SELECT DISTINCT ON (assessment, party) assessment, party, at, rank FROM shown"
        "  WHERE at >= :since AND at < :until AND (:sees_all OR party = :viewer)"
        "  ORDER BY assessment, party, at, rank) AS first"
        f" JOIN assessments ON assessments.id = first.assessment{BOOKING}"
        f" WHERE {VISIBLE.format(trail='assessments.trail')} ORDER BY first.at DESC, first.rank LIMIT :most"
    )
    values = {**viewer.values, "since": since, "until": until, "most": MOST_SHOWN}
    return [ShownScore(*row) for row in (await session.execute(statement, values)).all()][::-1]


async def given_between(
    session: Session, viewer: Viewer, since: datetime, until: datetime, *, model: str, limit: int
) -> list[Given]:
    """A random `limit` of the model's scores stored in a period, one for each shipment and stage, with their inputs."""
    statement = text(
        "SELECT sample.as_of, sample.trail, sample.stage, sample.probability, sample.model_hash, pair.lane,"
        " outcome.late, sample.inputs FROM (SELECT * FROM (SELECT DISTINCT ON (trail, stage) * FROM assessments"
        "  WHERE created_at >= :since AND created_at < :until AND model_hash = :model"
        f"  AND {VISIBLE.format(trail='assessments.trail')} ORDER BY trail, stage, as_of) AS one"
        f"  ORDER BY md5(CAST(id AS text)) LIMIT :limit) AS sample"
        f"{BOOKING.replace('assessments.', 'sample.')} ORDER BY sample.as_of"
    )
    values = {**viewer.values, "since": since, "until": until, "model": model, "limit": limit}
    return [Given(*row) for row in (await session.execute(statement, values)).all()]


async def stored(session: Session, viewer: Viewer, assessment: UUID) -> Mapping[str, Any] | None:
    """A score with everything that was stored of it, where the viewer sees its shipment; else None."""
    statement = text(f"SELECT * FROM assessments WHERE id = :id AND {VISIBLE.format(trail='assessments.trail')}")
    row = (await session.execute(statement, {**viewer.values, "id": assessment})).mappings().one_or_none()
    return dict(row) if row else None
