"""RLP: the `rlp` package encodes the same, and only its canonical encodings are read."""

from typing import Any

import pytest
import rlp as other  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sealing import rlp

ITEMS = st.recursive(
    st.binary(max_size=80) | st.binary(min_size=250, max_size=300), lambda inner: st.lists(inner, max_size=5)
)


def _depth(item: Any) -> int:
    return 0 if isinstance(item, bytes) else 1 + max(map(_depth, item), default=0)


@settings(max_examples=300)
@given(ITEMS.filter(lambda item: _depth(item) <= 16))
def test_encodings_are_the_packages_and_read_back(item: Any) -> None:
    encoded = rlp.encode(item)
    assert encoded == other.encode(item)
    assert rlp.decode(encoded) == item


def _lists(item: Any) -> Any:
    return bytes(item) if isinstance(item, bytes | bytearray) else [_lists(part) for part in item]


@settings(max_examples=1000)
@given(st.binary(max_size=64) | st.builds(lambda head, rest: bytes((head,)) + rest, st.integers(128, 255), st.binary()))
def test_hostile_bytes_are_read_as_the_package_reads_them_or_refused(encoded: bytes) -> None:
    try:
        item = rlp.decode(encoded)
    except rlp.BadRLP:
        with pytest.raises(other.DecodingError):
            other.decode(encoded, strict=True)
    else:
        assert _lists(other.decode(encoded, strict=True)) == item
        assert rlp.encode(item) == encoded


@given(ITEMS, st.binary(min_size=1, max_size=3))
def test_cut_or_lengthened_encodings_are_refused(item: Any, more: bytes) -> None:
    encoded = rlp.encode(item)
    for bad in (encoded + more, encoded[:-1]):
        with pytest.raises(rlp.BadRLP):
            rlp.decode(bad)


@pytest.mark.parametrize(
    "encoded",
    [
        "",  # nothing
        "8100",  # a low byte with a length
        "b800",  # a long form for a short length
        "b90001ff",  # a length with a leading zero
        "b8",  # a length that is not there
        "f800",
        "bfffffffffffffffff",  # 2^64 - 1 bytes
        "c1",
        "c2b838",  # a length that reaches out of its list
    ],
)
def test_other_spellings_are_refused(encoded: str) -> None:
    with pytest.raises(rlp.BadRLP):
        rlp.decode(bytes.fromhex(encoded))


def test_nesting_is_bounded() -> None:
    item: Any = []
    for _ in range(15):
        item = [item]
    assert rlp.decode(rlp.encode(item)) == item
    with pytest.raises(rlp.BadRLP, match="deeper"):
        rlp.decode(rlp.encode([item]))
    bomb = b"\xc0"
    while len(bomb) < 100_000:
        bomb = rlp._length(len(bomb), 0xC0) + bomb
    with pytest.raises(rlp.BadRLP, match="deeper"):
        rlp.decode(bomb)


def test_a_list_is_not_a_string() -> None:
    assert rlp.decode_list(b"\xc1\x01") == [b"\x01"]
    with pytest.raises(rlp.BadRLP, match="list"):
        rlp.decode_list(b"\x01")
