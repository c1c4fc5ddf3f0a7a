"""API keys: `ts_<id>_<secret>`, of which only the hash of the secret is kept.

Authentication remembers what it read for `REMEMBERED_SECONDS`, so a good key costs no query for each request. A
revocation of the key or a suspension of the party holds in every process within that time, in the process that made it
at once; an expiry holds at once everywhere.
"""

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from service.parties.caller import Caller
from service.parties.errors import (
    ApiKeyMade,
    ApiKeyNotFound,
    BadExpiry,
    PartyHasKeys,
    PartyNotFound,
    RepeatedOtherwise,
    ScopeTooWide,
    Unauthenticated,
)
from service.parties.scopes import Scope, known
from service.store import api_keys as stored
from service.store.api_keys import Credential
from service.store.database import Database, Session
from service.store.idempotency import claim
from service.store.parties import party as stored_party
from service.store.party_log import COMMAND_LINE, Author, note
from service.store.tables import ApiKey

REMEMBERED_SECONDS = 3.0
REMEMBERED_KEYS = 10_000
FIRST_DAY = timedelta(days=1)
"""After its registration: until then an administrator makes API keys for a party, later only while it never had one."""
_PREFIX = "ts"
_ID = re.compile(r"[0-9a-f]{16}")


class Credentials:
    """Making, showing, revoking and recognising API keys."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ticks = ticks
        self._remembered: OrderedDict[str, tuple[float, Credential | None]] = OrderedDict()

    async def authenticate(self, token: str) -> Caller:
        """The party that the API key speaks for.

        Raises:
            Unauthenticated: malformed, unknown, wrong, expired or revoked; it does not say which of unknown and wrong.
        """
        prefix, _, rest = token.partition("_")
        key_id, _, secret = rest.partition("_")
        if prefix != _PREFIX or not _ID.fullmatch(key_id) or not secret or len(token) > 200 or not token.isascii():
            raise Unauthenticated("an API key looks like ts_<id>_<secret>; send it as Authorization: Bearer <key>")
        found = await self._credential(key_id)
        right = hmac.compare_digest(_hash(secret), found.secret_hash if found else bytes(32))
        if found is None or not right:
            raise Unauthenticated("the API key is not known; check that it was copied in full")
        if found.revoked_at is not None:
            raise Unauthenticated("the API key was revoked; ask for a new one")
        if found.expires_at is not None and found.expires_at <= self._clock():
            raise Unauthenticated("the API key has expired; ask for a new one")
        return Caller(
            party=found.party,
            identifier=found.identifier,
            name=found.name,
            roles=found.roles,
            scopes=frozenset(found.scopes),
            key_id=key_id,
            suspended=found.suspended,
            expires_at=found.expires_at,
            lenient=found.lenient,
        )

    async def create(
        self,
        caller: Caller,
        scopes: Collection[str],
        label: str,
        expires_at: datetime | None = None,
        party: bytes | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> tuple[ApiKey, str]:
        """A new API key of the caller's party and its token, which nobody can read again.

        It never gets more than the key that makes it: no further scope, no longer life. With `party`, the key is
        another party's; that takes `consortium:admin`, and is for a party's first day.

        Raises:
            ScopeMissing, ScopeTooWide, UnknownScope, BadExpiry, PartyNotFound; PartyHasKeys: recover it instead.
            ApiKeyMade, RepeatedOtherwise: the idempotency key came before, with the same request or another.
        """
        caller.require(Scope.KEYS_WRITE if party in (None, caller.party) else Scope.CONSORTIUM_ADMIN)
        caller.require_active()
        wanted = known(scopes)
        wider = sorted(scope for scope in wanted if not caller.allows(scope))
        if wider:
            raise ScopeTooWide(f"the API key that makes it has no {wider[0]}")
        self._check_expiry(caller, expires_at)
        owner = caller.party if party is None else party
        key, token = fresh_key(owner, wanted, label, expires_at)
        async with self._database.session() as session:
            found = await stored_party(session, owner)
            if found is None:
                raise PartyNotFound("there is no party with this id")
            if not await stored.stands(session, caller.key_id):
                raise Unauthenticated("the API key was revoked; ask for a new one")
            if idempotency_key is not None:
                asked = _request_hash(owner, wanted, label, expires_at)
                await _refuse_repeated(session, caller, idempotency_key, asked, key.id)
            late = owner != caller.party and self._clock() - found.created_at > FIRST_DAY
            if late and await stored.any_api_key(session, owner):
                raise PartyHasKeys("it makes further API keys with its own; if it lost them all, recover the party")
            maker = await stored.api_key(session, caller.key_id)
            key.made_by = maker.id if maker is not None else None
            await add_api_key(session, key, caller.author)
        return key, token

    async def issue(
        self, party: bytes, scopes: Collection[str], label: str, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new API key on nobody's behalf: for the command line; raises `PartyNotFound`."""
        key, token = fresh_key(party, scopes, label, expires_at)
        async with self._database.session() as session:
            if await stored_party(session, party) is None:
                raise PartyNotFound("there is no party with this id")
            await add_api_key(session, key, COMMAND_LINE)
        return key, token

    async def listed(self, caller: Caller, after: str, limit: int) -> Sequence[ApiKey]:
        """Up to `limit` of the party's API keys whose ids come after `after`; never their secrets."""
        caller.require(Scope.KEYS_WRITE)
        async with self._database.session() as session:
            return await stored.api_keys(session, caller.party, after, limit)

    async def revoke(self, caller: Caller, key_id: str, *, keep_made: bool = False) -> tuple[ApiKey, list[str]]:
        """Revokes one of the party's API keys, its own included, and the party's keys that it made, and those made;
        with the ids of these. Raises `ApiKeyNotFound`.

        `keep_made`: keys that it made stay good, as if its own maker had made them: for a key that nobody stole.
        """
        caller.require(Scope.KEYS_WRITE)
        key, made, now = None, [], self._clock()
        if _ID.fullmatch(key_id):
            async with self._database.session() as session:
                key = await stored.revoke_api_key(session, caller.party, key_id, now)
                if key is not None and keep_made:
                    await stored.disown(session, caller.party, key_id, key.made_by)
                elif key is not None:
                    made = await stored.revoke_made(session, caller.party, key_id, now)
                if key is not None and (key.revoked_at == now or made):
                    details = {"key": key.id, "label": key.label, "made": made}
                    await note(session, caller.party, "api-key-revoked", caller.author, details=details)
        if key is None:
            raise ApiKeyNotFound(f"the party has no API key {key_id[:64]!r}")
        for gone in (key_id, *made):
            self._remembered.pop(gone, None)
        return key, made

    def forget(self, party: bytes) -> None:
        """Reads a party's API keys afresh the next time: its standing has changed."""
        for key_id in [name for name, (_, found) in self._remembered.items() if found and found.party == party]:
            del self._remembered[key_id]

    def _check_expiry(self, caller: Caller, expires_at: datetime | None) -> None:
        if expires_at is not None and expires_at <= self._clock():
            raise BadExpiry("expires_at is not in the future")
        if caller.expires_at is not None and (expires_at is None or expires_at > caller.expires_at):
            raise BadExpiry(
                f"the API key that makes it expires at {caller.expires_at.isoformat()}; it cannot live longer"
            )

    async def _credential(self, key_id: str) -> Credential | None:
        now = self._ticks()
        remembered = self._remembered.get(key_id)
        if remembered is not None and now - remembered[0] < REMEMBERED_SECONDS:
            return remembered[1]
        async with self._database.session() as session:
            found = await stored.credential(session, key_id)
        self._remembered[key_id] = (now, found)
        self._remembered.move_to_end(key_id)
        if len(self._remembered) > REMEMBERED_KEYS:
            self._remembered.popitem(last=False)
        return found


def fresh_key(
    party: bytes, scopes: Collection[str], label: str, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """An API key to be written, and its token."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    key = ApiKey(
        id=key_id, party=party, secret_hash=_hash(secret), scopes=sorted(scopes), label=label, expires_at=expires_at
    )
    return key, f"{_PREFIX}_{key_id}_{secret}"


async def add_api_key(session: Session, key: ApiKey, author: Author, recovery: UUID | None = None) -> None:
    """Writes the key, and that it was made, in the session's transaction."""
    await stored.add_api_key(session, key)
    details = {"key": key.id, "label": key.label, "scopes": list(key.scopes), "expiresAt": key.expires_at}
    await note(session, key.party, "api-key-made", author, details=details, recovery=recovery)


async def _refuse_repeated(session: Session, caller: Caller, key: str, asked: bytes, made: str) -> None:
    before = await claim(session, caller.party, use="api-key", key=key, request_hash=asked, made=made)
    if before is None:
        return
    if before.request_hash != asked:
        raise RepeatedOtherwise("use a fresh Idempotency-Key for each request, and the same one only to repeat it")
    raise ApiKeyMade(
        f"this request made the API key {before.made}, and its token was shown once: if you did not get it, revoke the"
        " key and make another with a fresh Idempotency-Key",
        {"key": before.made},
    )


def _request_hash(party: bytes, scopes: Collection[str], label: str, expires_at: datetime | None) -> bytes:
    told = [party.hex(), sorted(scopes), label, expires_at.isoformat() if expires_at else None]
    return sha256(repr(told).encode()).digest()


def _hash(secret: str) -> bytes:
    """Plain SHA-256 is enough: the secret has 256 random bits, so nobody can guess at it, slowly or fast."""
    return sha256(secret.encode()).digest()
