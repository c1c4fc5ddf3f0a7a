"""Capture: a party's document becomes accepted events, signed and waiting for the chain."""

from service.capture.captures import Captures
from service.capture.receipts import Prepared, Receipt, SignedDocument

__all__ = ["Captures", "Prepared", "Receipt", "SignedDocument"]
