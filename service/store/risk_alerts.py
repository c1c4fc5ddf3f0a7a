# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Who wants alerts, which alerts there are, and the day's inspections."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.database import insert as insert_rows
from service.store.risk import AssessmentRow
from service.store.trails import VISIBLE, Viewer
from service.store.watchlists import MATCHES


class Interest(NamedTuple):
    """A party that wants alerts and sees a shipment, and how many times its penalty the shipment has for it."""

    party: bytes
    trail: bytes
    weight: float


class NewAlert(NamedTuple):
    """In the columns of `alerts` that are given."""

    id: UUID
    party: bytes
    trail: bytes
    assessment: UUID
    day: date
    as_of: datetime
    stage: str
    probability: float
    band: str
    benefit: float
    threshold: float
    why: str


class Drawn(NamedTuple):
    """In the columns of `inspections` that are given."""

    party: bytes
    day: date
    trail: bytes
    assessment: UUID
    propensity: float
    draw: bytes


# The parties that see a trail, from the trail's side: as `store.trails.VISIBLE` has it from the party's.
_SEEING = """
    SELECT asked.trail, part.party FROM asked JOIN trail_parties AS part USING (trail)
    UNION SELECT asked.trail, grants.grantee FROM asked JOIN trail_parties AS part USING (trail)
        JOIN grants ON grants.grantor = part.party
    UNION SELECT asked.trail, parties.id FROM asked, parties WHERE parties.roles & 40 <> 0
"""
_INTERESTED = f"""
    WITH asked AS (SELECT DISTINCT unnest(CAST(:trails AS bytea[])) AS trail), seeing AS ({_SEEING})
    SELECT seeing.party, seeing.trail, coalesce((
        SELECT max(watchlists.weight) FROM watchlists JOIN shipments ON shipments.trail = seeing.trail
        WHERE watchlists.party = seeing.party AND watchlists.weight <> 1 AND {MATCHES.format(list="watchlists.id")}
    ), 1) FROM seeing JOIN risk_policies ON risk_policies.party = seeing.party AND risk_policies.alerts
    WHERE CAST(:only AS bytea) IS NULL OR seeing.party = :only ORDER BY seeing.party, seeing.trail
"""


async def interested(session: Session, trails: Collection[bytes], only: bytes | None = None) -> list[Interest]:
    """The parties that want alerts (or of them `only` one), with those of the shipments that they see, in order."""
    rows = await session.execute(text(_INTERESTED), {"trails": list(trails), "only": only})
    return [Interest(*row) for row in rows.all()]


async def standing_scores(session: Session, viewer: Viewer, since: datetime, limit: int) -> list[AssessmentRow]:
    """The latest scores, as of after a moment, of shipments under way that the viewer sees: the riskiest of them."""
    columns = ", ".join(f"given.{name}" for name in AssessmentRow._fields)
    statement = text(
        f"SELECT {columns} FROM shipment_scores AS latest JOIN assessments AS given ON given.id = latest.assessment"
        f" WHERE latest.under_way AND latest.as_of > :since AND {VISIBLE.format(trail='latest.trail')}"
        " ORDER BY latest.rank DESC, latest.booking DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"since": since, "limit": limit, **viewer.values})
    return [AssessmentRow(*row) for row in rows.all()]


async def alerted_at(session: Session, pairs: Sequence[Interest]) -> dict[tuple[bytes, bytes], float]:
    """For each party and trail that had an alert already: the probability of its last one."""
    statement = text(
        "SELECT pairs.party, pairs.trail, last.probability FROM"
        " unnest(CAST(:parties AS bytea[]), CAST(:trails AS bytea[])) AS pairs (party, trail)"
        # By a range of one trail: of equals, the planner might walk all alerts of a party to find none of a trail.
        " CROSS JOIN LATERAL (SELECT probability FROM alerts WHERE alerts.party = pairs.party"
        "  AND alerts.trail >= pairs.trail AND alerts.trail <= pairs.trail"
        "  ORDER BY alerts.trail DESC, alerts.seq DESC LIMIT 1) AS last"
    )
    values = {"parties": [pair.party for pair in pairs], "trails": [pair.trail for pair in pairs]}
    return {(row[0], row[1]): row[2] for row in (await session.execute(statement, values)).all()}


async def add_alerts(session: Session, alerts: Sequence[NewAlert]) -> None:
    """Writes alerts, whose offers stand no more. Their parties' policies are locked.

    Until the commit, nobody else writes alerts of any party: so their numbers follow the order of commits.
    """
    if not alerts:
        return
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('alerts', 0))"))
    await insert_rows(session, "alerts", NewAlert._fields, alerts)
    statement = text(
        "UPDATE alert_offers SET standing = 0 FROM unnest(CAST(:parties AS bytea[]), CAST(:days AS date[]),"
        " CAST(:trails AS bytea[])) AS done (party, day, trail) WHERE alert_offers.party = done.party"
        " AND alert_offers.day = done.day AND alert_offers.trail = done.trail"
    )
    values = {
        "parties": [alert.party for alert in alerts],
        "days": [alert.day for alert in alerts],
        "trails": [alert.trail for alert in alerts],
    }
    await session.execute(statement, values)


async def draw(session: Session, drawn: Sequence[Drawn]) -> None:
    """Puts shipments on their parties' inspection lists of a day, where they are not yet, nor alerted to that day."""
    if not drawn:
        return
    ordered = sorted(drawn, key=lambda row: row[:3])
    statement = text(
        "INSERT INTO inspections (party, day, trail, assessment, propensity, draw)"
        " SELECT * FROM unnest(CAST(:party AS bytea[]), CAST(:day AS date[]), CAST(:trail AS bytea[]),"
        " CAST(:assessment AS uuid[]), CAST(:propensity AS float8[]), CAST(:draw AS bytea[])) AS drawn"
        " (party, day, trail, assessment, propensity, draw)"
        " WHERE NOT EXISTS (SELECT FROM alerts WHERE alerts.party = drawn.party AND alerts.day = drawn.day"
        "  AND alerts.trail = drawn.trail) ON CONFLICT DO NOTHING"
    )
    columns = {name: [getattr(row, name) for row in ordered] for name in Drawn._fields}
    await session.execute(statement, columns)
