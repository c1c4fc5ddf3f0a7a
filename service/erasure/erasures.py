"""The use: a party erases what an event of its own said (GDPR, Art. 17), and says that it did.

1. In one transaction, the document, its nonce and all that derives from them go, and the erasure is noted for good.
   It does not wait for the chain: an event that is not sealed yet is sealed later, for its seal was accepted.
2. The statement is captured as any event of the party: at once by the service where it keeps a key of the party, else
   by the party, which gets it prepared. A statement that failed is captured by a worker (`step`).

Only the party itself erases. An administrator who may have to can recover the party's access, which the party sees.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog

from service.capture import Captures, Prepared
from service.capture.errors import DuplicateEvent
from service.config import Settings
from service.erasure.again import noted
from service.erasure.alias import alias_of, mac_of
from service.erasure.errors import NothingToErase, StatementStays
from service.erasure.statement import document_of
from service.errors import TrailsealError
from service.parties.caller import Caller
from service.parties.errors import NoSigningKey, NotDeployed, PartyIsSuspended
from service.parties.scopes import Scope
from service.store import erasure as store
from service.store import parties as party_store
from service.store.database import Database, DatabaseUnavailable, Session
from service.store.erasure import Erasable, ErasureRow, ToldErasure
from service.trails.facts import erasure_view
from service.trails.views import ErasureView, PartyName

_log = structlog.get_logger(__name__)
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure: what the event is called now, its seal, and the statement: captured, to be signed by the party
    (`prepared`), or waiting.
    """

    event_id: str
    seal: bytes
    view: ErasureView
    prepared: Prepared | None = None


class Erasures:
    """Erasing events; any number of processes may do so at once."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._captures = Captures(database, settings)
        self._secret = settings.consortium_secret.get_secret_value()
        self._tried = 0
        self._failed: set[UUID] = set()

    async def erase(self, caller: Caller, event_id: str, reason: str) -> Sequence[Erased]:
        """Erases the caller's event with this eventID, and its declaration as an error where there is one.

        Again is as once: the first erasure's reason and time stay. A suspended party may erase; its statement waits.

        Raises:
            NothingToErase: none of the caller's events has this eventID.
            StatementStays: the event is the statement of an erasure.
        """
        caller.require(Scope.EVENTS_ERASE)
        alias = alias_of(mac_of(event_id, self._secret))
        async with self._database.session() as session:
            found = await store.lock_events(session, caller.party, [event_id, alias])
            if await store.is_statement(session, caller.party, event_id):
                raise StatementStays("it says who erased an event, when and why, and nothing else: it stays")
            if not found:
                raise NothingToErase("your party captured no event with this eventID; check it")
            fresh = [await self._erase(session, one, caller, reason, event_id) for one in found if not one.erased]
        for row in fresh:
            _log.info("erased", **noted(row))
        told = await self._told([one.event for one in found])
        return [await self._stated(caller, one) for one in told]

    async def listed(self, caller: Caller, before: int | None, limit: int) -> tuple[list[Erased], int | None]:
        """Up to `limit` erasures of the party's events, the newest first; and where the next page begins."""
        caller.require(Scope.EVENTS_ERASE)
        async with self._database.session() as session:
            rows = await store.erasures_by_party(session, caller.party, before, limit + 1)
        return [_erased(caller, told) for _, told in rows[:limit]], rows[limit - 1][0] if len(rows) > limit else None

    async def step(self) -> bool:
        """Captures statements that are missing and that the service can sign; whether there were any."""
        async with self._database.session() as session:
            rows = await store.unstated(session, _AT_ONCE, after=self._tried)
            callers = {row.party: await _caller(session, row.party) for _, row in rows}
        self._tried = rows[-1][0] if len(rows) == _AT_ONCE else 0
        done = False
        for _, row in rows:
            if row.id in self._failed:
                continue
            with contextlib.suppress(NoSigningKey):  # revoked meanwhile
                done |= await self._capture(callers[row.party], row)
        return done

    async def _erase(self, session: Session, found: Erasable, caller: Caller, reason: str, event_id: str) -> ErasureRow:
        mac = mac_of(event_id, self._secret)
        row = ErasureRow(
            uuid4(),
            found.event,
            mac,
            found.declares_error,
            found.seal,
            found.party,
            caller.party,
            caller.key_id,
            await store.label_of(session, caller.key_id),
            reason,
            datetime.now(UTC),
        )
        await store.erase(session, found, alias_of(mac))
        await store.add_erasure(session, row)
        return row

    async def _told(self, events: Sequence[int]) -> list[ToldErasure]:
        async with self._database.session() as session:
            return await store.erasures_of(session, events)

    async def _stated(self, caller: Caller, told: ToldErasure) -> Erased:
        """The erasure with its statement captured, or prepared where the party signs itself."""
        if told.stated or caller.suspended:
            return _erased(caller, told)
        try:
            stated = await self._capture(_author(caller), told.erasure)
        except NoSigningKey:
            return _erased(caller, told, await self._prepare(_author(caller), told.erasure))
        return _erased(caller, told._replace(stated=stated))

    async def _prepare(self, author: Caller, row: ErasureRow) -> Prepared | None:
        try:
            return await self._captures.prepare(author, document_of(row, await self._things(row)))
        except (NotDeployed, DuplicateEvent):
            return None

    async def _capture(self, author: Caller, row: ErasureRow) -> bool:
        """Captures the statement; False where it waits."""
        things = await self._things(row)
        try:
            await self._captures.accept(author, document_of(row, things))
        except DuplicateEvent:
            return True
        except NoSigningKey:
            raise
        except TrailsealError as waiting:
            if not isinstance(waiting, NotDeployed | DatabaseUnavailable | PartyIsSuspended):
                self._failed.add(row.id)  # for this process: it would fail again
                _log.error("a statement cannot be captured", erasure=str(row.id), reason=waiting.slug)
            return False
        return True

    async def _things(self, row: ErasureRow) -> list[str]:
        async with self._database.session() as session:
            return await store.things_of(session, row.event)


def _erased(caller: Caller, told: ToldErasure, prepared: Prepared | None = None) -> Erased:
    by = PartyName(caller.party, caller.identifier, caller.name)
    view = erasure_view(told, caller.party, by if told.erasure.by_party == caller.party else None)
    return Erased(alias_of(told.erasure.event_mac), told.erasure.seal, view, prepared)


def _author(caller: Caller) -> Caller:
    """The caller as who captures the statement: to erase takes no scope for captures."""
    scopes = frozenset((str(Scope.CAPTURES_WRITE),))
    return Caller(caller.party, caller.identifier, caller.name, caller.roles, scopes, caller.key_id, caller.suspended)


async def _caller(session: Session, party: bytes) -> Caller:
    row = await party_store.party(session, party)
    assert row is not None
    return _author(Caller(row.id, row.identifier, row.name, row.roles, frozenset(), "erasure", row.suspended))
