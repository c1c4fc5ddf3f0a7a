"""What was captured, sealed and noticed since a place, as a party may see it.

Captures are followed by the transaction that wrote them, not by their numbers: a number is given out before the commit,
so a reader that remembers the last number it saw misses one that commits later. Only captures below the oldest
transaction still under way are told; nothing can appear before them any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session

_VISIBLE = """
    (:all OR EXISTS (
        SELECT FROM trail_parties
        WHERE trail_parties.trail = {trail} AND (trail_parties.party = :party OR trail_parties.party IN
            (SELECT grantor FROM grants WHERE grantee = :party))
    ))
"""
EVERY_EVENT = 2**62
"""As a place's event: all events of its transaction were seen."""
_HORIZON = "(SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"


class Place(NamedTuple):
    """Where a reader is: the transaction and event it saw captured last, the block and log it saw sealed last, and the
    notice and the alert it saw last. Notices and alerts are numbered in the order of their commits.
    """

    transaction: int
    event: int
    block: int
    log: int
    notice: int
    alert: int


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """An event and those of its trails that the party sees."""

    transaction: int
    event: int
    event_id: str
    event_type: str
    biz_step: str | None
    event_time: datetime
    record_time: datetime
    capture: str
    party: str
    trails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry on the chain, of an event that was captured here."""

    block: int
    log: int
    event_id: str
    identifier: str
    step: int
    time: int
    party: str


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to the party: of so many things, by whom."""

    notice: int
    id: str
    kind: str
    recall: str
    reason: str
    by: str
    created_at: datetime
    things: int


async def top(session: Session) -> Place:
    """The place after everything that can be told now."""
    statement = text(
        f"SELECT (SELECT max(written_in) FROM captures WHERE written_in < {_HORIZON}), last.block, last.log,"  # noqa: S608
        " (SELECT coalesce(max(seq), 0) FROM notices), (SELECT coalesce(max(seq), 0) FROM alerts)"
        " FROM (VALUES (1)) AS one LEFT JOIN"
        " (SELECT block, log FROM ledger_entries ORDER BY block DESC, log DESC LIMIT 1) AS last ON true"
    )
    transaction, block, log, notice, alert = (await session.execute(statement)).one()
    block, log = (-1, -1) if block is None else (block, log)
    return Place(transaction or 0, EVERY_EVENT, block, log, notice, alert)


async def window(session: Session, place: Place, limit: int) -> Place:
    """The end of the next `limit` captures and entries after the place, anybody's; the top where there are no more.

    It bounds what one read looks through for a party that sees little. A place beyond the top comes back to it: the
    chain was reorganised, and what is sealed again will be told again.
    """
    statement = text(
        "SELECT (SELECT max(written_in) FROM (SELECT written_in FROM captures"  # noqa: S608
        f"  WHERE written_in >= :transaction AND written_in < {_HORIZON} ORDER BY written_in LIMIT :limit) AS next),"
        " last.block, last.log FROM (VALUES (1)) AS one LEFT JOIN"
        " (SELECT block, log FROM (SELECT block, log FROM ledger_entries WHERE (block, log) > (:block, :log)"
        "  ORDER BY block, log LIMIT :limit) AS next ORDER BY block DESC, log DESC LIMIT 1) AS last ON true"
    )
    end = await top(session)
    values = {"transaction": place.transaction, "block": place.block, "log": place.log, "limit": limit}
    transaction, block, log = (await session.execute(statement, values)).one()
    if transaction is not None:
        end = end._replace(transaction=transaction)
    return end if block is None else end._replace(block=block, log=log)


async def noticed(session: Session, place: Place, until: Place, party: bytes, limit: int) -> list[NewNotice]:
    """Notices to the party after one place, up to another, in the order of their commits."""
    statement = text(
        "SELECT notices.seq, notices.id::text, notices.kind, recalls.id::text, recalls.reason, parties.identifier,"
        " notices.created_at, (SELECT count(*) FROM notified WHERE notified.notice = notices.id) FROM notices"
        " JOIN recalls ON recalls.id = notices.recall JOIN parties ON parties.id = recalls.party"
        " WHERE notices.party = :party AND notices.seq > :notice AND notices.seq <= :until"
        " ORDER BY notices.seq LIMIT :limit"
    )
    values = {"party": party, "notice": place.notice, "until": until.notice, "limit": limit}
    return [NewNotice(*row) for row in await session.execute(statement, values)]


async def captured(
    session: Session, place: Place, until: Place, party: bytes, *, sees_all: bool, limit: int
) -> list[CapturedEvent]:
    """Events captured after one place, up to another, on trails that the party sees, in the order of their commits."""
    visible = _VISIBLE.format(trail="mentions.trail")
    statement = text(
        "SELECT captures.written_in, events.seq, events.event_id, events.event_type, events.biz_step,"  # noqa: S608
        " events.event_time, events.record_time, events.capture::text, parties.identifier, seen.identifiers"
        " FROM captures JOIN events ON events.capture = captures.id"
        " JOIN parties ON parties.id = events.party"
        " CROSS JOIN LATERAL (SELECT array_agg(trails.identifier ORDER BY trails.identifier) AS identifiers"
        "  FROM mentions JOIN trails ON trails.id = mentions.trail"
        f" WHERE mentions.event = events.seq AND {visible}) AS seen"
        " WHERE captures.written_in BETWEEN :transaction AND :until"
        " AND (captures.written_in, events.seq) > (:transaction, :event) AND seen.identifiers IS NOT NULL"
        " ORDER BY captures.written_in, events.seq LIMIT :limit"
    )
    values = {
        "transaction": place.transaction,
        "event": place.event,
        "until": until.transaction,
        "party": party,
        "all": sees_all,
        "limit": limit,
    }
    rows = await session.execute(statement, values)
    return [CapturedEvent(*(*told, tuple(trails))) for *told, trails in rows]


async def sealed(
    session: Session, place: Place, until: Place, party: bytes, *, sees_all: bool, limit: int
) -> list[SealedEntry]:
    """Entries recorded after one place and up to another on trails that the party sees, in the order of the chain."""
    visible = _VISIBLE.format(trail="entries.trail")
    statement = text(
        "SELECT entries.block, entries.log, events.event_id, trails.identifier, entries.step, entries.time,"  # noqa: S608
        " parties.identifier FROM ledger_entries AS entries JOIN events ON events.seal = entries.seal"
        " JOIN trails ON trails.id = entries.trail JOIN parties ON parties.id = entries.party"
        f" WHERE (entries.block, entries.log) > (:block, :log) AND (entries.block, entries.log) <= (:until, :until_log)"
        f" AND {visible}"
        " ORDER BY entries.block, entries.log LIMIT :limit"
    )
    values = {
        "block": place.block,
        "log": place.log,
        "until": until.block,
        "until_log": until.log,
        "party": party,
        "all": sees_all,
        "limit": limit,
    }
    return [SealedEntry(*row) for row in await session.execute(statement, values)]
