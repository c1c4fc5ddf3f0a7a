"""Bringing a database to the tables of this release (Alembic)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from service.store.database import async_url

_MIGRATION_LOCK = 7_412_091


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str | None:
    """The revision that this release's code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


async def migrate(url: str) -> None:
    """Upgrades the database to the newest revision; several processes may call it at once."""
    await _with_connection(url, _upgrade)


async def draft(url: str, message: str) -> None:
    """Writes a new migration from the difference between the tables and the database (for developers)."""
    await _with_connection(url, lambda connection: _draft(connection, message))


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    command.upgrade(_config(connection), "head")


def _draft(connection: Connection, message: str) -> None:
    command.revision(_config(connection), message, autogenerate=True)


async def _with_connection(url: str, use: Callable[[Connection], Any]) -> None:
    engine = create_async_engine(async_url(url))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(use)
    finally:
        await engine.dispose()
