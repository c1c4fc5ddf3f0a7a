"""Checkpoints of witnesses: their one spelling, who signed them, and every way in which they contradict each other."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sealing.checkpoint import BadCheckpoint, Checkpoint, SignedCheckpoint, read_line
from service.sealing.checkpoints import MAX_BYTES, agreed, find_contradictions, read
from service.sealing.errors import UntrustedBlock
from service.sealing.hashing import keccak256
from service.sealing.state import Header
from service.sealing.trust import Witnesses
from tests.sealing.block_vectors import (
    CHAIN,
    ID,
    KEYS,
    SELF_CONTRADICTIONS,
    WITNESSES,
    block,
    checkpoint_cases,
    log,
    text,
)
from tests.vectors import VECTORS

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
LOGS = [log(key) for key in KEYS]
OTHER_VIEW = log(KEYS[1], view=b"x")


def header(number: int = 60, view: bytes = b"") -> Header:
    said = block(number, view)
    return Header(said.block_hash, said.state_root, number, said.time)


def trusting(checkpoints: Sequence[SignedCheckpoint], required: int = 2, count: int = 3) -> Witnesses:
    return Witnesses(frozenset(WITNESSES[:count]), required, tuple(checkpoints))


def test_any_wallet_signs_the_same() -> None:
    checkpoint = block(60, previous=keccak256(b"before"))
    typed = {
        "domain": {"name": "Trailseal witness", "version": "1"},
        "primaryType": "Checkpoint",
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
            "Checkpoint": [
                {"name": "chainId", "type": "uint256"},
                {"name": "number", "type": "uint64"},
                {"name": "blockHash", "type": "bytes32"},
                {"name": "stateRoot", "type": "bytes32"},
                {"name": "time", "type": "uint64"},
                {"name": "previous", "type": "bytes32"},
            ],
        },
        "message": dict(
            zip(("chainId", "number", "blockHash", "stateRoot", "time", "previous"), checkpoint, strict=True)
        ),
    }
    by_wallet = Account.sign_message(encode_typed_data(full_message=typed), KEYS[0]).signature
    signed = checkpoint.signed(KEYS[0])
    assert (signed.signature, signed.witness) == (bytes(by_wallet), WITNESSES[0])


@settings(max_examples=60)
@given(
    st.builds(
        Checkpoint,
        st.integers(1, 2**53 - 1),
        st.integers(0, 2**53 - 1),
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=32, max_size=32),
        st.integers(0, 2**53 - 1),
        st.binary(min_size=32, max_size=32),
    ),
    st.sampled_from(KEYS),
)
def test_a_line_reads_back_and_no_other_line_says_the_same(checkpoint: Checkpoint, key: bytes) -> None:
    signed = checkpoint.signed(key)
    line = signed.line()
    assert read_line(line) == signed
    assert line.count(b"\n") == 1
    for other in (line.replace(b":", b": ", 1), line + b"\n\n", b" " + line, line.replace(b"0x", b"0X", 1)):
        with pytest.raises(BadCheckpoint):
            read(other)


def changed(**members: Any) -> bytes:
    return orjson.dumps({**block(60).signed(KEYS[0]).as_json(), **members}, option=orjson.OPT_SORT_KEYS)


def test_no_byte_of_a_line_can_be_changed() -> None:
    line = block(60).signed(KEYS[0]).line().removesuffix(b"\n")
    for place in range(len(line)):
        with pytest.raises(BadCheckpoint):
            read_line(line[:place] + bytes((line[place] ^ 1,)) + line[place + 1 :])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "not JSON"),
        (b"[]", "format"),
        (b"null", "format"),
        (b"[" * 900, "not JSON"),
        (b'"' + b"a" * 2000, "2001 bytes"),
        (changed(format="trailseal-checkpoint/2"), "format"),
        (changed(number=61), "names witness"),
        (changed(number=60.0), "number has to be an integer"),
        (changed(number=True), "number has to be an integer"),
        (changed(number=-1), "number has to be an integer"),
        (changed(number=2**53), "number has to be an integer"),
        (changed(chainId=0), "chainId has to be an integer from 1"),
        (changed(time=None), "time has to be"),
        (changed(blockHash="0x00"), "blockHash has to be 32 bytes"),
        (changed(blockHash=7), "blockHash has to be 32 bytes"),
        (changed(witness="0x" + "AB" * 20), "witness has to be 20 bytes in lower-case"),
        (changed(witness="0x" + WITNESSES[1].hex()), "names witness"),
        (changed(signature="0x" + "00" * 65), "signature does not hold"),
        (changed(signature="0x" + "00" * 64), "signature has to be 65 bytes"),
        (changed(more=1), "canonical"),
    ],
)
def test_what_is_no_checkpoint_is_refused_by_what_is_wrong(line: bytes, said: str) -> None:
    with pytest.raises(BadCheckpoint, match=said):
        read_line(line)


def test_the_other_signature_of_the_same_key_is_refused() -> None:
    signed = block(60).signed(KEYS[0])
    high = (ORDER - int.from_bytes(signed.signature[32:64], "big")).to_bytes(32, "big")
    other = signed.signature[:32] + high + bytes((55 - signed.signature[64],))
    with pytest.raises(BadCheckpoint, match="low-s"):
        read_line(signed._replace(signature=other).line())


def test_a_file_is_read_whole_or_refused_with_the_line() -> None:
    lines = [one.line() for one in log(KEYS[0])]
    assert read(b"".join(lines)) == log(KEYS[0])
    assert read(b"".join(lines).removesuffix(b"\n")) == log(KEYS[0])
    assert read(b"") == []
    with pytest.raises(BadCheckpoint, match="line 3: it is not JSON"):
        read(b"".join([*lines[:2], lines[2][:100]]))
    with pytest.raises(BadCheckpoint, match="more than"):
        read(bytes(MAX_BYTES + 1))


@settings(max_examples=100)
@given(st.binary(max_size=300) | st.text(alphabet='{}[]":,0x1e.-', max_size=60).map(str.encode))
def test_any_bytes_are_checkpoints_or_refused(line: bytes) -> None:
    try:
        read(line)
    except BadCheckpoint:
        return
    assert line in {b"", b"\n"}


# ------------------------------------------------------------------------------------------------------ contradictions


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=30), st.randoms())
def test_any_part_of_what_honest_witnesses_sign_holds_together(
    taken: list[tuple[int, int]], shuffled: random.Random
) -> None:
    collected = [LOGS[who][which] for who, which in taken]
    shuffled.shuffle(collected)
    assert find_contradictions(collected) == []


def test_witnesses_that_joined_later_or_sign_less_often_hold_together() -> None:
    assert find_contradictions([*log(KEYS[0]), *log(KEYS[1], [60, 90]), *log(KEYS[2], [0, 90, 270])]) == []


def test_one_key_on_two_chains_does_not_contradict_itself() -> None:
    assert find_contradictions([*log(KEYS[0]), *log(KEYS[0], view=b"x", chain=5)]) == []


@pytest.mark.parametrize("name", SELF_CONTRADICTIONS)
def test_a_witness_that_contradicts_itself_is_found(name: str) -> None:
    checkpoints, why = SELF_CONTRADICTIONS[name]
    for order in (checkpoints, checkpoints[::-1]):
        found = find_contradictions(order)
        assert found, name
        assert {one.kind for one in found} == {"equivocation"}
        assert any(why in str(one) for one in found), list(map(str, found))


@pytest.mark.parametrize("change", [{"block_hash": bytes(32)}, {"state_root": bytes(32)}, {"time": 1_780_000_059}])
def test_two_witnesses_that_saw_different_blocks_are_a_split_view(change: dict[str, Any]) -> None:
    theirs = log(KEYS[0])
    (other,) = log(KEYS[1], [60])
    saw = other.checkpoint._replace(**change).signed(KEYS[1])
    (found,) = find_contradictions([*theirs, saw])
    assert found.kind == "split view"
    assert f"0x{WITNESSES[0].hex()} signed block 60" in str(found)
    assert f"0x{WITNESSES[1].hex()} signed block 60" in str(found)
    evidence = [read_line(orjson.dumps(one, option=orjson.OPT_SORT_KEYS)) for one in found.as_json()["checkpoints"]]
    assert evidence == [theirs[2], saw]


@settings(max_examples=40)
@given(st.integers(0, 9), st.integers(0, 9))
def test_views_that_part_are_found_wherever_both_signed_after(parted: int, signed: int) -> None:
    theirs = [*LOGS[1][:parted], *OTHER_VIEW[parted:]]
    found = [one for one in find_contradictions([LOGS[0][signed], *theirs]) if one.kind == "split view"]
    assert bool(found) == (signed >= parted)


def test_many_contradictions_are_found_in_time_and_number_that_grow_with_the_checkpoints() -> None:
    flood = [block(60, bytes((index % 256, index // 256))).signed(KEYS[0]) for index in range(300)]
    assert 300 <= len(find_contradictions(flood)) <= 4 * 300


# ------------------------------------------------------------------------------------------------------------- agreed


def test_enough_witnesses_that_signed_the_block_vouch_for_it() -> None:
    collected = [*log(KEYS[0]), *log(KEYS[1]), *log(KEYS[2], [0, 30])]
    assert agreed(trusting(collected), CHAIN, header()) == tuple(sorted(WITNESSES[:2]))
    assert agreed(trusting([*collected, *collected]), CHAIN, header()) == tuple(sorted(WITNESSES[:2]))


def refused(trust: Witnesses, at: Header | None = None, chain: int = CHAIN) -> UntrustedBlock:
    with pytest.raises(UntrustedBlock) as refusal:
        agreed(trust, chain, at or header())
    return refusal.value


def test_one_witness_short_is_refused_however_often_it_signed() -> None:
    one = log(KEYS[0])
    assert "1 of the 3 given witnesses signed block 60" in refused(trusting([*one, *one])).detail
    assert "none of them signed any" in refused(trusting([])).detail
    assert "the nearest block that one of them signed is 60" in refused(trusting(one), header(61)).detail


def test_strangers_and_other_chains_say_nothing() -> None:
    strangers = [*log(KEYS[3]), *log(KEYS[4])]
    other_chain = [*log(KEYS[0], chain=5), *log(KEYS[1], chain=5)]
    assert "0 of the 3" in refused(trusting(strangers)).detail
    assert "0 of the 3" in refused(trusting(other_chain)).detail
    lies = [*log(KEYS[3], view=b"x"), *log(KEYS[0], view=b"x", chain=5)]
    assert len(agreed(trusting([*log(KEYS[0]), *log(KEYS[1]), *lies]), CHAIN, header())) == 2


LIES: dict[str, Callable[[], list[SignedCheckpoint]]] = {
    "another block": lambda: log(KEYS[2], view=b"x"),
    "another state under the same hash": lambda: [
        log(KEYS[2], [60])[0].checkpoint._replace(state_root=bytes(32)).signed(KEYS[2])
    ],
    "a contradiction elsewhere": lambda: [*log(KEYS[2]), block(90, b"x", previous=ID[2]).signed(KEYS[2])],
    "a split view later": lambda: log(KEYS[2], [90], view=b"x"),
}


@pytest.mark.parametrize("name", LIES)
def test_one_honest_witness_against_a_majority_is_enough_to_refuse(name: str) -> None:
    """Whoever of them lies: the auditor is shown two histories, and the evidence of both."""
    refusal = refused(trusting([*log(KEYS[0]), *log(KEYS[1]), *LIES[name]()]))
    assert refusal.extra["evidence"]
    assert WITNESSES[2].hex() in refusal.detail


def test_the_header_has_to_be_the_signed_one_in_every_part() -> None:
    both = [*log(KEYS[0]), *log(KEYS[1])]
    for wrong in (
        header(view=b"x"),
        replace(header(), state_root=bytes(32)),
        replace(header(), time=1),
    ):
        assert "rolled back" in refused(trusting(both), wrong).detail


def test_the_vectors_are_these_and_say_what_is_so() -> None:
    assert (VECTORS / "checkpoints.json").read_text() == text(checkpoint_cases())
    reasons = {"too few": "given witnesses", "another block": "the bundle's block", "contradiction": "contradict"}
    for case in checkpoint_cases():
        addresses = frozenset(bytes.fromhex(witness[2:]) for witness in case["witnesses"])
        trust = Witnesses(addresses, case["required"], tuple(read(case["checkpoints"].encode())))
        said = case["header"]
        name, root = bytes.fromhex(said["hash"][2:]), bytes.fromhex(said["stateRoot"][2:])
        at = Header(name, root, said["number"], said["time"])
        if case["expected"].isdigit():
            assert len(agreed(trust, case["chainId"], at)) == int(case["expected"]), case["name"]
        else:
            with pytest.raises(UntrustedBlock, match=reasons[case["expected"]]):
                agreed(trust, case["chainId"], at)
