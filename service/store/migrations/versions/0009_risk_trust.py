"""Sealed scores, who was shown which, models, calibrations."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TRIGGERS = {
    # Every score that is stored from now on waits to be sealed.
    "assessments": (
        "trailseal_to_seal",
        "INSERT INTO scores_to_seal (assessment) SELECT id FROM fresh ORDER BY created_at, as_of",
    ),
    # Who gets a part in a shipment is to get one in its risk trail.
    "trail_parties": (
        "trailseal_to_share",
        (
            "INSERT INTO risk_shares (trail, party) SELECT risk_trails.trail, fresh.party FROM fresh"
            " JOIN risk_trails ON risk_trails.shipment = fresh.trail ON CONFLICT DO NOTHING"
        ),
    ),
}


def upgrade() -> None:
    op.create_table(
        "calibrations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("model_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("used", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrations")),
        sa.UniqueConstraint("seq", name=op.f("uq_calibrations_seq")),
    )
    op.create_index("ix_calibrations_model_hash_seq", "calibrations", ["model_hash", "seq"], unique=False)
    op.create_table(
        "models",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("learnt_from", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recipe", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("versions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promoted_by", sa.LargeBinary(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_models")),
    )
    op.create_table(
        "risk_shares",
        sa.Column("trail", sa.LargeBinary(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("trail", "party", name=op.f("pk_risk_shares")),
    )
    op.create_table(
        "risk_trails",
        sa.Column("trail", sa.LargeBinary(), nullable=False),
        sa.Column("shipment", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("trail", name=op.f("pk_risk_trails")),
    )
    op.create_index("ix_risk_trails_shipment", "risk_trails", ["shipment"], unique=False)
    op.create_table(
        "score_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capture", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_batches")),
    )
    op.create_index("ix_score_batches_party_made_at", "score_batches", ["party", "made_at"], unique=False)
    op.create_index(
        "ix_score_batches_uncaptured",
        "score_batches",
        ["made_at"],
        unique=False,
        postgresql_where=sa.text("captured_at IS NULL"),
    )
    op.create_table(
        "scores_to_seal",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("assessment", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_scores_to_seal")),
    )
    op.create_table(
        "sealed_scores",
        sa.Column("assessment", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("assessment", name=op.f("pk_sealed_scores")),
    )
    op.create_index("ix_sealed_scores_batch", "sealed_scores", ["batch"], unique=False)
    op.create_table(
        "shown",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("assessment", sa.Uuid(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shown")),
    )
    op.create_index("ix_shown_assessment", "shown", ["assessment"], unique=False)
    op.create_index("ix_shown_at", "shown", ["at"], unique=False)
    for table, (name, statement) in TRIGGERS.items():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_risk AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    for table, (name, _) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {table}_risk ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("ix_shown_at", table_name="shown")
    op.drop_index("ix_shown_assessment", table_name="shown")
    op.drop_table("shown")
    op.drop_index("ix_sealed_scores_batch", table_name="sealed_scores")
    op.drop_table("sealed_scores")
    op.drop_table("scores_to_seal")
    op.drop_index(
        "ix_score_batches_uncaptured", table_name="score_batches", postgresql_where=sa.text("captured_at IS NULL")
    )
    op.drop_index("ix_score_batches_party_made_at", table_name="score_batches")
    op.drop_table("score_batches")
    op.drop_index("ix_risk_trails_shipment", table_name="risk_trails")
    op.drop_table("risk_trails")
    op.drop_table("risk_shares")
    op.drop_table("models")
    op.drop_index("ix_calibrations_model_hash_seq", table_name="calibrations")
    op.drop_table("calibrations")
