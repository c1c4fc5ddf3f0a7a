"""Named queries, the subscriptions to them, and what each subscription sends next.

A subscription is worked on by who holds its lease; what happened to a delivery is recorded by the delivery's id, so
that a worker whose lease ran out records nothing twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from service.store.conditions import SEEN
from service.store.database import Session
from service.store.stream import EVERY_EVENT
from service.store.tables import Delivery, NamedQuery, Party, Subscription
from service.store.trails import Viewer

_HORIZON = "(SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"
"""Every transaction below it has ended; nothing can appear before it any more."""
_TOP = f"(SELECT coalesce(max(written_in), 0) FROM captures WHERE written_in < {_HORIZON})"  # noqa: S608


class Position(NamedTuple):
    """Everything captured up to this event of this transaction."""

    transaction: int
    event: int


@dataclass(frozen=True, slots=True)
class Failed:
    """How often in a row, and for how long."""

    failures: int
    lasting: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """What a party is entitled to now."""

    party: bytes
    identifier: str
    name: str
    roles: int
    suspended: bool


async def add_query(session: Session, query: UUID, party: bytes, name: str, parameters: str) -> NamedQuery | None:
    """Writes the query; None where the party has one with this name."""
    written = await session.scalars(
        insert(NamedQuery)
        .values(id=query, party=party, name=name, parameters=parameters)
        .on_conflict_do_nothing()
        .returning(NamedQuery)
    )
    return written.first()


async def named_query(session: Session, party: bytes, name: str, *, keep: bool = False) -> NamedQuery | None:
    """The party's query with this name; `keep`: nobody deletes it before the transaction ends."""
    query = select(NamedQuery).where(col(NamedQuery.party) == party, col(NamedQuery.name) == name)
    return (await session.scalars(query.with_for_update(read=True, key_share=True) if keep else query)).first()


async def named_queries(session: Session, party: bytes, after: str, limit: int) -> Sequence[NamedQuery]:
    """Up to `limit` queries of the party whose names come after `after`, in their order."""
    query = (
        select(NamedQuery)
        .where(col(NamedQuery.party) == party, col(NamedQuery.name).collate("C") > after)
        .order_by(col(NamedQuery.name).collate("C"))
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def count_queries(session: Session, party: bytes) -> int:
    """How many queries the party has."""
    return await session.scalar(select(func.count()).where(col(NamedQuery.party) == party)) or 0


async def delete_query(session: Session, party: bytes, name: str) -> bool:
    """Deletes the query with its subscriptions and what they had to send; False where there is none."""
    gone = await session.scalar(
        delete(NamedQuery)
        .where(col(NamedQuery.party) == party, col(NamedQuery.name) == name)
        .returning(col(NamedQuery.id))
    )
    if gone is None:
        return False
    # Statements of their own: who subscribed meanwhile held the query, and is seen only now.
    ended = await session.scalars(
        delete(Subscription).where(col(Subscription.query) == gone).returning(col(Subscription.id))
    )
    await session.execute(delete(Delivery).where(col(Delivery.subscription).in_(ended.all())))
    return True


async def existing(session: Session, queries: Collection[UUID]) -> tuple[int, frozenset[UUID]]:
    """The last transaction that readers may rely on, and which of these queries are there."""
    statement = text(f"SELECT {_TOP}, ARRAY(SELECT id FROM named_queries WHERE id = ANY(:queries))")  # noqa: S608
    top, found = (await session.execute(statement, {"queries": list(queries)})).one()
    return top, frozenset(found)


async def beginning(session: Session, since: datetime | None) -> tuple[Position, list[int]]:
    """Where one begins who wants what was recorded at or after a time, or, without one, all that is not visible now.

    Also the transactions beyond that position that are visible already, and so are not news.
    """
    statement = text(
        f"SELECT least({_HORIZON}, (SELECT min(written_in) FROM captures WHERE received_at >= :since)),"  # noqa: S608
        f" CASE WHEN CAST(:since AS timestamptz) IS NULL THEN"
        f" ARRAY(SELECT DISTINCT written_in FROM captures WHERE written_in >= {_HORIZON}) ELSE '{{}}' END"
    )
    first, seen = (await session.execute(statement, {"since": since})).one()
    return Position(first - 1, EVERY_EVENT), list(seen)


async def reach(session: Session, first: int, until: int | None, events: int) -> tuple[int, bool]:
    """The transaction up to which to look from the first on, some so many events or one capture, and whether that is
    the end.

    `until`: the end; None for the last transaction that readers may rely on.
    """
    statement = text(
        f"WITH upto AS (SELECT least(CAST(:until AS bigint), {_TOP}) AS transaction)"  # noqa: S608
        " SELECT upto.transaction, (SELECT max(written_in) FROM"
        " (SELECT written_in, sum(events) OVER (ORDER BY written_in, seq) - events AS before FROM"
        "  (SELECT written_in, seq, events FROM captures WHERE written_in >= :first AND written_in <= upto.transaction"
        "   ORDER BY written_in LIMIT :events) AS next) AS counted WHERE before < :events) FROM upto"
    )
    end, last = (await session.execute(statement, {"first": first, "until": until, "events": events})).one()
    return (end, True) if last is None or last >= end else (last, False)


async def standing(session: Session, party: bytes) -> Standing | None:
    """The party as it stands now."""
    found = await session.get(Party, party, populate_existing=True)
    if found is None:
        return None
    return Standing(found.id, found.identifier, found.name, found.roles, found.suspended)


async def add_subscription(session: Session, subscription: Subscription) -> None:
    """Writes the subscription."""
    session.add(subscription)
    await session.flush()
    await session.refresh(subscription)


async def count_subscriptions(session: Session, party: bytes) -> int:
    """How many subscriptions the party has, ended ones included."""
    return await session.scalar(select(func.count()).where(col(Subscription.party) == party)) or 0


async def subscription(session: Session, query: UUID, subscription_id: UUID) -> Subscription | None:
    """The subscription with this id, if it is one to this query."""
    found = await session.get(Subscription, subscription_id, populate_existing=True)
    return found if found is not None and found.query == query else None


async def subscriptions(session: Session, query: UUID, after: UUID | None, limit: int) -> Sequence[Subscription]:
    """Up to `limit` subscriptions to the query whose ids come after `after`, in their order."""
    query_ = select(Subscription).where(col(Subscription.query) == query)
    if after is not None:
        query_ = query_.where(col(Subscription.id) > after)
    return (await session.scalars(query_.order_by(col(Subscription.id)).limit(limit))).all()


async def delete_subscription(session: Session, query: UUID, subscription_id: UUID) -> bool:
    """Deletes a subscription with what it had to send; False where there is none."""
    gone = await session.scalar(
        delete(Subscription)
        .where(col(Subscription.id) == subscription_id, col(Subscription.query) == query)
        .returning(col(Subscription.id))
    )
    await session.execute(delete(Delivery).where(col(Delivery.subscription) == gone))
    return gone is not None


_DUE = f"""
    WITH top AS (SELECT {_TOP} AS transaction),
    due AS (
        SELECT subscriptions.id, subscriptions.leased_until,
            row_number() OVER (PARTITION BY subscriptions.party ORDER BY subscriptions.leased_until) AS place
        FROM subscriptions JOIN parties ON parties.id = subscriptions.party CROSS JOIN top
        WHERE ended_at IS NULL AND next_at <= now() AND leased_until <= now() AND NOT parties.suspended
        AND (schedule IS NOT NULL OR (subscriptions.transaction, subscriptions.event) < (top.transaction, :every)
            OR EXISTS (SELECT FROM deliveries WHERE subscription = subscriptions.id))
    ),
    chosen AS (
        SELECT subscriptions.id FROM subscriptions JOIN due ON due.id = subscriptions.id
        WHERE subscriptions.leased_until <= now() AND subscriptions.ended_at IS NULL AND due.place
            + (SELECT count(*) FROM subscriptions AS busy
               WHERE busy.party = subscriptions.party AND busy.leased_until > now()) <= :each
        ORDER BY due.leased_until LIMIT :limit FOR UPDATE OF subscriptions SKIP LOCKED
    )
    UPDATE subscriptions SET lease = :lease, leased_until = now() + :seconds * interval '1 second', ran_at = now(),
        run_until = CASE WHEN schedule IS NOT NULL THEN coalesce(run_until, top.transaction) END
    FROM chosen, top WHERE subscriptions.id = chosen.id RETURNING subscriptions.id
"""  # noqa: S608


async def claim(session: Session, lease: UUID, seconds: float, limit: int, each: int) -> list[UUID]:
    """Leases up to `limit` subscriptions that may have something to do, those that waited longest first.

    Of one party no more than `each` are under lease at once, so that its slow receivers do not hold up others'.
    """
    values = {"lease": lease, "seconds": seconds, "limit": limit, "each": each, "every": EVERY_EVENT}
    return list((await session.scalars(text(_DUE), values)).all())


async def leased(session: Session, subscription_id: UUID, lease: UUID, seconds: float) -> Subscription | None:
    """The subscription, locked, its lease renewed; None where the lease is another's, or the subscription is gone."""
    found = await session.scalars(
        update(Subscription)
        .where(col(Subscription.id) == subscription_id, col(Subscription.lease) == lease)
        .values(leased_until=func.now() + timedelta(seconds=seconds))
        .returning(Subscription),
        execution_options={"populate_existing": True},
    )
    return found.first()


async def renew(session: Session, subscription_id: UUID, lease: UUID, seconds: float) -> None:
    """Lengthens the lease, where it is still held."""
    await session.execute(
        update(Subscription)
        .where(col(Subscription.id) == subscription_id, col(Subscription.lease) == lease)
        .values(leased_until=func.now() + timedelta(seconds=seconds))
    )


async def query_of(session: Session, query: UUID) -> NamedQuery | None:
    """The query with this id."""
    return await session.get(NamedQuery, query, populate_existing=True)


async def delivery(session: Session, subscription_id: UUID) -> Delivery | None:
    """What the subscription is to send next, where that is decided."""
    return await session.get(Delivery, subscription_id, populate_existing=True)


async def add_delivery(session: Session, made: Delivery) -> None:
    """Keeps what is to be sent."""
    session.add(made)
    await session.flush()


async def none_erased(session: Session, events: Collection[int]) -> bool:
    """Whether none of these events is erased; and none is before the commit."""
    statement = text(
        "SELECT seq FROM events WHERE seq = ANY(CAST(:events AS bigint[])) AND document IS NOT NULL"
        " ORDER BY seq FOR KEY SHARE"
    )
    return len((await session.execute(statement, {"events": list(events)})).all()) == len(events)


async def drop_delivery(session: Session, delivery_id: UUID) -> bool:
    """Forgets what was to be sent; False where somebody else did."""
    gone = await session.scalar(delete(Delivery).where(col(Delivery.id) == delivery_id).returning(col(Delivery.id)))
    return gone is not None


async def change(session: Session, subscription_id: UUID, **values: Any) -> None:
    """Writes columns of the subscription."""
    await session.execute(update(Subscription).where(col(Subscription.id) == subscription_id).values(**values))


async def release(session: Session, subscription_id: UUID, lease: UUID) -> None:
    """Gives the lease back, where it is still held."""
    await session.execute(
        update(Subscription)
        .where(col(Subscription.id) == subscription_id, col(Subscription.lease) == lease)
        .values(lease=None, leased_until=func.now())
    )


async def taken(session: Session, subscription_id: UUID, delivery_id: UUID, most: int) -> None:
    """The receiver took the delivery: it is forgotten and the place moves, unless that is recorded already.

    The next delivery may hold one event more, up to `most`.
    """
    statement = text(
        "WITH gone AS (DELETE FROM deliveries WHERE id = :delivery RETURNING transaction, event)"
        " UPDATE subscriptions SET transaction = gone.transaction, event = gone.event, notified_at = now(),"
        " failures = 0, failing_since = NULL, fault = NULL, run_sent = schedule IS NOT NULL,"
        " batch = least(batch + 1, :most) FROM gone WHERE id = :subscription"
    )
    await session.execute(statement, {"delivery": delivery_id, "subscription": subscription_id, "most": most})


async def failed(session: Session, subscription_id: UUID, delivery_id: UUID | None, fault: str) -> Failed | None:
    """Counts a failure; None where the delivery that failed was taken or forgotten meanwhile."""
    statement = text(
        "UPDATE subscriptions SET failures = failures + 1, failing_since = coalesce(failing_since, now()),"
        " fault = :fault WHERE id = :subscription AND (CAST(:delivery AS uuid) IS NULL OR EXISTS"
        " (SELECT FROM deliveries WHERE deliveries.id = :delivery)) RETURNING failures, now() - failing_since"
    )
    values = {"subscription": subscription_id, "delivery": delivery_id, "fault": fault}
    row = (await session.execute(statement, values)).first()
    return None if row is None else Failed(*row)


async def wait(session: Session, subscription_id: UUID, seconds: float) -> None:
    """Lets the subscription alone for so long."""
    await change(session, subscription_id, next_at=func.now() + timedelta(seconds=seconds))


async def end(session: Session, subscription_id: UUID) -> None:
    """Ends the subscription, which stays to be read, and forgets what it had to send."""
    await change(session, subscription_id, ended_at=func.now())
    await session.execute(delete(Delivery).where(col(Delivery.subscription) == subscription_id))


async def held(session: Session, subscription_id: UUID, lease: UUID) -> Subscription | None:
    """The subscription, where this lease is on it."""
    found = await session.get(Subscription, subscription_id, populate_existing=True)
    return found if found is not None and found.lease == lease else None


async def count_seen(session: Session, viewer: Viewer, events: Collection[int]) -> int:
    """How many of these events are there and seen by the viewer now."""
    seen = "" if viewer.sees_all else f" AND {SEEN}"
    statement = text(f"SELECT count(*) FROM event_terms AS t WHERE t.event = ANY(:events){seen}")  # noqa: S608
    return int((await session.execute(statement, {"events": list(events), **viewer.values})).scalar_one())


async def now(session: Session) -> datetime:
    """The database's clock, by which all workers go."""
    moment: datetime = (await session.execute(text("SELECT now()"))).scalar_one()
    return moment
