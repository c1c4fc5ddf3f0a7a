"""What the state of the database says about the service."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.store.database import Session

UNREACHABLE = (DBAPIError, SQLAlchemyError, OSError, TimeoutError)
"""What asking a database that is not there raises."""
_MOST = 100_000


async def revision(session: Session) -> str | None:
    """The migration that the database is at; None where it has no tables."""
    known = await session.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not known.scalar_one():
        return None
    found = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return None if found is None else str(found)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is on its way to the chain, or did not get there; counts go up to 100,000.

    Parts that wait for a transaction, and for how long the first of them; parts that the chain refused, by reason;
    transactions of ours without a block, and since when the first of them; changes of the registry that wait for a
    transaction; deployments and changes of the registry that were mined without effect, by what they were to do.
    """

    waiting_parts: int
    waiting_seconds: float
    refused_parts: Mapping[str, int]
    unmined_transactions: int
    unmined_seconds: float
    waiting_calls: int
    failed_calls: Mapping[str, int]


async def backlog(session: Session) -> Backlog:
    """What is on its way to the chain, or did not get there."""
    counts = text(
        "SELECT (SELECT count(*) FROM (SELECT FROM parts WHERE state = 0 LIMIT :most) AS waiting),"
        " (SELECT extract(epoch FROM clock_timestamp() - received_at) FROM captures WHERE id ="
        "  (SELECT capture FROM parts WHERE state = 0 ORDER BY seq LIMIT 1)),"
        " (SELECT count(*) FROM (SELECT FROM transactions WHERE block IS NULL LIMIT :most) AS unmined),"
        " (SELECT extract(epoch FROM clock_timestamp() - created_at) FROM transactions WHERE block IS NULL"
        "  ORDER BY seq LIMIT 1),"
        " (SELECT count(*) FROM registry_calls WHERE transaction IS NULL)"
    )
    parts, parts_age, unmined, unmined_age, calls = (await session.execute(counts, {"most": _MOST})).one()
    refused = text(
        "SELECT coalesce(refusal, 'unknown'), count(*) FROM (SELECT refusal FROM parts WHERE state = 3 LIMIT :most)"
        " AS refused GROUP BY 1 ORDER BY 1"
    )
    failed = text(
        "SELECT purpose, count(*) FROM (SELECT purpose FROM transactions WHERE failed AND purpose <> 'record'"
        " LIMIT :most) AS failed GROUP BY 1 ORDER BY 1"
    )
    return Backlog(
        parts,
        float(parts_age or 0),
        await _by_name(session, refused),
        unmined,
        float(unmined_age or 0),
        calls,
        await _by_name(session, failed),
    )


async def _by_name(session: Session, statement: TextClause) -> dict[str, int]:
    return {row[0]: row[1] for row in (await session.execute(statement, {"most": _MOST})).all()}
