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
from datetime import UTC, datetime
from hashlib import sha256

from service.parties.caller import Caller
from service.parties.errors import ApiKeyNotFound, BadExpiry, PartyNotFound, ScopeTooWide, Unauthenticated
from service.parties.scopes import Scope, known
from service.store import api_keys as stored
from service.store.api_keys import Credential
from service.store.database import Database
from service.store.parties import party as stored_party
from service.store.tables import ApiKey

REMEMBERED_SECONDS = 3.0
REMEMBERED_KEYS = 10_000
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
    ) -> tuple[ApiKey, str]:
        """A new API key of the caller's party and its token, which nobody can read again.

        It never gets more than the key that makes it: no further scope, no longer life. With `party`, the key is
        another party's; that takes `consortium:admin`.

        Raises:
            ScopeMissing, ScopeTooWide, UnknownScope, BadExpiry, PartyNotFound.
        """
        caller.require(Scope.KEYS_WRITE if party in (None, caller.party) else Scope.CONSORTIUM_ADMIN)
        caller.require_active()
        wanted = known(scopes)
        wider = sorted(scope for scope in wanted if not caller.allows(scope))
        if wider:
            raise ScopeTooWide(f"the API key that makes it has no {wider[0]}")
        self._check_expiry(caller, expires_at)
        return await self.issue(caller.party if party is None else party, wanted, label, expires_at)

    async def issue(
        self, party: bytes, scopes: Collection[str], label: str, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new API key on nobody's behalf: for the command line and for the first key; raises `PartyNotFound`."""
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        key = ApiKey(
            id=key_id,
            party=party,
            secret_hash=_hash(secret),
            scopes=sorted(scopes),
            label=label,
            expires_at=expires_at,
        )
        async with self._database.session() as session:
            if await stored_party(session, party) is None:
                raise PartyNotFound("there is no party with this id")
            await stored.add_api_key(session, key)
        return key, f"{_PREFIX}_{key_id}_{secret}"

    async def listed(self, caller: Caller, after: str, limit: int) -> Sequence[ApiKey]:
        """Up to `limit` of the party's API keys whose ids come after `after`; never their secrets."""
        caller.require(Scope.KEYS_WRITE)
        async with self._database.session() as session:
            return await stored.api_keys(session, caller.party, after, limit)

    async def revoke(self, caller: Caller, key_id: str) -> ApiKey:
        """Revokes one of the party's API keys, its own included; raises `ApiKeyNotFound`.

        Keys that the revoked one made stay good: list them, and revoke what is not wanted.
        """
        caller.require(Scope.KEYS_WRITE)
        key = None
        if _ID.fullmatch(key_id):
            async with self._database.session() as session:
                key = await stored.revoke_api_key(session, caller.party, key_id, self._clock())
        if key is None:
            raise ApiKeyNotFound(f"the party has no API key {key_id[:64]!r}")
        self._remembered.pop(key_id, None)
        return key

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


def _hash(secret: str) -> bytes:
    """Plain SHA-256 is enough: the secret has 256 random bits, so nobody can guess at it, slowly or fast."""
    return sha256(secret.encode()).digest()
