"""Committed seals of QBFT blocks made here with known keys: no Besu takes part (docs/witnesses.md)."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.ledger.header import HeaderNotUnderstood, commit_of, header_bytes
from service.sealing import qbft, rlp
from service.sealing.errors import UntrustedBlock
from service.sealing.hashing import keccak256
from service.sealing.qbft import Commit, commit_digest, committed, quorum, sealers, split
from service.sealing.signing import address_of, sign
from tests.sealing.block_vectors import qbft_cases, text
from tests.sealing.validators import KEYS, VALIDATORS, hashed, sealed, told
from tests.vectors import VECTORS

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.mark.parametrize(
    ("validators", "wanted"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (10, 7), (100, 67)]
)
def test_the_quorum_is_besus(validators: int, wanted: int) -> None:
    assert quorum(validators) == wanted


@pytest.mark.parametrize("number", [0, 1, 200, 70_000])
def test_a_quorum_of_the_given_validators_commits_a_block(number: int) -> None:
    header = hashed()
    commit = sealed(header, number, KEYS[:3])
    assert committed(header, commit, VALIDATORS) == set(VALIDATORS[:3])


def test_one_seal_short_of_a_quorum_is_refused_and_one_seal_twice_counts_once() -> None:
    header = hashed()
    with pytest.raises(UntrustedBlock, match=r"2 of the 4 given validators .* a quorum is 3"):
        committed(header, sealed(header, 0, [*KEYS[:2], KEYS[1], KEYS[1]]), VALIDATORS)


def test_the_validators_that_the_header_names_are_not_relied_on() -> None:
    strangers = [keccak256(b"stranger", bytes((index,))) for index in range(4)]
    header = hashed(validators=list(map(address_of, strangers)))
    commit = sealed(header, 0, strangers)
    assert committed(header, commit, [*map(address_of, strangers)])
    with pytest.raises(UntrustedBlock, match=r"0 of the 4 .* 4 are of other keys"):
        committed(header, commit, VALIDATORS)


def test_seals_of_another_round_block_or_state_do_not_count() -> None:
    header, other = hashed(), hashed(number=78)
    commit = sealed(header, 1, KEYS)
    for wrong_header, wrong in [(header, commit._replace(round=0)), (other, commit), (hashed(extra=b"x"), commit)]:
        with pytest.raises(UntrustedBlock):
            committed(wrong_header, wrong, VALIDATORS)


def test_a_malleable_or_unreadable_seal_is_nobodys() -> None:
    header = hashed()
    good = sealed(header, 0, KEYS[:1]).seals[0]
    high = good[:32] + (ORDER - int.from_bytes(good[32:64], "big")).to_bytes(32, "big") + bytes((1 - good[64],))
    bad = [high, good[:64] + b"\x02", good[:64] + b"\x1b", good[:64], bytes(65), b"\xff" * 65]
    assert sealers(header, Commit(0, tuple(bad))) == frozenset()
    assert sealers(header, Commit(0, (*bad, good))) == {VALIDATORS[0]}


def test_without_a_commit_or_with_another_consensus_nothing_is_committed() -> None:
    header = hashed()
    with pytest.raises(UntrustedBlock, match="no committed seals"):
        committed(header, None, VALIDATORS)
    for extra in (b"", b"geth", rlp.encode([bytes(32), [], [], b"\x01", []]), rlp.encode([bytes(32), [], []])):
        with pytest.raises(UntrustedBlock, match="not committed by QBFT"):
            committed(hashed(extra_data=extra), Commit(0, ()), VALIDATORS)
    with pytest.raises(UntrustedBlock, match="not committed by QBFT"):
        committed(rlp.encode([b""]), Commit(0, ()), VALIDATORS)
    with pytest.raises(UntrustedBlock, match="a round is"):
        committed(header, Commit(2**31, ()), VALIDATORS)
    with pytest.raises(UntrustedBlock, match="at most 1000"):
        committed(header, Commit(0, (bytes(65),) * 1001), VALIDATORS)


def test_the_validators_have_to_be_addresses() -> None:
    for wrong in ([], [bytes(32)]):
        with pytest.raises(ValueError, match="20 bytes"):
            committed(hashed(), Commit(0, ()), wrong)


@settings(max_examples=60)
@given(
    st.integers(0, 2**31 - 1),
    st.lists(st.sampled_from(range(len(KEYS))), max_size=8),
    st.sampled_from([[], [bytes(20), b"\xff"], [bytes(20), b"\x00"]]),
    st.binary(min_size=32, max_size=32),
)
def test_what_the_node_tells_of_a_block_gives_its_header_and_who_sealed_it(
    number: int, who: Sequence[int], vote: list[rlp.Item], vanity: bytes
) -> None:
    header = hashed(vote=vote, vanity=vanity)
    commit = sealed(header, number, [KEYS[index] for index in who])
    block = told(header, commit)
    assert header_bytes(block) == header
    assert commit_of(block) == (commit if who else None)
    assert sealers(header, commit) == {VALIDATORS[index] for index in who}


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.recursive(st.binary(max_size=70), lambda item: st.lists(item, max_size=6)))
def test_any_extra_data_are_qbfts_or_not_and_never_a_crash(item: Any) -> None:
    extra = item if isinstance(item, bytes) else rlp.encode(item)
    found = split(extra)
    assert found is None or split(found[0]) == (found[0], Commit(0, ()))


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 6])
def test_headers_of_every_fork_are_sealed_over_all_their_fields(count: int) -> None:
    """Besu leaves `parentBeaconBlockRoot` out of a QBFT header after Cancun: four fields are one of the forms."""
    header = hashed(later=count)
    block = told(header, sealed(header, 0, KEYS))
    assert header_bytes(block) == header
    assert committed(header, commit_of(block), VALIDATORS) == set(VALIDATORS)
    fields = rlp.decode_list(header)
    changed = rlp.encode([*fields[:3], keccak256(b"another state"), *fields[4:]])
    with pytest.raises(UntrustedBlock):
        committed(changed, commit_of(block), VALIDATORS)


def test_ibft_2_is_refused_and_not_mistaken_for_qbft() -> None:
    """Its hash and its seals are over a list that lacks the seals, and the round too, instead of emptying them."""
    fields = rlp.decode_list(hashed())
    listed: rlp.Item = list(VALIDATORS)
    kept: list[rlp.Item] = [bytes(32), listed, b"", bytes(4), [bytes(65)]]
    of_hash = rlp.encode([*fields[:12], rlp.encode(kept[:3]), *fields[13:]])
    block = told(of_hash, None) | {"extraData": "0x" + rlp.encode(kept).hex()}
    with pytest.raises(HeaderNotUnderstood, match="consensus"):
        commit_of(block)
    with pytest.raises(ValueError, match="extra data"):
        commit_digest(of_hash, 0)


@pytest.mark.parametrize("wrong", [{"hash": None}, {"number": "x"}, {"gasUsed": "-0x1"}, {"extraData": 5}])
def test_a_block_that_a_node_makes_up_is_refused_without_a_crash(wrong: dict[str, Any]) -> None:
    header = hashed()
    with pytest.raises(Exception, match="node"):
        commit_of(told(header, sealed(header, 0, KEYS)) | wrong)


def test_the_digest_is_that_of_the_header_with_the_round_and_without_seals() -> None:
    """Written out once more, from the definition."""
    header = hashed()
    fields = rlp.decode_list(header)
    fields[qbft.EXTRA_DATA] = rlp.encode([bytes(32), list(VALIDATORS), [], b"\x05", []])
    digest = keccak256(rlp.encode(fields))
    assert commit_digest(header, 5) == digest
    seal = sign(digest, KEYS[0])
    assert sealers(header, Commit(5, (seal[:64] + bytes((seal[64] - 27,)),))) == {VALIDATORS[0]}


def test_the_vectors_are_these_and_say_what_is_so() -> None:
    assert (VECTORS / "qbft.json").read_text() == text(qbft_cases())
    for case in qbft_cases():
        header, validators = bytes.fromhex(case["header"][2:]), [bytes.fromhex(one[2:]) for one in case["validators"]]
        seals = case["commit"] and tuple(bytes.fromhex(seal[2:]) for seal in case["commit"]["seals"])
        commit = case["commit"] and Commit(case["commit"]["round"], seals)
        if case["expected"] is None:
            with pytest.raises(UntrustedBlock):
                committed(header, commit, validators)
        else:
            assert len(committed(header, commit, validators)) == case["expected"], case["name"]
