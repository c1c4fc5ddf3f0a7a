"""Who has a part in a trail, and so may read it (DESIGN, G5).

1. Who speaks of a thing first has a part in its trail.
2. To whom a party that has a part offers the thing (Ship) has a part from then on, also in the trails of what the thing
   contains at that time, as far as the party that ships it has a part in those.
3. Nobody gets a part by writing on a trail that others began: whoever knows an identifier may add a statement, signed
   and attributable, but not read what others said.

Who sees which event follows from it, and is kept (`tables.EventParty`): so whoever gives a part in a trail, and whoever
writes an event on it, take turns.
"""

from collections.abc import Sequence

from sqlalchemy import text

from service.store.database import Session

_BEGIN = text(
    "WITH begun AS (INSERT INTO trails (id, identifier, kind)"
    " SELECT * FROM unnest(CAST(:ids AS bytea[]), CAST(:identifiers AS text[]), CAST(:kinds AS text[]))"
    " ON CONFLICT DO NOTHING RETURNING id)"
    " INSERT INTO trail_parties (trail, party) SELECT id, :author FROM begun ON CONFLICT DO NOTHING"
)
_TELL = text("SELECT count(*) FROM (SELECT FROM trails WHERE id = ANY(:ids) ORDER BY id FOR KEY SHARE) AS locked")
_HANDED = (
    " SELECT held.child, {party}handed.depth + 1 FROM handed JOIN links AS held"
    " ON held.parent = handed.trail AND held.kind <> 'transformation' AND held.action = 'add'"
    " WHERE handed.depth < 10 AND NOT EXISTS (SELECT FROM links AS taken WHERE taken.parent = held.parent"
    " AND taken.child IN (held.child, CAST('' AS bytea)) AND taken.action = 'delete'"
    " AND (taken.event_time, taken.event) > (held.event_time, held.event))"
)
_HAND_OVER = text(
    "WITH RECURSIVE handed (trail, depth) AS (SELECT unnest(CAST(:ids AS bytea[])), 0"  # noqa: S608
    f" UNION{_HANDED.format(party='')})"
    " SELECT count(*) FROM (SELECT FROM trails WHERE id IN (SELECT trail FROM handed) ORDER BY id FOR UPDATE) AS locked"
)
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


async def lock_trails(session: Session, trails: Sequence[bytes], *, offering: bool) -> None:
    """Until the commit, nobody gets a part in these trails but by this capture.

    Where it offers some of them, nobody writes on them either, nor on what they contain.
    """
    if trails:
        await session.execute(_HAND_OVER if offering else _TELL, {"ids": list(trails)})


async def share_offered(
    session: Session, author: bytes, offers: Sequence[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """Gives the recipients of offers (trail, party) a part, as the rules say; those that had none before.

    The capture's links are written, its trails locked.
    """
    if not offers:
        return []
    trails, parties = zip(*sorted(offers), strict=True)
    values = {"author": author, "trails": list(trails), "parties": list(parties)}
    return [(row[0], row[1]) for row in (await session.execute(_OFFER, values)).all()]
