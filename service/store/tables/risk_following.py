"""What the scorer follows: all of it derives from events, and goes with them when they are erased.

Every row belongs to a `booking`: the number of the event that booked the shipment. A trail may be booked more than
once; its first booking that stands is the one that is scored and counted.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


def _booking() -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def _whole() -> Any:
    return Field(sa_type=BigInteger, nullable=False)


class RiskFollower(Table, table=True):
    """How far captures were followed: the last transaction (`captures.written_in`) that was looked at."""

    __tablename__ = "risk_followers"
    name: str = Field(primary_key=True)
    followed: int = _whole()


class ShipmentUnit(Table, table=True):
    """A trail whose events tell of the shipment: a thing that its booking names."""

    __tablename__ = "shipment_units"
    __table_args__ = (Index("ix_shipment_units_unit", "unit"),)
    booking: int = _booking()
    unit: bytes = binary(primary=True)


class ShipmentLane(Table, table=True):
    """A lane that the shipment's plan runs over, or another group whose late rate is kept (`service.risk.lanes`)."""

    __tablename__ = "shipment_lanes"
    __table_args__ = (Index("ix_shipment_lanes_kind_lane", "kind", "lane"),)
    booking: int = _booking()
    kind: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)


class ShipmentMilestone(Table, table=True):
    """A report of a milestone: an ObjectEvent with one of four business steps about one of the shipment's units.

    Some are kept of each party, unit and step: the first, so that flooding a trail moves nothing that was told before.
    `retracted_at`: when its party's declaration that it was an error was recorded.
    """

    __tablename__ = "shipment_milestones"
    __table_args__ = (
        Index("ix_shipment_milestones_step", "booking", "unit", "step", "party"),
        Index("ix_shipment_milestones_event", "event"),
    )
    booking: int = _booking()
    unit: bytes = binary(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    step: str
    place: str | None = None
    event_time: datetime = instant()
    record_time: datetime = instant()
    party: bytes = binary()
    retracted_at: datetime | None = instant(null=True)


class ShipmentOutcome(Table, table=True):
    """Whether the shipment was late, as it was believed from `known_from` (record time) to `known_until` (None: still).

    Nobody could know it before `delivered_at` either. `minutes` is how long after the planned end (negative: before).
    `counted`: it is part of `lane_counts`.
    """

    __tablename__ = "shipment_outcomes"
    __table_args__ = (
        Index("ix_shipment_outcomes_delivered_at", "delivered_at"),
        Index("ix_shipment_outcomes_uncounted", "delivered_at", postgresql_where=text("NOT counted")),
    )
    booking: int = _booking()
    known_from: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    known_until: datetime | None = instant(null=True)
    delivered_at: datetime = instant()
    late: bool
    minutes: int = _whole()
    counted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class LaneCount(Table, table=True):
    """Outcomes on a lane that are known now, and how many of them were late."""

    __tablename__ = "lane_counts"
    kind: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)
    seen: int = _whole()
    late: int = _whole()


class _Sums(Table):
    """The columns that hold sums of `ml.usual`; each table makes its own of them."""

    seen: int = _whole()
    took: int = _whole()
    plan: int = _whole()
    took_took: int = _whole()
    took_plan: int = _whole()
    plan_plan: int = _whole()


class ShipmentTime(_Sums, table=True):
    """What a version of an outcome tells: the sums of `ml.usual` for one kind and place, and those of its trail about
    parties and places (`ml.trail_rules.counted`).
    """

    __tablename__ = "shipment_times"
    __table_args__ = (Index("ix_shipment_times_kind_lane", "kind", "lane"),)
    booking: int = _booking()
    known_from: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    kind: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)


class TimeSum(_Sums, table=True):
    """The sums of all outcomes that are counted now."""

    __tablename__ = "time_sums"
    kind: str = Field(primary_key=True)
    lane: str = Field(primary_key=True)


class ShipmentDue(Table, table=True):
    """When a shipment is to be scored next. `refollow`: what derives from its events is to be made anew first."""

    __tablename__ = "shipments_due"
    __table_args__ = (
        Index("ix_shipments_due_due_at", "due_at"),
        Index("ix_shipments_due_refollow", "booking", postgresql_where=text("refollow")),
    )
    booking: int = _booking()
    due_at: datetime = instant()
    reason: str
    refollow: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class ShipmentScore(Table, table=True):
    """A shipment's latest score, for lists: `rank` orders them (the probability; below 0 where it abstains).

    `overrun`: the planned end has passed. `under_way`: it is not delivered, as far as is known.
    """

    __tablename__ = "shipment_scores"
    __table_args__ = (
        Index("ix_shipment_scores_rank", "overrun", "rank", "booking", postgresql_where=text("under_way")),
        Index("ix_shipment_scores_trail", "trail"),
    )
    booking: int = _booking()
    trail: bytes = binary()
    assessment: UUID
    as_of: datetime = instant()
    probability: float | None = None
    band: str | None = None
    rank: float
    codes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    overrun: bool
    under_way: bool
