"""The credentials of the API; secrets are here as hashes only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text, update
from sqlmodel import col, select

from service.store.database import Session
from service.store.tables import ApiKey, Party


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key with the party that it speaks for."""

    secret_hash: bytes
    scopes: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    party: bytes
    identifier: str
    name: str
    roles: int
    suspended: bool
    lenient: bool


async def add_api_key(session: Session, key: ApiKey) -> None:
    """Writes the key."""
    session.add(key)
    await session.flush()
    await session.refresh(key)


async def credential(session: Session, key_id: str) -> Credential | None:
    """The key with this id and its party, good or not."""
    rows = await session.execute(
        select(
            ApiKey.secret_hash, ApiKey.scopes, ApiKey.expires_at, ApiKey.revoked_at,
            Party.id, Party.identifier, Party.name, Party.roles, Party.suspended,
            Party.lenient,
        )  # type: ignore[call-overload]  # sqlmodel types up to four columns
        .join(Party, col(Party.id) == col(ApiKey.party))
        .where(col(ApiKey.id) == key_id)
    )  # fmt: skip
    row = rows.first()
    return None if row is None else Credential(row[0], tuple(row[1]), *row[2:])


async def api_keys(session: Session, party: bytes, after: str, limit: int) -> Sequence[ApiKey]:
    """Up to `limit` keys of a party whose ids come after `after`, in their order."""
    query = (
        select(ApiKey).where(col(ApiKey.party) == party, col(ApiKey.id) > after).order_by(col(ApiKey.id)).limit(limit)
    )
    return (await session.scalars(query)).all()


async def revoke_api_key(session: Session, party: bytes, key_id: str, at: datetime) -> ApiKey | None:
    """Revokes a party's key (the first revocation's time stays); None where the party has none with this id."""
    await session.execute(
        update(ApiKey)
        .where(col(ApiKey.id) == key_id, col(ApiKey.party) == party, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=at)
    )
    query = select(ApiKey).where(col(ApiKey.id) == key_id, col(ApiKey.party) == party)
    return (await session.scalars(query)).first()


async def revoke_made(session: Session, party: bytes, key_id: str, at: datetime) -> list[str]:
    """Revokes the party's keys that the key made, and those that these made; their ids."""
    statement = text(
        "WITH RECURSIVE made (id) AS (SELECT id FROM api_keys WHERE made_by = :key AND party = :party"
        " UNION SELECT next.id FROM made JOIN api_keys AS next ON next.made_by = made.id AND next.party = :party)"
        " UPDATE api_keys SET revoked_at = :at FROM made WHERE api_keys.id = made.id AND revoked_at IS NULL"
        " RETURNING api_keys.id"
    )
    return sorted((await session.execute(statement, {"party": party, "key": key_id, "at": at})).scalars())


async def disown(session: Session, party: bytes, key_id: str, maker: str | None) -> None:
    """Lets the party's keys that the key made count as made by its own maker."""
    await session.execute(
        update(ApiKey).where(col(ApiKey.made_by) == key_id, col(ApiKey.party) == party).values(made_by=maker)
    )


async def revoke_all(session: Session, party: bytes, at: datetime) -> list[str]:
    """Revokes all of a party's keys; the ids of those that were good."""
    gone = await session.scalars(
        update(ApiKey)
        .where(col(ApiKey.party) == party, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=at)
        .returning(col(ApiKey.id))
    )
    return sorted(gone.all())


async def any_api_key(session: Session, party: bytes) -> bool:
    """Whether the party ever had an API key."""
    return (await session.scalars(select(ApiKey.id).where(col(ApiKey.party) == party).limit(1))).first() is not None


async def api_key(session: Session, key_id: str) -> ApiKey | None:
    """The key with this id."""
    return await session.get(ApiKey, key_id, populate_existing=True)


async def stands(session: Session, key_id: str) -> bool:
    """Whether the key is good, or no key at all; nobody revokes it before the commit."""
    statement = text(
        "SELECT revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) FROM api_keys WHERE id = :id"
        " FOR SHARE"
    )
    return (await session.execute(statement, {"id": key_id})).scalar_one_or_none() is not False
