# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Trails as they are read: entries as the ledger recorded them, joined to the events that were captured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session

# A party sees a trail if it, or a party that granted it, has a part in it.
VISIBLE = (
    "(:sees_all OR EXISTS (SELECT FROM trail_parties AS part WHERE part.trail = {trail} AND (part.party = :viewer"
    " OR part.party IN (SELECT grantor FROM grants WHERE grantee = :viewer))))"
)
# The party that told the event declared it an error (EPCIS 2.0, 7.4.1.4).
RETRACTED = (
    "(NOT {event}.declares_error AND EXISTS (SELECT FROM events AS declaration WHERE declaration.party = {event}.party"
    " AND declaration.event_id = {event}.event_id AND declaration.declares_error))"
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a 32-byte party id, and whether its roles let it see everything."""

    party: bytes
    sees_all: bool

    @property
    def values(self) -> dict[str, object]:
        """What the visibility conditions bind."""
        return {"viewer": self.party, "sees_all": self.sees_all}


class TrailRow(NamedTuple):
    """A thing with a trail: 32-byte trail id, canonical identifier, `epcis.identifiers.Kind`."""

    id: bytes
    identifier: str
    kind: str


class EventRow(NamedTuple):
    """An event as captured; `document` and `nonce` are None once they are erased."""

    seq: int
    event_id: str
    party: bytes
    event_type: str
    event_time: datetime
    record_time: datetime
    seal: bytes
    document: bytes | None
    nonce: bytes | None
    retracted: bool


class SealedRow(NamedTuple):
    """An entry of a trail as the ledger recorded it; `event` is None where the service did not capture it."""

    block: int
    log: int
    part: bytes
    seal: bytes
    party: bytes
    to: bytes
    step: int
    time: int
    head: bytes
    role: str | None
    event: EventRow | None


class UnsealedRow(NamedTuple):
    """A captured entry that the ledger's mirror does not have; `state` is its part's `outbox.PartState`."""

    step: int
    role: str
    state: int
    refusal: str | None
    event: EventRow


class MoveRow(NamedTuple):
    """An entry that may move custody."""

    block: int
    log: int
    party: bytes
    to: bytes
    step: int


class DisputeRow(NamedTuple):
    """A dispute of the entry that the ledger recorded last before it."""

    block: int
    log: int
    reason: str


class PartyRow(NamedTuple):
    """A party with its number in the registry, None before that is mined."""

    id: bytes
    identifier: str
    name: str
    number: int | None


EVENT = (
    "event.seq, event.event_id, event.party, event.event_type, event.event_time, event.record_time, event.seal,"
    f" event.document, nonces.nonce, {RETRACTED.format(event='event')}"
)


async def visible_trail(session: Session, identifier: str, viewer: Viewer) -> TrailRow | None:
    """The trail of the thing with this canonical identifier, if the viewer may see it."""
    statement = text(
        "SELECT id, identifier, kind FROM trails WHERE identifier = :identifier"
        f" AND {VISIBLE.format(trail='trails.id')}"
    )
    row = (await session.execute(statement, {"identifier": identifier, **viewer.values})).one_or_none()
    return TrailRow(*row) if row else None


async def visible_trails(session: Session, viewer: Viewer, after: bytes, limit: int) -> list[TrailRow]:
    """Up to `limit` trails that the viewer may see, in the order of their ids, from after the one with id `after`."""
    values = {"after": after, "limit": limit, **viewer.values}
    if viewer.sees_all:
        chosen = "SELECT id FROM trails WHERE id > :after ORDER BY id LIMIT :limit"
    else:
        chosen = (
            "SELECT DISTINCT trail AS id FROM trail_parties WHERE trail > :after AND (party = :viewer"
            " OR party IN (SELECT grantor FROM grants WHERE grantee = :viewer)) ORDER BY 1 LIMIT :limit"
        )
    statement = text(f"SELECT id, identifier, kind FROM trails JOIN ({chosen}) AS chosen USING (id) ORDER BY id")
    return [TrailRow(*row) for row in (await session.execute(statement, values)).all()]


async def known_trails(session: Session, ids: Sequence[bytes], viewer: Viewer) -> dict[bytes, tuple[TrailRow, bool]]:
    """Those of the trails that exist, each with whether the viewer may see it."""
    statement = text(
        f"SELECT id, identifier, kind, {VISIBLE.format(trail='trails.id')} FROM trails WHERE id = ANY(:ids)"
    )
    rows = await session.execute(statement, {"ids": list(ids), **viewer.values})
    return {row[0]: (TrailRow(*row[:3]), row[3]) for row in rows.all()}


async def sealed_entries(
    session: Session, trail: bytes, after: tuple[int, int], limit: int, to_block: int | None = None
) -> list[SealedRow]:
    """Up to `limit` entries of a trail in the ledger's order, from after the place (block, log); none after `to_block`.

    An event belongs to an entry only where party, seal, trail and step agree: anybody can record another's seal.
    """
    statement = text(
        'SELECT entry.block, entry.log, entry.part, entry.seal, entry.party, entry."to", entry.step, entry.time,'
        f" entry.head, told.* FROM ledger_entries AS entry LEFT JOIN LATERAL (SELECT mentions.role, {EVENT}"
        " FROM events AS event JOIN mentions ON mentions.event = event.seq AND mentions.trail = entry.trail"
        " AND mentions.step = entry.step LEFT JOIN nonces ON nonces.event = event.seq"
        " WHERE event.seal = entry.seal AND event.party = entry.party) AS told ON true"
        " WHERE entry.trail = :trail AND (entry.block, entry.log) > (:block, :log)"
        " AND entry.block <= coalesce(CAST(:to_block AS bigint), 9223372036854775807)"
        " ORDER BY entry.block, entry.log LIMIT :limit"
    )
    values = {"trail": trail, "block": after[0], "log": after[1], "limit": limit, "to_block": to_block}
    rows = (await session.execute(statement, values)).all()
    return [SealedRow._make((*row[:10], EventRow(*row[10:]) if row[10] is not None else None)) for row in rows]


async def unsealed_entries(session: Session, trail: bytes, after: int, limit: int) -> list[UnsealedRow]:
    """Up to `limit` captured entries of a trail that the ledger's mirror does not have, after the event `after`."""
    statement = text(
        f"SELECT mentions.step, mentions.role, parts.state, parts.refusal, {EVENT} FROM mentions"
        " JOIN events AS event ON event.seq = mentions.event JOIN parts ON parts.id = mentions.part"
        " LEFT JOIN nonces ON nonces.event = event.seq WHERE mentions.trail = :trail AND mentions.event > :after"
        " AND NOT EXISTS (SELECT FROM ledger_entries AS entry WHERE entry.seal = event.seal AND entry.trail = :trail"
        " AND entry.party = event.party AND entry.step = mentions.step)"
        " ORDER BY mentions.event LIMIT :limit"
    )
    rows = (await session.execute(statement, {"trail": trail, "after": after, "limit": limit})).all()
    return [UnsealedRow._make((*row[:4], EventRow(*row[4:]))) for row in rows]


async def head_at(session: Session, trail: bytes, place: tuple[int, int]) -> bytes | None:
    """The head of a trail after the last entry up to the place (block, log); None before the first entry."""
    statement = text(
        "SELECT head FROM ledger_entries WHERE trail = :trail AND (block, log) <= (:block, :log)"
        " ORDER BY block DESC, log DESC LIMIT 1"
    )
    found = await session.execute(statement, {"trail": trail, "block": place[0], "log": place[1]})
    return found.scalar_one_or_none()


async def moves(session: Session, trail: bytes) -> list[MoveRow]:
    """The entries of a trail that may move custody (every step but Observe), in the ledger's order."""
    statement = text(
        'SELECT block, log, party, "to", step FROM ledger_entries WHERE trail = :trail AND step <> 0'
        " ORDER BY block, log"
    )
    return [MoveRow(*row) for row in (await session.execute(statement, {"trail": trail})).all()]


async def disputes(session: Session, trail: bytes) -> list[DisputeRow]:
    """The disputes on a trail, in the ledger's order."""
    statement = text("SELECT block, log, reason FROM ledger_disputes WHERE trail = :trail ORDER BY block, log")
    return [DisputeRow(*row) for row in (await session.execute(statement, {"trail": trail})).all()]


async def parties_by_id(session: Session, ids: Sequence[bytes]) -> dict[bytes, PartyRow]:
    """Those of the parties that are known, by id."""
    statement = text("SELECT id, identifier, name, number FROM parties WHERE id = ANY(:ids)")
    return {row[0]: PartyRow(*row) for row in (await session.execute(statement, {"ids": list(ids)})).all()}


async def parties_by_number(session: Session, numbers: Sequence[int]) -> dict[int, PartyRow]:
    """Those of the parties that are known, by their number in the registry."""
    statement = text("SELECT id, identifier, name, number FROM parties WHERE number = ANY(:numbers)")
    return {row[3]: PartyRow(*row) for row in (await session.execute(statement, {"numbers": list(numbers)})).all()}


async def visible_event(session: Session, event_id: str, viewer: Viewer) -> EventRow | None:
    """The event with this id, if the viewer captured it or sees a trail of it; its own first, then the oldest."""
    statement = text(
        f"SELECT {EVENT} FROM events AS event LEFT JOIN nonces ON nonces.event = event.seq"
        " WHERE event.event_id = :event_id AND (event.party = :viewer OR EXISTS"
        f" (SELECT FROM mentions WHERE mentions.event = event.seq AND {VISIBLE.format(trail='mentions.trail')}))"
        " ORDER BY event.party <> :viewer, event.declares_error, event.seq LIMIT 1"
    )
    row = (await session.execute(statement, {"event_id": event_id, **viewer.values})).one_or_none()
    return EventRow(*row) if row else None
