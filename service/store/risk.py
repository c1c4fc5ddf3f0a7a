"""Shipments and their events as the risk room needs them, and the scores that were given."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session, copy

_VISIBLE = (
    " AND (:sees_all OR EXISTS (SELECT FROM trail_parties"
    " LEFT JOIN grants ON grants.grantor = trail_parties.party AND grants.grantee = :party"
    " WHERE trail_parties.trail = shipments.trail AND (trail_parties.party = :party OR grants.grantee IS NOT NULL)))"
)


class BookedShipment(NamedTuple):
    """A shipment: the trail and identifier of the unit to be delivered, and the event that booked it."""

    trail: bytes
    identifier: str
    booking: int
    booked_at: datetime


class ShipmentEvent(NamedTuple):
    """An event of a shipment's units; `document` is canonical JSON."""

    booking: int
    document: bytes


class AssessmentRow(NamedTuple):
    """A score in the columns of `assessments` but `created_at`; `reasons` is JSON."""

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


async def shipments_of(
    session: Session, party: bytes, sees_all: bool, trails: Sequence[bytes]
) -> list[tuple[bytes, BookedShipment]]:
    """For each of the trails that some visible shipment's booking touches: the trail asked for, and the shipment."""
    statement = text(
        "SELECT mentions.trail, shipments.trail, trails.identifier, shipments.event, shipments.booked_at"  # noqa: S608
        " FROM mentions JOIN shipments ON shipments.event = mentions.event"
        " JOIN trails ON trails.id = shipments.trail WHERE mentions.trail = ANY(:trails)"
        + _VISIBLE
        + " ORDER BY shipments.event"
    )
    rows = await session.execute(statement, {"trails": list(trails), "party": party, "sees_all": sees_all})
    return [(row[0], BookedShipment(*row[1:])) for row in rows.all()]


async def shipments_booked(
    session: Session, party: bytes, sees_all: bool, between: tuple[datetime, datetime], limit: int
) -> list[BookedShipment]:
    """The visible shipments booked between two moments (both count), the newest first."""
    statement = text(
        "SELECT shipments.trail, trails.identifier, shipments.event, shipments.booked_at FROM shipments"  # noqa: S608
        " JOIN trails ON trails.id = shipments.trail"
        " WHERE shipments.booked_at >= :since AND shipments.booked_at <= :until"
        + _VISIBLE
        + " ORDER BY shipments.booked_at DESC, shipments.event DESC LIMIT :limit"
    )
    values = {"party": party, "sees_all": sees_all, "since": between[0], "until": between[1], "limit": limit}
    return [BookedShipment(*row) for row in (await session.execute(statement, values)).all()]


async def shipment_events(session: Session, bookings: Sequence[int]) -> list[ShipmentEvent]:
    """The events of all units that each booking names, in the order of their times; erased ones are left out."""
    statement = text(
        "SELECT asked.booking, events.document FROM"
        " (SELECT DISTINCT units.event AS booking, told.event FROM mentions AS units"
        " JOIN mentions AS told ON told.trail = units.trail WHERE units.event = ANY(:bookings)) AS asked"
        " JOIN events ON events.seq = asked.event WHERE events.document IS NOT NULL"
        " ORDER BY asked.booking, events.event_time, events.seq"
    )
    rows = await session.execute(statement, {"bookings": list(bookings)})
    return [ShipmentEvent(*row) for row in rows.all()]


async def save_assessments(session: Session, assessments: Sequence[AssessmentRow]) -> None:
    """Stores scores as they were given."""
    await copy(session, "assessments", AssessmentRow._fields, assessments)


async def assessments_of(session: Session, trail: bytes, limit: int) -> list[dict[str, Any]]:
    """The scores given for a shipment, the latest first."""
    statement = text(
        "SELECT id, as_of, created_at, probability, band, stage, expected_end, planned_end, reasons, model_hash,"
        " input_hash FROM assessments"
        " WHERE trail = :trail ORDER BY as_of DESC, created_at DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"trail": trail, "limit": limit})
    return [dict(row) for row in rows.mappings()]
