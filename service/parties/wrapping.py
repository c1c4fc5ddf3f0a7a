"""Custodial private keys at rest, wrapped by the key-encryption key (`service.parties.keyring`).

The associated data are the key's address and the party's id, so a row's bytes unwrap in that row only.
"""

from service.parties.errors import WrappedKeyDamaged
from service.parties.keyring import NONCE_BYTES, Damaged, Keyring
from service.sealing.signing import address_of

__all__ = ["NONCE_BYTES", "USE", "unwrap", "wrap"]

USE = b"\x03"
_FORMER_USE = b"\x01"


def wrap(key: bytes, party: bytes, keyring: Keyring, nonce: bytes) -> bytes:
    """The 32-byte private key of `party` (32-byte id), wrapped; `nonce` is 12 bytes that are never used twice."""
    return keyring.wrap(USE, key, address_of(key) + party, nonce)


def unwrap(wrapped: bytes, address: bytes, party: bytes, keyring: Keyring) -> bytes:
    """The 32-byte private key of `address`.

    Raises:
        WrappedKeyDamaged: wrapped for another address or party, or changed since.
        KeyEncryptionKeyMissing: wrapped by a key-encryption key that the settings do not have.
    """
    try:
        return keyring.unwrap(USE, _FORMER_USE, wrapped, address + party)
    except Damaged:
        raise WrappedKeyDamaged(
            "a stored signing key does not unwrap: check that the key-encryption key is the one it was wrapped with"
        ) from None
