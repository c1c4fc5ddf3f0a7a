"""What the service told the ledger, and what the ledger recorded."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Deployment(Table, table=True):
    """Where the contracts of a chain are; `participants` and `provenance` are 20-byte addresses."""

    __tablename__ = "deployments"
    provenance: bytes = binary(primary=True)
    participants: bytes = binary()
    chain_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    start_block: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = instant()


class Account(Table, table=True):
    """An account of ours on the chain; who holds its row's lock gives out its nonces."""

    __tablename__ = "accounts"
    address: bytes = binary(primary=True)
    next_nonce: int = Field(sa_column=Column(BigInteger, nullable=False))


class Transaction(Table, table=True):
    """A transaction of ours: its bytes are kept before they are sent, and sent again as they are.

    `seq` is the order in which all transactions of all our accounts were stored, and so are mined. `former` are the
    hashes of the same transaction under lower fees, one of which may still be mined. `sends` counts how often the node
    was given it since it last had a block, up to 100. `failed`: it was mined without effect (it reverted, say).
    """

    __tablename__ = "transactions"
    __table_args__ = (
        Index("uq_transactions_account_nonce", "account", "nonce", unique=True),
        Index("ix_transactions_unmined", "seq", postgresql_where=text("block IS NULL")),
        Index("ix_transactions_failed", "seq", postgresql_where=text("failed")),
    )
    hash: bytes = binary(primary=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    account: bytes = binary()
    nonce: int = Field(sa_column=Column(BigInteger, nullable=False))
    raw: bytes = binary()
    purpose: str
    created_at: datetime = instant()
    sent_at: datetime | None = instant(null=True)
    sends: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    former: list[bytes] = Field(
        default_factory=list, sa_column=Column(ARRAY(LargeBinary), nullable=False, server_default=text("'{}'"))
    )
    block: int | None = Field(default=None, sa_column=Column(BigInteger, index=True))
    failed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class RegistryCall(Table, table=True):
    """A call to `Participants` that the worker who holds the admin key is to sign and send, in this order."""

    __tablename__ = "registry_calls"
    __table_args__ = (Index("ix_registry_calls_waiting", "seq", postgresql_where=text("transaction IS NULL")),)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    purpose: str
    calldata: bytes = binary()
    created_at: datetime = instant()
    transaction: bytes | None = binary(null=True, index=True)


class Block(Table, table=True):
    """A block that the watcher has followed."""

    __tablename__ = "blocks"
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hash: bytes = binary()
    time: int = Field(sa_column=Column(BigInteger, nullable=False))


class LedgerEntry(Table, table=True):
    """An entry as the chain recorded it, whoever relayed it: the mirror of `Provenance`'s `Recorded` logs."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index("ix_ledger_entries_trail_block_log", "trail", "block", "log"),)
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    log: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    trail: bytes = binary()
    party: bytes = binary()
    part: bytes = binary(index=True)
    seal: bytes = binary(index=True)
    to: bytes = binary()
    step: int = Field(sa_column=Column(SmallInteger, nullable=False))
    time: int = Field(sa_column=Column(BigInteger, nullable=False))
    head: bytes = binary()


class LedgerDispute(Table, table=True):
    """A statement that contradicted custody when it was recorded."""

    __tablename__ = "ledger_disputes"
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    log: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    trail: bytes = binary(index=True)
    party: bytes = binary()
    part: bytes = binary()
    reason: str


class RegistryEvent(Table, table=True):
    """What the chain's registry logged, whoever changed it: the mirror of `Participants`' logs.

    `kind` is the log's name; of `key`, `number`, `roles`, `valid_from`, `valid_to` (null: no end) and
    `compromised_from` (times in Unix seconds) those that it carries.
    """

    __tablename__ = "registry_events"
    __table_args__ = (
        Index("ix_registry_events_party_block_log", "party", "block", "log"),
        Index("ix_registry_events_key", "key"),
    )
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    log: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    time: int = Field(sa_column=Column(BigInteger, nullable=False))
    transaction: bytes = binary()
    kind: str
    party: bytes = binary()
    key: bytes | None = binary(null=True)
    number: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    roles: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    valid_from: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    valid_to: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    compromised_from: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
