"""The keys that sign a party's captures: in our custody or in its own, from the first day to revocation.

Rotation is a new key, then, once what the old one signed is sealed, its revocation: the contract refuses everything
that a revoked key signed and that is not recorded yet.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from service.config import Settings
from service.ledger import registry
from service.parties.caller import Caller
from service.parties.errors import (
    BadRevocation,
    NoSigningKey,
    NotDeployed,
    RepeatedOtherwise,
    SigningKeyExists,
    SigningKeyNotFound,
    WrappedKeyDamaged,
)
from service.parties.keyring import Keyring
from service.parties.possession import challenge, check, read_address
from service.parties.scopes import Scope
from service.parties.wrapping import NONCE_BYTES, unwrap, wrap
from service.sealing.signing import address_of
from service.store import signing_keys as stored
from service.store.chain import deployed
from service.store.database import Database, Session
from service.store.idempotency import claim
from service.store.party_log import Author, note
from service.store.tables import SigningKey

SINCE_EVER = 0
"""`validFrom` of every key. A fresh address cannot have recorded before the block that binds it, and a chain whose
clock is behind ours would refuse the first captures of a key that is valid from our now."""


@dataclass(frozen=True, slots=True)
class CustodialKey:
    """A key to sign with: its 20-byte address and its 32 private bytes, which no `repr` shows."""

    address: bytes
    key: bytes = field(repr=False)

    def __iter__(self) -> Iterator[bytes]:
        return iter((self.address, self.key))


async def key_of(session: Session, address: bytes) -> SigningKey | None:
    """The key with this 20-byte address, anybody's, revoked or not; read it in the transaction that relies on it."""
    return await stored.signing_key(session, address)


class SigningKeys:
    """What a party does with its signing keys, and how the service signs for it."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._keyring = Keyring.of(settings)
        self._clock = clock

    async def create(self, caller: Caller, *, idempotency_key: str | None = None) -> SigningKey:
        """A new key in our custody; it signs as soon as the registry has it, or at once where it is the only one.

        With an idempotency key that came before, the key that was made then; raises `RepeatedOtherwise` where that was
        another request.
        """
        _may_write(caller)
        key = _fresh_key()
        wrapped = wrap(key, caller.party, self._keyring, secrets.token_bytes(NONCE_BYTES))
        return await self._bind(caller, address_of(key), wrapped, idempotency_key)

    async def challenge(self, caller: Caller, address: str) -> str:
        """The text that the party's own key signs to prove that the party holds it.

        Raises:
            BadAddress, NotDeployed.
        """
        _may_write(caller)
        async with self._database.session() as session:
            return await _challenge(session, caller, read_address(address))

    async def add_own(
        self, caller: Caller, address: str, proof: str, *, idempotency_key: str | None = None
    ) -> SigningKey:
        """Binds a key that the party holds itself; `proof` is the signed challenge (65 bytes in hex).

        Raises:
            BadAddress, NotDeployed, BadProof, SigningKeyExists, RepeatedOtherwise.
        """
        _may_write(caller)
        raw = read_address(address)
        async with self._database.session() as session:
            check(await _challenge(session, caller, raw), proof, raw)
        return await self._bind(caller, raw, None, idempotency_key)

    async def listed(self, caller: Caller, after: bytes, limit: int) -> Sequence[SigningKey]:
        """Up to `limit` of the party's own keys whose addresses come after `after`."""
        caller.require(Scope.KEYS_WRITE)
        async with self._database.session() as session:
            return await stored.signing_keys(session, caller.party, after, limit)

    async def revoke(self, caller: Caller, address: str, compromised_from: datetime | None = None) -> SigningKey:
        """Revokes one of the party's keys: here at once, on chain with the next block.

        `compromised_from` tells auditors since when not to trust its signatures (default: from now on). Revoking a
        revoked key again does nothing, or moves that time to an earlier one.

        Raises:
            BadAddress, SigningKeyNotFound; BadRevocation: the time lies in the future.
        """
        _may_write(caller)
        raw, now = read_address(address), self._clock()
        check_compromise(compromised_from, now)
        async with self._database.session() as session:
            key = await stored.locked_signing_key(session, raw)
            if key is None or key.party != caller.party:
                raise SigningKeyNotFound(f"the party has no signing key 0x{raw.hex()}")
            await revoke_key(session, key, now, compromised_from, caller.author)
            return await _read(session, raw)

    async def signing_key(self, session: Session, party: bytes) -> CustodialKey:
        """The party's newest active key in our custody, ready to sign; of several, one that the registry has already.

        Raises:
            NoSigningKey: the party has none; WrappedKeyDamaged, KeyEncryptionKeyMissing: it does not unwrap.
        """
        row = await stored.newest_custodial_key(session, party)
        if row is None or row.wrapped is None:
            raise NoSigningKey("create a custodial signing key first, or prepare, sign and submit with the party's own")
        key = unwrap(row.wrapped, row.address, row.party, self._keyring)
        if address_of(key) != row.address:
            raise WrappedKeyDamaged("a stored signing key belongs to another address than its row says")
        return CustodialKey(row.address, key)

    async def _bind(
        self, caller: Caller, address: bytes, wrapped: bytes | None, idempotency_key: str | None
    ) -> SigningKey:
        async with self._database.session() as session:
            if idempotency_key is not None:
                asked = b"service" if wrapped is not None else address
                before = await claim(
                    session,
                    caller.party,
                    use="signing-key",
                    key=idempotency_key,
                    request_hash=asked,
                    made=address.hex(),
                )
                if before is not None and before.request_hash != asked:
                    raise RepeatedOtherwise("use a fresh Idempotency-Key for each key, and the same to repeat one")
                if before is not None:
                    return await _read(session, bytes.fromhex(before.made))
            if not await stored.add_signing_key(session, address, caller.party, wrapped):
                raise SigningKeyExists("an address is bound once, for good: send a fresh one")
            await registry.add_keys(session, [(address, caller.party, SINCE_EVER, registry.FOREVER)])
            details = {"address": f"0x{address.hex()}", "custody": "own" if wrapped is None else "service"}
            await note(session, caller.party, "signing-key-bound", caller.author, details=details)
            return await _read(session, address)


async def revoke_key(  # noqa: PLR0917 (a key, two times, and who)
    session: Session,
    key: SigningKey,
    now: datetime,
    compromised_from: datetime | None,
    author: Author,
    recovery: UUID | None = None,
) -> None:
    """Revokes a key, or moves since when it is not to be trusted to an earlier time; else does nothing."""
    since = compromised_from or now
    if key.compromised_from is not None and (compromised_from is None or since >= key.compromised_from):
        return
    await stored.revoke_signing_key(session, key.address, now, since)
    await registry.revoke_key(session, key.address, int(since.timestamp()) if compromised_from else 0)
    details = {"address": f"0x{key.address.hex()}", "compromisedFrom": since}
    await note(session, key.party, "signing-key-revoked", author, details=details, recovery=recovery)


def check_compromise(compromised_from: datetime | None, now: datetime) -> None:
    """Raises `BadRevocation` where the time since when not to trust a key lies in the future, or before all keys."""
    if compromised_from is not None and not datetime.fromtimestamp(1, UTC) <= compromised_from <= now:
        raise BadRevocation("compromised_from must be a time between 1970 and now; leave it out to mean now")


def _may_write(caller: Caller) -> None:
    caller.require(Scope.KEYS_WRITE)
    caller.require_active()


def _fresh_key() -> bytes:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    return (secrets.randbelow(order - 1) + 1).to_bytes(32, "big")


async def _challenge(session: Session, caller: Caller, address: bytes) -> str:
    chain = await deployed(session)
    if chain is None:
        raise NotDeployed("wait until the contracts are deployed, then ask for the challenge again")
    return challenge(caller.identifier, address, chain.chain_id, chain.participants)


async def _read(session: Session, address: bytes) -> SigningKey:
    key = await stored.signing_key(session, address)
    assert key is not None
    return key
