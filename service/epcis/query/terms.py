"""Terms: 64-bit hashes of "this field of the event has this value", which the store keeps and looks up as integers."""

from functools import lru_cache
from hashlib import blake2b

from service.epcis.query.memory import LONGEST


def hashed(text: str) -> int:
    """A signed 64-bit hash of a field's name or of a value's canonical text."""
    return _remembered(text) if len(text) <= LONGEST else _hashed(text)


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


_remembered = lru_cache(1 << 17)(_hashed)


def term(field: str, value: str) -> int:
    """The term of a field and a value. The halves combine by XOR, so that the store can join either from a table."""
    return hashed(field) ^ hashed(value)
