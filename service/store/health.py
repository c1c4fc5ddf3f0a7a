"""What the state of the database says about the service."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.store.database import Session

UNREACHABLE = (DBAPIError, SQLAlchemyError, OSError, TimeoutError)
"""What asking a database that is not there raises."""


async def revision(session: Session) -> str | None:
    """The migration that the database is at; None where it has no tables."""
    known = await session.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not known.scalar_one():
        return None
    found = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return None if found is None else str(found)


async def waiting_parts(session: Session) -> int:
    """How many signed parts wait for the chain, counted up to 100,000."""
    statement = text("SELECT count(*) FROM (SELECT FROM parts WHERE state = 0 LIMIT 100000) AS waiting")
    return int((await session.execute(statement)).scalar_one())
