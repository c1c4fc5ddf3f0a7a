"""The judge of `bench.faults` counts what is lost and what is doubled, and nothing else."""

from collections import Counter
from dataclasses import replace

import pytest

from bench.faults.clients import Accepted, Posting
from bench.faults.verdict import Said, judge
from service.sealing.commitments import party_of

SUPPLIER = "https://id.gs1.org/417/9521001000000"
SHARED = b"s" * 32


def capture(name: str) -> tuple[Accepted, list[Said]]:
    """An accepted capture of two events, one about a thing that all speak of, and what the chain has of it."""
    own, part = name.encode() * 32, name.upper().encode() * 32
    posting = Posting(f"key {name}", SUPPLIER, b"", Counter({own: 2, SHARED: 1}))
    said = [
        Said((1, at), trail, party_of(SUPPLIER), part, seal * 32, bytes(32), bytes(32), 0, 7)
        for at, (trail, seal) in enumerate([(own, b"1"), (own, b"2"), (SHARED, name.encode())])
    ]
    return Accepted(posting, f"capture {name}", {part: 3}, 0.0), said


@pytest.fixture
def chain() -> tuple[list[Accepted], list[Said]]:
    made = [capture(name) for name in "abc"]
    return [accepted for accepted, _ in made], [one for _, said in made for one in said]


def test_where_everything_is_there_once_nothing_is_lost_or_doubled(chain: tuple[list[Accepted], list[Said]]) -> None:
    accepted, said = chain
    assert judge(accepted, [], said) == (set(), set())


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_an_entry_that_the_chain_lacks_is_a_loss(chain: tuple[list[Accepted], list[Said]], missing: int) -> None:
    accepted, said = chain
    assert judge(accepted, [], said[:missing] + said[missing + 1 :]) == ({"capture a"}, set())


def test_a_capture_that_the_chain_lacks_is_a_loss(chain: tuple[list[Accepted], list[Said]]) -> None:
    accepted, said = chain
    assert judge(accepted, [], said[3:]) == ({"capture a"}, set())


@pytest.mark.parametrize("again", [0, 1, 2])
def test_an_entry_that_is_there_twice_is_a_double(chain: tuple[list[Accepted], list[Said]], again: int) -> None:
    accepted, said = chain
    assert judge(accepted, [], [*said, said[again]]) == (set(), {"capture a"})
    elsewhere = replace(said[again], part=b"?" * 32, place=(9, 9))
    assert judge(accepted, [], [*said, elsewhere]) == (set(), {"capture a"})


def test_a_document_that_was_captured_a_second_time_is_a_double(chain: tuple[list[Accepted], list[Said]]) -> None:
    accepted, said = chain
    second = [replace(one, part=b"?" * 32, seal=bytes([200 + at]) * 32) for at, one in enumerate(said[:3])]
    assert judge(accepted, [], [*said, *second]) == (set(), {"capture a"})


def test_an_entry_on_a_trail_that_the_document_does_not_name_is_no_seal_of_it(
    chain: tuple[list[Accepted], list[Said]],
) -> None:
    accepted, said = chain
    lost, doubled = judge(accepted, [], [replace(said[0], trail=b"?" * 32), *said[1:]])
    assert lost == {"capture a"}
    assert doubled == {"capture a"}


def test_what_was_given_up_without_an_answer_may_be_there_or_not(chain: tuple[list[Accepted], list[Said]]) -> None:
    accepted, said = chain
    given_up = accepted.pop(0).posting
    assert judge(accepted, [given_up], said) == (set(), set())
    assert judge(accepted, [given_up], said[3:]) == (set(), set())
