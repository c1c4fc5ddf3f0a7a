"""Salted commitments: each byte of every input counts, and no two preimages meet."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sealing.commitments import party_of, salt_of, seal_of, trail_of

IDENTIFIER = "https://id.gs1.org/00/095211410000000014"
NONCES = st.binary(min_size=16, max_size=16)


@given(st.binary(), NONCES)
def test_a_seal_is_the_formula_of_the_format(document: bytes, nonce: bytes) -> None:
    assert seal_of(document, nonce) == hashlib.sha256(b"\x00" + nonce + hashlib.sha256(document).digest()).digest()


@given(st.binary(), NONCES, st.binary(), NONCES)
def test_another_document_or_nonce_is_another_seal(one: bytes, nonce: bytes, other: bytes, another: bytes) -> None:
    assert (seal_of(one, nonce) == seal_of(other, another)) == ((one, nonce) == (other, another))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary(min_size=32, max_size=32))
def test_salt_and_trail_are_the_formulas_of_the_format(identifier: str, secret: bytes) -> None:
    salt = salt_of(identifier, secret)
    assert salt == hmac.new(secret, identifier.encode(), "sha256").digest()
    assert trail_of(identifier, salt) == hashlib.sha256(b"\x01" + salt + identifier.encode()).digest()


def test_a_party_is_the_formula_of_the_format() -> None:
    assert party_of(IDENTIFIER) == hashlib.sha256(b"\x03" + IDENTIFIER.encode()).digest()


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_nonce_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        seal_of(b"{}", bytes(length))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        trail_of(IDENTIFIER, bytes(length))
