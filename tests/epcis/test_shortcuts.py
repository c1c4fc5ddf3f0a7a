"""The short way to a canonical identifier ends where the long way does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.identifiers import Kind, key_of
from service.epcis.keys import kind_of, link
from service.epcis.shortcuts import usual
from tests.epcis.test_identifiers import urns

USUAL = [
    "urn:epc:id:sgtin:4012345.011111.1", "urn:epc:class:lgtin:4012345.012345.Lot987", "urn:epc:id:sgln:4012345.00005.0",
    "urn:epc:id:sgln:4012345.00005.122", "urn:epc:id:sscc:4012345.3111111111", "urn:epc:id:pgln:4000001.00000",
    "urn:epc:id:pgln:999999999999.", "https://id.gs1.org/01/04012345111118/21/98-A.b_c",
    "https://id.gs1.org/01/04012345111118/10/L1", "https://id.gs1.org/00/340123451111111111",
    "https://id.gs1.org/414/4012345000054", "https://id.gs1.org/417/4000001000005",
]  # fmt: skip


def by_the_long_way(identifier: str) -> tuple[str, Kind]:
    key = key_of(identifier)
    assert key is not None
    return link(key), kind_of(key)


@pytest.mark.parametrize("identifier", USUAL)
def test_the_usual_spellings_take_the_short_way(identifier: str) -> None:
    assert usual(identifier) == by_the_long_way(identifier)


@given(urns())
def test_both_ways_lead_to_one_form(case: tuple[str, int]) -> None:
    for identifier in (case[0], by_the_long_way(case[0])[0]):
        assert usual(identifier) in (None, by_the_long_way(identifier))


@given(st.sampled_from(USUAL), st.integers(0, 60), st.text("0123456789.A%/:-", max_size=3))
def test_a_damaged_spelling_is_left_to_the_long_way_or_right(identifier: str, place: int, more: str) -> None:
    damaged = identifier[:place] + more + identifier[place + 1 :]
    found = usual(damaged)
    assert found is None or found == by_the_long_way(damaged)
