"""The way to PostgreSQL: one engine for a process, one session for a use."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg.exceptions import CannotConnectNowError, PostgresConnectionError, TooManyConnectionsError
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

Session = AsyncSession
"""What the other rooms pass around and never open themselves."""


def async_url(url: str) -> URL:
    """The SQLAlchemy URL with the asyncpg driver for a plain `postgresql://` URL."""
    return make_url(url).set(drivername="postgresql+asyncpg")


class Database:
    """A pool of connections to one PostgreSQL; `close` when done."""

    def __init__(self, url: str, connections: int = 10) -> None:
        self._engine = create_async_engine(
            async_url(url), pool_size=connections, max_overflow=0, pool_pre_ping=True, pool_recycle=1800
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raises what the driver raises when the database does not answer."""
        async with self.session() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()


def unavailable(fault: BaseException) -> bool:
    """Whether an exception of a session means that the database does not answer now, and may later."""
    if isinstance(fault, DBAPIError):
        return fault.connection_invalidated or isinstance(fault, OperationalError | InterfaceError)
    return isinstance(fault, OSError | PostgresConnectionError | CannotConnectNowError | TooManyConnectionsError)


async def copy(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes the rows by `COPY` (binary, one round trip) within the session's transaction."""
    connection = await session.connection()
    await session.execute(text("SELECT 1"))  # the dialect begins the driver's transaction with the first statement
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.copy_records_to_table(table, records=rows, columns=list(columns))
