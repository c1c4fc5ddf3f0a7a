"""secp256k1 signatures over typed data, in the one form that the contract takes: 65 bytes, low s, v of 27 or 28."""

from coincurve import PrivateKey, PublicKey

from service.sealing.hashing import keccak256

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class BadSignature(ValueError):
    """The bytes are no signature that the contract would take."""


def sign(digest: bytes, key: bytes) -> bytes:
    """Signature `r ‖ s ‖ v` over a 32-byte digest with a 32-byte private key; RFC 6979, low s (EIP-2)."""
    signature = PrivateKey(key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes((signature[64] + 27,))


def address_of(key: bytes) -> bytes:
    """The 20-byte address of a 32-byte private key."""
    return _address(PrivateKey(key).public_key)


def recover(digest: bytes, signature: bytes) -> bytes:
    """The 20-byte address whose key signed the digest.

    Raises:
        BadSignature: another length than 65, v not 27 or 28, a high s (malleable), or no point on the curve.
        ValueError: the digest is not 32 bytes.
    """
    if len(digest) != 32:
        raise ValueError(f"a digest has 32 bytes, this one has {len(digest)}")
    if len(signature) != 65:
        raise BadSignature(f"a signature has 65 bytes (r, s, v), this one has {len(signature)}")
    if signature[64] not in (27, 28):
        raise BadSignature(f"v must be 27 or 28, not {signature[64]}")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise BadSignature("s is in the upper half of the order; send the low-s form of the signature (EIP-2)")
    try:
        return _address(
            PublicKey.from_signature_and_message(signature[:64] + bytes((signature[64] - 27,)), digest, hasher=None)
        )
    except Exception as fault:  # coincurve raises bare Exception for an unrecoverable signature
        raise BadSignature("the signature belongs to no key") from fault


def _address(public: PublicKey) -> bytes:
    return keccak256(public.format(compressed=False)[1:])[12:]
