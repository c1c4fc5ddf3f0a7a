"""Alembic's entry: runs the migrations over the connection that `service.store.migrate` hands it."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString

from service.store.tables import metadata


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """SQLModel's own string type in plain SQLAlchemy's words, so that migrations import nothing else."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
