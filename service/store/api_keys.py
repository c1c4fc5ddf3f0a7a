"""The credentials of the API; secrets are here as hashes only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
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
