"""Webhooks: where results of a named query are sent, when and how (EPCIS 2.0, 12.5)."""

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from service.config import Settings
from service.parties.caller import Caller
from service.parties.keyring import Keyring
from service.parties.scopes import Scope
from service.store import subscriptions as stored
from service.store import tables
from service.store.database import Database, Session
from service.subscriptions.addresses import Network
from service.subscriptions.controls import SubscriptionRequest
from service.subscriptions.destination import Destination
from service.subscriptions.errors import SubscriptionControlsFault, SubscriptionNotFound, TooManyQueries
from service.subscriptions.named import not_found
from service.subscriptions.paging import id_after, token_after
from service.subscriptions.sending import Resolution, Resolver, Unreachable, checked
from service.subscriptions.tokens import NONCE_BYTES, wrap

MOST = 1000
"""Subscriptions of one party, ended ones included."""
BATCH = 200
"""Events in one delivery, at most; fewer where the receiver says that it is too much (413)."""
FAILING_AFTER = 5
"""Failures in a row, about half a minute of them, after which a subscription is shown as failing."""
_LOOKUP_SECONDS = 2.0

State = Literal["active", "failing", "ended"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook as its party sees it; its signature token is never told again.

    `min_record_time`: events recorded before are not sent any more. `state`: "failing" while the receiver does not
    take what is sent, for the reason in `fault`; "ended" once that went on for too long, or the receiver said 410.
    """

    id: UUID
    query_name: str
    dest: str
    schedule: dict[str, str] | None
    report_if_empty: bool
    initial_record_time: datetime
    min_record_time: datetime
    media_type: str
    epc_format: str
    cbv_format: str
    signed: bool
    created_at: datetime
    last_notified_at: datetime | None
    state: State
    failures: int
    fault: str | None

    def told(self) -> dict[str, Any]:
        """The subscription as EPCIS writes it in JSON, with `state`, `failures` and `fault` besides."""
        members: dict[str, Any] = {"subscriptionID": str(self.id), "queryName": self.query_name, "dest": self.dest}
        if self.schedule is None:
            members["stream"] = True
        else:
            members |= {"schedule": self.schedule, "reportIfEmpty": self.report_if_empty}
        return members | {
            "initialRecordTime": _written(self.initial_record_time),
            "minRecordTime": _written(self.min_record_time),
            "format": self.media_type,
            "epcFormat": self.epc_format,
            "cbvXmlFormat": self.cbv_format,
            "createdAt": _written(self.created_at),
            "lastNotifiedAt": self.last_notified_at and _written(self.last_notified_at),
            "state": self.state,
            "failures": self.failures,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """Some of a query's subscriptions in the order of their ids; `following` is the token of the next page."""

    subscriptions: tuple[Subscription, ...]
    following: str | None


class Subscriptions:
    """What a party subscribes to, of its own named queries."""

    def __init__(self, database: Database, settings: Settings, resolve: Resolver | None = None) -> None:
        self._database = database
        self._networks = settings.webhook_networks
        self._keyring = Keyring.of(settings)
        self._resolve = resolve or Resolution()

    async def create(self, caller: Caller, query_name: str, request: SubscriptionRequest) -> Subscription:
        """Subscribes. It begins with what is recorded from the request's time on, or with what is not captured yet.

        Raises:
            ScopeMissing, PartyIsSuspended, QueryNotFound, TooManyQueries, SubscriptionControlsFault.
        """
        caller.require(Scope.SUBSCRIPTIONS_WRITE)
        caller.require(Scope.TRAILS_READ)
        caller.require_active()
        await refuse_unreachable(request.dest, self._networks, self._resolve)
        async with self._database.session() as session:
            query = await _query(session, caller, query_name, keep=True)
            if await stored.count_subscriptions(session, caller.party) >= MOST:
                raise TooManyQueries(f"{MOST} subscriptions are kept for one party; delete one first")
            row = await self._row(session, query, request)
            await stored.add_subscription(session, row)
        return _told(row, query_name)

    async def read(self, caller: Caller, query_name: str, subscription_id: UUID | str) -> Subscription:
        """One subscription to the caller's query; raises `QueryNotFound` or `SubscriptionNotFound`."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            query = await _query(session, caller, query_name)
            row = await stored.subscription(session, query.id, _id(subscription_id))
        if row is None:
            raise _no_subscription()
        return _told(row, query_name)

    async def list(self, caller: Caller, query_name: str, *, limit: int, token: str | None = None) -> SubscriptionPage:
        """Up to `limit` subscriptions to the caller's query; raises `QueryNotFound` or `BadPageToken`."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            query = await _query(session, caller, query_name)
            after = id_after("subscriptions", query.id, token)
            rows = await stored.subscriptions(session, query.id, after, limit + 1)
        following = token_after("subscriptions", query.id, str(rows[limit - 1].id)) if len(rows) > limit else None
        return SubscriptionPage(tuple(_told(row, query_name) for row in rows[:limit]), following)

    async def delete(self, caller: Caller, query_name: str, subscription_id: UUID | str) -> None:
        """Unsubscribes: nothing that is not on its way is sent any more. Raises as `read` does."""
        caller.require(Scope.SUBSCRIPTIONS_WRITE)
        async with self._database.session() as session:
            query = await _query(session, caller, query_name)
            if not await stored.delete_subscription(session, query.id, _id(subscription_id)):
                raise _no_subscription()

    async def _row(
        self, session: Session, query: tables.NamedQuery, request: SubscriptionRequest
    ) -> tables.Subscription:
        controls, subscription_id = request.controls, uuid4()
        position, seen = await stored.beginning(session, controls.initial_record_time)
        now = await stored.now(session)
        return tables.Subscription(
            id=subscription_id,
            query=query.id,
            party=query.party,
            dest=request.dest,
            token=self._wrapped(request.signature_token, subscription_id),
            schedule=dict(controls.schedule.given) if controls.schedule else None,
            report_if_empty=controls.report_if_empty,
            initial_record_time=controls.initial_record_time,
            media_type=controls.media_type,
            epc_format=controls.epc_format,
            cbv_format=controls.cbv_format,
            transaction=position.transaction,
            event=position.event,
            seen=seen,
            batch=BATCH,
            next_at=controls.schedule.following(now) if controls.schedule else now,
        )

    def _wrapped(self, token: str | None, subscription_id: UUID) -> bytes | None:
        if token is None:
            return None
        return wrap(token, subscription_id, self._keyring, secrets.token_bytes(NONCE_BYTES))


async def refuse_unreachable(dest: str, networks: Collection[Network], resolve: Resolver) -> None:
    """A host that has no address now may have one when it is called, and is judged then.

    Raises:
        SubscriptionControlsFault: no destination, or one that may not be reached.
    """
    destination = Destination.read(dest)
    try:
        async with asyncio.timeout(_LOOKUP_SECONDS):
            await checked(destination, networks, resolve)
    except Unreachable as refusal:
        raise SubscriptionControlsFault(str(refusal), "/dest") from None
    except (OSError, UnicodeError):
        return


async def _query(session: Session, caller: Caller, name: str, *, keep: bool = False) -> tables.NamedQuery:
    row = await stored.named_query(session, caller.party, name, keep=keep) if "\0" not in name else None
    if row is None:
        raise not_found(name)
    return row


def _id(given: UUID | str) -> UUID:
    try:
        return given if isinstance(given, UUID) else UUID(given)
    except ValueError:
        raise _no_subscription() from None


def _no_subscription() -> SubscriptionNotFound:
    return SubscriptionNotFound("this query has no subscription with this id")


def _told(row: tables.Subscription, query_name: str) -> Subscription:
    began = row.initial_record_time or row.created_at
    state: State = "ended" if row.ended_at else "failing" if row.failures >= FAILING_AFTER else "active"
    return Subscription(
        id=row.id,
        query_name=query_name,
        dest=row.dest,
        schedule=row.schedule,
        report_if_empty=row.report_if_empty,
        initial_record_time=began,
        min_record_time=max(began, row.ran_at or began),
        media_type=row.media_type,
        epc_format=row.epc_format,
        cbv_format=row.cbv_format,
        signed=row.token is not None,
        created_at=row.created_at,
        last_notified_at=row.notified_at,
        state=state,
        failures=row.failures,
        fault=row.fault,
    )


def _written(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
