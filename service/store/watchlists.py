# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Watchlists, which shipments are on them, and where shipments are planned to go."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text

from service.store.database import Session
from service.store.database import insert as insert_rows
from service.store.trails import VISIBLE, Viewer

MATCHES = """EXISTS (SELECT FROM watched LEFT JOIN routes
        ON routes.trail = shipments.trail AND routes.event = shipments.event
    WHERE watched.watchlist = {list} AND CASE watched.kind
        WHEN 'shipment' THEN EXISTS (SELECT FROM mentions
            WHERE mentions.event = shipments.event AND mentions.trail = watched.key)
        WHEN 'party' THEN EXISTS (SELECT FROM trail_parties AS part
            WHERE part.trail = shipments.trail AND part.party = watched.key)
        WHEN 'place' THEN watched.value = ANY(routes.places)
        ELSE watched.value || '>' || watched.until = ANY(routes.ways) END)"""
"""Whether a row of `shipments` is on the watchlist `{list}`."""


class WatchlistRow(NamedTuple):
    """In the columns of `watchlists`."""

    id: UUID
    seq: int
    party: bytes
    name: str
    weight: float
    created_at: datetime
    changed_at: datetime


class Entry(NamedTuple):
    """An entry of a watchlist in the columns of `watched` but `watchlist` and `number`."""

    kind: str
    value: str
    until: str | None
    key: bytes | None


class Booking(NamedTuple):
    """A shipment without a route yet, and the document of its booking event (None: erased)."""

    trail: bytes
    event: int
    document: bytes | None


class RouteRow(NamedTuple):
    """In the columns of `routes`."""

    trail: bytes
    event: int
    hub: str | None
    destination: str | None
    reports: int
    places: list[str]
    ways: list[str]


_ROW = ", ".join(WatchlistRow._fields)


async def add(session: Session, watchlist: UUID, party: bytes, name: str, weight: float) -> bool:
    """Writes a watchlist without entries; False where the party has one with this name."""
    statement = text(
        "INSERT INTO watchlists (id, party, name, weight) VALUES (:id, :party, :name, :weight)"
        " ON CONFLICT (party, name) DO NOTHING RETURNING id"
    )
    values = {"id": watchlist, "party": party, "name": name, "weight": weight}
    return (await session.execute(statement, values)).first() is not None


async def change(session: Session, watchlist: UUID, name: str, weight: float) -> None:
    """Writes name and weight anew; IntegrityError where another has the name."""
    statement = text("UPDATE watchlists SET name = :name, weight = :weight, changed_at = now() WHERE id = :id")
    await session.execute(statement, {"id": watchlist, "name": name, "weight": weight})


async def named_otherwise(session: Session, party: bytes, watchlist: UUID, name: str) -> bool:
    """Whether another watchlist of the party has the name."""
    statement = text("SELECT EXISTS (SELECT FROM watchlists WHERE party = :party AND name = :name AND id <> :id)")
    found: bool = (await session.execute(statement, {"party": party, "name": name, "id": watchlist})).scalar_one()
    return found


async def lock_watchlists(session: Session, party: bytes) -> None:
    """Until the commit, nobody else makes or renames watchlists of the party."""
    statement = text("SELECT pg_advisory_xact_lock(hashtextextended('watchlists ' || encode(:party, 'hex'), 0))")
    await session.execute(statement, {"party": party})


async def count(session: Session, party: bytes) -> int:
    """How many watchlists the party has."""
    statement = text("SELECT count(*) FROM watchlists WHERE party = :party")
    found: int = (await session.execute(statement, {"party": party})).scalar_one()
    return found


async def by_id(session: Session, party: bytes, watchlist: UUID, *, locked: bool = False) -> WatchlistRow | None:
    """The party's watchlist with this id."""
    lock = " FOR UPDATE" if locked else ""
    statement = text(f"SELECT {_ROW} FROM watchlists WHERE id = :id AND party = :party{lock}")
    row = (await session.execute(statement, {"id": watchlist, "party": party})).one_or_none()
    return WatchlistRow(*row) if row else None


async def of_party(session: Session, party: bytes, after: int, limit: int) -> list[WatchlistRow]:
    """Up to `limit` watchlists of the party from after the one with this seq, the oldest first."""
    statement = text(f"SELECT {_ROW} FROM watchlists WHERE party = :party AND seq > :after ORDER BY seq LIMIT :limit")
    rows = await session.execute(statement, {"party": party, "after": after, "limit": limit})
    return [WatchlistRow(*row) for row in rows.all()]


async def delete(session: Session, party: bytes, watchlist: UUID) -> bool:
    """Deletes a watchlist; False where the party has none with this id."""
    values = {"id": watchlist, "party": party}
    gone = await session.execute(text("DELETE FROM watchlists WHERE id = :id AND party = :party RETURNING id"), values)
    if gone.first() is None:
        return False
    await session.execute(text("DELETE FROM watched WHERE watchlist = :id"), values)
    return True


async def entries(session: Session, watchlists: Collection[UUID]) -> dict[UUID, list[Entry]]:
    """The entries of watchlists, in their order."""
    statement = text(
        "SELECT watchlist, kind, value, until, key FROM watched WHERE watchlist = ANY(:ids) ORDER BY watchlist, number"
    )
    found: dict[UUID, list[Entry]] = {watchlist: [] for watchlist in watchlists}
    for row in (await session.execute(statement, {"ids": list(watchlists)})).all():
        found[row[0]].append(Entry(*row[1:]))
    return found


async def put_entries(session: Session, watchlist: UUID, given: Sequence[Entry]) -> None:
    """Writes the entries of a watchlist anew."""
    await session.execute(text("DELETE FROM watched WHERE watchlist = :id"), {"id": watchlist})
    rows = [(watchlist, number, *entry) for number, entry in enumerate(given)]
    await insert_rows(session, "watched", ("watchlist", "number", *Entry._fields), rows)


async def unrouted(session: Session, trails: Collection[bytes]) -> list[Booking]:
    """The shipments among these trails without a route."""
    statement = text(
        "SELECT shipments.trail, shipments.event, events.document FROM shipments"
        " JOIN events ON events.seq = shipments.event WHERE shipments.trail = ANY(:trails) AND NOT EXISTS"
        " (SELECT FROM routes WHERE routes.trail = shipments.trail AND routes.event = shipments.event)"
    )
    return [Booking(*row) for row in (await session.execute(statement, {"trails": list(trails)})).all()]


async def add_routes(session: Session, routes: Sequence[RouteRow]) -> None:
    """Writes routes, those left out that are there."""
    statement = text(
        "INSERT INTO routes (trail, event, hub, destination, reports, places, ways)"
        " SELECT decode(told.trail, 'hex'), told.event, told.hub, told.destination, told.reports,"
        " ARRAY(SELECT jsonb_array_elements_text(told.places)), ARRAY(SELECT jsonb_array_elements_text(told.ways))"
        " FROM jsonb_to_recordset(CAST(:routes AS jsonb)) AS told (trail text, event bigint, hub text,"
        " destination text, reports integer, places jsonb, ways jsonb) ORDER BY 1, 2 ON CONFLICT DO NOTHING"
    )
    told = [{**route._asdict(), "trail": route.trail.hex()} for route in routes]
    if told:
        await session.execute(statement, {"routes": orjson.dumps(told).decode()})


class WatchedShipment(NamedTuple):
    """A shipment under way with its latest score; `rank` and `booking` are its place in the list."""

    booking: int
    rank: float
    identifier: str
    booked_at: datetime
    assessment: UUID
    as_of: datetime
    stage: str
    probability: float | None
    band: str | None
    expected_end: datetime | None
    planned_end: datetime | None
    reasons: list[Any]


async def shipments_on(
    session: Session, viewer: Viewer, watchlist: UUID, after: tuple[float, int] | None, limit: int
) -> list[WatchedShipment]:
    """Shipments under way on a watchlist that the viewer sees, the likeliest to be late first, after a place."""
    rank, booking = after or (None, None)
    statement = text(
        "SELECT latest.booking, latest.rank, trails.identifier, shipments.booked_at, given.id, given.as_of,"
        " given.stage, given.probability, given.band, given.expected_end, given.planned_end, given.reasons"
        " FROM shipment_scores AS latest JOIN assessments AS given ON given.id = latest.assessment"
        " JOIN shipments ON shipments.event = latest.booking AND shipments.trail = latest.trail"
        " JOIN trails ON trails.id = latest.trail WHERE latest.under_way"
        " AND (CAST(:rank AS float8) IS NULL OR (latest.rank, latest.booking) < (:rank, CAST(:booking AS bigint)))"
        f" AND {VISIBLE.format(trail='latest.trail')} AND {MATCHES.format(list=':watchlist')}"
        " ORDER BY latest.rank DESC, latest.booking DESC LIMIT :limit"
    )
    values = {"watchlist": watchlist, "rank": rank, "booking": booking, "limit": limit, **viewer.values}
    return [WatchedShipment(*row) for row in (await session.execute(statement, values)).all()]
