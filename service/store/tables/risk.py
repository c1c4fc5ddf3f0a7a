"""Shipments, and the scores that were given for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Shipment(Table, table=True):
    """A booked shipment: the trail of the unit that is to be delivered, and the event that booked it with its plan."""

    __tablename__ = "shipments"
    trail: bytes = binary(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
    booked_at: datetime = instant()


class Assessment(Table, table=True):
    """A risk score as it was given."""

    __tablename__ = "assessments"
    __table_args__ = (Index("ix_assessments_trail_as_of", "trail", "as_of"),)
    id: UUID = Field(primary_key=True)
    trail: bytes = binary()
    as_of: datetime = instant()
    created_at: datetime = instant()
    probability: float | None = None
    band: str | None = None
    stage: str
    expected_end: datetime | None = instant(null=True)
    planned_end: datetime | None = instant(null=True)
    reasons: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    model_hash: str
    input_hash: str
    party: bytes = binary()
