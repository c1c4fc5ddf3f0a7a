# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Recalls and the things that they reach.

Locks are taken in one order: the recall's row, the party (`lock_party`), the notices (`store.notices`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session, copy
from service.store.trails import VISIBLE, TrailRow, Viewer

_FIELDS = (
    "recalls.id, recalls.seq, recalls.party, recalls.reason, recalls.disposition, recalls.direction, recalls.spread,"
    " recalls.since, recalls.until, recalls.seeds, recalls.classes, recalls.hold, recalls.opened_at, recalls.closed_at,"
    " recalls.bound, recalls.batch, recalls.followed, recalls.request_hash"
)
_CONTRADICTED = ["AlreadyCommissioned", "InAnothersCustody", "Decommissioned"]


class RecallRow(NamedTuple):
    """A recall as stored (`tables.Recall`)."""

    id: UUID
    seq: int
    party: bytes
    reason: str
    disposition: str
    direction: str
    spread: str
    since: datetime | None
    until: datetime | None
    seeds: list[bytes]
    classes: list[str]
    hold: bool
    opened_at: datetime
    closed_at: datetime | None
    bound: str | None
    batch: int
    followed: int
    request_hash: bytes


class NewRecall(NamedTuple):
    """A recall to be written, in the columns of `recalls`."""

    id: UUID
    party: bytes
    reason: str
    disposition: str
    direction: str
    spread: str
    since: datetime | None
    until: datetime | None
    seeds: list[bytes]
    classes: list[str]
    hold: bool
    bound: str | None
    followed: int
    idempotency_key: str | None
    request_hash: bytes


class ReachRow(NamedTuple):
    """A reach in the columns of `recall_things`."""

    recall: UUID
    number: int
    trail: bytes
    counts: bool
    batch: int
    since: datetime | None
    until: datetime | None
    depth: int
    via: int | None
    kind: str | None
    downwards: bool
    began: int | None
    ended: int | None
    supposed: bool


async def lock_party(session: Session, party: bytes) -> None:
    """Until the commit, nobody else decides on holds and lifts of this party."""
    key = {"key": f"holds of {party.hex()}"}
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


async def settled_transaction(session: Session) -> int:
    """The last transaction after which nothing can appear any more at or before it (see `tables.Capture`)."""
    statement = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
    found: int = (await session.execute(statement)).scalar_one()
    return found


async def named(session: Session, identifiers: Sequence[str], viewer: Viewer) -> dict[str, TrailRow]:
    """Those of the things with these canonical identifiers whose trails the viewer may see."""
    statement = text(
        "SELECT id, identifier, kind FROM trails WHERE identifier = ANY(:identifiers)"
        f" AND {VISIBLE.format(trail='trails.id')}"
    )
    rows = await session.execute(statement, {"identifiers": list(identifiers), **viewer.values})
    return {row[1]: TrailRow(*row) for row in rows.all()}


async def of_classes(session: Session, classes: Sequence[str], viewer: Viewer, limit: int) -> list[TrailRow]:
    """Up to `limit` things of the classes (canonical identifiers) whose trails the viewer may see."""
    statement = text(
        "SELECT id, identifier, kind FROM trails WHERE EXISTS (SELECT FROM unnest(CAST(:classes AS text[])) AS class"
        " (name) WHERE trails.identifier ^@ (class.name || '/'))"
        f" AND {VISIBLE.format(trail='trails.id')} ORDER BY id LIMIT :limit"
    )
    values = {"classes": list(classes), "limit": limit, **viewer.values}
    return [TrailRow(*row) for row in (await session.execute(statement, values)).all()]


async def commissioners(session: Session, trails: Sequence[bytes]) -> dict[bytes, bytes]:
    """Who commissioned the things: as the ledger took it, else by the first captured event that waits for it."""
    statement = text(
        "SELECT asked.trail, coalesce((SELECT entry.party FROM ledger_entries AS entry WHERE entry.trail = asked.trail"
        " AND entry.step = 1 AND NOT EXISTS (SELECT FROM ledger_disputes AS dispute WHERE dispute.trail = entry.trail"
        " AND dispute.block = entry.block AND dispute.log > entry.log AND dispute.reason = ANY(:contradicted)"
        " AND NOT EXISTS (SELECT FROM ledger_entries AS next WHERE next.trail = entry.trail"
        " AND next.block = entry.block AND next.log > entry.log AND next.log < dispute.log))"
        " ORDER BY entry.block, entry.log LIMIT 1), (SELECT event.party FROM mentions"
        " JOIN events AS event ON event.seq = mentions.event JOIN parts ON parts.id = mentions.part"
        " WHERE mentions.trail = asked.trail AND mentions.step = 1 AND parts.state < 2"
        " ORDER BY parts.seq, mentions.event LIMIT 1)) FROM unnest(CAST(:trails AS bytea[])) AS asked (trail)"
    )
    rows = await session.execute(statement, {"trails": list(trails), "contradicted": _CONTRADICTED})
    return {row[0]: row[1] for row in rows.all() if row[1] is not None}


async def add_recall(session: Session, new: NewRecall) -> RecallRow:
    """Writes a recall."""
    names = ", ".join(NewRecall._fields)
    values = ", ".join(f":{name}" for name in NewRecall._fields)
    statement = text(f"INSERT INTO recalls ({names}) VALUES ({values}) RETURNING {_FIELDS}")
    return RecallRow(*(await session.execute(statement, new._asdict())).one())


async def by_key(session: Session, party: bytes, key: str) -> RecallRow | None:
    """The party's recall with this Idempotency-Key."""
    statement = text(f"SELECT {_FIELDS} FROM recalls WHERE party = :party AND idempotency_key = :key")
    row = (await session.execute(statement, {"party": party, "key": key})).one_or_none()
    return RecallRow(*row) if row else None


async def by_id(session: Session, recall: UUID, *, locked: bool = False) -> RecallRow | None:
    """The recall with this id; `locked`: nobody else changes it before the commit."""
    statement = text(f"SELECT {_FIELDS} FROM recalls WHERE id = :recall{' FOR UPDATE' if locked else ''}")
    row = (await session.execute(statement, {"recall": recall})).one_or_none()
    return RecallRow(*row) if row else None


async def before(session: Session, viewer: Viewer, before: int | None, limit: int) -> list[RecallRow]:
    """Recalls that the viewer opened, or all where it sees all, the newest first, from before the one with this seq."""
    statement = text(
        f"SELECT {_FIELDS} FROM recalls WHERE (:sees_all OR party = :viewer)"
        " AND (CAST(:before AS bigint) IS NULL OR seq < :before) ORDER BY seq DESC LIMIT :limit"
    )
    rows = await session.execute(statement, {"before": before, "limit": limit, **viewer.values})
    return [RecallRow(*row) for row in rows.all()]


async def close(session: Session, recall: UUID) -> None:
    """Closes the recall now."""
    await session.execute(text("UPDATE recalls SET closed_at = now() WHERE id = :recall"), {"recall": recall})


async def known_reaches(session: Session, recall: UUID) -> tuple[dict[bytes, int], int]:
    """The numbers of the reaches that count, by trail; and the next number to give out."""
    statement = text("SELECT trail, number, counts FROM recall_things WHERE recall = :recall")
    rows = (await session.execute(statement, {"recall": recall})).all()
    return {row[0]: row[1] for row in rows if row[2]}, max((row[1] for row in rows), default=-1) + 1


async def known_processes(session: Session, recall: UUID) -> set[bytes]:
    """The trails of reaches that do not count."""
    statement = text("SELECT DISTINCT trail FROM recall_things WHERE recall = :recall AND NOT counts")
    return set((await session.execute(statement, {"recall": recall})).scalars())


async def add_reaches(session: Session, rows: Sequence[ReachRow]) -> None:
    """Writes reaches."""
    await copy(session, "recall_things", ReachRow._fields, rows)


async def behind(session: Session) -> RecallRow | None:
    """An open recall after whose `followed` something was captured; locked, one that nobody else has."""
    statement = text(
        f"SELECT {_FIELDS} FROM recalls WHERE closed_at IS NULL AND EXISTS (SELECT FROM captures"
        " WHERE captures.written_in > recalls.followed AND captures.written_in <"
        " pg_snapshot_xmin(pg_current_snapshot())::text::bigint) ORDER BY followed LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    row = (await session.execute(statement)).one_or_none()
    return RecallRow(*row) if row else None


async def next_captures(session: Session, after: int, limit: int) -> int:
    """The transaction with which some `limit` captures after a transaction end; `after` where there are none."""
    statement = text(
        "SELECT max(written_in) FROM (SELECT written_in FROM captures WHERE written_in > :after AND written_in <"
        " pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY written_in LIMIT :limit) AS next"
    )
    found: int | None = (await session.execute(statement, {"after": after, "limit": limit})).scalar_one()
    return after if found is None else found


class Touched(NamedTuple):
    """What captures did to an open recall: `ties` may lead on from its things, `parts`: somebody may have got a part in
    a thing's trail.
    """

    ties: bool
    parts: bool


async def touched(session: Session, recall: RecallRow, until: int) -> Touched:
    """Whether captures after `recall.followed`, up to `until`, concern the recall."""
    own = "EXISTS (SELECT FROM recall_things AS thing WHERE thing.recall = :recall AND thing.trail = {trail})"
    ties = (
        "events.event_type IN ('AggregationEvent', 'AssociationEvent', 'TransformationEvent') AND ("
        f"{own.format(trail='mentions.trail')}"
        " OR EXISTS (SELECT FROM links WHERE links.child = mentions.trail AND links.event = mentions.event AND"
        f" {own.format(trail='links.parent')})"
        " OR EXISTS (SELECT FROM links WHERE links.parent = mentions.trail AND links.event = mentions.event AND"
        f" {own.format(trail='links.child')}))"
        " OR EXISTS (SELECT FROM trails CROSS JOIN unnest(CAST(:classes AS text[])) AS class (name)"
        " WHERE trails.id = mentions.trail AND trails.identifier ^@ (class.name || '/')"
        f" AND NOT {own.format(trail='trails.id')})"
    )
    statement = text(
        "WITH fresh AS MATERIALIZED (SELECT mentions.step = 2 OR events.declares_error AS parts,"
        f" ({ties}) AS ties FROM captures"
        " JOIN events ON events.capture = captures.id JOIN mentions ON mentions.event = events.seq"
        " WHERE captures.written_in > :after AND captures.written_in <= :until)"
        " SELECT coalesce(bool_or(ties), false), coalesce(bool_or(parts), false) FROM fresh"
    )
    values = {"recall": recall.id, "classes": recall.classes, "after": recall.followed, "until": until}
    return Touched(*(await session.execute(statement, values)).one())


async def follow(session: Session, recall: UUID, until: int) -> None:
    """Notes that captures up to this transaction were looked at."""
    values = {"recall": recall, "until": until}
    await session.execute(text("UPDATE recalls SET followed = :until WHERE id = :recall"), values)


async def grown(session: Session, recall: UUID, batch: int, bound: str | None) -> None:
    """Notes that the recall was traced anew."""
    values = {"recall": recall, "batch": batch, "bound": bound}
    await session.execute(text("UPDATE recalls SET batch = :batch, bound = :bound WHERE id = :recall"), values)


class Counts(NamedTuple):
    """How many things a recall reached, and how many of them the viewer does not see."""

    things: int
    hidden: int


async def counts(session: Session, recalls: Sequence[UUID], viewer: Viewer) -> dict[UUID, Counts]:
    """The counts of these recalls."""
    statement = text(
        "SELECT thing.recall, count(*), count(*) FILTER (WHERE NOT"
        f" {VISIBLE.format(trail='thing.trail')}) FROM recall_things AS thing"
        " WHERE thing.recall = ANY(:recalls) AND thing.counts GROUP BY thing.recall"
    )
    rows = (await session.execute(statement, {"recalls": list(recalls), **viewer.values})).all()
    return {row[0]: Counts(row[1], row[2]) for row in rows}


class ThingRow(NamedTuple):
    """A reach with its thing, for those who see it. `step` and the rest tell of the last hold or lift, None for none;
    `part_state` is its part's `outbox.PartState`, None before it is captured.
    """

    number: int
    trail: bytes
    identifier: str
    thing_kind: str
    since: datetime | None
    until: datetime | None
    depth: int
    batch: int
    supposed: bool
    step: int | None
    event_id: str | None
    fault: str | None
    part_state: int | None
    refusal: str | None


_ACT = (
    " LEFT JOIN LATERAL (SELECT act.step, act.event_id, act.fault, parts.state, parts.refusal FROM recall_acts AS act"
    " LEFT JOIN events AS told ON told.party = act.party AND told.event_id = act.event_id AND NOT told.declares_error"
    " LEFT JOIN mentions ON mentions.event = told.seq AND mentions.trail = act.trail"
    " LEFT JOIN parts ON parts.id = mentions.part"
    " WHERE act.recall = thing.recall AND act.trail = thing.trail ORDER BY act.seq DESC LIMIT 1) AS act ON true"
)


async def things(
    session: Session, recall: UUID, viewer: Viewer, *, after: int, limit: int, identifier: str | None = None
) -> list[ThingRow]:
    """Up to `limit` things of a recall that the viewer sees, the nearest first, from after the one with this number."""
    statement = text(
        "SELECT thing.number, thing.trail, trails.identifier, trails.kind, thing.since, thing.until, thing.depth,"
        " thing.batch, thing.supposed, act.* FROM recall_things AS thing JOIN trails ON trails.id = thing.trail"
        f"{_ACT} WHERE thing.recall = :recall AND thing.counts AND thing.number > :after"
        " AND (CAST(:identifier AS text) IS NULL OR trails.identifier = :identifier)"
        f" AND {VISIBLE.format(trail='thing.trail')} ORDER BY thing.number LIMIT :limit"
    )
    values = {"recall": recall, "after": after, "limit": limit, "identifier": identifier, **viewer.values}
    return [ThingRow(*row) for row in (await session.execute(statement, values)).all()]


class StepRow(NamedTuple):
    """A reach on a path. `identifier` is None for a process; `visible` says whether the viewer may see the thing. The
    tie leads to it from the reach `via`, `downwards` from parent to child.
    """

    number: int
    via: int | None
    identifier: str | None
    visible: bool
    since: datetime | None
    until: datetime | None
    kind: str | None
    downwards: bool
    began: str | None
    began_at: datetime | None
    ended: str | None
    ended_at: datetime | None
    supposed: bool


_SEEN = (
    "({event}.party = :viewer OR EXISTS (SELECT FROM mentions WHERE mentions.event = {event}.seq"
    f" AND {VISIBLE.format(trail='mentions.trail')}))"
)


async def paths(session: Session, recall: UUID, numbers: Sequence[int], viewer: Viewer) -> dict[int, StepRow]:
    """The reaches on the ways to these reaches, by number; the ids and times of those events that the viewer sees."""
    began, ended = (_SEEN.replace("{event}", event) for event in ("began", "ended"))
    statement = text(
        "WITH RECURSIVE way (number, via) AS (SELECT number, via FROM recall_things WHERE recall = :recall"
        " AND number = ANY(:numbers) UNION SELECT before.number, before.via FROM way"
        " JOIN recall_things AS before ON before.recall = :recall AND before.number = way.via)"
        " SELECT thing.number, thing.via, trails.identifier, trails.id IS NOT NULL AND"
        f" {VISIBLE.format(trail='thing.trail')}, thing.since, thing.until, thing.kind, thing.downwards,"
        " began.event_id, began.event_time, ended.event_id, ended.event_time, thing.supposed FROM way"
        " JOIN recall_things AS thing ON thing.recall = :recall AND thing.number = way.number"
        " LEFT JOIN trails ON trails.id = thing.trail"
        f" LEFT JOIN events AS began ON began.seq = thing.began AND {began}"
        f" LEFT JOIN events AS ended ON ended.seq = thing.ended AND {ended}"
    )
    rows = await session.execute(statement, {"recall": recall, "numbers": list(numbers), **viewer.values})
    return {row[0]: StepRow(*row) for row in rows.all()}


async def event_names(session: Session, events: Sequence[int], viewer: Viewer) -> dict[int, tuple[str, datetime]]:
    """The ids and times of those of the events that the viewer sees, by their numbers."""
    statement = text(
        "SELECT told.seq, told.event_id, told.event_time FROM events AS told WHERE told.seq = ANY(:events)"
        f" AND {_SEEN.replace('{event}', 'told')}"
    )
    rows = await session.execute(statement, {"events": list(events), **viewer.values})
    return {row[0]: (row[1], row[2]) for row in rows.all()}
