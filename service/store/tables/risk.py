"""Shipments, and the scores that were given for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Shipment(Table, table=True):
    """A booked shipment: the trail of the unit that is to be delivered, and the event that booked it with its plan.

    The columns from `party` on are filled when the booking is followed (`service.risk.following`): who booked and when
    that was recorded, the planned minutes to the delivery (None: the plan cannot be read, or is incomplete), and when
    the declaration that the booking was an error was recorded.
    """

    __tablename__ = "shipments"
    trail: bytes = binary(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
    booked_at: datetime = instant()
    party: bytes | None = binary(null=True)
    recorded_at: datetime | None = instant(null=True)
    planned_minutes: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    retracted_at: datetime | None = instant(null=True)


class Assessment(Table, table=True):
    """A risk score as it was given, for good: what was shown is what a backtest judges.

    `as_of` is the moment of the score; it knew what was recorded by `recorded_by` and had a number up to `known_seq`.
    `inputs` are what it was computed from, compressed (zlib); `arrival` the 5, 10, 50, 90 and 95 % quantiles of the
    final delivery.
    """

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
    recorded_by: datetime | None = instant(null=True)
    known_seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    arrival: list[datetime] | None = Field(
        default=None, sa_column=Column(ARRAY(DateTime(timezone=True)), nullable=True)
    )
    excursion: float | None = None
    anomaly: float | None = None
    calibration: str | None = None
    inputs: bytes | None = binary(null=True)
