"""What newly matches a query: for webhooks and for feeds, in the order in which it was captured."""

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.epcis.query.conditions import Query, Timed
from service.parties.roles import SEES_ALL
from service.store import subscriptions as stored
from service.store.database import Session
from service.store.queries import FoundRow, matching_after
from service.store.stream import EVERY_EVENT
from service.store.subscriptions import Position, Standing
from service.store.trails import Viewer

BATCH_BYTES = 1 << 20
"""Of events as stored, in one delivery; an event that is larger goes alone."""
_LOOKED_THROUGH = 2000
"""Events, anybody's, about which one search goes on: so many, or a whole capture."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that match, where to go on after them, and whether there is nothing more up to the end asked for."""

    events: tuple[FoundRow, ...]
    position: Position
    complete: bool


def standing_query(query: Query, since: datetime | None) -> Query:
    """The query as a subscription asks it: every match, in the order of captures, of events recorded at or after."""
    recorded = (Timed("record_time", since=since),) if since is not None else ()
    return dataclasses.replace(query, conditions=query.conditions + recorded, order=None, first=None, most=None)


async def match(
    session: Session,
    query: Query,
    standing: Standing,
    position: Position,
    *,
    seen: Collection[int] = (),
    until: int | None = None,
    most: int,
) -> Batch:
    """The next events after the position, at most so many, that the party may see now.

    `seen`: transactions that are none of its news. `until`: the last transaction; None for as far as can be told.
    """
    first = position.transaction + (position.event == EVERY_EVENT)
    end, last = await stored.reach(session, first, until, _LOOKED_THROUGH)
    if (end, EVERY_EVENT) <= position:
        return Batch((), position, complete=last)
    found = await matching_after(session, query, _viewer(standing), position, end, most)
    events, passed = _batch(found, seen)
    if len(found) < most and passed == len(found):
        return Batch(events, Position(end, EVERY_EVENT), complete=last)
    ended = found[passed - 1]
    return Batch(events, Position(ended.written_in, ended.seq), complete=False)


async def sees_still(session: Session, standing: Standing, events: Sequence[int]) -> bool:
    """Whether the party may see all of these events now."""
    return await stored.count_seen(session, _viewer(standing), events) == len(events)


def _viewer(standing: Standing) -> Viewer:
    return Viewer(standing.party, sees_all=bool(standing.roles & SEES_ALL))


def _batch(found: Sequence[FoundRow], seen: Collection[int]) -> tuple[tuple[FoundRow, ...], int]:
    """Those that are sent at once, and how many were gone through for them."""
    events: list[FoundRow] = []
    total = 0
    for number, event in enumerate(found):
        if event.written_in in seen:
            continue
        total += len(event.document)
        if events and total > BATCH_BYTES:
            return tuple(events), number
        events.append(event)
    return tuple(events), len(found)
