# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Delivered shipments whose events the chain has, as models are trained on them."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session
from service.store.risk import VISIBLE

_SEALED = "EXISTS (SELECT FROM ledger_entries AS entry WHERE entry.seal = {event}.seal)"


class Delivered(NamedTuple):
    """A shipment with an outcome: its booking, and since when the outcome is known.

    Of history that was brought in (its booking was recorded after the delivery), record times tell when it was brought:
    the outcome counts from the delivery on.
    """

    booking: int
    booked_at: datetime
    known_at: datetime
    late: bool


class Standing(NamedTuple):
    """How many shipments there are for training: booked, with a plan that can be read, delivered, late."""

    booked: int
    planned: int
    delivered: int
    late: int


async def delivered(session: Session, party: bytes, sees_all: bool, after: int, limit: int) -> list[Delivered]:
    """Visible shipments with an outcome that is counted, from after a booking on, whose booking is sealed."""
    statement = text(
        "SELECT shipments.event, shipments.booked_at, CASE WHEN shipments.recorded_at > outcome.delivered_at"
        " THEN outcome.delivered_at ELSE greatest(outcome.known_from, outcome.delivered_at) END, outcome.late"
        " FROM shipments JOIN shipment_outcomes AS outcome ON outcome.booking = shipments.event AND outcome.counted"
        " JOIN events ON events.seq = shipments.event WHERE shipments.event > :after"
        f" AND {_SEALED.format(event='events')} {VISIBLE} ORDER BY shipments.event LIMIT :limit"
    )
    values = {"party": party, "sees_all": sees_all, "after": after, "limit": limit}
    return [Delivered(*row) for row in await session.execute(statement, values)]


async def sealed(session: Session, events: Collection[int]) -> set[int]:
    """Those of the events that the chain has."""
    statement = text(
        f"SELECT seq FROM events WHERE seq = ANY(CAST(:events AS bigint[])) AND {_SEALED.format(event='events')}"
    )
    return set((await session.execute(statement, {"events": sorted(events)})).scalars())


async def standing(session: Session, party: bytes, sees_all: bool) -> Standing:
    """How many shipments the party sees, and how far they are."""
    statement = text(
        "SELECT count(*), count(planned_minutes), count(outcome.booking), count(*) FILTER (WHERE outcome.late)"
        " FROM shipments LEFT JOIN shipment_outcomes AS outcome ON outcome.booking = shipments.event"
        f" AND outcome.counted WHERE shipments.retracted_at IS NULL {VISIBLE}"
    )
    row = (await session.execute(statement, {"party": party, "sees_all": sees_all})).one()
    return Standing(*row)
