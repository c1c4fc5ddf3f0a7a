"""Canonical JSON is RFC 8785's, and the two hash functions are the ones that they say."""

import math
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.sealing.hashing import canonical_json, document_bytes, keccak256, sha256

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    '\x00\x08\x1f\x7f"\\/é\ue000\ufb33\U0001f5fa', max_size=4
)
NUMBERS = st.integers(-(2**70), 2**70) | st.integers(-(2**53) - 2, 2**53 + 2) | st.floats()
ANY_TEXT = TEXT | st.text()
SAFE_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)


def json(texts: st.SearchStrategy[str], numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | numbers | texts
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=12)


@settings(max_examples=300)
@given(json(TEXT, SAFE_NUMBERS))
@example({"\U0001f5fa": 1, "\ue000": 2, "\ufb33": 3})
@example([1e17, -0.0, 1e21, 1e-7, 5e-324, 333333333.33333329])
@example({'":': '":1.5', "a": "[null"})
def test_canonical_json_is_what_rfc8785_says(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@settings(max_examples=300)
@given(json(ANY_TEXT, NUMBERS))
@example([math.nan])
@example(math.inf)
@example({"a": -math.inf})
@example("\ud800")
@example({"\udfff": 1})
@example(2**53)
@example([-(2**53)])
def test_what_rfc8785_refuses_is_refused(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except ValueError:  # CanonicalizationError, or an encoding error for a lone surrogate in a name
        with pytest.raises(ValueError, match=r".+"):
            canonical_json(value)
    else:
        assert canonical_json(value) == expected


def test_what_is_no_json_value_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for value in (b"bytes", {1: 2}, {"a": object()}, {None: 1}, deep, {1, 2}):
        with pytest.raises(ValueError, match=r".+"):
            canonical_json(value)


@given(st.dictionaries(TEXT, json(TEXT, SAFE_NUMBERS.filter(lambda number: abs(number) < 2**53))))
def test_canonical_json_reads_back_as_the_same_bytes(value: dict[str, Any]) -> None:
    document = document_bytes(value)
    assert document_bytes(orjson.loads(document)) == document


def test_the_vectors_of_rfc8785() -> None:
    """RFC 8785 sections 3.2.2 and 3.2.3."""
    numbers = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert (
        canonical_json(numbers)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )
    names = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(orjson.loads(canonical_json(names)).values()) == [2, 4, 6, 7, 1, 5, 3]


def test_the_hash_functions_are_fips_180_4_and_ethereums() -> None:
    assert sha256(b"a", b"bc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert keccak256().hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"tes", b"ting").hex() == "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"
