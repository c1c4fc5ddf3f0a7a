"""What makes scores trustworthy: who was shown which, how they are sealed, the models, and their calibrations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.store.tables.base import Table, binary, instant


class Shown(Table, table=True):
    """A score that a party was shown; those of one list have one `at`, and their places in it from 1 as `rank`."""

    __tablename__ = "shown"
    __table_args__ = (Index("ix_shown_assessment", "assessment"), Index("ix_shown_at", "at"))
    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    assessment: UUID
    party: bytes = binary()
    at: datetime = instant()
    rank: int | None = None


class ScoreBatch(Table, table=True):
    """Scores that are sealed in one capture of the scoring party; `id` is the capture's Idempotency-Key."""

    __tablename__ = "score_batches"
    __table_args__ = (
        Index("ix_score_batches_uncaptured", "made_at", postgresql_where=text("captured_at IS NULL")),
        Index("ix_score_batches_party_made_at", "party", "made_at"),
    )
    id: UUID = Field(primary_key=True)
    party: bytes = binary()
    made_at: datetime = instant()
    captured_at: datetime | None = instant(null=True)
    capture: UUID | None = None


class SealedScore(Table, table=True):
    """That a score belongs to a batch, and so to no other."""

    __tablename__ = "sealed_scores"
    __table_args__ = (Index("ix_sealed_scores_batch", "batch"),)
    assessment: UUID = Field(primary_key=True)
    batch: UUID


class ScoreToSeal(Table, table=True):
    """A score that waits to be put into a batch; a trigger writes it with the assessment."""

    __tablename__ = "scores_to_seal"
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    assessment: UUID


class RiskTrail(Table, table=True):
    """A shipment's risk trail, and the trail of the unit to be delivered."""

    __tablename__ = "risk_trails"
    __table_args__ = (Index("ix_risk_trails_shipment", "shipment"),)
    trail: bytes = binary(primary=True)
    shipment: bytes = binary()


class RiskShare(Table, table=True):
    """A party that got a part in a shipment since and is to get one in its risk trail; a trigger writes it."""

    __tablename__ = "risk_shares"
    trail: bytes = binary(primary=True)
    party: bytes = binary(primary=True)


class RiskModel(Table, table=True):
    """A release of the scorer, with its card; the newest that is promoted and not retired scores."""

    __tablename__ = "models"
    hash: str = Field(primary_key=True)
    name: str
    head: str
    files: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    learnt_from: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    recipe: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    versions: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    figures: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    card: str
    made_at: datetime | None = instant(null=True)
    registered_at: datetime = instant()
    promoted_at: datetime | None = instant(null=True)
    promoted_by: bytes | None = binary(null=True)
    retired_at: datetime | None = instant(null=True)
    retired_by: bytes | None = binary(null=True)


class CalibrationState(Table, table=True):
    """A state of the calibrations as scores used it; `id` is sha256 of `state`, which is canonical JSON."""

    __tablename__ = "calibrations"
    __table_args__ = (Index("ix_calibrations_model_hash_seq", "model_hash", "seq"),)
    id: str = Field(primary_key=True)
    seq: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), unique=True))
    model_hash: str
    state: str
    outcomes: int
    used: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    made_at: datetime = instant()
