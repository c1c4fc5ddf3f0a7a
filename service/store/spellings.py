# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""How events spell the identifiers in them: for each identifier one event, the first that the viewer sees."""

from collections.abc import Sequence

from sqlalchemy import text

from service.store.conditions import SEEN
from service.store.database import Session
from service.store.trails import Viewer

_EVENT = (
    "SELECT e.document FROM {source} JOIN events AS e ON e.seq = t.event WHERE {where} AND e.document IS NOT NULL{seen}"
)


async def naming_things(session: Session, identifiers: Sequence[str], viewer: Viewer) -> list[tuple[str, bytes]]:
    """For each thing (canonical identifier) the document of an event that names it."""
    event = _EVENT.format(
        source="mentions AS m JOIN event_terms AS t ON t.event = m.event",
        where="m.trail = trails.id",
        seen=_seen(viewer),
    )
    statement = text(
        "SELECT trails.identifier, found.document FROM trails"
        f" CROSS JOIN LATERAL ({event} ORDER BY m.event LIMIT 1) AS found WHERE trails.identifier = ANY(:identifiers)"
    )
    rows = await session.execute(statement, {"identifiers": list(identifiers), **viewer.values})
    return [(row[0], row[1]) for row in rows.all()]


async def having_terms(session: Session, terms: Sequence[int], viewer: Viewer) -> list[tuple[int, bytes]]:
    """For each term the document of an event that has it."""
    event = _EVENT.format(source="event_terms AS t", where="t.terms @> ARRAY[asked.term]", seen=_seen(viewer))
    statement = text(
        "SELECT asked.term, found.document FROM unnest(CAST(:terms AS bigint[])) AS asked (term)"
        f" CROSS JOIN LATERAL ({event} LIMIT 1) AS found"
    )
    rows = await session.execute(statement, {"terms": list(terms), **viewer.values})
    return [(row[0], row[1]) for row in rows.all()]


def _seen(viewer: Viewer) -> str:
    return "" if viewer.sees_all else f" AND {SEEN}"
