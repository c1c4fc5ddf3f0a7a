"""Keys, parties and erasure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KEPT = ("erasures", "party_log")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("event_mac", sa.LargeBinary(), nullable=False),
        sa.Column("declares_error", sa.Boolean(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("by_party", sa.LargeBinary(), nullable=False),
        sa.Column("by_key", sa.String(), nullable=False),
        sa.Column("by_label", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("seq", name=op.f("uq_erasures_seq")),
    )
    op.create_index("ix_erasures_party_event_mac", "erasures", ["party", "event_mac"], unique=False)
    op.create_index("ix_erasures_seal", "erasures", ["seal"], unique=False)
    op.create_index("uq_erasures_event", "erasures", ["event"], unique=True)
    op.create_table(
        "idempotency_keys",
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("party", "use", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "party_log",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("by_party", sa.LargeBinary(), nullable=True),
        sa.Column("by_key", sa.String(), nullable=True),
        sa.Column("by_label", sa.String(), nullable=True),
        sa.Column("recovery", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_party_log")),
    )
    op.create_index("ix_party_log_party_seq", "party_log", ["party", "seq"], unique=False)
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("signing_keys", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("compromised_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needed", sa.SmallInteger(), nullable=False),
        sa.Column("asked_by", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by_key", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_by", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_by_key", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoveries")),
    )
    op.create_index("ix_recoveries_party_asked_at", "recoveries", ["party", "asked_at"], unique=False)
    op.create_table(
        "registry_events",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("roles", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("compromised_from", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("block", "log", name=op.f("pk_registry_events")),
    )
    op.create_index("ix_registry_events_key", "registry_events", ["key"], unique=False)
    op.create_index("ix_registry_events_party_block_log", "registry_events", ["party", "block", "log"], unique=False)
    op.add_column("api_keys", sa.Column("made_by", sa.String(), nullable=True))
    op.create_index(op.f("ix_api_keys_made_by"), "api_keys", ["made_by"], unique=False)
    op.execute(
        "CREATE FUNCTION trailseal_kept() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'rows of % are kept as they are: nothing changes or deletes them', TG_TABLE_NAME; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION trailseal_kept()"
        )


def downgrade() -> None:
    for table in KEPT:
        op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    op.execute("DROP FUNCTION trailseal_kept()")
    op.drop_index(op.f("ix_api_keys_made_by"), table_name="api_keys")
    op.drop_column("api_keys", "made_by")
    op.drop_index("ix_registry_events_party_block_log", table_name="registry_events")
    op.drop_index("ix_registry_events_key", table_name="registry_events")
    op.drop_table("registry_events")
    op.drop_index("ix_recoveries_party_asked_at", table_name="recoveries")
    op.drop_table("recoveries")
    op.drop_index("ix_party_log_party_seq", table_name="party_log")
    op.drop_table("party_log")
    op.drop_table("idempotency_keys")
    op.drop_index("uq_erasures_event", table_name="erasures")
    op.drop_index("ix_erasures_seal", table_name="erasures")
    op.drop_index("ix_erasures_party_event_mac", table_name="erasures")
    op.drop_table("erasures")
