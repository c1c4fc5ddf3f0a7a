"""What the `GS1-Signature` of a delivery is: HMAC-SHA256 (RFC 2104) with the subscription's signature token. Pure.

GS1-Signature: t=<seconds since 1970>,v1=<HMAC in hex>
HMAC over:     <seconds> "." <delivery id> "." <body>
"""

import hmac
from uuid import UUID

HEADER = "GS1-Signature"


def signature(token: str, seconds: int, delivery: UUID, body: bytes) -> str:
    """The header's value for a delivery that is sent at `seconds`; each attempt has its own time."""
    signed = b"%d.%s." % (seconds, str(delivery).encode()) + body
    return f"t={seconds},v1={hmac.new(token.encode(), signed, 'sha256').hexdigest()}"
