"""The key-encryption keys: secrets at rest under AES-256-GCM (NIST SP 800-38D), each naming the key that wrapped it.

A wrapped secret is `use (1 byte) ‖ key id (8) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The id is the beginning of a hash
of the key-encryption key, which has 256 random bits, so it says nothing. Use and id are associated data too. What was
wrapped before keys had ids is `former use ‖ nonce ‖ ciphertext ‖ tag`: whichever key authenticates it opens it.
"""

import contextlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.config import Settings
from service.parties.errors import KeyEncryptionKeyMissing
from service.sealing.hashing import sha256

NONCE_BYTES = 12
ID_BYTES = 8
_HEAD = 1 + ID_BYTES + NONCE_BYTES
_TAG_BYTES = 16


class Damaged(ValueError):
    """The bytes are not what this key-encryption key wrapped for this row."""


class Keyring:
    """The key-encryption key (32 bytes) that wraps, and former ones that only unwrap."""

    def __init__(self, current: bytes, former: Sequence[bytes] = ()) -> None:
        self._keys = {id_of(key): key for key in (*former, current)}
        self.current = id_of(current)

    @classmethod
    def of(cls, settings: Settings) -> "Keyring":
        """The keyring of the settings."""
        former = [key.get_secret_value() for key in settings.former_key_encryption_keys]
        return cls(settings.key_encryption_key.get_secret_value(), former)

    def head(self, use: bytes) -> bytes:
        """How everything begins that the current key wrapped for this use (one byte)."""
        return use + self.current

    def wrap(self, use: bytes, secret: bytes, associated: bytes, nonce: bytes) -> bytes:
        """The secret, wrapped by the current key; `nonce` is 12 bytes that are never used twice."""
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes, this one has {len(nonce)}")
        head = self.head(use)
        return head + nonce + AESGCM(self._keys[self.current]).encrypt(nonce, secret, head + associated)

    def unwrap(self, use: bytes, former_use: bytes, wrapped: bytes, associated: bytes) -> bytes:
        """The secret.

        Raises:
            KeyEncryptionKeyMissing: another key-encryption key wrapped it than the settings have.
            Damaged: it was wrapped for another row or use, or changed since.
        """
        if wrapped[:1] == use and len(wrapped) >= _HEAD + _TAG_BYTES:
            head, nonce, sealed = wrapped[: 1 + ID_BYTES], wrapped[1 + ID_BYTES : _HEAD], wrapped[_HEAD:]
            key = self._keys.get(head[1:])
            if key is None:
                raise KeyEncryptionKeyMissing(
                    f"a stored secret was wrapped by the key-encryption key {head[1:].hex()}, which is neither"
                    " TRAILSEAL_KEY_ENCRYPTION_KEY nor among TRAILSEAL_FORMER_KEY_ENCRYPTION_KEYS: set it there"
                )
            with contextlib.suppress(InvalidTag):
                return AESGCM(key).decrypt(nonce, sealed, head + associated)
        elif wrapped[:1] == former_use and len(wrapped) >= 1 + NONCE_BYTES + _TAG_BYTES:
            for key in self._keys.values():
                with contextlib.suppress(InvalidTag):
                    nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
                    return AESGCM(key).decrypt(nonce, sealed, associated)
        raise Damaged


def id_of(key_encryption_key: bytes) -> bytes:
    """The 8 bytes by which wrapped secrets name the key that wrapped them."""
    return sha256(b"trailseal key-encryption key", key_encryption_key)[:ID_BYTES]
