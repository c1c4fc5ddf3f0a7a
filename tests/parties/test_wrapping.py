import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.parties.errors import WrappedKeyDamaged
from service.parties.wrapping import unwrap, wrap
from service.sealing.signing import address_of

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
ids = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=12, max_size=12)


@given(keys, ids, ids, nonces)
def test_a_wrapped_key_unwraps_to_itself(key: bytes, party: bytes, secret: bytes, nonce: bytes) -> None:
    wrapped = wrap(key, party, secret, nonce)
    assert len(wrapped) == 61
    assert key not in wrapped
    assert unwrap(wrapped, address_of(key), party, secret) == key


@given(keys, ids, ids, nonces, st.data())
def test_one_changed_bit_is_noticed(key: bytes, party: bytes, secret: bytes, nonce: bytes, data: st.DataObject) -> None:
    wrapped = bytearray(wrap(key, party, secret, nonce))
    place = data.draw(st.integers(0, len(wrapped) * 8 - 1))
    wrapped[place // 8] ^= 1 << place % 8
    with pytest.raises(WrappedKeyDamaged):
        unwrap(bytes(wrapped), address_of(key), party, secret)


def test_a_wrapped_key_belongs_to_its_address_and_party() -> None:
    key, other, secret = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
    party, stranger = b"\x0a" * 32, b"\x0b" * 32
    wrapped = wrap(key, party, secret, bytes(12))
    for address, owner, opener in (
        (address_of(other), party, secret),
        (address_of(key), stranger, secret),
        (address_of(key), party, b"\x04" * 32),
    ):
        with pytest.raises(WrappedKeyDamaged):
            unwrap(wrapped, address, owner, opener)


@pytest.mark.parametrize("wrapped", [b"", b"\x01", b"\x01" * 60, b"\x02" + b"\x01" * 60])
def test_bytes_that_are_no_wrapped_key_are_refused(wrapped: bytes) -> None:
    with pytest.raises(WrappedKeyDamaged):
        unwrap(wrapped, bytes(20), bytes(32), bytes(32))
