"""Deciding what a subscription sends next, and keeping that before it is sent.

1. What was kept and not taken yet goes first, as it is, unless the party may not see all of it any more: then it is
   made anew, under another id.
2. Else the next events that match are kept as a delivery, with the place that taking it leads to.
3. Where nothing matches, the place moves on, and a scheduled run is over.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from service.epcis.rendering import EpcFormat
from service.store import subscriptions as stored
from service.store.database import Database, Session
from service.store.subscriptions import Standing
from service.store.tables import Delivery, Subscription
from service.subscriptions.controls import CbvXmlFormat, MediaType
from service.subscriptions.leased import LEASE_SECONDS
from service.subscriptions.matching import Batch, match, sees_still, standing_query
from service.subscriptions.named import parsed
from service.subscriptions.schedule import Schedule
from service.subscriptions.writing import document


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery that is kept and may be sent now; `events` is how many it holds, `last` that none follows it now."""

    id: UUID
    subscription: UUID
    dest: str
    media_type: str
    token: bytes | None = field(repr=False)
    body: bytes = field(repr=False)
    events: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to do for a subscription: send what is kept, or go on with a batch (`body` where it is sent)."""

    row: Subscription
    kept: Delivery | None
    outdated: Delivery | None = None
    batch: Batch | None = None
    body: bytes | None = None
    now: datetime | None = None


async def prepare(database: Database, subscription: UUID, lease: UUID) -> Outgoing | None:
    """What to send next; None when there is nothing (more), or the lease or the subscription is gone."""
    while True:
        found = await _look(database, subscription, lease)
        if found is None:
            return None
        async with database.session() as session:
            row = await stored.leased(session, subscription, lease, LEASE_SECONDS)
            if row is None:
                return None
            if found.kept is not None:
                return _outgoing(row, found.kept)
            if found.outdated is not None:
                await stored.drop_delivery(session, found.outdated.id)
            assert found.batch is not None
            if found.body is not None:
                if not await stored.none_erased(session, [event.seq for event in found.batch.events]):
                    continue  # it was written before: look again
                last = found.batch.complete and row.schedule is None
                return _outgoing(row, await _keep(session, row, found.batch, found.body), last)
            await _go_on(session, row, found.batch, found.now)
            if found.batch.complete:
                return None


async def _look(database: Database, subscription: UUID, lease: UUID) -> _Found | None:
    """In a transaction that writes nothing: a search takes time, and readers wait for older writers."""
    async with database.session() as session:
        row = await stored.held(session, subscription, lease)
        if row is None:
            return None
        query, standing = await stored.query_of(session, row.query), await stored.standing(session, row.party)
        if query is None or standing is None or standing.suspended:
            return None
        kept = await stored.delivery(session, subscription)
        if kept is not None and await sees_still(session, standing, kept.events):
            return _Found(row, kept)
        now = await stored.now(session)
        batch = await _next(session, row, query.parameters, standing)
    body = _written(row, query.name, batch, now) if _is_sent(row, batch) else None
    return _Found(row, None, kept, batch, body, now)


async def _next(session: Session, row: Subscription, parameters: str, standing: Standing) -> Batch:
    query = standing_query(parsed(parameters), row.initial_record_time)
    position = stored.Position(row.transaction, row.event)
    return await match(session, query, standing, position, seen=row.seen, until=row.run_until, most=row.batch)


def _is_sent(row: Subscription, batch: Batch) -> bool:
    empty_report = row.schedule is not None and row.report_if_empty and not row.run_sent and batch.complete
    return bool(batch.events) or empty_report


def _written(row: Subscription, query_name: str, batch: Batch, now: datetime) -> bytes:
    return document(
        batch.events,
        query_name=query_name,
        subscription=row.id,
        media_type=cast("MediaType", row.media_type),
        epc_format=cast("EpcFormat", row.epc_format),
        cbv_format=cast("CbvXmlFormat", row.cbv_format),
        created=now,
    )


async def _keep(session: Session, row: Subscription, batch: Batch, body: bytes) -> Delivery:
    made = Delivery(
        subscription=row.id,
        id=uuid4(),
        body=body,
        body_hash=hashlib.sha256(body).digest(),
        events=[event.seq for event in batch.events],
        transaction=batch.position.transaction,
        event=batch.position.event,
    )
    await stored.add_delivery(session, made)
    return made


async def _go_on(session: Session, row: Subscription, batch: Batch, now: datetime | None) -> None:
    changes: dict[str, Any] = {"transaction": batch.position.transaction, "event": batch.position.event}
    if row.schedule is not None and batch.complete and now is not None:
        following = Schedule.read(row.schedule).following(now)
        changes |= {"run_until": None, "run_sent": False, "next_at": following}
    await stored.change(session, row.id, **changes)


def _outgoing(row: Subscription, made: Delivery, last: bool = False) -> Outgoing:
    return Outgoing(made.id, row.id, row.dest, row.media_type, row.token, made.body, len(made.events), last)
