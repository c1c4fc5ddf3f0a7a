"""The random share that is inspected whatever its score, so that what analysts find out is not only about alerts. Pure.

A shipment is drawn on a day where HMAC-SHA256 (RFC 2104) under a key that derives from the consortium's secret, read as
a fraction of 2^256, lies below the share. Nobody without the secret can tell beforehand, or steer it by naming a
shipment; who has it draws the same again, and so audits the list.
"""

import hmac
from datetime import date

_USE = b"trailseal inspection v1"


def draw(secret: bytes, party: bytes, trail: bytes, day: date) -> bytes:
    """The 32 bytes that decide about a shipment (by its trail) on a party's day."""
    key = hmac.digest(secret, _USE, "sha256")
    return hmac.digest(key, party + trail + day.isoformat().encode(), "sha256")


def is_drawn(drawn: bytes, share: float) -> bool:
    """Whether a draw falls into a share (0 to 1)."""
    return int.from_bytes(drawn, "big") < int(share * 2**64) << 192
