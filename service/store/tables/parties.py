"""Who may speak: parties, their keys, what happened to them, and what they share."""

from datetime import datetime
from typing import Any
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Party(Table, table=True):
    """An organisation that may speak; `id` is its id on chain, `number` the registry's once that is mined.

    `lenient`: its documents may use words that no standard vocabulary has.
    """

    __tablename__ = "parties"
    id: bytes = binary(primary=True)
    identifier: str = Field(unique=True)
    name: str
    roles: int
    number: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))
    suspended: bool = False
    lenient: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    created_at: datetime = instant()


class SigningKey(Table, table=True):
    """A key that signs for a party; `wrapped` is null where the party holds the key itself."""

    __tablename__ = "signing_keys"
    address: bytes = binary(primary=True)
    party: bytes = binary(index=True)
    wrapped: bytes | None = binary(null=True)
    created_at: datetime = instant()
    registered_at: datetime | None = instant(null=True)
    revoked_at: datetime | None = instant(null=True)
    compromised_from: datetime | None = instant(null=True)


class ApiKey(Table, table=True):
    """A credential for the API; only the hash of its secret is kept. `made_by` is the API key that made it, if any."""

    __tablename__ = "api_keys"
    id: str = Field(primary_key=True)
    party: bytes = binary(index=True)
    secret_hash: bytes = binary()
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    label: str
    created_at: datetime = instant()
    expires_at: datetime | None = instant(null=True)
    revoked_at: datetime | None = instant(null=True)
    made_by: str | None = Field(default=None, index=True)


class PartyLog(Table, table=True):
    """Who changed what of a party's keys and standing here; never changed or deleted (a trigger refuses both).

    `by_party`, `by_key` and `by_label` are the API key that asked for it, null for the command line.
    """

    __tablename__ = "party_log"
    __table_args__ = (Index("ix_party_log_party_seq", "party", "seq"),)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    party: bytes = binary()
    at: datetime = instant()
    what: str
    by_party: bytes | None = binary(null=True)
    by_key: str | None = None
    by_label: str | None = None
    recovery: UUID | None = None
    details: Any = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))


class Recovery(Table, table=True):
    """A party that lost its keys gets back in: asked for by one administrator, confirmed by `needed - 1` others.

    `signing_keys` (20-byte addresses) are revoked with it. `token_hash` is that of the one-time enrolment token.
    """

    __tablename__ = "recoveries"
    __table_args__ = (Index("ix_recoveries_party_asked_at", "party", "asked_at"),)
    id: UUID = Field(primary_key=True)
    party: bytes = binary()
    reason: str
    signing_keys: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    compromised_from: datetime | None = instant(null=True)
    needed: int = Field(sa_column=Column(SmallInteger, nullable=False))
    asked_by: bytes = binary()
    asked_by_key: str
    asked_at: datetime = instant()
    confirmed_by: bytes | None = binary(null=True)
    confirmed_by_key: str | None = None
    confirmed_at: datetime | None = instant(null=True)
    token_hash: bytes | None = binary(null=True)
    expires_at: datetime = instant()
    used_at: datetime | None = instant(null=True)


class Grant(Table, table=True):
    """`grantor` lets `grantee` see the trails that it has a part in."""

    __tablename__ = "grants"
    grantor: bytes = binary(primary=True)
    grantee: bytes = binary(primary=True, index=True)
    created_at: datetime = instant()
