"""Signature tokens at rest: AES-256-GCM (NIST SP 800-38D) under the key-encryption key.

A wrapped token is `0x02 ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. Its associated data are a name of this use and the
subscription's id, so a row's bytes unwrap in that row only, and never as a signing key.
"""

import contextlib
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.subscriptions.errors import TokenDamaged

NONCE_BYTES = 12
_VERSION = b"\x02"
_USE = b"signatureToken"


def wrap(token: str, subscription: UUID, key_encryption_key: bytes, nonce: bytes) -> bytes:
    """The token, wrapped; `nonce` is 12 bytes that are never used twice."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, this one has {len(nonce)}")
    sealed = AESGCM(key_encryption_key).encrypt(nonce, token.encode(), _USE + subscription.bytes)
    return _VERSION + nonce + sealed


def unwrap(wrapped: bytes, subscription: UUID, key_encryption_key: bytes) -> str:
    """The token.

    Raises:
        TokenDamaged: wrapped for another subscription, under another key, or changed since.
    """
    nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
    with contextlib.suppress(InvalidTag, ValueError):
        if wrapped[:1] == _VERSION:
            return AESGCM(key_encryption_key).decrypt(nonce, sealed, _USE + subscription.bytes).decode()
    raise TokenDamaged(
        "a signature token does not unwrap: check that the key-encryption key is the one it was wrapped with"
    )
