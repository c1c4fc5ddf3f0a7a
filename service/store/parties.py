"""Parties and the grants between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from service.store.database import Session
from service.store.tables import Grant, Party


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant as its grantor sees it: to whom, and since when."""

    party: bytes
    identifier: str
    name: str
    created_at: datetime


async def add_party(session: Session, party: bytes, identifier: str, name: str, roles: int) -> bool:
    """Writes the party; False where one with its id or identifier is there already."""
    written = await session.execute(
        insert(Party)
        .values(id=party, identifier=identifier, name=name, roles=roles, suspended=False)
        .on_conflict_do_nothing()
        .returning(col(Party.id))
    )
    return written.first() is not None


async def party(session: Session, party_id: bytes) -> Party | None:
    """The party with this 32-byte id."""
    return await session.get(Party, party_id, populate_existing=True)


async def locked_party(session: Session, party_id: bytes) -> Party | None:
    """As `party`, and nobody else changes it before the transaction ends."""
    return await session.get(Party, party_id, populate_existing=True, with_for_update=True)


async def parties(session: Session, after: str, limit: int) -> Sequence[Party]:
    """Up to `limit` parties whose identifiers come after `after`, in their order."""
    query = select(Party).where(col(Party.identifier) > after).order_by(col(Party.identifier)).limit(limit)
    return (await session.scalars(query)).all()


async def set_suspended(session: Session, party_id: bytes, suspended: bool) -> None:
    """Suspends or reinstates the party."""
    await session.execute(update(Party).where(col(Party.id) == party_id).values(suspended=suspended))


async def set_roles(session: Session, party_id: bytes, roles: int) -> None:
    """Replaces the party's roles."""
    await session.execute(update(Party).where(col(Party.id) == party_id).values(roles=roles))


async def set_lenient(session: Session, party_id: bytes, lenient: bool) -> None:
    """Lets the party's documents use words that no standard vocabulary has, or not."""
    await session.execute(update(Party).where(col(Party.id) == party_id).values(lenient=lenient))


async def add_grant(session: Session, grantor: bytes, grantee: bytes) -> None:
    """Lets `grantee` see the trails of `grantor`; nothing where it does already."""
    await session.execute(insert(Grant).values(grantor=grantor, grantee=grantee).on_conflict_do_nothing())


async def remove_grant(session: Session, grantor: bytes, grantee: bytes) -> bool:
    """Takes the grant back; False where there is none."""
    removed = await session.execute(
        delete(Grant).where(col(Grant.grantor) == grantor, col(Grant.grantee) == grantee).returning(col(Grant.grantee))
    )
    return removed.first() is not None


async def grant(session: Session, grantor: bytes, grantee: bytes) -> Granted | None:
    """One grant."""
    rows = await _grants(session, grantor, col(Grant.grantee) == grantee, 1)
    return rows[0] if rows else None


async def grants(session: Session, grantor: bytes, after: bytes, limit: int) -> list[Granted]:
    """Up to `limit` grants of a party whose grantees' ids come after `after`, in their order."""
    return await _grants(session, grantor, col(Grant.grantee) > after, limit)


async def _grants(session: Session, grantor: bytes, which: ColumnElement[bool], limit: int) -> list[Granted]:
    rows = await session.execute(
        select(Grant.grantee, Party.identifier, Party.name, Grant.created_at)
        .join(Party, col(Party.id) == col(Grant.grantee))
        .where(col(Grant.grantor) == grantor, which)
        .order_by(col(Grant.grantee))
        .limit(limit)
    )
    return [Granted(*row) for row in rows]
