"""Feeds: results of a named query for as long as somebody listens, as WebSockets carry them (EPCIS 2.0, 12.5).

Each feed reads for itself from the place where it is; where nothing is new, all feeds of a process together cost two
small queries a second. What the party may see is judged anew for each document.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import UUID
from weakref import WeakSet

from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.store import subscriptions as stored
from service.store.database import Database
from service.store.stream import EVERY_EVENT
from service.store.subscriptions import Position
from service.subscriptions.controls import Controls
from service.subscriptions.errors import TooManyFeeds
from service.subscriptions.matching import Batch, match, standing_query
from service.subscriptions.named import not_found, parsed
from service.subscriptions.webhooks import BATCH
from service.subscriptions.writing import document

LOOK_SECONDS = 0.5


class Feeds:
    """The feeds of this process."""

    def __init__(
        self,
        database: Database,
        most: int = 500,
        each_party: int = 100,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database = database
        self.clock = clock
        self._most, self._each_party = most, each_party
        self._open: WeakSet[Feed] = WeakSet()
        self._looked: tuple[float, int, frozenset[UUID], frozenset[UUID]] | None = None
        self._looking = asyncio.Lock()

    def follow(self, caller: Caller, query_name: str, controls: Controls) -> "Feed":
        """Documents of what matches the caller's query from now on, or from the controls' time on.

        Nothing is looked up before the feed begins: `await feed.begin()` before a connection is accepted, or leave
        that to the first document.
        """
        return Feed(self, caller, query_name, controls)

    def admit(self, feed: "Feed") -> None:
        """Counts a feed for as long as somebody has it and it is not closed; raises `TooManyFeeds`."""
        if len(self._open) >= self._most:
            raise TooManyFeeds(f"this process serves {self._most} feeds; try again later")
        if sum(one.party == feed.party for one in self._open) >= self._each_party:
            raise TooManyFeeds(f"a party may have {self._each_party} feeds open here; close one first")
        self._open.add(feed)

    def leave(self, feed: "Feed") -> None:
        """Counts it no more."""
        self._open.discard(feed)

    async def look(self, query: UUID) -> tuple[int, bool]:
        """The last transaction that can be told, and whether the query is there, as of half a second ago at most."""
        async with self._looking:
            if (
                self._looked is None
                or time.monotonic() - self._looked[0] >= LOOK_SECONDS
                or query not in self._looked[2]
            ):
                asked = frozenset(feed.query for feed in self._open if feed.query is not None) | {query}
                async with self.database.session() as session:
                    top, found = await stored.existing(session, asked)
                self._looked = (time.monotonic(), top, asked, found)
            _, top, _, there = self._looked
            return top, query in there


class Feed(AsyncIterator[bytes]):
    """One listener's documents; ends when the query is deleted. Close it, or leave it as a context."""

    def __init__(self, feeds: Feeds, caller: Caller, query_name: str, controls: Controls) -> None:
        self._feeds, self._caller, self._name, self._controls = feeds, caller, query_name, controls
        self.query: UUID | None = None
        self._parameters = ""
        self._position = Position(0, EVERY_EVENT)
        self._seen: list[int] = []
        self._next_at: datetime | None = None
        self._run_until: int | None = None
        self._run_sent = False

    @property
    def party(self) -> bytes:
        """The party that listens."""
        return self._caller.party

    async def begin(self) -> None:
        """Finds the query and the place to begin at; again is as once.

        Raises:
            ScopeMissing, QueryNotFound, TooManyFeeds.
        """
        if self.query is not None:
            return
        self._caller.require(Scope.TRAILS_READ)
        async with self._feeds.database.session() as session:
            row = await stored.named_query(session, self._caller.party, self._name) if "\0" not in self._name else None
            if row is None:
                raise not_found(self._name)
            self._feeds.admit(self)
            self._position, self._seen = await stored.beginning(session, self._controls.initial_record_time)
        self.query, self._parameters = row.id, row.parameters
        self._plan()

    async def aclose(self) -> None:
        self._feeds.leave(self)

    async def __anext__(self) -> bytes:
        await self.begin()
        assert self.query is not None
        while True:
            top, there = await self._feeds.look(self.query)
            if not there:
                await self.aclose()
                raise StopAsyncIteration
            if not self._is_due(top):
                await asyncio.sleep(self._pause())
                continue
            batch = await self._batch()
            if batch is None:
                await self.aclose()
                raise StopAsyncIteration
            if self._goes_out(batch):
                return self._written(batch)

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _is_due(self, top: int) -> bool:
        if self._next_at is None:
            return (top, EVERY_EVENT) > self._position
        if self._run_until is None and self._feeds.clock() >= self._next_at:
            self._run_until, self._run_sent = top, False
        return self._run_until is not None

    def _pause(self) -> float:
        if self._next_at is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.0, (self._next_at - self._feeds.clock()).total_seconds()))

    async def _batch(self) -> Batch | None:
        """What is next; None where the party is no more."""
        query = standing_query(parsed(self._parameters), self._controls.initial_record_time)
        async with self._feeds.database.session() as session:
            standing = await stored.standing(session, self._caller.party)
            if standing is None:
                return None
            return await match(
                session, query, standing, self._position, seen=self._seen, until=self._run_until, most=BATCH
            )

    def _goes_out(self, batch: Batch) -> bool:
        """Moves on, and says whether the batch is a document: one that is empty only where a run wants that."""
        self._position = batch.position
        over = self._next_at is not None and batch.complete
        empty_report = over and self._controls.report_if_empty and not self._run_sent
        self._run_sent = True
        if over:
            self._run_until = None
            self._plan()
        return bool(batch.events) or empty_report

    def _plan(self) -> None:
        if self._controls.schedule is not None:
            self._next_at = self._controls.schedule.following(self._feeds.clock())

    def _written(self, batch: Batch) -> bytes:
        return document(
            batch.events,
            query_name=self._name,
            subscription=None,
            media_type=self._controls.media_type,
            epc_format=self._controls.epc_format,
            cbv_format=self._controls.cbv_format,
            created=self._feeds.clock(),
        )
