"""What is signed is EIP-712, as eth-account and the contract compute it; signatures are the contract's one form."""

import contextlib
from typing import Any

import orjson
import pytest
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sealing.entries import Entry, Recorded, Step, advance, fold
from service.sealing.hashing import keccak256
from service.sealing.signing import BadSignature, address_of, recover, sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest, typed_data
from tests.vectors import VECTORS

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
WORDS = st.binary(min_size=32, max_size=32)
ENTRIES = st.lists(st.builds(Entry, WORDS, WORDS, st.sampled_from(Step), WORDS), min_size=1, max_size=6)
KEYS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
CHAINS = st.integers(1, 2**64)
DEADLINES = st.integers(0, 2**64 - 1)
ADDRESSES = st.binary(min_size=20, max_size=20)


@settings(max_examples=50, deadline=None)
@given(CHAINS, ADDRESSES, ENTRIES, DEADLINES, KEYS)
def test_eth_account_signs_the_same(chain: int, at: bytes, entries: list[Entry], deadline: int, key: bytes) -> None:
    message = encode_typed_data(full_message=typed_data(chain, at, entries, deadline))
    digest = signing_digest(domain_separator(chain, at), capture_id(entries), deadline)
    assert digest == keccak(b"\x19" + message.version + message.header + message.body)
    signed = Account.sign_message(message, key)
    assert sign(digest, key) == bytes(signed.signature)
    assert recover(digest, bytes(signed.signature)) == bytes.fromhex(Account.from_key(key).address[2:])


@given(WORDS, KEYS)
def test_a_signature_recovers_to_its_signer(digest: bytes, key: bytes) -> None:
    signature = sign(digest, key)
    assert len(signature) == 65
    assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
    assert recover(digest, signature) == address_of(key)


@given(WORDS, KEYS, WORDS)
def test_a_signature_over_another_digest_is_not_the_signers(digest: bytes, key: bytes, other: bytes) -> None:
    if other != digest:
        with contextlib.suppress(BadSignature):
            assert recover(other, sign(digest, key)) != address_of(key)


@given(WORDS, KEYS)
def test_the_malleable_twin_is_refused(digest: bytes, key: bytes) -> None:
    signature = sign(digest, key)
    high = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high.to_bytes(32, "big") + bytes((55 - signature[64],))
    with pytest.raises(BadSignature, match="low-s"):
        recover(digest, twin)


@given(WORDS, KEYS)
def test_other_forms_are_refused(digest: bytes, key: bytes) -> None:
    signature = sign(digest, key)
    compact = signature[:32] + bytes((signature[32] | (signature[64] - 27) << 7,)) + signature[33:64]  # EIP-2098
    for other in (b"", signature[:64], compact, signature + b"\x00", signature[:64] + bytes((signature[64] - 27,))):
        with pytest.raises(BadSignature):
            recover(digest, other)
    for v in (0, 1, 26, 29, 35, 255):
        with pytest.raises(BadSignature, match="v must be"):
            recover(digest, signature[:64] + bytes((v,)))


@given(WORDS, st.binary(min_size=65, max_size=65))
def test_no_bytes_make_recover_fail_otherwise(digest: bytes, signature: bytes) -> None:
    for candidate in (signature, signature[:64] + b"\x1b", bytes(64) + b"\x1b", signature[:32] + bytes(32) + b"\x1c"):
        with contextlib.suppress(BadSignature):
            assert len(recover(digest, candidate)) == 20


def test_a_signature_of_an_unused_kind_of_point_is_refused() -> None:
    signature = PrivateKey(b"\x01" * 32).sign_recoverable(bytes(32), hasher=None)
    with pytest.raises(BadSignature, match="no key"):
        recover(bytes(32), b"\xff" * 32 + signature[32:64] + b"\x1b")


def test_a_digest_of_another_length_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        recover(bytes(31), bytes(65))


@pytest.mark.parametrize("count", [0, 201])
def test_captures_that_the_contract_refuses_have_no_id(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        capture_id([Entry(bytes(32), bytes(32), 0)] * count)


def test_bytes_cannot_move_from_one_word_into_the_next() -> None:
    with pytest.raises(ValueError, match="32 bytes each"):
        capture_id([Entry(bytes(31), bytes(33), 0)])
    with pytest.raises(ValueError, match="20 bytes"):
        domain_separator(1, bytes(32))


def vector() -> Any:
    return orjson.loads((VECTORS / "fold.json").read_bytes())


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def entries_of(capture: Any) -> list[Entry]:
    return [Entry(raw(one["trail"]), raw(one["seal"]), one["step"], raw(one["to"])) for one in capture["entries"]]


def test_the_contracts_own_domain_ids_digests_and_signers() -> None:
    told = vector()
    domain = domain_separator(told["chainId"], raw(told["verifyingContract"]))
    assert domain == raw(told["domainSeparator"])
    assert told["captures"]
    for capture in told["captures"]:
        name = capture_id(entries_of(capture))
        assert name == raw(capture["captureId"])
        digest = signing_digest(domain, name, capture["deadline"])
        assert digest == raw(capture["digest"])
        assert recover(digest, raw(capture["signature"])) == raw(capture["signer"])
        assert sign(digest, raw(capture["privateKey"])) == raw(capture["signature"])


@given(WORDS, st.builds(Recorded, WORDS, WORDS, WORDS, st.integers(0, 6), st.integers(0, 2**64 - 1)))
def test_the_head_is_the_formula_of_the_format(head: bytes, entry: Recorded) -> None:
    packed = head + entry.seal + entry.party + entry.to + bytes((entry.step,)) + entry.time.to_bytes(8, "big")
    assert len(packed) == 137
    assert advance(head, entry) == keccak256(packed)


def test_the_contracts_own_heads() -> None:
    folds = vector()["folds"]
    assert folds
    for told in folds:
        entry = Recorded(raw(told["seal"]), raw(told["party"]), raw(told["to"]), told["step"], told["time"])
        assert advance(raw(told["before"]), entry) == raw(told["head"])


def test_a_fold_goes_on_from_any_head() -> None:
    entries = [Recorded(keccak256(bytes((index,))), bytes(32), bytes(32), 0, index) for index in range(9)]
    assert fold(entries) == fold(entries[4:], fold(entries[:4]))
    assert fold([]) == bytes(32)
    assert len({fold(entries), fold(entries[:-1]), fold(reversed(entries))}) == 3
