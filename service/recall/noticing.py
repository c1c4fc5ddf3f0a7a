"""The use: reading what recalls tell one's own party, and saying that one has."""

from uuid import UUID

from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.recall.errors import NoticeNotFound
from service.store import notices as store
from service.store.database import Database, Session
from service.store.notices import NoticeRow
from service.store.trails import TrailRow

__all__ = ["Notices"]


class Notices:
    """The notices of the caller's party. They name the things in whose trails it has a part, and no others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(
        self, caller: Caller, before: int | None, limit: int, *, unacknowledged: bool = False
    ) -> tuple[list[NoticeRow], int | None]:
        """Up to `limit` notices, the newest first; and where the next page begins, if any."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            rows = await store.notices_of(session, caller.party, before, limit + 1, unacknowledged=unacknowledged)
        return rows[:limit], rows[limit - 1].seq if len(rows) > limit else None

    async def read(self, caller: Caller, notice: UUID) -> NoticeRow:
        """One notice; raises NoticeNotFound."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            return await _row(session, caller, notice)

    async def things(
        self, caller: Caller, notice: UUID, after: bytes, limit: int
    ) -> tuple[list[TrailRow], bytes | None]:
        """Up to `limit` things that a notice tells of, by trail id; and where the next page begins. NoticeNotFound."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            await _row(session, caller, notice)
            rows = await store.things_of(session, notice, after, limit + 1)
        return rows[:limit], rows[limit - 1].id if len(rows) > limit else None

    async def acknowledge(self, caller: Caller, notice: UUID) -> NoticeRow:
        """The party has seen it; again is as once. Raises NoticeNotFound."""
        caller.require(Scope.TRAILS_READ)
        caller.require(Scope.CAPTURES_WRITE)
        async with self._database.session() as session:
            await _row(session, caller, notice)
            await store.acknowledge(session, caller.party, notice, caller.key_id)
            return await _row(session, caller, notice)


async def _row(session: Session, caller: Caller, notice: UUID) -> NoticeRow:
    row = await store.notice(session, caller.party, notice)
    if row is None:
        raise NoticeNotFound(f"there is no notice {notice} to you")
    return row
