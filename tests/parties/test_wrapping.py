import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from service.parties.errors import KeyEncryptionKeyMissing, WrappedKeyDamaged
from service.parties.keyring import Keyring, id_of
from service.parties.wrapping import unwrap, wrap
from service.sealing.signing import address_of

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
keys = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
ids = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=12, max_size=12)


@given(keys, ids, ids, nonces)
def test_a_wrapped_key_unwraps_to_itself(key: bytes, party: bytes, secret: bytes, nonce: bytes) -> None:
    wrapped = wrap(key, party, Keyring(secret), nonce)
    assert len(wrapped) == 69
    assert key not in wrapped
    assert unwrap(wrapped, address_of(key), party, Keyring(secret)) == key


@given(keys, ids, ids, nonces, st.data())
def test_one_changed_bit_is_noticed(key: bytes, party: bytes, secret: bytes, nonce: bytes, data: st.DataObject) -> None:
    wrapped = bytearray(wrap(key, party, Keyring(secret), nonce))
    place = data.draw(st.integers(0, len(wrapped) * 8 - 1))
    wrapped[place // 8] ^= 1 << place % 8
    with pytest.raises((WrappedKeyDamaged, KeyEncryptionKeyMissing)):
        unwrap(bytes(wrapped), address_of(key), party, Keyring(secret))


def test_a_wrapped_key_belongs_to_its_address_and_party() -> None:
    key, other, secret = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
    party, stranger = b"\x0a" * 32, b"\x0b" * 32
    wrapped = wrap(key, party, Keyring(secret), bytes(12))
    for address, owner in ((address_of(other), party), (address_of(key), stranger)):
        with pytest.raises(WrappedKeyDamaged):
            unwrap(wrapped, address, owner, Keyring(secret))


def test_a_wrapped_key_names_the_key_that_wrapped_it_and_says_which_is_missing() -> None:
    key, party, old, new = b"\x01" * 32, b"\x0a" * 32, b"\x03" * 32, b"\x04" * 32
    wrapped = wrap(key, party, Keyring(old), bytes(12))
    assert unwrap(wrapped, address_of(key), party, Keyring(new, [old])) == key
    with pytest.raises(KeyEncryptionKeyMissing, match=id_of(old).hex()):
        unwrap(wrapped, address_of(key), party, Keyring(new))
    assert old not in wrapped
    renamed = wrapped[:1] + id_of(new) + wrapped[9:]
    with pytest.raises(WrappedKeyDamaged):
        unwrap(renamed, address_of(key), party, Keyring(new, [old]))


def test_what_was_wrapped_before_keys_had_names_unwraps_by_whichever_key_it_was() -> None:
    key, party, old, new, nonce = b"\x01" * 32, b"\x0a" * 32, b"\x03" * 32, b"\x04" * 32, bytes(12)
    former = b"\x01" + nonce + AESGCM(old).encrypt(nonce, key, address_of(key) + party)
    assert unwrap(former, address_of(key), party, Keyring(old)) == key
    assert unwrap(former, address_of(key), party, Keyring(new, [old])) == key
    with pytest.raises(WrappedKeyDamaged):
        unwrap(former, address_of(key), party, Keyring(new))


@pytest.mark.parametrize("wrapped", [b"", b"\x01", b"\x01" * 60, b"\x02" + b"\x01" * 60, b"\x03" * 20])
def test_bytes_that_are_no_wrapped_key_are_refused(wrapped: bytes) -> None:
    with pytest.raises(WrappedKeyDamaged):
        unwrap(wrapped, bytes(20), bytes(32), Keyring(bytes(32)))
