"""What an erased event is called: a name that follows from its eventID, and from which nobody finds the eventID.

An eventID may be a hash of what the event said (CBV 2.0, 8.9), so it is erased with the event. Who knows it still finds
that the event was erased, and the event cannot be captured again.
"""

import hmac
from hashlib import sha256

_USE = b"\x00erased\x00"
"""No identifier begins with a zero byte, so no salt of a trail (docs/format.md, section 1) is one of these."""


def mac_of(event_id: str, secret: bytes) -> bytes:
    """HMAC-SHA256 of an eventID under the consortium secret, 32 bytes."""
    return hmac.digest(secret, _USE + event_id.encode("utf-8", "surrogatepass"), sha256)


def alias_of(mac: bytes) -> str:
    """The eventID of an erased event."""
    return f"urn:trailseal:erased:0x{mac.hex()}"
