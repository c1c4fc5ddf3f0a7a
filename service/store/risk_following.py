# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""What the scorer keeps of events, as they are followed: bookings, reports of milestones, what they retract.

Rows of events are read with a share lock: an event that is erased meanwhile is waited for, and then left out.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session, copy

STEPS = ("accepting", "departing", "arriving", "receiving")
"""The business steps that are milestones (`ml.vocabulary`)."""
_UNITS = 256
"""Things of a booking that are followed."""
_BOOKINGS_OF_UNIT = 20
"""Bookings that one thing is followed for: who books it again and again makes its events no dearer than this."""
_HISTORY = 20_000
"""Events on a thing from before its booking was followed that are looked through."""
_REPORTS = 64
"""Reports of one business step about one unit that are kept of each party, the first: who floods crowds out itself."""


class Followed(NamedTuple):
    """A booking that is followed: its plan is in `document`; `party` (32 bytes) told it."""

    event: int
    trail: bytes
    party: bytes
    booked_at: datetime
    record_time: datetime
    document: bytes


async def lock_follower(session: Session) -> int | None:
    """The last transaction that was followed, this transaction's to move on; None where another worker has it."""
    statement = text("SELECT followed FROM risk_followers WHERE name = 'shipments' FOR UPDATE SKIP LOCKED")
    found: int | None = (await session.execute(statement)).scalar_one_or_none()
    return found


async def next_window(session: Session, after: int, events: int) -> int:
    """The transaction with which the next captures of some `events` events end; `after` where there are none.

    Only what was committed before the oldest transaction under way: nothing can appear before it any more.
    """
    statement = text(
        "SELECT max(written_in) FROM (SELECT written_in, events, sum(events) OVER (ORDER BY written_in, seq) AS total"
        " FROM (SELECT written_in, seq, events FROM captures WHERE written_in > :after"
        "  AND written_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY written_in LIMIT 1000)"
        " AS coming) AS next WHERE total - events < :events"
    )
    found: int | None = (await session.execute(statement, {"after": after, "events": events})).scalar_one()
    return after if found is None else found


async def move_follower(session: Session, until: int) -> None:
    """Notes that captures were followed up to a transaction."""
    statement = text("UPDATE risk_followers SET followed = :until WHERE name = 'shipments'")
    await session.execute(statement, {"until": until})


_IN_WINDOW = " captures.written_in > :after AND captures.written_in <= :until"


async def new_bookings(session: Session, after: int, until: int) -> list[Followed]:
    """The bookings captured in a window of transactions."""
    statement = text(
        "SELECT shipments.event, shipments.trail, events.party, shipments.booked_at, events.record_time,"
        " events.document FROM captures JOIN events ON events.capture = captures.id"
        f" JOIN shipments ON shipments.event = events.seq WHERE {_IN_WINDOW} AND events.document IS NOT NULL"
        " AND NOT events.declares_error ORDER BY shipments.event FOR SHARE OF events"
    )
    return [Followed(*row) for row in await session.execute(statement, {"after": after, "until": until})]


async def begin(
    session: Session, planned: Sequence[tuple[Followed, int | None]], lanes: Sequence[tuple[int, str, str]]
) -> None:
    """Begins to follow bookings: their planned minutes, the things that they name, the lanes that they run over."""
    if not planned:
        return
    values = {
        "bookings": [one.event for one, _ in planned],
        "parties": [one.party for one, _ in planned],
        "recorded": [one.record_time for one, _ in planned],
        "minutes": [minutes for _, minutes in planned],
    }
    filled = text(
        "UPDATE shipments SET party = told.party, recorded_at = told.recorded, planned_minutes = told.minutes,"
        " retracted_at = (SELECT min(declaration.record_time) FROM events JOIN events AS declaration"
        "  ON declaration.party = events.party AND declaration.event_id = events.event_id"
        "  AND declaration.declares_error WHERE events.seq = told.booking)"
        " FROM unnest(CAST(:bookings AS bigint[]), CAST(:parties AS bytea[]), CAST(:recorded AS timestamptz[]),"
        " CAST(:minutes AS bigint[])) AS told (booking, party, recorded, minutes) WHERE shipments.event = told.booking"
    )
    await session.execute(filled, values)
    units = text(
        "INSERT INTO shipment_units (booking, unit) SELECT shipments.event, named.trail FROM shipments"
        " CROSS JOIN LATERAL (SELECT mentions.trail FROM mentions WHERE mentions.event = shipments.event"
        " AND (SELECT count(*) FROM (SELECT FROM shipment_units WHERE unit = mentions.trail LIMIT :bookings_of_unit)"
        "  AS others) < :bookings_of_unit"
        " ORDER BY mentions.trail <> shipments.trail, mentions.trail LIMIT :units) AS named"
        " WHERE shipments.event = ANY(CAST(:bookings AS bigint[])) ON CONFLICT DO NOTHING"
    )
    bounds = {"bookings_of_unit": _BOOKINGS_OF_UNIT, "units": _UNITS}
    await session.execute(units, {"bookings": values["bookings"], **bounds})
    await copy(session, "shipment_lanes", ("booking", "kind", "lane"), lanes)


_RETRACTED = (
    "(SELECT min(declaration.record_time) FROM events AS declaration WHERE declaration.party = events.party"
    " AND declaration.event_id = events.event_id AND declaration.declares_error)"
)
_REPORTED = (
    " events.event_type = 'ObjectEvent' AND events.action <> 'DELETE' AND events.biz_step = ANY(:steps)"
    " AND events.document IS NOT NULL AND NOT events.declares_error"
)
_NOTE = (
    "INSERT INTO shipment_milestones (booking, unit, event, step, place, event_time, record_time, party, retracted_at)"
    " WITH units AS MATERIALIZED ({units}) SELECT units.booking, units.unit, events.seq, events.biz_step,"
    " left(events.read_point, 2000), events.event_time,"
    f" events.record_time, events.party, {_RETRACTED} FROM units JOIN events ON events.seq = units.event"
)
_FEW = (
    " AND (SELECT count(*) FROM (SELECT FROM shipment_milestones AS report WHERE report.booking = units.booking"
    " AND report.unit = units.unit AND report.step = events.biz_step AND report.party = events.party LIMIT :reports)"
    " AS kept) < :reports"
)


async def note_reports(session: Session, after: int, until: int) -> None:
    """Keeps the reports of milestones that were captured in a window of transactions."""
    units = (
        "SELECT units.booking, units.unit, mentions.event FROM captures JOIN events ON events.capture = captures.id"
        " JOIN mentions ON mentions.event = events.seq AND mentions.role = 'subject'"
        f" JOIN shipment_units AS units ON units.unit = mentions.trail WHERE {_IN_WINDOW}"
    )
    statement = text(f"{_NOTE.format(units=units)} WHERE {_REPORTED}{_FEW} FOR SHARE OF events ON CONFLICT DO NOTHING")
    values = {"after": after, "until": until, "steps": list(STEPS), "reports": _REPORTS}
    await session.execute(statement, values)


async def note_earlier(session: Session, bookings: Collection[int]) -> None:
    """Keeps the reports about units of these bookings that were captured before."""
    units = (
        "SELECT units.booking, units.unit, told.event FROM shipment_units AS units CROSS JOIN LATERAL"
        " (SELECT event, role FROM mentions WHERE mentions.trail = units.unit ORDER BY event LIMIT :history) AS told"
        " WHERE units.booking = ANY(CAST(:bookings AS bigint[])) AND told.role = 'subject'"
    )
    statement = text(f"{_NOTE.format(units=units)} WHERE {_REPORTED}{_FEW} FOR SHARE OF events ON CONFLICT DO NOTHING")
    values = {"bookings": sorted(bookings), "steps": list(STEPS), "history": _HISTORY, "reports": _REPORTS}
    await session.execute(statement, values)


async def trim_reports(session: Session, bookings: Collection[int]) -> None:
    """Keeps no more reports than are kept: those that came at once were not counted while they were written."""
    statement = text(
        "DELETE FROM shipment_milestones AS report USING (SELECT booking, unit, event, row_number() OVER"
        " (PARTITION BY booking, unit, step, party ORDER BY event) AS place FROM shipment_milestones"
        " WHERE booking = ANY(CAST(:bookings AS bigint[]))) AS counted WHERE counted.place > :reports"
        " AND report.booking = counted.booking AND report.unit = counted.unit AND report.event = counted.event"
    )
    await session.execute(statement, {"bookings": sorted(bookings), "reports": _REPORTS})


async def note_errors(session: Session, after: int, until: int) -> list[int]:
    """Retracts what parties declared to be errors in a window; the bookings of shipments that this may change."""
    declared = (
        "WITH declared AS (SELECT original.seq, declaration.record_time FROM captures"
        " JOIN events AS declaration ON declaration.capture = captures.id AND declaration.declares_error"
        " JOIN events AS original ON original.party = declaration.party AND original.event_id = declaration.event_id"
        f" AND NOT original.declares_error WHERE {_IN_WINDOW})"
    )
    values = {"after": after, "until": until}
    reports = text(
        f"{declared} UPDATE shipment_milestones AS report SET retracted_at = declared.record_time FROM declared"
        " WHERE report.event = declared.seq AND report.retracted_at IS NULL RETURNING report.booking"
    )
    changed = set((await session.execute(reports, values)).scalars())
    booked = text(
        f"{declared}, taken AS (UPDATE shipments SET retracted_at = coalesce(retracted_at, declared.record_time)"
        " FROM declared WHERE shipments.event = declared.seq RETURNING shipments.trail)"
        " SELECT event FROM shipments WHERE trail IN (SELECT trail FROM taken)"
    )
    changed.update((await session.execute(booked, values)).scalars())
    return sorted(changed)


async def touched(session: Session, after: int, until: int) -> list[int]:
    """The bookings of shipments that events of a window tell of."""
    statement = text(
        "SELECT DISTINCT units.booking FROM captures JOIN events ON events.capture = captures.id"
        " JOIN mentions ON mentions.event = events.seq JOIN shipment_units AS units ON units.unit = mentions.trail"
        f" WHERE {_IN_WINDOW} ORDER BY units.booking"
    )
    return list((await session.execute(statement, {"after": after, "until": until})).scalars())


async def mark_due(session: Session, bookings: Collection[int], reason: str, now: datetime) -> None:
    """The shipments are to be scored now."""
    statement = text(
        "INSERT INTO shipments_due (booking, due_at, reason) SELECT shipments.event, :now, :reason FROM shipments"
        " WHERE shipments.event = ANY(CAST(:bookings AS bigint[])) ORDER BY shipments.event"
        " ON CONFLICT (booking) DO UPDATE SET due_at = least(shipments_due.due_at, excluded.due_at),"
        " reason = excluded.reason"
    )
    await session.execute(statement, {"bookings": sorted(bookings), "reason": reason, "now": now})


async def take_refollowed(session: Session, limit: int) -> list[int]:
    """Some bookings whose outcomes are to be made anew, as something that they derived from was erased."""
    statement = text(
        "UPDATE shipments_due SET refollow = false WHERE booking IN (SELECT booking FROM shipments_due WHERE refollow"
        " ORDER BY booking LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING booking"
    )
    return sorted((await session.execute(statement, {"limit": limit})).scalars())
