# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""How suppliers, carriers and lanes did, over the shipments that a viewer sees, by one statement over sets."""

from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import VISIBLE, Viewer

By = Literal["supplier", "carrier", "lane"]


class SubjectRow(NamedTuple):
    """A supplier, a carrier (parties by identifier) or a lane (`hub>destination`), with its counts.

    `compared`, `compared_late` and `expected` are the shipments on lanes where others are known well enough, those of
    them that were late, and how many would have been with the others' rates. Quantiles are minutes after the plan.
    """

    subject: str
    name: str | None
    shipments: int
    delivered: int
    late: int
    p10: float | None
    p50: float | None
    p90: float | None
    planned_reports: int
    reports: int
    watched: int
    anomalous: int
    sensed: int
    excursions: int
    disputes: int
    compared: int
    compared_late: int
    expected: float
    subjects: int


_SUBJECTS = {
    "supplier": (
        "SELECT chosen.booking, parties.identifier AS subject, parties.name, parties.id AS party FROM chosen"
        " JOIN parties ON parties.id = chosen.party"
    ),
    "carrier": (
        "SELECT DISTINCT chosen.booking, parties.identifier AS subject, parties.name, parties.id AS party FROM chosen"
        " JOIN shipment_milestones AS told ON told.booking = chosen.booking AND told.retracted_at IS NULL"
        " AND told.party <> chosen.party JOIN parties ON parties.id = told.party"
    ),
    "lane": (
        "SELECT chosen.booking, chosen.lane AS subject, CAST(NULL AS text) AS name, CAST(NULL AS bytea) AS party"
        " FROM chosen WHERE chosen.lane <> ''"
    ),
}
_COMPARED = f"""
    WITH chosen AS MATERIALIZED (
        SELECT shipments.event AS booking, shipments.trail, shipments.party,
            coalesce(routes.hub || '>' || routes.destination, '') AS lane, coalesce(routes.reports, 0) AS planned,
            outcome.late, outcome.minutes
        FROM shipments LEFT JOIN routes ON routes.trail = shipments.trail AND routes.event = shipments.event
        LEFT JOIN shipment_outcomes AS outcome
            ON outcome.booking = shipments.event AND outcome.known_until IS NULL AND outcome.delivered_at <= now()
        WHERE shipments.booked_at >= :since AND shipments.booked_at < :until AND shipments.retracted_at IS NULL
            AND NOT EXISTS (SELECT FROM shipments AS former WHERE former.trail = shipments.trail
                AND former.event < shipments.event AND former.retracted_at IS NULL)
            AND {VISIBLE.format(trail="shipments.trail")}
    ),
    subjects AS MATERIALIZED ({{subjects}}),
    facts AS MATERIALIZED (
        SELECT chosen.booking, told.anomaly, told.excursion,
            least(coalesce(reported.reports, 0), chosen.planned) AS reports
        FROM chosen
        LEFT JOIN (SELECT chosen.booking, max(anomaly) AS anomaly, max(excursion) AS excursion
            FROM chosen JOIN assessments USING (trail) GROUP BY 1) AS told ON told.booking = chosen.booking
        LEFT JOIN (SELECT booking, count(*) AS reports FROM (SELECT DISTINCT report.booking, unit, step, place
            FROM chosen JOIN shipment_milestones AS report ON report.booking = chosen.booking
            WHERE report.retracted_at IS NULL) AS once GROUP BY 1) AS reported ON reported.booking = chosen.booking
    ),
    disputed AS (
        SELECT subjects.subject, count(*) AS disputes FROM subjects
        JOIN shipment_units AS units ON units.booking = subjects.booking
        JOIN ledger_disputes AS dispute ON dispute.trail = units.unit
            AND (subjects.party IS NULL OR dispute.party = subjects.party)
        GROUP BY subjects.subject
    ),
    all_outcomes AS (SELECT count(*) AS seen, count(*) FILTER (WHERE late) AS late FROM chosen WHERE late IS NOT NULL),
    lanes AS (
        SELECT lane, count(*) AS seen, count(*) FILTER (WHERE late) AS late FROM chosen
        WHERE late IS NOT NULL AND lane <> '' GROUP BY lane
    ),
    own AS (
        SELECT subjects.subject, chosen.lane, count(*) AS seen, count(*) FILTER (WHERE late) AS late
        FROM subjects JOIN chosen USING (booking) WHERE late IS NOT NULL AND lane <> '' GROUP BY 1, 2
    ),
    whole AS (SELECT subject, sum(seen) AS seen, sum(late) AS late FROM own GROUP BY subject),
    compared AS (
        SELECT own.subject, sum(own.seen) AS seen, sum(own.late) AS late, sum(own.seen * (
            lanes.late - own.late + :prior * (all_outcomes.late - whole.late)
                / greatest(all_outcomes.seen - whole.seen, 1)::float8
        ) / (lanes.seen - own.seen + :prior)) AS expected
        FROM own JOIN lanes USING (lane) JOIN whole USING (subject) CROSS JOIN all_outcomes
        WHERE lanes.seen - own.seen >= :others GROUP BY own.subject
    )
    SELECT subjects.subject, max(subjects.name), count(*) AS shipments, count(chosen.late),
        count(*) FILTER (WHERE chosen.late),
        percentile_cont(0.1) WITHIN GROUP (ORDER BY chosen.minutes),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY chosen.minutes),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY chosen.minutes),
        coalesce(sum(chosen.planned) FILTER (WHERE chosen.late IS NOT NULL), 0)::int,
        coalesce(sum(facts.reports) FILTER (WHERE chosen.late IS NOT NULL), 0)::int,
        count(facts.anomaly), count(*) FILTER (WHERE facts.anomaly >= :clearly),
        count(facts.excursion), count(*) FILTER (WHERE facts.excursion >= :clearly),
        coalesce(max(disputed.disputes), 0)::int,
        coalesce(max(compared.seen), 0)::int, coalesce(max(compared.late), 0)::int,
        coalesce(max(compared.expected), 0)::float8, (count(*) OVER ())::int
    FROM subjects JOIN chosen USING (booking) JOIN facts USING (booking)
    LEFT JOIN disputed ON disputed.subject = subjects.subject
    LEFT JOIN compared ON compared.subject = subjects.subject
    GROUP BY subjects.subject ORDER BY shipments DESC, subjects.subject LIMIT :limit
"""


async def compare(
    session: Session,
    viewer: Viewer,
    by: By,
    period: tuple[datetime, datetime],
    *,
    prior: float,
    others: int,
    clearly: float,
    limit: int,
) -> list[SubjectRow]:
    """The subjects with the most shipments of a period that the viewer sees; the last column counts all of them.

    `prior`: how many shipments the rate of all weighs beside a lane's own. `others`: of how many shipments of others a
    lane's rate is known well enough. `clearly`: from where a score of an anomaly or excursion counts as one.
    """
    statement = text(_COMPARED.format(subjects=_SUBJECTS[by]))
    values = {
        "since": period[0], "until": period[1], "prior": prior, "others": others, "clearly": clearly, "limit": limit,
        **viewer.values,
    }  # fmt: skip
    return [SubjectRow(*row) for row in (await session.execute(statement, values)).all()]
