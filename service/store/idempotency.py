"""What requests with an `Idempotency-Key` made, so that a retry makes nothing a second time."""

from dataclasses import dataclass

from sqlalchemy import text

from service.store.database import Session


@dataclass(frozen=True, slots=True)
class Before:
    """What a former request with this key made (an address, or the id of an API key), and the hash of its body."""

    made: str
    request_hash: bytes


async def claim(session: Session, party: bytes, *, use: str, key: str, request_hash: bytes, made: str) -> Before | None:
    """Notes what this request makes; None, or what a former one made. Of two at once, one waits for the other."""
    values = {"party": party, "use": use, "key": key, "request_hash": request_hash, "made": made}
    written = await session.execute(
        text(
            "INSERT INTO idempotency_keys (party, use, key, request_hash, made)"
            " VALUES (:party, :use, :key, :request_hash, :made) ON CONFLICT DO NOTHING RETURNING made"
        ),
        values,
    )
    if written.first() is not None:
        return None
    row = (
        await session.execute(
            text("SELECT made, request_hash FROM idempotency_keys WHERE party = :party AND use = :use AND key = :key"),
            values,
        )
    ).one()
    return Before(*row)
