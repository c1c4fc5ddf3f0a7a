"""What this room refuses, and how each refusal is named to the caller."""

from service.errors import TrailsealError


class Unauthenticated(TrailsealError):
    """The request carries no API key that is good now; the detail never says which part of a wrong one was right."""

    slug, title, status = "unauthenticated", "The request carries no valid API key", 401


class ScopeMissing(TrailsealError):
    """The API key is good, but was not made for this."""

    slug, title, status = "scope-missing", "The API key does not have the scope that this needs", 403


class PartyIsSuspended(TrailsealError):
    """The party may read what it could read, but neither capture nor change anything until it is reinstated."""

    slug, title, status = "party-suspended", "The party is suspended", 403


class UnknownRole(TrailsealError):
    """A role has a name that the registry does not know."""

    slug, title, status = "unknown-role", "There is no such role", 422


class UnknownScope(TrailsealError):
    """A scope has a name that no scope has."""

    slug, title, status = "unknown-scope", "There is no such scope", 422


class ScopeTooWide(TrailsealError):
    """An API key would get a scope that its maker does not have."""

    slug, title, status = "scope-too-wide", "An API key cannot get more than its maker has", 403


class BadPartyIdentifier(TrailsealError):
    """The identifier names no party: it is malformed, or it identifies something else."""

    slug, title, status = "bad-party-identifier", "The identifier does not identify a party", 422


class PartyExists(TrailsealError):
    """A party with this canonical identifier is registered already."""

    slug, title, status = "party-exists", "The party is registered already", 409


class PartyNotFound(TrailsealError):
    """No such party, as far as the caller may know."""

    slug, title, status = "party-not-found", "There is no such party", 404


class PartyStateUnchanged(TrailsealError):
    """A suspended party is to be suspended, or an active one reinstated: the chain would refuse it."""

    slug, title, status = "party-state-unchanged", "The party is in that state already", 409


class SuspendingOneself(TrailsealError):
    """An administrator's own party is to be suspended."""

    slug, title, status = "suspending-oneself", "A party cannot suspend itself", 422


class SigningKeyNotFound(TrailsealError):
    """The party has no signing key with this address."""

    slug, title, status = "signing-key-not-found", "There is no such signing key", 404


class SigningKeyExists(TrailsealError):
    """The address is or was some party's key; the registry binds an address once, for good."""

    slug, title, status = "signing-key-exists", "The address is bound already", 409


class NoSigningKey(TrailsealError):
    """The party has no custodial key that the service could sign with."""

    slug, title, status = "no-signing-key", "The party has no custodial signing key", 409


class BadProof(TrailsealError):
    """The proof of possession was not made by the key that it claims."""

    slug, title, status = "bad-proof-of-possession", "The proof of possession does not hold", 422


class BadAddress(TrailsealError):
    """The text is no address of an EVM account."""

    slug, title, status = "bad-address", "This is not an address", 422


class NotDeployed(TrailsealError):
    """The contracts are on no chain that this database knows, so nothing can name the chain."""

    slug, title, status = "not-deployed", "The ledger is not set up yet", 503


class WrappedKeyDamaged(TrailsealError):
    """A stored key does not unwrap: another row's bytes, or a changed byte."""

    slug, title, status = "wrapped-key-damaged", "A signing key cannot be used", 500


class KeyEncryptionKeyMissing(TrailsealError):
    """A stored secret was wrapped by a key-encryption key that the settings do not have."""

    slug, title, status = "key-encryption-key-missing", "A key-encryption key is missing", 500


class BadRevocation(TrailsealError):
    """The registry would refuse the revocation."""

    slug, title, status = "bad-revocation", "The revocation does not fit", 422


class ApiKeyNotFound(TrailsealError):
    """The party has no API key with this id."""

    slug, title, status = "api-key-not-found", "There is no such API key", 404


class ApiKeyMade(TrailsealError):
    """A request with this Idempotency-Key made the API key before; its token was shown then, and nobody can read it."""

    slug, title, status = "api-key-made", "The API key was made before", 409


class RepeatedOtherwise(TrailsealError):
    """The Idempotency-Key came before, with another body."""

    slug, title, status = "repeated-otherwise", "The Idempotency-Key belongs to another request", 422


class PartyHasKeys(TrailsealError):
    """The party was given its first API keys some time ago: it makes further ones itself, or is recovered."""

    slug, title, status = "party-has-keys", "The party makes its own API keys", 409


class LogNotFound(TrailsealError):
    """There is no log that the caller may read: it is the party's own, and the administrators'."""

    slug, title, status = "log-not-found", "There is no such log", 404


class RecoveryNotFound(TrailsealError):
    """No such recovery, as far as the caller may know."""

    slug, title, status = "recovery-not-found", "There is no such recovery", 404


class RecoveryOpen(TrailsealError):
    """A recovery of the party is under way: confirm it, or take it back."""

    slug, title, status = "recovery-open", "A recovery of the party is under way", 409


class RecoveryClosed(TrailsealError):
    """The recovery was confirmed, taken back or used already, or its time is over."""

    slug, title, status = "recovery-closed", "The recovery is not open", 409


class SecondAdministratorNeeded(TrailsealError):
    """Who asked for the recovery, or an API key of the same line, is to confirm it."""

    slug, title, status = "second-administrator-needed", "Another administrator has to confirm it", 403


class RecoveringOneself(TrailsealError):
    """An administrator's own party is to be recovered over the API."""

    slug, title, status = "recovering-oneself", "A party cannot recover itself", 422


class EnrolmentRefused(TrailsealError):
    """The codes are not those of a recovery that is confirmed, unused and not over."""

    slug, title, status = "enrolment-refused", "The enrolment codes are not good", 403


class BadExpiry(TrailsealError):
    """An API key would be dead from the start, or outlive the key that made it."""

    slug, title, status = "bad-expiry", "The expiry does not fit", 422


class GrantNotFound(TrailsealError):
    """There is no such grant."""

    slug, title, status = "grant-not-found", "There is no such grant", 404


class GrantToOneself(TrailsealError):
    """A party sees its own trails anyway."""

    slug, title, status = "grant-to-oneself", "A party cannot grant to itself", 422
