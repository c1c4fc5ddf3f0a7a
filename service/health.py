"""Whether this process can do its work: the database, its tables, and how far the mirror is behind the chain."""

import asyncio
import time
from dataclasses import dataclass

from service.errors import TrailsealError
from service.ledger.client import Node, number
from service.store import chain, health
from service.store.database import Database
from service.store.health import Backlog
from service.store.migrate import newest_revision

__all__ = ["BLOCKS_BEHIND", "Backlog", "Health", "Readiness"]

BLOCKS_BEHIND = 100
"""A mirror further behind than this is not ready: receipts and trails would be stale."""
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """The findings; `blocks_behind` is None where the node or the mirror says nothing, `backlog` where no tables do."""

    database: bool
    migrated: bool
    chain: bool
    blocks_behind: int | None
    backlog: Backlog | None

    @property
    def ready(self) -> bool:
        """Whether requests should come here. Accepting captures needs no chain, so a silent node does not count."""
        return self.database and self.migrated and (self.blocks_behind or 0) <= BLOCKS_BEHIND


class Health:
    """Looks at what the service stands on; at most once a second, however often it is asked."""

    def __init__(self, database: Database, node: Node) -> None:
        self._database, self._node = database, node
        self._wanted = newest_revision()
        self._seen: tuple[float, Readiness] | None = None
        self._looking = asyncio.Lock()

    async def look(self) -> Readiness:
        """The readiness now, or as it was less than a second ago."""
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen[0] > 1.0:
                self._seen = (time.monotonic(), await self._look())
            return self._seen[1]

    async def _look(self) -> Readiness:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._database.session() as session:
                migrated = await health.revision(session) == self._wanted
                followed = await chain.last_block(session) if migrated else None
                backlog = await health.backlog(session) if migrated else None
        except health.UNREACHABLE:
            return Readiness(database=False, migrated=False, chain=False, blocks_behind=None, backlog=None)
        top = await self._top()
        behind = max(0, top - followed.number) if top is not None and followed is not None else None
        return Readiness(database=True, migrated=migrated, chain=top is not None, blocks_behind=behind, backlog=backlog)

    async def _top(self) -> int | None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return number(await self._node.call("eth_blockNumber"))
        except (TrailsealError, TimeoutError):
            return None
