"""The use: asking for events, and for the values that events have."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from service.epcis.query.conditions import Query
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.queries.errors import BadPageToken, QueryTooLarge
from service.queries.tokens import Onward, fingerprint, of_query, onward_of, seal, token_of, unseal
from service.store import queries as store
from service.store import values as value_store
from service.store.database import Database, Session
from service.store.frequencies import FrequencyCache
from service.store.queries import Found, FoundRow, Place
from service.store.trails import Viewer

What = Literal["eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"]
_FIELDS: dict[What, str] = {
    "eventTypes": "event_type",
    "bizSteps": "biz_step",
    "bizLocations": "biz_location",
    "readPoints": "read_point",
    "dispositions": "disposition",
}
assert {*_FIELDS, "epcs"} == set(get_args(What))


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event that a query found. `document` is its canonical JSON as it is sealed, `party` the 32-byte id of who
    told it, `seq` its place in the order in which events were recorded.
    """

    seq: int
    event_id: str
    document: bytes
    record_time: datetime
    event_hash: str
    capture: UUID
    party: bytes


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events in the query's order, and the token of the page after them."""

    events: tuple[FoundEvent, ...]
    following: str | None


@dataclass(frozen=True, slots=True)
class ValuePage:
    """Some values in order, and the token of the page after them."""

    values: tuple[str, ...]
    following: str | None


class Queries:
    """Events as one party finds them: those that it told, and those on trails that it sees (DESIGN, G5)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._frequencies = FrequencyCache()

    async def events(self, caller: Caller, query: Query, *, limit: int, token: str | None = None) -> EventPage:
        """A page of up to `limit` events that match, from the token of the page before on.

        Events that are recorded meanwhile neither repeat nor hide events of later pages.

        Raises:
            QueryTooLarge: more match than `query.most`.
            BadPageToken: the token is none, or belongs to another query or party.
        """
        caller.require(Scope.TRAILS_READ)
        mark = of_query(query, caller.party)
        start = None if token is None else onward_of(token, mark)
        given = start.given if start else 0
        count = limit if query.first is None else min(limit, query.first - given)
        if count <= 0 and query.most is None:
            return EventPage((), None)
        found = await self._found(caller, query, start.place if start else None, max(count, 0) + 1)
        if query.most is not None and found.matching > query.most:
            raise QueryTooLarge(
                f"more than {query.most} events match: narrow the query, or ask for more of them (maxEventCount)"
            )
        rows = found.rows[:count]
        ends = len(found.rows) <= count or (query.first is not None and given + count >= query.first) or not rows
        following = None if ends else token_of(mark, Onward(Place(rows[-1].key, rows[-1].seq), given + count))
        return EventPage(tuple(map(_event, rows)), following)

    async def _found(self, caller: Caller, query: Query, after: Place | None, limit: int) -> Found:
        async with self._database.session() as session:
            frequencies = await self._frequencies.get(session)
            return await store.find(session, query, _viewer(caller), after=after, limit=limit, frequencies=frequencies)

    async def event(self, caller: Caller, event_id: str) -> tuple[FoundEvent, ...]:
        """The events with this eventID (a full URI): an error declaration has that of the event it declares an error.

        The caller's own come first; empty where it sees none.
        """
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            return tuple(map(_event, await store.by_id(session, event_id, _viewer(caller))))

    async def values(self, caller: Caller, what: What, *, limit: int, token: str | None = None) -> ValuePage:
        """Values of a top-level resource that events have which the caller sees, each once.

        In the order of their text; `epcs`, which are the things that events name as instances or lots, in an order of
        their own that stays the same.

        Raises:
            BadPageToken: the token is none, or that of another list.
        """
        caller.require(Scope.TRAILS_READ)
        mark = fingerprint(what, caller.party)
        after = None if token is None else _text(unseal(token, mark))
        async with self._database.session() as session:
            found = await self._values(session, caller, what, after, limit + 1)
        shown = found[:limit]
        following = seal([mark, shown[-1][0]]) if len(found) > limit and shown else None
        return ValuePage(tuple(value for _, value in shown), following)

    async def _values(
        self, session: Session, caller: Caller, what: What, after: str | None, limit: int
    ) -> list[tuple[str, str]]:
        if what == "epcs":
            return await value_store.things(session, _viewer(caller), after, limit)
        found = await value_store.values(session, _FIELDS[what], _viewer(caller), after, limit)
        return [(value, value) for value in found]

    async def knows(self, caller: Caller, what: What, value: str) -> bool:
        """Whether some event that the caller sees has the value, as `values` would list it."""
        caller.require(Scope.TRAILS_READ)
        if "\0" in value:
            return False
        async with self._database.session() as session:
            if what == "epcs":
                return await value_store.knows_thing(session, value, _viewer(caller))
            return await value_store.knows(session, _FIELDS[what], value, _viewer(caller))


def _text(parts: list[object]) -> str:
    match parts:
        case [str(after)] if "\0" not in after:
            return after
    raise BadPageToken("follow the token that the page before gave, or leave it out")


def _event(row: FoundRow) -> FoundEvent:
    return FoundEvent(*row[:7])


def _viewer(caller: Caller) -> Viewer:
    return Viewer(caller.party, caller.sees_all)
