# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""States of the calibration, and the scores with known outcomes that they are made from."""

from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import text

from service.store.database import Session
from service.store.score_record import BOOKING


class KnownScore(NamedTuple):
    """A score that was a forecast, and what became of the shipment; `acted`: somebody acted on it meanwhile."""

    trail: bytes
    stage: str
    probability: float
    inputs: bytes
    late: bool
    acted: bool


class KnownArrival(NamedTuple):
    """A score of an open shipment, and when it was delivered; `known`: since when one could know."""

    trail: bytes
    as_of: datetime
    probability: float
    inputs: bytes
    delivered_at: datetime
    known: datetime
    acted: bool


class Newest(NamedTuple):
    """The last state of a model, and when it was made."""

    id: str
    made_at: datetime


async def newest(session: Session, model: str) -> Newest | None:
    """The model's last state."""
    statement = text("SELECT id, made_at FROM calibrations WHERE model_hash = :model ORDER BY seq DESC LIMIT 1")
    row = (await session.execute(statement, {"model": model})).one_or_none()
    return None if row is None else Newest(*row)


async def state(session: Session, id_: str) -> str | None:
    """The state with this id, as canonical JSON."""
    statement = text("SELECT state FROM calibrations WHERE id = :id")
    found: str | None = (await session.execute(statement, {"id": id_})).scalar_one_or_none()
    return found


async def add(session: Session, id_: str, model: str, written: str, used: dict[str, int]) -> None:
    """Keeps a state, with what it was made from; the same one again only counts as made now."""
    statement = text(
        "INSERT INTO calibrations (id, model_hash, state, outcomes, used)"
        " VALUES (:id, :model, :state, :outcomes, CAST(:used AS jsonb)) ON CONFLICT (id) DO UPDATE SET made_at = now()"
    )
    values = {"id": id_, "model": model, "state": written, "outcomes": used["shipments"]}
    values["used"] = orjson.dumps(used).decode()
    await session.execute(statement, values)


_OPEN = (
    " assessments.inputs IS NOT NULL AND assessments.inputs <> '' AND assessments.probability IS NOT NULL"
    " AND assessments.stage <> 'delivered'"
    " AND assessments.as_of > assessments.created_at - interval '1 hour'"
    " AND assessments.created_at < greatest(outcome.known_from, outcome.delivered_at)"
    " AND outcome.late IS NOT NULL AND outcome.delivered_at <= :now"
)
_FORECAST = f"{_OPEN} AND assessments.planned_end >= assessments.as_of"
_ACTED = "EXISTS (SELECT FROM dispositions WHERE dispositions.trail = assessments.trail AND verdict = 'acted')"


async def outcomes_known(session: Session, model: str, after: datetime, now: datetime) -> int:
    """Shipments that the model gave forecasts of, and whose outcome became known after a moment."""
    statement = text(
        f"SELECT count(DISTINCT assessments.trail) FROM assessments{BOOKING}"
        f" WHERE assessments.model_hash = :model AND {_FORECAST}"
        " AND greatest(outcome.known_from, outcome.delivered_at) > :after"
    )
    return int((await session.execute(statement, {"model": model, "after": after, "now": now})).scalar_one())


async def known_scores(session: Session, model: str, since: datetime, now: datetime, limit: int) -> list[KnownScore]:
    """The newest of these forecasts."""
    statement = text(
        "SELECT assessments.trail, assessments.stage, assessments.probability, assessments.inputs, outcome.late,"
        f" {_ACTED} FROM assessments{BOOKING}"
        f" WHERE assessments.model_hash = :model AND assessments.created_at >= :since AND {_FORECAST}"
        " ORDER BY assessments.created_at DESC, assessments.id LIMIT :limit"
    )
    values = {"model": model, "since": since, "now": now, "limit": limit}
    return [KnownScore(*row) for row in (await session.execute(statement, values)).all()]


async def known_arrivals(
    session: Session, model: str, since: datetime, now: datetime, limit: int
) -> list[KnownArrival]:
    """Scores of open shipments, overdue ones too, whose delivery became known: one of each shipment and stage, drawn
    by chance (the same whenever it is drawn), those known last.
    """
    statement = text(
        "SELECT trail, as_of, probability, inputs, delivered_at, known, acted FROM"
        " (SELECT DISTINCT ON (assessments.trail, assessments.stage) assessments.trail, assessments.as_of,"
        "  assessments.probability, assessments.inputs, outcome.delivered_at,"
        f"  greatest(outcome.known_from, outcome.delivered_at) AS known, {_ACTED} AS acted FROM assessments{BOOKING}"
        f"  WHERE assessments.model_hash = :model AND assessments.created_at >= :since AND {_OPEN}"
        "  ORDER BY assessments.trail, assessments.stage, md5(CAST(assessments.id AS text))) AS drawn"
        " ORDER BY known DESC, trail, as_of LIMIT :limit"
    )
    values = {"model": model, "since": since, "now": now, "limit": limit}
    return [KnownArrival(*row) for row in (await session.execute(statement, values)).all()]
