"""Rotation of the key-encryption key: everything that a former one wrapped is wrapped by the current one.

Batch by batch, each in a transaction of its own, beside a running service that has both keys. Who is killed half way
leaves every secret wrapped by one key or the other, each naming its own; the next run does what is left.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from service.config import Settings
from service.errors import TrailsealError
from service.parties import wrapping
from service.parties.keyring import NONCE_BYTES, Keyring
from service.store import wrapped as stored
from service.store.database import Database
from service.store.wrapped import WrappedKey, WrappedToken
from service.subscriptions import tokens

BATCH = 200


@dataclass
class Rewrapped:
    """How much was wrapped anew, and which secrets could not be unwrapped, each with the reason."""

    signing_keys: int = 0
    tokens: int = 0
    left: list[str] = field(default_factory=list)


class Rewrapper:
    """Wraps anew what the current key-encryption key did not wrap."""

    def __init__(self, database: Database, settings: Settings, batch: int = BATCH) -> None:
        self._database, self._keyring, self._batch = database, Keyring.of(settings), batch

    async def run(self, progress: Callable[[Rewrapped], None] = lambda _: None) -> Rewrapped:
        """Wraps all of it; what no key of the keyring unwraps stays as it is and is told."""
        done = Rewrapped()
        await self._signing_keys(done, progress)
        await self._tokens(done, progress)
        return done

    async def _signing_keys(self, done: Rewrapped, progress: Callable[[Rewrapped], None]) -> None:
        after, head = b"", self._keyring.head(wrapping.USE)
        while True:
            async with self._database.session() as session:
                rows = await stored.keys_wrapped_otherwise(session, head, after, self._batch)
                fresh = [one for row in rows if (one := self._key(row, done)) is not None]
                await stored.replace_wrapped_keys(session, fresh)
            if not rows:
                return
            after = rows[-1].address
            done.signing_keys += len(fresh)
            progress(done)

    async def _tokens(self, done: Rewrapped, progress: Callable[[Rewrapped], None]) -> None:
        after, head = None, self._keyring.head(tokens.USE)
        while True:
            async with self._database.session() as session:
                rows: Sequence[WrappedToken] = await stored.tokens_wrapped_otherwise(session, head, after, self._batch)
                fresh = [one for row in rows if (one := self._token(row, done)) is not None]
                await stored.replace_wrapped_tokens(session, fresh)
            if not rows:
                return
            after = rows[-1].subscription
            done.tokens += len(fresh)
            progress(done)

    def _key(self, row: WrappedKey, done: Rewrapped) -> WrappedKey | None:
        try:
            key = wrapping.unwrap(row.wrapped, row.address, row.party, self._keyring)
        except TrailsealError as fault:
            done.left.append(f"signing key 0x{row.address.hex()}: {fault.detail}")
            return None
        return row._replace(wrapped=wrapping.wrap(key, row.party, self._keyring, secrets.token_bytes(NONCE_BYTES)))

    def _token(self, row: WrappedToken, done: Rewrapped) -> WrappedToken | None:
        try:
            token = tokens.unwrap(row.wrapped, row.subscription, self._keyring)
        except TrailsealError as fault:
            done.left.append(f"signature token of subscription {row.subscription}: {fault.detail}")
            return None
        fresh = tokens.wrap(token, row.subscription, self._keyring, secrets.token_bytes(NONCE_BYTES))
        return row._replace(wrapped=fresh)
