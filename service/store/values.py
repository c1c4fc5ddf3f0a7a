# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""The values that events have in some fields, as a party sees them: each once, and listed without reading events."""

from sqlalchemy import text

from service.store.conditions import SEERS
from service.store.database import Session
from service.store.trails import VISIBLE, Viewer

_SEERS = f"(SELECT unnest({SEERS}) AS party, true AS by_trail UNION ALL SELECT :viewer, false) AS seers"
_OF_SEERS = (
    f"SELECT DISTINCT named.value FROM {_SEERS} CROSS JOIN LATERAL (SELECT value FROM party_values"
    " WHERE party = seers.party AND by_trail = seers.by_trail AND field = :field{after}"
    " ORDER BY value LIMIT :limit) AS named ORDER BY 1 LIMIT :limit"
)
# From one value to the next: each is kept once for every party that sees it.
_OF_ALL = (
    "WITH RECURSIVE named (value) AS ((SELECT value FROM party_values WHERE field = :field{after}"
    " ORDER BY value LIMIT 1) UNION ALL SELECT (SELECT next.value FROM party_values AS next"
    " WHERE next.field = :field AND next.value > named.value"
    " ORDER BY next.value LIMIT 1) FROM named WHERE named.value IS NOT NULL)"
    " SELECT value FROM named WHERE value IS NOT NULL LIMIT :limit"
)
_AFTER = " AND value > :after"


async def values(session: Session, field: str, viewer: Viewer, after: str | None, limit: int) -> list[str]:
    """Up to `limit` values of a column of `events`, in the order of their code points, from after a value."""
    statement = (_OF_ALL if viewer.sees_all else _OF_SEERS).format(after="" if after is None else _AFTER)
    wanted = {"field": field, "after": after, "limit": limit, **viewer.values}
    return list((await session.execute(text(statement), wanted)).scalars())


async def knows(session: Session, field: str, value: str, viewer: Viewer) -> bool:
    """Whether the value is among them."""
    if viewer.sees_all:
        statement = "SELECT EXISTS (SELECT FROM party_values WHERE field = :field AND value = :value)"
    else:
        statement = (
            f"SELECT EXISTS (SELECT FROM {_SEERS} JOIN party_values AS named ON named.party = seers.party"
            " AND named.by_trail = seers.by_trail AND named.field = :field AND named.value = :value)"
        )
    values = {"field": field, "value": value, **viewer.values}
    return bool((await session.execute(text(statement), values)).scalar_one())


# Things that the viewer named in events of its own on trails in which it has no part.
_TOLD = (
    "SELECT mentions.trail FROM event_parties AS told JOIN mentions ON mentions.event = told.event"
    " WHERE told.party = :viewer AND NOT told.by_trail"
)


async def things(session: Session, viewer: Viewer, after: str | None, limit: int) -> list[tuple[str, str]]:
    """Up to `limit` things (place in the list, canonical identifier) that events name, from after a place."""
    chosen = "SELECT id FROM trails WHERE id > decode(:after, 'hex') AND kind <> 'journal' ORDER BY id LIMIT :limit"
    if not viewer.sees_all:
        chosen = (
            f"SELECT id FROM (SELECT part.trail AS id FROM {_SEERS} CROSS JOIN LATERAL (SELECT trail"
            " FROM trail_parties JOIN trails ON trails.id = trail_parties.trail WHERE seers.by_trail"
            " AND trail_parties.party = seers.party AND trail > decode(:after, 'hex') AND trails.kind <> 'journal'"
            f" ORDER BY trail LIMIT :limit) AS part UNION SELECT trail FROM ({_TOLD}) AS told"
            " WHERE trail > decode(:after, 'hex')) AS one ORDER BY id LIMIT :limit"
        )
    statement = text(
        f"SELECT encode(id, 'hex'), identifier FROM trails JOIN ({chosen}) AS chosen USING (id)"
        " WHERE kind <> 'journal' ORDER BY id"
    )
    rows = await session.execute(statement, {"after": after or "", "limit": limit, **viewer.values})
    return [(row[0], row[1]) for row in rows.all()]


async def knows_thing(session: Session, identifier: str, viewer: Viewer) -> bool:
    """Whether the thing with this canonical identifier is among them."""
    statement = text(
        "SELECT EXISTS (SELECT FROM trails WHERE identifier = :identifier AND kind <> 'journal'"
        f" AND ({VISIBLE.format(trail='trails.id')} OR EXISTS (SELECT FROM mentions JOIN events"
        " ON events.seq = mentions.event WHERE mentions.trail = trails.id AND events.party = :viewer)))"
    )
    return bool((await session.execute(statement, {"identifier": identifier, **viewer.values})).scalar_one())
