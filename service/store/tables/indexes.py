"""What queries find events by."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Index,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class EventTerms(Table, table=True):
    """What queries find an event by, apart from the event itself: narrow, and gone once the event is erased.

    `terms` are `service.epcis.query.terms` and those of `service.store.indexing`; the times are those of `events`.
    """

    __tablename__ = "event_terms"
    __table_args__ = (
        Index("ix_event_terms_event_time", "event_time", "event"),
        Index("ix_event_terms_record_time", "record_time", "event"),
        Index("ix_event_terms_terms", "terms", postgresql_using="gin"),
    )
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_time: datetime = instant()
    record_time: datetime = instant()
    terms: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    sort_keys: Any | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))


class EventParty(Table, table=True):
    """A party sees an event: because it has a part in one of its trails (`by_trail`), or only because it told it.

    Follows from `mentions` and `trail_parties`; kept so that a party's events can be walked in order. One row for each:
    pages are cut by counting rows.
    """

    __tablename__ = "event_parties"
    __table_args__ = (
        PrimaryKeyConstraint("party", "record_time", "event", postgresql_include=["by_trail"]),
        Index("ix_event_parties_event_time", "party", "event_time", "event", postgresql_include=["by_trail"]),
    )
    party: bytes = binary(primary=True)
    record_time: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    by_trail: bool
    event_time: datetime = instant()


class PartyValue(Table, table=True):
    """A value that some event has which a party sees (as `EventParty` says why); `field` is a column of `events`."""

    __tablename__ = "party_values"
    __table_args__ = (Index("ix_party_values_field_value", "field", "value"),)
    party: bytes = binary(primary=True)
    by_trail: bool = Field(primary_key=True)
    field: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))


class EventToIndex(Table, table=True):
    """An event that has no `EventTerms` yet, or whose terms are to be made anew."""

    __tablename__ = "events_to_index"
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class EventNumber(Table, table=True):
    """A number or time (seconds since 1970) in an event that queries compare; `field` is a hash of the field's name."""

    __tablename__ = "event_numbers"
    field: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    value: float = Field(sa_column=Column(Double, primary_key=True))
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
