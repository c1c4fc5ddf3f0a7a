"""Strict RLP (Ethereum Yellow Paper, appendix B): only the one canonical encoding is read, to a bounded depth."""

from typing import TypeAlias

Item: TypeAlias = "bytes | list[Item]"

_DEPTH = 16


class BadRLP(ValueError):
    """The bytes are not the canonical RLP encoding of anything."""


def encode(item: "Item | tuple[Item, ...]") -> bytes:
    """The RLP encoding of a byte string or of a list of items."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + item
    body = b"".join(encode(part) for part in item)
    return _length(len(body), 0xC0) + body


def decode(encoded: bytes) -> Item:
    """The item that the bytes encode.

    Raises:
        BadRLP: truncated, trailing or non-canonical bytes, or lists nested deeper than 16.
    """
    item, end = _item(encoded, 0, len(encoded), 0)
    if end != len(encoded):
        raise BadRLP(f"{len(encoded) - end} bytes follow the item")
    return item


def decode_list(encoded: bytes) -> list[Item]:
    """The list that the bytes encode; raises BadRLP where they encode a byte string."""
    item = decode(encoded)
    if isinstance(item, bytes):
        raise BadRLP("a list was expected, not a byte string")
    return item


def _length(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes((offset + length,))
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(digits),)) + digits


def _item(encoded: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    if start >= limit:
        raise BadRLP("the bytes end where an item should begin")
    first = encoded[start]
    if first < 0x80:
        return encoded[start : start + 1], start + 1
    is_list = first >= 0xC0
    begin, end = _bounds(encoded, start, limit, first - (0xC0 if is_list else 0x80))
    if not is_list:
        if end - begin == 1 and encoded[begin] < 0x80:
            raise BadRLP("a single low byte is encoded with a length")
        return encoded[begin:end], end
    if depth == _DEPTH:
        raise BadRLP(f"lists are nested deeper than {_DEPTH}")
    items: list[Item] = []
    while begin < end:
        item, begin = _item(encoded, begin, end, depth + 1)
        items.append(item)
    return items, end


def _bounds(encoded: bytes, start: int, limit: int, size: int) -> tuple[int, int]:
    begin = start + 1
    if size > 55:
        digits, begin = encoded[begin : begin + size - 55], begin + size - 55
        size = int.from_bytes(digits, "big")
        if len(digits) != begin - start - 1 or not digits or digits[0] == 0 or size < 56:
            raise BadRLP("a length is not in its shortest form")
    if begin + size > limit:
        raise BadRLP("an item reaches beyond the bytes")
    return begin, begin + size
