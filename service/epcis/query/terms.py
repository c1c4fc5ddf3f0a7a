"""Terms: 64-bit hashes of "this field of the event has this value", which the store keeps and looks up as integers."""

from hashlib import blake2b

from service.epcis.query.memory import remembered


@remembered(1 << 17)
def hashed(text: str) -> int:
    """A signed 64-bit hash of a field's name or of a value's canonical text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def term(field: str, value: str) -> int:
    """The term of a field and a value. The halves combine by XOR, so that the store can join either from a table."""
    return hashed(field) ^ hashed(value)
