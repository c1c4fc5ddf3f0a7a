"""Scores on their way to the ledger: which wait, which were put into one capture, and who sees them there."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.indexing import show_older


class Batch(NamedTuple):
    """Scores that are told in one capture; `id` is its Idempotency-Key, `made_at` the document's date."""

    id: UUID
    party: bytes
    made_at: datetime


class ScoreRow(NamedTuple):
    """A stored score, as far as its statement tells it."""

    id: UUID
    trail: bytes
    created_at: datetime
    as_of: datetime
    recorded_by: datetime | None
    stage: str
    probability: float | None
    band: str | None
    expected_end: datetime | None
    planned_end: datetime | None
    arrival: list[datetime] | None
    excursion: float | None
    anomaly: float | None
    calibration: str | None
    model_hash: str
    input_hash: str


class Seal(NamedTuple):
    """What became of a score: `captured_at` where its statement is captured, block and time where the ledger has it."""

    assessment: UUID
    captured_at: datetime | None
    capture: UUID | None
    block: int | None
    time: int | None


async def claim(session: Session, batch: UUID, party: bytes, limit: int) -> Batch | None:
    """Puts up to `limit` scores that wait, the oldest first, into a new batch; None where none waits.

    Several workers may ask at once: a score comes into one batch.
    """
    taken = text(
        "WITH taken AS (DELETE FROM scores_to_seal WHERE seq IN (SELECT seq FROM scores_to_seal ORDER BY seq"
        " LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING assessment)"
        " INSERT INTO sealed_scores (assessment, batch) SELECT assessment, :batch FROM taken"
        " ON CONFLICT DO NOTHING RETURNING assessment"
    )
    if not (await session.execute(taken, {"batch": batch, "limit": limit})).all():
        return None
    made = text("INSERT INTO score_batches (id, party) VALUES (:batch, :party) RETURNING id, party, made_at")
    return Batch(*(await session.execute(made, {"batch": batch, "party": party})).one())


async def unfinished(session: Session, seconds: float, others: Sequence[UUID]) -> Batch | None:
    """The oldest batch that was made so long ago and is not captured, as far as is known; none of the `others`."""
    statement = text(
        "SELECT id, party, made_at FROM score_batches WHERE captured_at IS NULL"
        " AND made_at < now() - make_interval(secs => :seconds) AND id <> ALL(CAST(:others AS uuid[]))"
        " ORDER BY made_at LIMIT 1"
    )
    row = (await session.execute(statement, {"seconds": seconds, "others": list(others)})).one_or_none()
    return Batch(*row) if row else None


async def scores_of(session: Session, batch: UUID) -> list[ScoreRow]:
    """The scores of a batch, in the order in which they were given."""
    columns = ", ".join(f"assessments.{name}" for name in ScoreRow._fields)
    statement = text(
        f"SELECT {columns} FROM sealed_scores JOIN assessments ON assessments.id = sealed_scores.assessment"  # noqa: S608
        " WHERE sealed_scores.batch = :batch ORDER BY assessments.created_at, assessments.as_of, assessments.id"
    )
    return [ScoreRow(*row) for row in (await session.execute(statement, {"batch": batch})).all()]


async def score(session: Session, assessment: UUID) -> ScoreRow | None:
    """One stored score."""
    columns = ", ".join(ScoreRow._fields)
    statement = text(f"SELECT {columns} FROM assessments WHERE id = :id")  # noqa: S608
    row = (await session.execute(statement, {"id": assessment})).one_or_none()
    return ScoreRow(*row) if row else None


async def finish(session: Session, batch: Batch, risk_trails: Sequence[tuple[bytes, bytes]]) -> None:
    """Notes that the batch is captured, and lets those who see the shipments see its new risk trails.

    `risk_trails` are (risk trail, shipment's trail). Who ships a thing holds its trail: nobody gets a part meanwhile.
    """
    trails, shipments = list(zip(*sorted(risk_trails), strict=True)) or ((), ())
    await session.execute(
        text("SELECT id FROM trails WHERE id = ANY(:ids) ORDER BY id FOR KEY SHARE"), {"ids": list(shipments)}
    )
    fresh = await session.execute(
        text(
            "INSERT INTO risk_trails (trail, shipment) SELECT * FROM unnest(CAST(:trails AS bytea[]),"
            " CAST(:shipments AS bytea[])) ON CONFLICT DO NOTHING RETURNING trail, shipment"
        ),
        {"trails": list(trails), "shipments": list(shipments)},
    )
    begun = {row[1]: row[0] for row in fresh.all()}
    parts = await session.execute(
        text("SELECT trail, party FROM trail_parties WHERE trail = ANY(:shipments)"), {"shipments": list(begun)}
    )
    await _share(session, [(begun[row[0]], row[1]) for row in parts.all()])
    await session.execute(
        text(
            "UPDATE score_batches SET captured_at = now(), capture = (SELECT id FROM captures WHERE party = :party"
            " AND idempotency_key = :key) WHERE id = :id AND captured_at IS NULL"
        ),
        {"id": batch.id, "party": batch.party, "key": str(batch.id)},
    )


async def share_waiting(session: Session, limit: int) -> bool:
    """Gives parties that got a part in shipments a part in their risk trails; whether any waited."""
    statement = text(
        "DELETE FROM risk_shares WHERE (trail, party) IN (SELECT trail, party FROM risk_shares ORDER BY trail, party"
        " LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING trail, party"
    )
    waiting = [(row[0], row[1]) for row in (await session.execute(statement, {"limit": limit})).all()]
    await _share(session, waiting)
    return bool(waiting)


async def _share(session: Session, parts: Sequence[tuple[bytes, bytes]]) -> None:
    """Gives parts in risk trails (trail, party), on which nobody writes until the commit."""
    if not parts:
        return
    trails, parties = zip(*sorted(parts), strict=True)
    values = {"trails": list(trails), "parties": list(parties)}
    await session.execute(
        text("SELECT id FROM trails WHERE id = ANY(:trails) ORDER BY id FOR UPDATE"), {"trails": sorted(set(trails))}
    )
    statement = text(
        "INSERT INTO trail_parties (trail, party) SELECT * FROM unnest(CAST(:trails AS bytea[]),"
        " CAST(:parties AS bytea[])) ON CONFLICT DO NOTHING RETURNING trail, party"
    )
    shared = [(row[0], row[1]) for row in (await session.execute(statement, values)).all()]
    await show_older(session, shared)


async def seals_of(session: Session, assessments: Sequence[UUID]) -> list[Seal]:
    """What became of these scores."""
    statement = text(
        "SELECT asked.id, score_batches.captured_at, score_batches.capture,"
        " sealed.block, sealed.time FROM unnest(CAST(:ids AS uuid[])) AS asked (id)"
        " LEFT JOIN sealed_scores ON sealed_scores.assessment = asked.id"
        " LEFT JOIN score_batches ON score_batches.id = sealed_scores.batch"
        " LEFT JOIN events ON events.party = score_batches.party AND NOT events.declares_error"
        " AND events.event_id = 'urn:uuid:' || CAST(asked.id AS text)"
        " LEFT JOIN LATERAL (SELECT block, time FROM ledger_entries AS entry WHERE entry.seal = events.seal"
        " AND entry.party = events.party ORDER BY entry.block, entry.log LIMIT 1) AS sealed ON true"
    )
    return [Seal(*row) for row in (await session.execute(statement, {"ids": list(assessments)})).all()]


async def release(session: Session, batch: UUID) -> None:
    """Lets the scores of a batch that was never captured wait again."""
    values = {"batch": batch}
    await session.execute(text("DELETE FROM score_batches WHERE id = :batch"), values)
    statement = text(
        "WITH freed AS (DELETE FROM sealed_scores WHERE batch = :batch RETURNING assessment)"
        " INSERT INTO scores_to_seal (assessment) SELECT assessment FROM freed"
    )
    await session.execute(statement, values)


async def was_captured(session: Session, batch: Batch) -> bool:
    """Whether there is a capture of the batch."""
    statement = text("SELECT EXISTS (SELECT FROM captures WHERE party = :party AND idempotency_key = :key)")
    return bool((await session.execute(statement, {"party": batch.party, "key": str(batch.id)})).scalar_one())


async def party_of_batch(session: Session, assessment: UUID) -> bytes | None:
    """The scoring party that the score was captured by, or is to be."""
    statement = text(
        "SELECT score_batches.party FROM sealed_scores JOIN score_batches ON score_batches.id = sealed_scores.batch"
        " WHERE sealed_scores.assessment = :id"
    )
    found: bytes | None = (await session.execute(statement, {"id": assessment})).scalar_one_or_none()
    return found
