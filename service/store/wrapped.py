"""What is wrapped by a key-encryption key, to be wrapped anew: signing keys in our custody and signature tokens."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session


class WrappedKey(NamedTuple):
    """A signing key in our custody."""

    address: bytes
    party: bytes
    wrapped: bytes


class WrappedToken(NamedTuple):
    """The signature token of a subscription, or of a webhook for alerts."""

    subscription: UUID
    wrapped: bytes


async def keys_wrapped_otherwise(session: Session, head: bytes, after: bytes, limit: int) -> Sequence[WrappedKey]:
    """Up to `limit` signing keys whose wrapped bytes do not begin with `head`, by address from after one, locked."""
    statement = text(
        "SELECT address, party, wrapped FROM signing_keys WHERE wrapped IS NOT NULL AND address > :after"
        " AND substring(wrapped FROM 1 FOR octet_length(CAST(:head AS bytea))) <> :head"
        " ORDER BY address LIMIT :limit FOR UPDATE"
    )
    rows = await session.execute(statement, {"head": head, "after": after, "limit": limit})
    return [WrappedKey(*row) for row in rows.all()]


async def replace_wrapped_keys(session: Session, rows: Sequence[WrappedKey]) -> None:
    """Keeps the keys as they are wrapped now."""
    statement = text(
        "UPDATE signing_keys SET wrapped = fresh.wrapped FROM unnest(CAST(:addresses AS bytea[]),"
        " CAST(:wrapped AS bytea[])) AS fresh (address, wrapped) WHERE signing_keys.address = fresh.address"
    )
    values = {"addresses": [row.address for row in rows], "wrapped": [row.wrapped for row in rows]}
    await session.execute(statement, values)


async def tokens_wrapped_otherwise(
    session: Session, head: bytes, after: UUID | None, limit: int
) -> Sequence[WrappedToken]:
    """Up to `limit` tokens whose wrapped bytes do not begin with `head`, by subscription from after one, locked."""
    other = (
        "token IS NOT NULL AND (CAST(:after AS uuid) IS NULL OR id > :after)"
        " AND substring(token FROM 1 FOR octet_length(CAST(:head AS bytea))) <> :head"
        " ORDER BY id LIMIT :limit FOR UPDATE"
    )
    statement = text(
        f"WITH queried AS (SELECT id, token FROM subscriptions WHERE {other}),"  # noqa: S608
        f" alerting AS (SELECT id, token FROM alert_hooks WHERE {other})"
        " SELECT * FROM (TABLE queried UNION ALL TABLE alerting) AS found ORDER BY id LIMIT :limit"
    )
    rows = await session.execute(statement, {"head": head, "after": after, "limit": limit})
    return [WrappedToken(*row) for row in rows.all()]


async def replace_wrapped_tokens(session: Session, rows: Sequence[WrappedToken]) -> None:
    """Keeps the tokens as they are wrapped now."""
    values = {"ids": [row.subscription for row in rows], "tokens": [row.wrapped for row in rows]}
    for table in ("subscriptions", "alert_hooks"):
        statement = text(
            f"UPDATE {table} SET token = fresh.token FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS bytea[]))"  # noqa: S608
            f" AS fresh (id, token) WHERE {table}.id = fresh.id"
        )
        await session.execute(statement, values)
