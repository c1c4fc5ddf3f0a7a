"""What each capture was to do with faulty events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("captures", sa.Column("proceed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("UPDATE captures SET proceed = true WHERE refused <> '[]'::jsonb")


def downgrade() -> None:
    op.drop_column("captures", "proceed")
