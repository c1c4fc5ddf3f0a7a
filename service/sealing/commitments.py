"""Salted commitments: what stands on chain for a document, a thing and a party (docs/format.md, section 1)."""

import hmac
from hashlib import sha256 as _sha256

from service.sealing.hashing import sha256

NONCE_BYTES = 16


def seal_of(document: bytes, nonce: bytes) -> bytes:
    """`sha256(0x00 ‖ nonce ‖ sha256(document))`, 32 bytes; the nonce is 16 bytes.

    Raises:
        ValueError: the nonce has another length, which would make two preimages of one seal possible.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, this one has {len(nonce)}")
    return sha256(b"\x00", nonce, sha256(document))


def salt_of(identifier: str, secret: bytes) -> bytes:
    """The trail's salt: `HMAC-SHA256(consortium secret, identifier)` (RFC 2104), 32 bytes."""
    return hmac.digest(secret, identifier.encode(), _sha256)


def trail_of(identifier: str, salt: bytes) -> bytes:
    """The trail's id on chain: `sha256(0x01 ‖ salt ‖ identifier)`, 32 bytes; `identifier` is canonical.

    Raises:
        ValueError: the salt is not 32 bytes.
    """
    if len(salt) != 32:
        raise ValueError(f"a salt has 32 bytes, this one has {len(salt)}")
    return sha256(b"\x01", salt, identifier.encode())


JOURNAL = "urn:trailseal:journal:"
"""What the identifiers of journals begin with; no event can name them as things."""


def journal_of(party: bytes) -> str:
    """The identifier of a party's journal: the trail of its events that name no thing (docs/format.md, section 1)."""
    return f"{JOURNAL}0x{party.hex()}"


RISK = "urn:trailseal:risk:"
"""What the identifiers of risk trails begin with; only the scoring party's statements name them."""


def risk_of(trail: bytes) -> str:
    """The identifier of a shipment's risk trail; `trail` is that of the unit to be delivered (docs/format.md, 1)."""
    return f"{RISK}0x{trail.hex()}"


def party_of(identifier: str) -> bytes:
    """The party's id on chain: `sha256(0x03 ‖ identifier)`, 32 bytes; `identifier` is canonical."""
    return sha256(b"\x03", identifier.encode())
