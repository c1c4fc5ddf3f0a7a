"""What was erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
)
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Erasure(Table, table=True):
    """An event whose document and all that derives from it were erased; never changed or deleted (by a trigger).

    `event_mac` is the HMAC of its eventID, so that who knows the eventID finds it, and nobody can guess it. The party's
    statement of the erasure is the event of `party` whose eventID is `urn:uuid:` and `id`, once that is captured.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("uq_erasures_event", "event", unique=True),
        Index("ix_erasures_party_event_mac", "party", "event_mac"),
        Index("ix_erasures_seal", "seal"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    event_mac: bytes = binary()
    declares_error: bool = False
    seal: bytes = binary()
    party: bytes = binary()
    by_party: bytes = binary()
    by_key: str
    by_label: str
    reason: str
    at: datetime = instant()
