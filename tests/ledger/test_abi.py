"""The encoder written by hand gives what eth_abi gives."""

from hypothesis import given
from hypothesis import strategies as st

from service.ledger.abi import (
    DISPUTES,
    REFUSALS,
    Log,
    SignedCapture,
    calldata,
    entries_of,
    entry_words,
    record_calldata,
)
from service.sealing.entries import Entry, Step

words = st.binary(min_size=32, max_size=32)
entries = st.builds(Entry, words, words, st.sampled_from(Step).map(int), words)
captures = st.tuples(
    st.lists(entries, max_size=6),
    st.integers(0, 2**64 - 1),
    st.one_of(st.binary(min_size=65, max_size=65), st.binary(max_size=130)),
)


@given(st.lists(captures, max_size=5))
def test_calldata_of_record_is_that_of_eth_abi(given_captures: list[tuple[list[Entry], int, bytes]]) -> None:
    by_hand = record_calldata(
        [SignedCapture(entry_words(said), deadline, signature) for said, deadline, signature in given_captures]
    )
    by_library = calldata(
        "Provenance", "record", [[(list(said), deadline, signature) for said, deadline, signature in given_captures]]
    )
    assert by_hand == by_library


@given(st.lists(entries, max_size=8))
def test_entries_come_back_from_their_words(said: list[Entry]) -> None:
    assert entries_of(entry_words(said)) == said


@given(st.lists(entries, max_size=8))
def test_steps_stand_in_every_hundred_and_twenty_eighth_byte(said: list[Entry]) -> None:
    assert list(entry_words(said)[95::128]) == [entry.step for entry in said]


def test_reasons_are_numbered_as_in_the_contract() -> None:
    assert (REFUSALS[0], REFUSALS[3], REFUSALS[9]) == ("UnknownKey", "KeyRevoked", "BadStep")
    assert (DISPUTES[0], DISPUTES[3], DISPUTES[8]) == ("AlreadyCommissioned", "NotCustodian", "Held")


def test_a_log_is_read_from_what_the_node_tells() -> None:
    log = Log.read(
        {
            "blockNumber": "0x10",
            "blockHash": "0x" + "11" * 32,
            "logIndex": "0x2",
            "transactionHash": "0x" + "22" * 32,
            "topics": ["0x" + "33" * 32],
            "data": "0x" + "00" * 31 + "07" + "44" * 32,
        }
    )
    assert (log.block, log.position, log.word(0)[31], log.word(1)) == (16, 2, 7, b"\x44" * 32)
    assert (log.block_hash, log.transaction, log.topics) == (b"\x11" * 32, b"\x22" * 32, (b"\x33" * 32,))
