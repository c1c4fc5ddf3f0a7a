"""Custodial private keys at rest: AES-256-GCM (NIST SP 800-38D) under the key-encryption key.

A wrapped key is `0x01 ‖ nonce (12) ‖ ciphertext (32) ‖ tag (16)`, 61 bytes. Its associated data are the key's address
and the party's id, so a row's bytes unwrap in that row only.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.parties.errors import WrappedKeyDamaged
from service.sealing.signing import address_of

NONCE_BYTES = 12
_VERSION = b"\x01"
_LENGTH = 1 + NONCE_BYTES + 32 + 16


def wrap(key: bytes, party: bytes, key_encryption_key: bytes, nonce: bytes) -> bytes:
    """The 32-byte private key of `party` (32-byte id), wrapped; `nonce` is 12 bytes that are never used twice."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, this one has {len(nonce)}")
    return _VERSION + nonce + AESGCM(key_encryption_key).encrypt(nonce, key, address_of(key) + party)


def unwrap(wrapped: bytes, address: bytes, party: bytes, key_encryption_key: bytes) -> bytes:
    """The 32-byte private key of `address`.

    Raises:
        WrappedKeyDamaged: wrapped for another address or party, under another key, or changed since.
    """
    if len(wrapped) != _LENGTH or wrapped[:1] != _VERSION:
        raise WrappedKeyDamaged("a stored signing key has a form that this release does not know")
    try:
        return AESGCM(key_encryption_key).decrypt(
            wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :], address + party
        )
    except InvalidTag:
        raise WrappedKeyDamaged(
            "a stored signing key does not unwrap: check that the key-encryption key is the one it was wrapped with"
        ) from None
