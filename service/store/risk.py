# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Shipments and their events as the risk room needs them, and the scores that were given."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session, copy

MOST_EVENTS = 2_000
"""Events of one shipment that are read: the first that were captured. Of what came later, only reports of milestones
count, as many of each party as are kept (`risk_following.note_reports`).
"""
_MOST_BYTES = 4 * 1024 * 1024
_MOST_UNITS = 256
VISIBLE = (
    " AND (:sees_all OR EXISTS (SELECT FROM trail_parties"
    " LEFT JOIN grants ON grants.grantor = trail_parties.party AND grants.grantee = :party"
    " WHERE trail_parties.trail = shipments.trail AND (trail_parties.party = :party OR grants.grantee IS NOT NULL)))"
)
# Of several bookings the first that stands is the shipment; one whose plan cannot be read comes last.
_BY_STANDING = "shipments.recorded_at IS NOT NULL AND shipments.planned_minutes IS NULL, shipments.event"
_SHIPMENT = "shipments.trail, trails.identifier, shipments.event, shipments.booked_at"
FIRST = (
    "NOT EXISTS (SELECT FROM shipments AS former WHERE former.trail = shipments.trail AND former.event <"
    " shipments.event AND former.planned_minutes IS NOT NULL AND former.retracted_at IS NULL)"
)


_MENTIONED = (
    "SELECT DISTINCT shipments.event AS booking, shipments.trail, told.event FROM shipments"
    " CROSS JOIN LATERAL (SELECT mentions.trail FROM mentions WHERE mentions.event = shipments.event"
    "  ORDER BY mentions.trail <> shipments.trail, mentions.trail LIMIT :units) AS named"
    " CROSS JOIN LATERAL (SELECT mentions.event FROM mentions WHERE mentions.trail = named.trail"
    "  ORDER BY mentions.event LIMIT :events + 1) AS told"
    " WHERE shipments.event = ANY(CAST(:bookings AS bigint[]))"
)
# The reports that are kept are looked for only where there are more events than are read.
_ASKED = (
    f"WITH mentioned AS MATERIALIZED ({_MENTIONED}),"
    " ranked AS (SELECT booking, trail, event, row_number() OVER (PARTITION BY booking ORDER BY event) AS place"
    "  FROM mentioned),"
    " crowds AS (SELECT DISTINCT booking, trail FROM ranked WHERE place > :events),"
    " reports AS (SELECT DISTINCT crowds.booking, crowds.trail, report.event FROM crowds CROSS JOIN LATERAL"
    "  (SELECT event FROM shipment_milestones WHERE booking = crowds.booking ORDER BY event LIMIT :most) AS report)"
    " SELECT booking, trail, event, bool_or(report) AS report"
    " FROM (SELECT booking, trail, event, false AS report FROM ranked WHERE place <= :events"
    "  UNION ALL SELECT booking, trail, event, true FROM reports) AS asked GROUP BY booking, trail, event"
)


class BookedShipment(NamedTuple):
    """A shipment: the trail and identifier of the unit to be delivered, and the event that booked it."""

    trail: bytes
    identifier: str
    booking: int
    booked_at: datetime


class ShipmentEvent(NamedTuple):
    """An event of a shipment's units; `document` is canonical JSON, `party` the identifier of who captured it.

    `elsewhere`: it books another shipment, with which this one shares a unit.
    """

    booking: int
    seq: int
    event_id: str
    party: str
    event_time: datetime
    record_time: datetime
    document: bytes
    elsewhere: bool


class AssessmentRow(NamedTuple):
    """A score in the columns of `assessments` but `created_at`; `reasons` is JSON, `party` who asked for it (zeros: the
    service itself did).
    """

    id: UUID
    trail: bytes
    as_of: datetime
    probability: float | None
    band: str | None
    stage: str
    expected_end: datetime | None
    planned_end: datetime | None
    reasons: str
    model_hash: str
    input_hash: str
    party: bytes
    recorded_by: datetime | None = None
    known_seq: int | None = None
    arrival: list[datetime] | None = None
    excursion: float | None = None
    anomaly: float | None = None
    calibration: str | None = None
    inputs: bytes | None = None


async def shipments_of(
    session: Session, party: bytes, sees_all: bool, trails: Sequence[bytes], *, hold: bool = False
) -> list[tuple[bytes, BookedShipment]]:
    """For each of the trails that some visible shipment's booking touches: the trail asked for, and the shipment.

    The first for a trail is the one that stands. With `hold`, no event of them is erased before the commit.
    """
    statement = text(
        f"SELECT mentions.trail, {_SHIPMENT} FROM mentions JOIN shipments ON shipments.event = mentions.event"
        " JOIN trails ON trails.id = shipments.trail WHERE mentions.trail = ANY(:trails)"
        f" AND shipments.retracted_at IS NULL {VISIBLE} ORDER BY mentions.trail <> shipments.trail, {_BY_STANDING}"
        + (" FOR SHARE OF shipments" if hold else "")
    )
    rows = await session.execute(statement, {"trails": list(trails), "party": party, "sees_all": sees_all})
    return [(row[0], BookedShipment(*row[1:])) for row in rows.all()]


async def shipments_booked(
    session: Session,
    party: bytes,
    sees_all: bool,
    between: tuple[datetime, datetime],
    limit: int,
    *,
    hold: bool = False,
) -> list[BookedShipment]:
    """The visible shipments booked between two moments (both count), the newest first."""
    statement = text(
        f"SELECT {_SHIPMENT} FROM shipments JOIN trails ON trails.id = shipments.trail"
        " WHERE shipments.booked_at >= :since AND shipments.booked_at <= :until"
        f" AND shipments.retracted_at IS NULL AND {FIRST} {VISIBLE}"
        " ORDER BY shipments.booked_at DESC, shipments.event DESC LIMIT :limit"
        + (" FOR SHARE OF shipments" if hold else "")
    )
    values = {"party": party, "sees_all": sees_all, "since": between[0], "until": between[1], "limit": limit}
    return [BookedShipment(*row) for row in (await session.execute(statement, values)).all()]


async def shipment_events(session: Session, bookings: Collection[int]) -> list[ShipmentEvent]:
    """The events of the units that each booking names, in the order of their times; erased ones are left out.

    Of a shipment with very many events the first `MOST_EVENTS` are read, no more than some megabytes, and the reports
    of milestones that are kept of each party: what is captured later moves nothing of that out.
    """
    statement = text(
        "SELECT booking, seq, event_id, parties.identifier, event_time, record_time, document,"
        " EXISTS (SELECT FROM shipments AS other WHERE other.event = seq AND other.trail <> known.trail)"
        " FROM (SELECT asked.booking, asked.trail, events.seq, events.event_id, events.party,"
        "  events.event_time, events.record_time, events.document, row_number() OVER captured AS place,"
        "  sum(octet_length(events.document)) OVER captured AS bytes"
        f"  FROM ({_ASKED}) AS asked JOIN events ON events.seq = asked.event WHERE events.document IS NOT NULL"
        "  WINDOW captured AS (PARTITION BY asked.booking"
        "   ORDER BY events.seq <> asked.booking, NOT asked.report, events.seq)) AS known"
        " JOIN parties ON parties.id = known.party WHERE place <= :most AND (place = 1 OR bytes <= :bytes)"
        " ORDER BY booking, event_time, seq"
    )
    values = {
        "bookings": sorted(set(bookings)),
        "units": _MOST_UNITS,
        "events": MOST_EVENTS,
        "most": 2 * MOST_EVENTS,
        "bytes": _MOST_BYTES,
    }
    return [ShipmentEvent(*row) for row in (await session.execute(statement, values)).all()]


async def save_assessments(session: Session, assessments: Sequence[AssessmentRow]) -> None:
    """Stores scores as they were given."""
    await copy(session, "assessments", AssessmentRow._fields, assessments)


GIVEN = (
    "assessments.id, assessments.as_of, assessments.created_at, assessments.probability, assessments.band,"
    " assessments.stage, assessments.expected_end, assessments.planned_end, assessments.reasons,"
    " assessments.model_hash, assessments.input_hash, assessments.recorded_by, assessments.arrival,"
    " assessments.excursion, assessments.anomaly, assessments.calibration"
)


async def assessments_of(session: Session, trail: bytes, limit: int) -> list[dict[str, Any]]:
    """The scores given for a shipment, the latest first."""
    statement = text(
        f"SELECT {GIVEN} FROM assessments WHERE trail = :trail ORDER BY as_of DESC, created_at DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"trail": trail, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def visible_events(session: Session, party: bytes, sees_all: bool, ids: Collection[str]) -> set[str]:
    """Those of the eventIDs that an event has which the party sees."""
    if sees_all or not ids:
        return set(ids)
    statement = text(
        "SELECT DISTINCT events.event_id FROM events WHERE events.event_id = ANY(:ids) AND EXISTS (SELECT"
        " FROM event_parties AS shown WHERE shown.event = events.seq AND shown.record_time = events.record_time"
        " AND (shown.party = :party OR (shown.by_trail AND shown.party IN"
        "  (SELECT grantor FROM grants WHERE grantee = :party))))"
    )
    return set((await session.execute(statement, {"party": party, "ids": sorted(set(ids))})).scalars())
