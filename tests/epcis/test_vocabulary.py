import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, MEASUREMENTS, UnknownWord


@pytest.mark.parametrize(
    "spelling",
    [
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "cbv:BizStep-shipping",
    ],
)
def test_all_spellings_of_a_business_step_are_one(spelling: str) -> None:
    assert BIZ_STEPS.uri(spelling) == "https://ref.gs1.org/cbv/BizStep-shipping"
    assert BIZ_STEPS.word(spelling) == "shipping"


def test_a_private_value_is_its_own() -> None:
    assert BIZ_STEPS.uri("https://example.com/steps/polishing") == "https://example.com/steps/polishing"
    assert BIZ_STEPS.word("https://example.com/steps/shipping") is None


@pytest.mark.parametrize(
    "text", ["shiping", "urn:epcglobal:cbv:bizstep:shiping", "https://ref.gs1.org/cbv/BizStep-", ""]
)
def test_unknown_standard_values_are_refused(text: str) -> None:
    with pytest.raises(UnknownWord, match="bizStep"):
        BIZ_STEPS.uri(text)


def test_the_vocabularies_are_complete() -> None:
    assert (len(BIZ_STEPS.words), len(DISPOSITIONS.words), len(MEASUREMENTS.words)) == (41, 33, 72)


@given(st.sampled_from(sorted(DISPOSITIONS.words)))
def test_canonical_form_is_stable(word: str) -> None:
    assert DISPOSITIONS.uri(DISPOSITIONS.uri(word)) == DISPOSITIONS.uri(word) != word
