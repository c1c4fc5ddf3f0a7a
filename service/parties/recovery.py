"""Recovery of a party that lost its keys: administrators let it in again, and it can read afterwards who did, and why.

1. An administrator asks for it, with a reason, and gets one half of the enrolment code.
2. Another administrator confirms it within a day, and gets the other half. Another is one whose API keys descend from
   another first key than the asker's. Where the consortium has had no other for a week, one is enough; that is shown.
3. With the confirmation the lost signing keys are revoked, here and on chain, and all API keys of the party.
4. Within an hour, the party makes one API key with both halves, which the administrators hand over by ways of their own
   choice. With it, it binds a new signing key as always, with proof of possession.

Until it is confirmed, the party itself or an administrator takes it back. Every step is in the party's log, in the
transaction that does it; the registry's logs show what happened to the keys to everybody.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from service.parties.caller import Caller
from service.parties.credentials import Credentials, add_api_key, fresh_key
from service.parties.errors import (
    EnrolmentRefused,
    PartyNotFound,
    RecoveringOneself,
    RecoveryClosed,
    RecoveryNotFound,
    RecoveryOpen,
    SecondAdministratorNeeded,
    SigningKeyNotFound,
)
from service.parties.possession import read_address
from service.parties.scopes import Scope
from service.parties.signing_keys import check_compromise, revoke_key
from service.store import api_keys as key_store
from service.store import parties as party_store
from service.store import recoveries as stored
from service.store import signing_keys as signing_key_store
from service.store.database import Database, Session
from service.store.party_log import Author, note
from service.store.tables import ApiKey, Recovery, SigningKey

CONFIRMED_WITHIN = timedelta(days=1)
ENROLLED_WITHIN = timedelta(hours=1)
ALONE_AFTER = timedelta(days=7)
_PREFIX = "tr"
_SCOPES = frozenset(map(str, Scope)) - {str(Scope.CONSORTIUM_ADMIN)}


@dataclass(frozen=True, slots=True)
class Halves:
    """A recovery, and the code that its caller alone is given: half of the enrolment code, or all of it."""

    recovery: Recovery
    codes: tuple[str, ...]


class Recoveries:
    """What administrators do for a party without keys, and what the party does then."""

    def __init__(
        self, database: Database, credentials: Credentials, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._credentials, self._clock = database, credentials, clock

    async def ask(
        self,
        caller: Caller,
        party: bytes,
        reason: str,
        signing_keys: Sequence[str] = (),
        compromised_from: datetime | None = None,
    ) -> Halves:
        """Asks to recover a party whose API keys are lost, and these signing keys (addresses), or stolen since a time.

        Raises:
            PartyNotFound, RecoveringOneself, RecoveryOpen, BadAddress, SigningKeyNotFound, BadRevocation.
        """
        _may_administer(caller)
        if party == caller.party:
            raise RecoveringOneself("ask another administrator, or make a key on the command line: trailseal bootstrap")
        now = self._clock()
        check_compromise(compromised_from, now)
        addresses = sorted({read_address(address) for address in signing_keys})
        async with self._database.session() as session:
            if await party_store.locked_party(session, party) is None:
                raise PartyNotFound("there is no party with this id")
            if await stored.open_recovery(session, party, now) is not None:
                raise RecoveryOpen("confirm it, let the party use it, or take it back first")
            await _keys(session, party, addresses)
            recovery = Recovery(
                id=uuid4(),
                party=party,
                reason=reason,
                signing_keys=addresses,
                compromised_from=compromised_from,
                needed=await self._needed(session, caller),
                asked_by=caller.party,
                asked_by_key=caller.key_id,
                asked_at=now,
                expires_at=now + CONFIRMED_WITHIN,
            )
            code, digest = _half(recovery.id)
            recovery.token_hash = digest
            await stored.add_recovery(session, recovery)
            await self._note(session, recovery, "recovery-asked", caller.author)
            halves = Halves(recovery, (code,))
            if recovery.needed == 1:
                halves = Halves(*await self._carry_out(session, recovery, caller, (code,)))
        self._credentials.forget(party)
        return halves

    async def confirm(self, caller: Caller, recovery: UUID) -> Halves:
        """Confirms another administrator's recovery: keys are revoked now, and the party may enrol.

        Raises:
            RecoveryNotFound, RecoveryClosed, SecondAdministratorNeeded, RecoveringOneself.
        """
        _may_administer(caller)
        async with self._database.session() as session:
            found = await stored.locked_recovery(session, recovery)
            if found is None:
                raise RecoveryNotFound("there is no recovery with this id")
            if found.confirmed_at is not None or found.expires_at <= self._clock():
                raise RecoveryClosed("it was confirmed or taken back, or a day has gone by: ask for it anew")
            if found.party == caller.party:
                raise RecoveringOneself("another administrator has to confirm the recovery of your party")
            if not await key_store.stands(session, found.asked_by_key):
                raise RecoveryClosed("the API key that asked for it was revoked meanwhile: ask for it anew")
            lines = [await stored.roots(session, [key]) for key in (found.asked_by_key, caller.key_id)]
            if found.asked_by_key == caller.key_id or not lines[1] or lines[0] & lines[1]:
                raise SecondAdministratorNeeded(
                    "you asked for it, or your API key and the asker's descend from one another: an administrator with"
                    " a first API key of their own confirms it"
                )
            halves = Halves(*await self._carry_out(session, found, caller, ()))
        self._credentials.forget(found.party)
        return halves

    async def take_back(self, caller: Caller, recovery: UUID) -> Recovery:
        """Takes back a recovery that nobody used yet: by an administrator, or by the party, which lost nothing.

        Raises:
            RecoveryNotFound, RecoveryClosed.
        """
        async with self._database.session() as session:
            found = await stored.locked_recovery(session, recovery)
            if found is None or not _may_see(caller, found.party):
                raise RecoveryNotFound("there is no recovery with this id")
            if found.used_at is not None or found.expires_at <= self._clock():
                raise RecoveryClosed("it was used or taken back already, or its time is over")
            await stored.change(session, found.id, expires_at=self._clock(), token_hash=None)
            await self._note(session, found, "recovery-taken-back", caller.author)
            changed = await stored.locked_recovery(session, recovery)
        assert changed is not None
        return changed

    async def listed(self, caller: Caller, party: bytes, limit: int) -> Sequence[Recovery]:
        """A party's newest recoveries, for the party itself and for administrators; raises `RecoveryNotFound`."""
        if not _may_see(caller, party):
            raise RecoveryNotFound("there is no recovery that you may see")
        async with self._database.session() as session:
            return await stored.recoveries(session, party, limit)

    async def enrol(self, codes: Sequence[str], label: str) -> tuple[ApiKey, str]:
        """The party's new API key, once: with every scope but `consortium:admin`.

        Raises:
            EnrolmentRefused: it does not say what is wrong with the codes.
        """
        recovery = _recovery_of(codes)
        async with self._database.session() as session:
            used = None
            if recovery is not None:
                used = await stored.use(session, recovery, _digest(codes), self._clock())
            if used is None:
                raise EnrolmentRefused(
                    "send all codes that the administrators gave you, as they are, within an hour of the confirmation;"
                    " they are good once"
                )
            key, token = fresh_key(used.party, _SCOPES, label)
            await add_api_key(session, key, Author(used.party, key.id), recovery=used.id)
            await self._note(session, used, "recovery-used", Author(used.party, key.id))
        return key, token

    async def _needed(self, session: Session, caller: Caller) -> int:
        others = await stored.administrators(session, Scope.CONSORTIUM_ADMIN, ALONE_AFTER)
        return 1 if others <= await stored.roots(session, [caller.key_id]) else 2

    async def _carry_out(
        self, session: Session, recovery: Recovery, caller: Caller, codes: tuple[str, ...]
    ) -> tuple[Recovery, tuple[str, ...]]:
        now = self._clock()
        for key in await _keys(session, recovery.party, recovery.signing_keys):
            await revoke_key(session, key, now, recovery.compromised_from, caller.author, recovery.id)
        revoked = await key_store.revoke_all(session, recovery.party, now)
        if revoked:
            details = {"keys": revoked}
            await note(
                session, recovery.party, "api-keys-revoked", caller.author, details=details, recovery=recovery.id
            )
        code, digest = _half(recovery.id)
        assert recovery.token_hash is not None
        await stored.change(
            session,
            recovery.id,
            confirmed_by=caller.party,
            confirmed_by_key=caller.key_id,
            confirmed_at=now,
            token_hash=_joined((recovery.token_hash, digest)),
            expires_at=now + ENROLLED_WITHIN,
        )
        await self._note(session, recovery, "recovery-confirmed", caller.author)
        changed = await stored.locked_recovery(session, recovery.id)
        assert changed is not None
        return changed, (*codes, code)

    async def _note(self, session: Session, recovery: Recovery, what: str, author: Author) -> None:
        details = {
            "reason": recovery.reason,
            "signingKeys": [f"0x{address.hex()}" for address in recovery.signing_keys],
            "compromisedFrom": recovery.compromised_from,
            "administratorsNeeded": recovery.needed,
        }
        await note(session, recovery.party, what, author, details=details, recovery=recovery.id)


async def _keys(session: Session, party: bytes, addresses: Sequence[bytes]) -> list[SigningKey]:
    found = []
    for address in addresses:
        key = await signing_key_store.locked_signing_key(session, address)
        if key is None or key.party != party:
            raise SigningKeyNotFound(f"the party has no signing key 0x{address.hex()}")
        found.append(key)
    return found


def _half(recovery: UUID) -> tuple[str, bytes]:
    code = f"{_PREFIX}_{recovery.hex}_{secrets.token_urlsafe(32)}"
    return code, sha256(code.encode()).digest()


def _digest(codes: Sequence[str]) -> bytes:
    return _joined([sha256(code.encode()).digest() for code in codes])


def _joined(digests: Sequence[bytes]) -> bytes:
    """In an order of their own: nobody needs to know who was first."""
    return b"".join(sorted(digests))


def _recovery_of(codes: Sequence[str]) -> UUID | None:
    """The recovery that all codes name, None where they name none, or several."""
    names = {code.split("_")[1] if code.startswith(f"{_PREFIX}_") and code.count("_") > 1 else "" for code in codes}
    try:
        return UUID(names.pop()) if len(names) == 1 else None
    except ValueError:
        return None


def _may_see(caller: Caller, party: bytes) -> bool:
    return caller.allows(Scope.CONSORTIUM_ADMIN) or (caller.party == party and caller.allows(Scope.KEYS_WRITE))


def _may_administer(caller: Caller) -> None:
    caller.require(Scope.CONSORTIUM_ADMIN)
    caller.require_active()
