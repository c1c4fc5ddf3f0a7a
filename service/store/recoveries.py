"""Recoveries of parties that lost their keys, from being asked for to their use."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlmodel import col

from service.store.database import Session
from service.store.tables import Recovery

_ROOT = """
    WITH RECURSIVE line (id, made_by, depth) AS (
        SELECT id, made_by, 0 FROM api_keys WHERE id = ANY(CAST(:keys AS text[]))
        UNION ALL SELECT maker.id, maker.made_by, line.depth + 1
        FROM line JOIN api_keys AS maker ON maker.id = line.made_by
        WHERE line.depth < 1000
    ) SELECT DISTINCT id FROM line WHERE made_by IS NULL
"""


async def roots(session: Session, keys: Sequence[str]) -> set[str]:
    """The API keys, made by no other, that these keys descend from."""
    return set((await session.execute(text(_ROOT), {"keys": list(keys)})).scalars())


async def administrators(session: Session, scope: str, within: timedelta) -> set[str]:
    """The first keys of all administrators: of all API keys with the scope that are good, or were within that time.

    Who revokes the others' keys is not alone at once.
    """
    keys = await session.execute(
        text(
            "SELECT id FROM api_keys WHERE CAST(:scope AS text) = ANY(scopes)"
            " AND (revoked_at IS NULL OR revoked_at > now() - CAST(:within AS interval))"
            " AND (expires_at IS NULL OR expires_at > now() - CAST(:within AS interval))"
        ),
        {"scope": scope, "within": within},
    )
    return await roots(session, list(keys.scalars()))


async def add_recovery(session: Session, recovery: Recovery) -> None:
    """Writes the recovery."""
    session.add(recovery)
    await session.flush()
    await session.refresh(recovery)


async def open_recovery(session: Session, party: bytes, now: datetime) -> Recovery | None:
    """The party's recovery that is under way."""
    query = select(Recovery).where(
        col(Recovery.party) == party, col(Recovery.used_at).is_(None), col(Recovery.expires_at) > now
    )
    return (await session.scalars(query)).first()


async def locked_recovery(session: Session, recovery: UUID) -> Recovery | None:
    """The recovery with this id, which nobody else changes before the commit."""
    return await session.get(Recovery, recovery, populate_existing=True, with_for_update=True)


async def recoveries(session: Session, party: bytes, limit: int) -> Sequence[Recovery]:
    """A party's newest recoveries."""
    query = select(Recovery).where(col(Recovery.party) == party).order_by(col(Recovery.asked_at).desc()).limit(limit)
    return (await session.scalars(query)).all()


async def change(session: Session, recovery: UUID, **values: object) -> None:
    """Writes columns of the recovery."""
    await session.execute(update(Recovery).where(col(Recovery.id) == recovery).values(**values))


async def use(session: Session, recovery: UUID, token_hash: bytes, at: datetime) -> Recovery | None:
    """Uses the recovery's token, once; None where it is another's, was used, or its time is over."""
    found = await session.scalars(
        update(Recovery)
        .where(
            col(Recovery.id) == recovery,
            col(Recovery.token_hash) == token_hash,
            col(Recovery.used_at).is_(None),
            col(Recovery.confirmed_at).is_not(None),
            col(Recovery.expires_at) > at,
        )
        .values(used_at=at)
        .returning(Recovery),
        execution_options={"populate_existing": True},
    )
    return found.first()
