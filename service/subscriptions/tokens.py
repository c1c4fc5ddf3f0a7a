"""Signature tokens at rest, wrapped by the key-encryption key (`service.parties.keyring`).

The associated data are a name of this use and the subscription's id, so a row's bytes unwrap in that row only, and
never as a signing key.
"""

import contextlib
from uuid import UUID

from service.parties.keyring import NONCE_BYTES, Damaged, Keyring
from service.subscriptions.errors import TokenDamaged

__all__ = ["NONCE_BYTES", "USE", "unwrap", "wrap"]

USE = b"\x04"
_FORMER_USE = b"\x02"
_NAME = b"signatureToken"


def wrap(token: str, subscription: UUID, keyring: Keyring, nonce: bytes) -> bytes:
    """The token, wrapped; `nonce` is 12 bytes that are never used twice."""
    return keyring.wrap(USE, token.encode(), _NAME + subscription.bytes, nonce)


def unwrap(wrapped: bytes, subscription: UUID, keyring: Keyring) -> str:
    """The token.

    Raises:
        TokenDamaged: wrapped for another subscription, or changed since.
        parties.errors.KeyEncryptionKeyMissing: wrapped by a key-encryption key that the settings do not have.
    """
    with contextlib.suppress(Damaged, UnicodeDecodeError):
        return keyring.unwrap(USE, _FORMER_USE, wrapped, _NAME + subscription.bytes).decode()
    raise TokenDamaged(
        "a signature token does not unwrap: check that the key-encryption key is the one it was wrapped with"
    )
