# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Ties between things, and what happened to the things that they lead to."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import EVENT, RETRACTED, EventRow


class TieRow(NamedTuple):
    """One event's word on a tie (`epcis.references.Link`); `child` is empty where it unties all from the parent."""

    parent: bytes
    child: bytes
    kind: str
    action: str
    event: int
    event_time: datetime


class Window(NamedTuple):
    """A trail from one moment to another, both included."""

    trail: bytes
    since: datetime
    until: datetime


class SeenRow(NamedTuple):
    """An event within a window of a trail; `sealed_at` is the block's time in Unix seconds, None while pending."""

    trail: bytes
    role: str
    step: int
    sealed_at: int | None
    event: EventRow


async def ties_of(session: Session, trails: Sequence[bytes]) -> list[TieRow]:
    """What was said of ties of these things to their parents and children, by event time; retracted events left out.

    With each tie to a parent come the words that untie all from that parent.
    """
    chosen = "SELECT parent, child, event FROM links WHERE child = ANY(:trails) OR parent = ANY(:trails)"
    statement = text(
        f"WITH own AS ({chosen}), chosen AS (SELECT parent, child, event FROM own UNION"
        " SELECT parent, child, event FROM links WHERE child = CAST('' AS bytea)"
        " AND parent IN (SELECT parent FROM own))"
        " SELECT links.parent, links.child, links.kind, links.action, links.event, links.event_time FROM chosen"
        " JOIN links USING (parent, child, event) JOIN events AS event ON event.seq = links.event"
        f" WHERE NOT event.declares_error AND NOT {RETRACTED.format(event='event')}"
        " ORDER BY links.event_time, links.event"
    )
    return [TieRow(*row) for row in (await session.execute(statement, {"trails": list(trails)})).all()]


async def seen_in(session: Session, windows: Sequence[Window], limit: int) -> list[SeenRow]:
    """Up to `limit` events within the windows by event time; one that is in several windows comes for each."""
    statement = text(
        "SELECT view.trail, mentions.role, mentions.step, (SELECT min(entry.time) FROM ledger_entries AS entry"
        " WHERE entry.seal = event.seal AND entry.trail = view.trail AND entry.party = event.party"
        f" AND entry.step = mentions.step) AS sealed_at, {EVENT}"
        " FROM unnest(CAST(:trails AS bytea[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))"
        " AS view (trail, since, until) JOIN mentions ON mentions.trail = view.trail"
        " JOIN events AS event ON event.seq = mentions.event AND event.event_time BETWEEN view.since AND view.until"
        " LEFT JOIN nonces ON nonces.event = event.seq ORDER BY event.event_time, event.seq LIMIT :limit"
    )
    trails, since, until = zip(*windows, strict=True)
    values = {"trails": list(trails), "since": list(since), "until": list(until), "limit": limit}
    return [SeenRow._make((*row[:4], EventRow(*row[4:]))) for row in (await session.execute(statement, values)).all()]
