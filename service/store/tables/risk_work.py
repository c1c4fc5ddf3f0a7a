"""What analysts work with: policies, watchlists, alerts and their webhooks, inspections, dispositions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class RiskPolicy(Table, table=True):
    """What a late delivery, a check and an intervention cost a party, and how many alerts a day it wants (`alerts`).

    `timezone` is the IANA name of the one in which its days begin, `inspection` the share that is drawn at random.
    """

    __tablename__ = "risk_policies"
    party: bytes = binary(primary=True)
    penalty: float
    checking: float
    intervening: float
    effectiveness: float
    alerts: bool
    budget: int
    timezone: str
    inspection: float
    changed_at: datetime = instant()
    changed_with: str


class AlertHook(Table, table=True):
    """Where a party's alerts are sent: `seq` is the last one that was taken, the others are as in `Subscription`."""

    __tablename__ = "alert_hooks"
    __table_args__ = (Index("ix_alert_hooks_due", "next_at", postgresql_where=text("ended_at IS NULL")),)
    party: bytes = binary(primary=True)
    id: UUID
    dest: str
    token: bytes | None = binary(null=True)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = instant()
    next_at: datetime = instant()
    lease: UUID | None = None
    leased_until: datetime = instant()
    notified_at: datetime | None = instant(null=True)
    failures: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    failing_since: datetime | None = instant(null=True)
    fault: str | None = None
    ended_at: datetime | None = instant(null=True)


class AlertDay(Table, table=True):
    """What a party's day is expected to bring: `forecast` is [[part of the day, benefit] ...] of `days` recent days."""

    __tablename__ = "alert_days"
    party: bytes = binary(primary=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    days: int
    forecast: Any = Field(sa_column=Column(JSONB, nullable=False))


class AlertOffer(Table, table=True):
    """A shipment that was worth an alert on a day: the best that it offered, and how much of the day had gone then.

    `standing` is what it offers by its latest `assessment`; 0 once there was an alert.
    """

    __tablename__ = "alert_offers"
    __table_args__ = (
        Index("ix_alert_offers_benefit", "party", "day", "benefit"),
        Index("ix_alert_offers_standing", "party", "day", "standing", postgresql_where=text("standing > 0")),
    )
    party: bytes = binary(primary=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    trail: bytes = binary(primary=True)
    benefit: float
    gone: float
    standing: float
    assessment: UUID


class Alert(Table, table=True):
    """A party was alerted to a shipment by an assessment. Of one party, `seq` follows the order of commits.

    `day` is the party's local one. `threshold` is what the benefit had to exceed; `why` is `budget`, `reserve` or
    `worse` (it was alerted to before).
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_party_seq", "party", "seq"),
        Index("ix_alerts_party_day", "party", "day"),
        Index("ix_alerts_party_trail", "party", "trail", "seq"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = binary()
    trail: bytes = binary()
    assessment: UUID
    day: date = Field(sa_column=Column(Date, nullable=False))
    as_of: datetime = instant()
    created_at: datetime = instant()
    stage: str
    probability: float
    band: str
    benefit: float
    threshold: float
    why: str
    acknowledged_at: datetime | None = instant(null=True)
    acknowledged_with: str | None = None


class Inspection(Table, table=True):
    """A shipment that the day's draw put on a party's inspection list, by its assessment then; `draw` is the HMAC."""

    __tablename__ = "inspections"
    __table_args__ = (Index("ix_inspections_party_day", "party", "day", "seq"),)
    party: bytes = binary(primary=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    trail: bytes = binary(primary=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    assessment: UUID
    propensity: float
    draw: bytes = binary()
    created_at: datetime = instant()


class Disposition(Table, table=True):
    """What a party's analyst found about an assessment, the `number`th time; a trigger keeps rows as they are."""

    __tablename__ = "dispositions"
    __table_args__ = (
        Index("uq_dispositions_party_assessment_number", "party", "assessment", "number", unique=True),
        Index("ix_dispositions_party_trail", "party", "trail", "seq"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = binary()
    assessment: UUID
    trail: bytes = binary()
    number: int
    verdict: str
    note: str
    at: datetime = instant()
    by_key: str


class Watchlist(Table, table=True):
    """Shipments, lanes, parties and places that a party watches; being late costs `weight` times as much for them."""

    __tablename__ = "watchlists"
    __table_args__ = (
        Index("uq_watchlists_party_name", "party", "name", unique=True),
        Index("ix_watchlists_party_seq", "party", "seq"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    party: bytes = binary()
    name: str
    weight: float
    created_at: datetime = instant()
    changed_at: datetime = instant()


class Watched(Table, table=True):
    """One entry of a watchlist: `kind` is shipment, party, place or lane; a lane goes from `value` to `until`.

    `key` is the trail of a shipment's unit or the id of a party.
    """

    __tablename__ = "watched"
    __table_args__ = (Index("ix_watched_key", "key"),)
    watchlist: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    kind: str
    value: str
    until: str | None = None
    key: bytes | None = binary(null=True)


class Route(Table, table=True):
    """Where a shipment's plan leads: its places in order, each once, and every `A>B` of them where A comes before B.

    `hub` and `destination` are the ends of its last leg, `reports` is how many milestones are planned. Follows from the
    booking event's document.
    """

    __tablename__ = "routes"
    __table_args__ = (Index("ix_routes_lane", "hub", "destination"),)
    trail: bytes = binary(primary=True)
    event: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False, index=True))
    hub: str | None = None
    destination: str | None = None
    reports: int
    places: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    ways: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
