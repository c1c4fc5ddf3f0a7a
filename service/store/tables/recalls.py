"""Recalls and notices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Recall(Table, table=True):
    """A recall that `party` opened: from these things (trails) and classes, as of a window, and what ended its trace.

    `followed` is the transaction (see `Capture.written_in`) up to which later captures were looked at, `batch` how
    often it has grown.
    """

    __tablename__ = "recalls"
    __table_args__ = (
        Index(
            "uq_recalls_party_idempotency_key",
            "party",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_recalls_party_seq", "party", "seq"),
        Index("ix_recalls_open", "followed", postgresql_where=text("closed_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = binary()
    reason: str
    disposition: str
    direction: str
    spread: str
    since: datetime | None = instant(null=True)
    until: datetime | None = instant(null=True)
    seeds: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    classes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hold: bool
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(null=True)
    bound: str | None = None
    batch: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    followed: int = Field(sa_column=Column(BigInteger, nullable=False))
    idempotency_key: str | None = None
    request_hash: bytes = binary()


class RecallThing(Table, table=True):
    """A thing that a recall reached, in a window (null: without end), from the one with the number `via` over a tie.

    `counts`: the first reach of a thing; the others are only on the way to some thing, as processes are. `began` and
    `ended` are the events that the tie rests on, `supposed` says that nobody told how it began.
    """

    __tablename__ = "recall_things"
    __table_args__ = (
        Index("ix_recall_things_trail", "recall", "trail"),
        Index("uq_recall_things_counts", "recall", "trail", unique=True, postgresql_where=text("counts")),
    )
    recall: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    trail: bytes = binary()
    counts: bool
    batch: int
    since: datetime | None = instant(null=True)
    until: datetime | None = instant(null=True)
    depth: int
    via: int | None = None
    kind: str | None = None
    downwards: bool = False
    began: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    ended: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    supposed: bool = False


class RecallAct(Table, table=True):
    """A hold or lift that a recall puts on chain: an event with this id, of the party, in the order of `seq`.

    `settled`: it was captured. `leased_until`: until when a worker is at it; `fault` is why it could not be captured.
    """

    __tablename__ = "recall_acts"
    __table_args__ = (
        Index("ix_recall_acts_waiting", "party", "seq", postgresql_where=text("NOT settled")),
        Index("ix_recall_acts_recall", "recall", "trail"),
        Index("ix_recall_acts_trail", "party", "trail"),
    )
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    recall: UUID
    party: bytes = binary()
    trail: bytes = binary()
    step: int = Field(sa_column=Column(SmallInteger, nullable=False))
    event_id: str
    event_time: datetime = instant()
    settled: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    leased_until: datetime | None = instant(null=True)
    fault: str | None = None


class Notice(Table, table=True):
    """News that concern a party, until it acknowledges them; `seq` follows the order of commits."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_party_seq", "party", "seq"), Index("ix_notices_recall", "recall", "party"))
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = binary()
    kind: str
    recall: UUID
    created_at: datetime = instant()
    acknowledged_at: datetime | None = instant(null=True)
    acknowledged_with: str | None = None


class Notified(Table, table=True):
    """A party was told by this notice that a recall affects a thing in whose trail it has a part."""

    __tablename__ = "notified"
    recall: UUID = Field(primary_key=True)
    party: bytes = binary(primary=True)
    trail: bytes = binary(primary=True)
    notice: UUID = Field(index=True)
