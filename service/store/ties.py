# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Ties between things, and what happened to the things that they lead to."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import EVENT, RETRACTED, VISIBLE, EventRow, Viewer


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


class WordRow(NamedTuple):
    """One event's word on a tie, as a recall weighs it; `child` is empty where it unties all from the parent.

    `party` told it; `in_parent` and `in_child` say whether that party has a part in the trails of the two ends. The
    kinds (`epcis.identifiers.Kind`) are looked up for transformations, where None is a process (`transformationID`),
    and for children that are taken out.
    """

    parent: bytes
    child: bytes
    kind: str
    action: str
    event: int
    event_time: datetime
    party: bytes
    in_parent: bool
    in_child: bool
    parent_kind: str | None
    child_kind: str | None


_COLUMNS = "links.parent, links.child, links.kind, links.action, links.event, links.event_time"
_DOWN = f"SELECT {_COLUMNS} FROM links WHERE parent = ANY(:trails) AND kind = ANY(:down)"
_UP = f"SELECT {_COLUMNS} FROM links WHERE child = ANY(:trails) AND kind = ANY(:up)"
_EMPTIED = (
    f"SELECT {_COLUMNS} FROM links WHERE child = CAST('' AS bytea) AND kind <> 'transformation'"
    f" AND parent IN (SELECT parent FROM links WHERE child = ANY(:trails) AND kind = ANY(:up))"
)
_CHOSEN = {
    (True, False): _DOWN,
    (False, True): f"{_UP} UNION {_EMPTIED}",
    (True, True): f"{_DOWN} UNION {_UP} UNION {_EMPTIED}",
}
_PART = (
    "CASE WHEN :everywhere AND chosen.action <> 'delete' THEN true ELSE EXISTS (SELECT FROM trail_parties AS part"
    " WHERE part.trail = chosen.{end} AND part.party = told.party) END"
)
# What a thing is matters where it may be a process, or a lot of which a part is taken out.
_KIND = "CASE WHEN {when} THEN (SELECT trails.kind FROM trails WHERE trails.id = chosen.{end}) END"

_MADE = "chosen.kind = 'transformation'"
_MADE_OR_OUT = f"{_MADE} OR chosen.action = 'delete'"


async def words_of(
    session: Session,
    trails: Sequence[bytes],
    *,
    down: Sequence[str],
    up: Sequence[str],
    everywhere: bool,
    limit: int,
) -> list[WordRow]:
    """Up to `limit` words on the ties of these things to their children of the kinds `down`, and to their parents of
    the kinds `up`, by event time; retracted events left out.

    With each tie to a parent come the words that untie all from that parent. `everywhere`: who has a part in what does
    not matter but where something is taken out, and is not looked up.
    """
    statement = text(
        f"WITH chosen AS MATERIALIZED ({_CHOSEN[bool(down), bool(up)]}), told AS MATERIALIZED"
        " (SELECT event.seq, event.party FROM events AS event WHERE event.seq IN (SELECT event FROM chosen)"
        f" AND NOT event.declares_error AND NOT {RETRACTED.format(event='event')})"
        " SELECT chosen.parent, chosen.child, chosen.kind, chosen.action, chosen.event, chosen.event_time, told.party,"
        f" {_PART.format(end='parent')}, {_PART.format(end='child')}, {_KIND.format(when=_MADE, end='parent')},"
        f" {_KIND.format(when=_MADE_OR_OUT, end='child')}"
        " FROM chosen JOIN told ON told.seq = chosen.event LIMIT :limit"
    )
    values: dict[str, object] = {"trails": list(trails), "everywhere": everywhere, "limit": limit}
    values |= {"down": list(down)} if down else {}
    values |= {"up": list(up)} if up else {}
    rows = [WordRow(*row) for row in (await session.execute(statement, values)).all()]
    return sorted(rows, key=lambda row: (row.event_time, row.event))


async def commissioned_at(session: Session, trails: Sequence[bytes]) -> dict[bytes, datetime]:
    """When the things came into being, as the events that commission them say; the earliest that is not retracted."""
    statement = text(
        "SELECT mentions.trail, min(event.event_time) FROM mentions JOIN events AS event ON event.seq = mentions.event"
        f" WHERE mentions.trail = ANY(:trails) AND mentions.step = 1 AND NOT {RETRACTED.format(event='event')}"
        " GROUP BY mentions.trail"
    )
    return {row[0]: row[1] for row in (await session.execute(statement, {"trails": list(trails)})).all()}


async def documents_of(session: Session, events: Sequence[int]) -> dict[int, bytes]:
    """The events' documents by their numbers, without those that are erased."""
    statement = text("SELECT seq, document FROM events WHERE seq = ANY(:events) AND document IS NOT NULL")
    return {row[0]: row[1] for row in (await session.execute(statement, {"events": list(events)})).all()}


async def identifiers_of(session: Session, trails: Sequence[bytes]) -> dict[bytes, str]:
    """The things' canonical identifiers by their trails."""
    statement = text("SELECT id, identifier FROM trails WHERE id = ANY(:trails)")
    return {row[0]: row[1] for row in (await session.execute(statement, {"trails": list(trails)})).all()}


async def readable(session: Session, trails: Sequence[bytes], viewer: Viewer) -> list[bytes]:
    """Those of the trails that the viewer may see, and those that no thing has (they are processes)."""
    statement = text(
        "SELECT asked.id FROM unnest(CAST(:trails AS bytea[])) AS asked (id) LEFT JOIN trails ON trails.id = asked.id"
        f" WHERE trails.id IS NULL OR {VISIBLE.format(trail='asked.id')} ORDER BY asked.id"
    )
    return list((await session.execute(statement, {"trails": list(trails), **viewer.values})).scalars())
