"""The keys that sign for parties."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from service.store.database import Session
from service.store.tables import SigningKey


async def add_signing_key(session: Session, address: bytes, party: bytes, wrapped: bytes | None) -> bool:
    """Writes the key; False where its address is bound already, to this party or another."""
    written = await session.execute(
        insert(SigningKey)
        .values(address=address, party=party, wrapped=wrapped)
        .on_conflict_do_nothing()
        .returning(col(SigningKey.address))
    )
    return written.first() is not None


async def signing_key(session: Session, address: bytes) -> SigningKey | None:
    """The key with this 20-byte address, revoked or not; nobody revokes it before the transaction ends."""
    return await session.get(SigningKey, address, populate_existing=True, with_for_update={"read": True})


async def locked_signing_key(session: Session, address: bytes) -> SigningKey | None:
    """As `signing_key`, and nobody else changes it before the transaction ends."""
    return await session.get(SigningKey, address, populate_existing=True, with_for_update=True)


async def newest_custodial_key(session: Session, party: bytes) -> SigningKey | None:
    """The party's newest key in our custody that is not revoked; one that the chain knows goes first."""
    query = (
        select(SigningKey)
        .where(
            col(SigningKey.party) == party, col(SigningKey.wrapped).is_not(None), col(SigningKey.revoked_at).is_(None)
        )
        .order_by(col(SigningKey.registered_at).is_(None), col(SigningKey.created_at).desc(), col(SigningKey.address))
        .limit(1)
        .with_for_update(read=True)
    )
    return (await session.scalars(query)).first()


async def signing_keys(session: Session, party: bytes, after: bytes, limit: int) -> Sequence[SigningKey]:
    """Up to `limit` keys of a party whose addresses come after `after`, in their order."""
    query = (
        select(SigningKey)
        .where(col(SigningKey.party) == party, col(SigningKey.address) > after)
        .order_by(col(SigningKey.address))
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def keys_at(session: Session, addresses: Collection[bytes]) -> Sequence[SigningKey]:
    """Those of the keys that are kept here, anybody's, in our custody or not."""
    return (await session.scalars(select(SigningKey).where(col(SigningKey.address).in_(addresses)))).all()


async def signers_of_sealed(session: Session, places: Sequence[tuple[bytes, bytes, int]]) -> dict[bytes, bytes]:
    """Which keys signed what (part, its party, block) of the ledger, by part, where a transaction of ours brought it.

    What others brought may carry another signature of the same party.
    """
    statement = text(
        "SELECT parts.id, parts.signer FROM unnest(CAST(:parts AS bytea[]), CAST(:parties AS bytea[]),"
        " CAST(:blocks AS bigint[])) AS said (part, party, block) JOIN parts ON parts.id = said.part"
        " AND parts.party = said.party JOIN transactions ON transactions.hash = parts.transaction"
        " AND transactions.block = said.block"
    )
    parts, parties, blocks = zip(*places, strict=True) if places else ((), (), ())
    values = {"parts": list(parts), "parties": list(parties), "blocks": list(blocks)}
    return {row[0]: row[1] for row in (await session.execute(statement, values)).all()}


async def signers_of_unsealed(session: Session, trail: bytes, events: Sequence[int]) -> dict[int, bytes]:
    """Which keys signed the entries of these events on a trail, as they wait or were refused, by event."""
    statement = text(
        "SELECT mentions.event, parts.signer FROM mentions JOIN parts ON parts.id = mentions.part"
        " WHERE mentions.trail = :trail AND mentions.event = ANY(CAST(:events AS bigint[]))"
    )
    rows = await session.execute(statement, {"trail": trail, "events": list(events)})
    return {row[0]: row[1] for row in rows.all()}


async def revoke_signing_key(session: Session, address: bytes, at: datetime, compromised_from: datetime) -> None:
    """Marks the key revoked; a later call moves only `compromised_from`."""
    await session.execute(
        update(SigningKey)
        .where(col(SigningKey.address) == address, col(SigningKey.revoked_at).is_(None))
        .values(revoked_at=at)
    )
    await session.execute(
        update(SigningKey).where(col(SigningKey.address) == address).values(compromised_from=compromised_from)
    )
