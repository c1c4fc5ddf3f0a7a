"""Named queries: a party's own views on the events that it may see (EPCIS 2.0, 8.2 and 12.4)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from service.epcis.query.conditions import Query
from service.epcis.query.faults import QueryValidationFault
from service.epcis.query.language import parse_query
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.store import subscriptions as stored
from service.store import tables
from service.store.database import Database
from service.subscriptions.errors import BadQueryName, NameTaken, QueryNotFound, ReservedName, TooManyQueries
from service.subscriptions.paging import place_after, token_after

MOST = 1000
"""Named queries of one party."""
MOST_BYTES = 64 * 1024
"""Of one query, as JSON."""
RESERVED = frozenset(("SimpleEventQuery", "SimpleMasterDataQuery"))
"""EPCIS 2.0, 8.2.7: queries that every repository has under these names."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._~:-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query with its name; `parameters` as they were given, the `@context` included."""

    id: UUID
    name: str
    parameters: dict[str, Any]
    created_at: datetime

    @property
    def query(self) -> Query:
        """What it asks."""
        return parsed(json.dumps(self.parameters))


@dataclass(frozen=True, slots=True)
class NamedQueryPage:
    """Some of a party's queries in the order of their names; `following` is the token of the next page."""

    queries: tuple[NamedQuery, ...]
    following: str | None


class NamedQueries:
    """What a party keeps as queries. Names are the party's own: two parties may use the same one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, caller: Caller, name: str, parameters: Mapping[str, Any]) -> NamedQuery:
        """Keeps the query; it is read as a query first, so a faulty one is refused now and not when it is used.

        Raises:
            ScopeMissing, PartyIsSuspended, BadQueryName, NameTaken, ReservedName, TooManyQueries, QueryParameterFault,
            QueryValidationFault, QueryTooComplex.
        """
        caller.require(Scope.SUBSCRIPTIONS_WRITE)
        caller.require_active()
        _check_name(name)
        kept = _text(parameters)
        parse_query(parameters)
        async with self._database.session() as session:
            row = await stored.add_query(session, uuid4(), caller.party, name, kept)
            if row is None:
                raise NameTaken("choose another name, or delete the query that has this one")
            if await stored.count_queries(session, caller.party) > MOST:
                raise TooManyQueries(f"{MOST} named queries are kept for one party; delete one first")
        return _told(row)

    async def read(self, caller: Caller, name: str) -> NamedQuery:
        """The caller's query with this name; raises `QueryNotFound`."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            row = await stored.named_query(session, caller.party, name) if _NAME.fullmatch(name) else None
        if row is None:
            raise not_found(name)
        return _told(row)

    async def list(self, caller: Caller, *, limit: int, token: str | None = None) -> NamedQueryPage:
        """Up to `limit` of the caller's queries; raises `BadPageToken`."""
        caller.require(Scope.TRAILS_READ)
        after = place_after("queries", caller.party, token)
        async with self._database.session() as session:
            rows = await stored.named_queries(session, caller.party, after, limit + 1)
        following = token_after("queries", caller.party, rows[limit - 1].name) if len(rows) > limit else None
        return NamedQueryPage(tuple(map(_told, rows[:limit])), following)

    async def delete(self, caller: Caller, name: str) -> None:
        """Deletes the query and all its subscriptions; its feeds end within a second. Raises `QueryNotFound`."""
        caller.require(Scope.SUBSCRIPTIONS_WRITE)
        async with self._database.session() as session:
            gone = bool(_NAME.fullmatch(name)) and await stored.delete_query(session, caller.party, name)
        if not gone:
            raise not_found(name)


@lru_cache(maxsize=1024)
def parsed(parameters: str) -> Query:
    """The query of parameters that are kept, as JSON text."""
    return parse_query(json.loads(parameters))


def not_found(name: str) -> QueryNotFound:
    """The refusal of a name that is none of the party's."""
    return QueryNotFound(f"the party has no query {name[:128]!r}; create it first")


def _check_name(name: str) -> None:
    if name in RESERVED:
        raise ReservedName("choose another name")
    if not _NAME.fullmatch(name):
        raise BadQueryName("a name has 1 to 128 letters, digits, and _ . ~ : - after the first")


def _text(parameters: Mapping[str, Any]) -> str:
    try:
        kept = json.dumps(dict(parameters), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise QueryValidationFault("send the query as a JSON object of parameters and their values") from None
    if len(kept) > MOST_BYTES:
        raise QueryValidationFault(f"a query has at most {MOST_BYTES} bytes of JSON, this one has {len(kept)}")
    return kept


def _told(row: tables.NamedQuery) -> NamedQuery:
    return NamedQuery(row.id, row.name, json.loads(row.parameters), row.created_at)
