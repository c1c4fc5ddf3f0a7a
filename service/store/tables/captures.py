"""What parties captured: documents, signed parts, events and the trails that they touch."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class IdempotencyKey(Table, table=True):
    """What a request with an `Idempotency-Key` made: `made` is an address or the id of an API key."""

    __tablename__ = "idempotency_keys"
    party: bytes = binary(primary=True)
    use: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes = binary()
    made: str
    created_at: datetime = instant()


class Capture(Table, table=True):
    """An accepted document; `written_in` is the transaction that wrote it, by which readers follow what was committed.

    `seq` is given out before the commit, so a reader that remembers the last `seq` can miss one that commits later.
    `header`: the document without events and master data, null where events came without one.
    """

    __tablename__ = "captures"
    __table_args__ = (
        Index(
            "uq_captures_party_idempotency_key",
            "party",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_captures_party_seq", "party", "seq"),
        Index("ix_captures_written_in", "written_in"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    written_in: int = Field(
        default=None,
        sa_column=Column(BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint")),
    )
    party: bytes = binary()
    idempotency_key: str | None = None
    request_hash: bytes = binary()
    received_at: datetime = instant()
    events: int
    entries: int
    refused: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    proceed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    header: Any | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))


class Part(Table, table=True):
    """A signed unit of a capture as the contract takes it; the outbox of the relay.

    `entries` are the ABI words of the entries (128 bytes each); `state` is a `PartState`.
    """

    __tablename__ = "parts"
    __table_args__ = (
        Index("ix_parts_waiting", "seq", postgresql_where=text("state = 0")),
        Index("ix_parts_refused", "seq", postgresql_where=text("state = 3")),
    )
    id: bytes = binary(primary=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    capture: UUID = Field(index=True)
    party: bytes = binary()
    signer: bytes = binary()
    deadline: int = Field(sa_column=Column(BigInteger, nullable=False))
    signature: bytes = binary()
    entries: bytes = binary()
    entry_count: int
    state: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    transaction: bytes | None = binary(null=True, index=True)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    refusal: str | None = None


class Event(Table, table=True):
    """An accepted EPCIS event; `document` is what is sealed, null once it is erased."""

    __tablename__ = "events"
    __table_args__ = (
        # An event that declares another an error carries the id of the other (EPCIS 2.0, 7.4.1.4).
        Index("uq_events_party_event_id_declares_error", "party", "event_id", "declares_error", unique=True),
        Index("uq_events_seal", "seal", unique=True),
        Index("ix_events_event_id", "event_id"),
        Index("ix_events_event_time", "event_time"),
    )
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))
    event_id: str
    declares_error: bool = False
    event_hash: str
    party: bytes = binary()
    capture: UUID = Field(index=True)
    position: int
    event_type: str
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: str | None = None
    biz_location: str | None = None
    event_time: datetime = instant()
    record_time: datetime = instant()
    document: bytes | None = binary(null=True)
    seal: bytes = binary()


class Nonce(Table, table=True):
    """An event's nonce, apart from its document."""

    __tablename__ = "nonces"
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    nonce: bytes = binary()


class Trail(Table, table=True):
    """A thing that some event spoke of; `id` is its trail on chain."""

    __tablename__ = "trails"
    id: bytes = binary(primary=True)
    identifier: str = Field(unique=True)
    kind: str
    created_at: datetime = instant()


class Mention(Table, table=True):
    """An event's entry on one trail, as captured."""

    __tablename__ = "mentions"
    trail: bytes = binary(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
    part: bytes = binary(index=True)
    role: str
    step: int = Field(sa_column=Column(SmallInteger, nullable=False))


class TrailParty(Table, table=True):
    """A party has a part in a trail, and so may read it; `parts_in_trails` has the rules."""

    __tablename__ = "trail_parties"
    __table_args__ = (Index("ix_trail_parties_party_trail", "party", "trail"),)
    trail: bytes = binary(primary=True)
    party: bytes = binary(primary=True)


class Link(Table, table=True):
    """One event put a thing into another, took it out, or made it of another (`epcis.references.Link`).

    `child` is empty where the event unties everything from its parent.
    """

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_child", "child"),)
    parent: bytes = binary(primary=True)
    child: bytes = binary(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    action: str
    event_time: datetime = instant()
