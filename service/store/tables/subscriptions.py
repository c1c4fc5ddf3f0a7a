"""Standing queries and what was delivered to whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class NamedQuery(Table, table=True):
    """A query that a party gave a name; `parameters` is JSON text as it was given, its `@context` included."""

    __tablename__ = "named_queries"
    __table_args__ = (Index("uq_named_queries_party_name", "party", "name", unique=True),)
    id: UUID = Field(primary_key=True)
    party: bytes = binary()
    name: str
    parameters: str
    created_at: datetime = instant()


class Subscription(Table, table=True):
    """A webhook that gets what newly matches a named query: at times (`schedule`), or at once where that is null.

    Everything up to `transaction` and `event` is settled (see `Capture.written_in`), and so are the transactions in
    `seen`, which lie beyond it. `next_at` is when there may be something to do, `leased_until` until when the worker
    with `lease` does it. `run_until` is the last transaction of a scheduled run under way, `run_sent` whether it sent
    anything. `batch` is how many events the receiver takes at once. `fault` says what went wrong last.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("ix_subscriptions_query_id", "query", "id"),
        Index("ix_subscriptions_due", "next_at", postgresql_where=text("ended_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    query: UUID
    party: bytes = binary(index=True)
    dest: str
    token: bytes | None = binary(null=True)
    schedule: Any | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    report_if_empty: bool = False
    initial_record_time: datetime | None = instant(null=True)
    media_type: str
    epc_format: str
    cbv_format: str
    created_at: datetime = instant()
    transaction: int = Field(sa_column=Column(BigInteger, nullable=False))
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    seen: list[int] = Field(default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False))
    batch: int
    next_at: datetime = instant()
    lease: UUID | None = None
    leased_until: datetime = instant()
    run_until: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    run_sent: bool = False
    ran_at: datetime | None = instant(null=True)
    notified_at: datetime | None = instant(null=True)
    failures: int = 0
    failing_since: datetime | None = instant(null=True)
    fault: str | None = None
    ended_at: datetime | None = instant(null=True)


class Delivery(Table, table=True):
    """What a subscription sends next, written before it is sent and kept until the receiver took it: at most one.

    `body` goes out as it is, again and again; `events` are what it holds, and `transaction` and `event` the place
    that the subscription has once it is taken.
    """

    __tablename__ = "deliveries"
    subscription: UUID = Field(primary_key=True)
    id: UUID = Field(unique=True)
    body: bytes = binary()
    body_hash: bytes = binary()
    events: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    transaction: int = Field(sa_column=Column(BigInteger, nullable=False))
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = instant()
