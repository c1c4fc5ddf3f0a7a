"""Who has a part in a trail, and so may read it (DESIGN, G5).

1. Who speaks of a thing first has a part in its trail.
2. To whom a party that has a part offers the thing (Ship) has a part from then on, also in the trails of what the thing
   contains at that time, as far as the party that ships it has a part in those. What it contains is what parties with
   a part in the trails of both put into it, and did not declare an error.
3. Nobody gets a part by writing on a trail that others began: whoever knows an identifier may add a statement, signed
   and attributable, but not read what others said.

Who sees which event follows from it, and is kept (`tables.EventParty`): so whoever gives a part in a trail, and whoever
writes an event on it, take turns.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import RETRACTED

_BEGIN = text(
    "WITH begun AS (INSERT INTO trails (id, identifier, kind)"
    " SELECT * FROM unnest(CAST(:ids AS bytea[]), CAST(:identifiers AS text[]), CAST(:kinds AS text[]))"
    " ON CONFLICT DO NOTHING RETURNING id)"
    " INSERT INTO trail_parties (trail, party) SELECT id, :author FROM begun ON CONFLICT DO NOTHING"
)
_TELL = text("SELECT id FROM trails WHERE id = ANY(:ids) ORDER BY id FOR KEY SHARE")
# Else whoever knows two identifiers could put one thing into another on paper, and be handed what it never had.
_COUNTS = (
    "EXISTS (SELECT FROM events AS told WHERE told.seq = {link}.event AND NOT told.declares_error"  # noqa: S608
    f" AND NOT {RETRACTED.format(event='told')} AND (SELECT count(*) FROM trail_parties AS part"
    " WHERE part.trail IN ({link}.parent, held.child) AND part.party = told.party) = 2)"
)
_HANDED = (
    " SELECT held.child, {party}handed.depth + 1 FROM handed JOIN links AS held"  # noqa: S608
    " ON held.parent = handed.trail AND held.kind <> 'transformation' AND held.action = 'add'"
    f" AND {_COUNTS.format(link='held')}"
    " WHERE handed.depth < 10 AND NOT EXISTS (SELECT FROM links AS taken WHERE taken.parent = held.parent"
    " AND taken.child IN (held.child, CAST('' AS bytea)) AND taken.action = 'delete'"
    f" AND {_COUNTS.format(link='taken')}"
    " AND (taken.event_time, taken.event) > (held.event_time, held.event))"
)
_HAND_OVER = text(
    "WITH RECURSIVE handed (trail, depth) AS (SELECT unnest(CAST(:ids AS bytea[])), 0"  # noqa: S608
    f" UNION{_HANDED.format(party='')})"
    " SELECT id FROM trails WHERE id IN (SELECT trail FROM handed) ORDER BY id FOR UPDATE"
)
_HAND_OVER_MORE = text("SELECT id FROM trails WHERE id = ANY(:ids) ORDER BY id FOR UPDATE SKIP LOCKED")
_OFFER = text(
    "WITH RECURSIVE handed (trail, party, depth) AS ("  # noqa: S608
    " SELECT trail, party, 0 FROM unnest(CAST(:trails AS bytea[]), CAST(:parties AS bytea[])) AS offer (trail, party)"
    f" UNION{_HANDED.format(party='handed.party, ')})"
    " INSERT INTO trail_parties (trail, party) SELECT DISTINCT handed.trail, handed.party FROM handed"
    " JOIN trail_parties AS mine ON mine.trail = handed.trail AND mine.party = :author"
    " ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING trail, party"
)


async def begin_trails(session: Session, author: bytes, trails: Sequence[tuple[bytes, str, str]]) -> None:
    """Writes the trails (id, identifier, kind) that are not there yet; the author has a part in those."""
    if not trails:
        return
    # Sorted, so that two captures of the same things never wait for each other in a circle.
    ids, identifiers, kinds = zip(*sorted(trails), strict=True)
    values = {"author": author, "ids": list(ids), "identifiers": list(identifiers), "kinds": list(kinds)}
    await session.execute(_BEGIN, values)


async def lock_trails(session: Session, trails: Sequence[bytes], *, offering: bool) -> frozenset[bytes]:
    """Until the commit, nobody gets a part in these trails but by this capture; all trails for which that holds.

    Where it offers some of them, nobody writes on them either, nor on what they contain.
    """
    if not trails:
        return frozenset()
    locked = await session.execute(_HAND_OVER if offering else _TELL, {"ids": list(trails)})
    return frozenset(locked.scalars())


class NotLocked(Exception):
    """What was put meanwhile into something that is offered is in another capture's hands."""


async def share_offered(
    session: Session, author: bytes, offers: Sequence[tuple[bytes, bytes]], locked: Collection[bytes]
) -> list[tuple[bytes, bytes]]:
    """Gives the recipients of offers (trail, party) a part, as the rules say; those that had none before.

    The capture's links are written, its trails `locked`. What these do not hold is locked only where nobody has it:
    waiting for it might be waiting in a circle. Raises NotLocked where somebody has.
    """
    if not offers:
        return []
    trails, parties = zip(*sorted(offers), strict=True)
    values = {"author": author, "trails": list(trails), "parties": list(parties)}
    shared = [(row[0], row[1]) for row in (await session.execute(_OFFER, values)).all()]
    more = {trail for trail, _ in shared}.difference(locked)
    if more and len((await session.execute(_HAND_OVER_MORE, {"ids": list(more)})).all()) < len(more):
        raise NotLocked
    return shared
