"""The way to PostgreSQL: one engine for a process, one session for a use."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, ClassVar

from asyncpg.exceptions import (
    CannotConnectNowError,
    PostgresConnectionError,
    PostgresError,
    TooManyConnectionsError,
    UniqueViolationError,
)
from asyncpg.exceptions import InterfaceError as AsyncpgInterfaceError
from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from service.errors import TrailsealError
from service.store.tables import metadata

Session = AsyncSession
"""What the other rooms pass around and never open themselves."""


def async_url(url: str) -> URL:
    """The SQLAlchemy URL with the asyncpg driver for a plain `postgresql://` URL."""
    return make_url(url).set(drivername="postgresql+asyncpg")


# Connection lost, shutting down, crashed, starting up, too many connections; the session was ended because it said
# nothing in the middle of a transaction; two transactions waited for each other (PostgreSQL, appendix A).
_GIVEN_UP_STATES = ("40001", "40P01")
_PASSING_STATES = ("08", "57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25P04", *_GIVEN_UP_STATES)
# A process that hangs or was paused in the middle of a transaction keeps its locks, and readers of what was committed
# waiting, until PostgreSQL ends its session.
_SILENT_MILLISECONDS = 120_000
_SILENT_HOLDING_LOCKS = 15_000


class DatabaseUnavailable(TrailsealError):
    """The database does not answer now; nothing of the request was kept."""

    slug, title, status = "database-unavailable", "The service cannot keep anything right now", 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class TransactionGivenUp(DatabaseUnavailable):
    """This transaction and another waited for each other, and the database ended this one: the same again may do."""


class Database:
    """A pool of connections to one PostgreSQL; `close` when done."""

    def __init__(self, url: str, connections: int = 10) -> None:
        self._engine = create_async_engine(
            async_url(url),
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"server_settings": {"idle_in_transaction_session_timeout": str(_SILENT_MILLISECONDS)}},
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        Raises:
            DatabaseUnavailable: the database did not answer, or was lost on the way. Where that was while committing,
                nobody knows whether the transaction took place: the use has to be repeatable.
            TransactionGivenUp: nothing took place.
        """
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except Exception as fault:
            if isinstance(fault, TrailsealError) or not unavailable(fault):
                raise
            if isinstance(fault, DBAPIError) and getattr(fault.orig, "sqlstate", None) in _GIVEN_UP_STATES:
                raise TransactionGivenUp("others wrote at the same place at the same time; ask again") from fault
            raise DatabaseUnavailable(f"the database does not answer: {type(fault).__name__}") from fault

    async def ping(self) -> None:
        """Raises what the driver raises when the database does not answer."""
        async with self.session() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()


def unavailable(fault: BaseException) -> bool:
    """Whether an exception of a session means that the database does not answer now, and may later.

    So it is where all connections of this process were busy for half a minute.
    """
    if isinstance(fault, DatabaseUnavailable | NoConnectionFree):
        return True
    if isinstance(fault, DBAPIError):
        state = str(getattr(fault.orig, "sqlstate", None) or "")
        lost = fault.connection_invalidated or isinstance(fault, OperationalError | InterfaceError)
        return lost or state.startswith(_PASSING_STATES)
    return isinstance(fault, OSError | PostgresConnectionError | CannotConnectNowError | TooManyConnectionsError)


async def hold_briefly(session: Session) -> None:
    """Lets this transaction be ended sooner than others when its process says nothing: all wait for what it locks."""
    silent = text("SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, true)")
    await session.execute(silent, {"milliseconds": str(_SILENT_HOLDING_LOCKS)})


async def copy(session: Session, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes many rows by `COPY` (binary) within the session's transaction; nothing for no rows.

    Raises:
        IntegrityError: some row is there already. OperationalError: the connection is lost.
    """
    if not rows:
        return
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():
        await session.execute(text("SELECT 1"))  # the dialect begins the driver's transaction with the first statement
    try:
        await driver.copy_records_to_table(table, records=rows, columns=list(columns))
    except (PostgresConnectionError, AsyncpgInterfaceError, ConnectionError) as fault:
        await connection.invalidate()
        raise OperationalError(f"COPY {table}", None, fault, connection_invalidated=True) from fault
    except UniqueViolationError as fault:
        raise IntegrityError(f"COPY {table}", None, fault) from fault
    except PostgresError as fault:
        raise DBAPIError(f"COPY {table}", None, fault) from fault


async def insert(session: Session, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """Writes rows by one statement, the way for some dozens: one round trip where `COPY` takes two.

    Raises:
        IntegrityError: some row is there already.
    """
    if rows:
        values = {f"c{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))}
        await session.execute(_insertion(table, columns), values)


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> TextClause:
    known, dialect = metadata.tables[table].columns, PGDialect()  # type: ignore[no-untyped-call]
    arrays = [f"CAST(:c{place} AS {known[name].type.compile(dialect)}[])" for place, name in enumerate(columns)]
    names = ", ".join(f'"{name}"' for name in columns)
    return text(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({', '.join(arrays)})")  # noqa: S608
