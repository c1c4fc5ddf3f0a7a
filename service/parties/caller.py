"""The authenticated party, as every use takes it."""

from dataclasses import dataclass, field
from datetime import datetime

from service.parties.errors import PartyIsSuspended, ScopeMissing
from service.parties.roles import SEES_ALL
from service.parties.scopes import Scope
from service.store.party_log import Author


@dataclass(frozen=True, slots=True)
class Caller:
    """A party that showed a good API key.

    `party` is its 32-byte id on chain, `identifier` its canonical identifier, `roles` the registry's bitmask, `scopes`
    what this API key may be used for, `key_id` the public part of the API key and `expires_at` its end. `lenient`: the
    party's documents may use words that no standard vocabulary has.
    """

    party: bytes
    identifier: str
    name: str
    roles: int
    scopes: frozenset[str] = field(default_factory=frozenset)
    key_id: str = ""
    suspended: bool = False
    expires_at: datetime | None = None
    lenient: bool = False

    @property
    def author(self) -> Author:
        """The caller as logs name it."""
        return Author(self.party, self.key_id)

    def require(self, scope: str) -> None:
        """Raises `ScopeMissing` unless the API key has the scope (or `consortium:admin`)."""
        if not self.allows(scope):
            raise ScopeMissing(f"this needs an API key with the scope {scope}", {"scope": str(scope)})

    def require_active(self) -> None:
        """Raises `PartyIsSuspended` where the party was suspended."""
        if self.suspended:
            raise PartyIsSuspended("ask the consortium's administrator to reinstate the party, then send it again")

    def allows(self, scope: str) -> bool:
        """Whether the API key has the scope."""
        return scope in self.scopes or Scope.CONSORTIUM_ADMIN in self.scopes

    @property
    def sees_all(self) -> bool:
        """Whether the party's roles let it see every trail (auditors and regulators)."""
        return bool(self.roles & SEES_ALL)
