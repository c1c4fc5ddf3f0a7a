"""What was known of a shipment when a score was given: its bookings then, and what was erased or came since."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session
from service.store.risk import BookedShipment


class Since(NamedTuple):
    """Events of the shipment's units: erased ones that the score may have known, and ones that came after it."""

    erased: int
    later: int


async def booked_then(
    session: Session, trail: bytes, recorded_by: datetime, known_seq: int | None
) -> BookedShipment | None:
    """The booking of a unit that stood by a record time; None where it was erased since, or there was none."""
    statement = text(
        "SELECT shipments.trail, trails.identifier, shipments.event, shipments.booked_at FROM shipments"
        " JOIN trails ON trails.id = shipments.trail JOIN events ON events.seq = shipments.event"
        " WHERE shipments.trail = :trail AND events.record_time <= :recorded_by"
        " AND (CAST(:known AS bigint) IS NULL OR events.seq <= :known)"
        " AND (shipments.retracted_at IS NULL OR shipments.retracted_at > :recorded_by)"
        " ORDER BY shipments.recorded_at IS NOT NULL AND shipments.planned_minutes IS NULL, shipments.event LIMIT 1"
    )
    values = {"trail": trail, "recorded_by": recorded_by, "known": known_seq}
    row = (await session.execute(statement, values)).one_or_none()
    return BookedShipment(*row) if row else None


async def since(session: Session, trail: bytes, known_seq: int) -> Since:
    """What became of the events on the units of the shipment, as far as the units are known still."""
    statement = text(
        "SELECT count(*) FILTER (WHERE events.document IS NULL AND events.seq <= :known),"
        " count(*) FILTER (WHERE events.seq > :known) FROM (SELECT DISTINCT told.event FROM"
        " (SELECT CAST(:trail AS bytea) AS unit UNION SELECT shipment_units.unit FROM shipments"
        "  JOIN shipment_units ON shipment_units.booking = shipments.event WHERE shipments.trail = :trail) AS units"
        " JOIN mentions AS told ON told.trail = units.unit) AS told JOIN events ON events.seq = told.event"
    )
    row = (await session.execute(statement, {"trail": trail, "known": known_seq})).one()
    return Since(row[0], row[1])


async def lately_known(session: Session, moment: datetime, minutes: int, limit: int) -> list[datetime]:
    """The record times of outcomes in the minutes up to a moment, the latest first."""
    statement = text(
        "SELECT DISTINCT known_from FROM shipment_outcomes WHERE known_from <= :moment"
        " AND known_from > CAST(:moment AS timestamptz) - make_interval(mins => :minutes) ORDER BY 1 DESC LIMIT :limit"
    )
    values = {"moment": moment, "minutes": minutes, "limit": limit}
    return list((await session.execute(statement, values)).scalars())


async def statement_of(session: Session, event_id: str, party: bytes) -> tuple[bytes | None] | None:
    """The document of a party's statement, None in it where it was erased; None where there is no such event."""
    statement = text("SELECT document FROM events WHERE event_id = :event_id AND party = :party AND NOT declares_error")
    row = (await session.execute(statement, {"event_id": event_id, "party": party})).one_or_none()
    return None if row is None else (row[0],)
