"""Element strings: what scanners send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.elementstrings import element_string, from_element_string
from service.epcis.identifiers import InvalidIdentifier, canonical, epc_urn
from tests.epcis.test_identifiers import urns

GS = "\x1d"
ITEM = "https://id.gs1.org/01/09521141111116/21/400"
PALLET = "https://id.gs1.org/00/340123451111111111"


@pytest.mark.parametrize(
    "text",
    [
        "(01)09521141111116(21)400",
        " (01) 09521141111116 (21) 400 ",
        "(21)400(01)09521141111116",
        "(01)09521141111116(17)261231(10)L(1)(21)400",
        "]C1010952114111111621400",
        "]d2" + "0109521141111116" + "17261231" + "10L1" + GS + "21400" + GS,
        "]Q3" + "0109521141111116" + "3103001750" + "21400",
        "]e0010952114111111621400",
        "]J1" + GS + "010952114111111621400",
        "010952114111111621400",
        "^010952114111111610L1^21400",
        "010952114111111610L1\u241d21400\r\n",
        "(01)09521141111116(21)400(8200)https://example.com/x?y=1",
        "(01)09521141111116(21)400(414)4012345000054",
        "]Q1https://brand.example/01/9521141111116/21/400",
        "https://brand.example/01/9521141111116/21/400?17=261231",
    ],
)
def test_what_a_scanner_sends_for_an_item(text: str) -> None:
    assert from_element_string(text) == ITEM


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("]E09521141111116", "https://id.gs1.org/01/09521141111116"),
        ("]E0012345678905", "https://id.gs1.org/01/00012345678905"),
        ("]E0952114111111612345", "https://id.gs1.org/01/09521141111116"),
        ("]E496385074", "https://id.gs1.org/01/00000096385074"),
        ("]I119521141111113", "https://id.gs1.org/01/19521141111113"),
        ("(00)340123451111111111(02)09521141111116(37)12", PALLET),
        ("(00)340123451111111111(402)40123452223334442(401)0614141xyz", PALLET),
        ("(402)40123452223334442", "https://id.gs1.org/402/40123452223334442"),
        ("(414)4012345000054(254)0", "https://id.gs1.org/414/4012345000054"),
        ("(8010)4012345AB12(8011)123", "https://id.gs1.org/8010/4012345AB12/8011/123"),
        ("801040123450AB12" + GS + "8011123", "https://id.gs1.org/8010/40123450AB12/8011/123"),
        ("(8018)385888700111111111(8019)12", "https://id.gs1.org/8018/385888700111111111/8019/12"),
        ("(8013)1987654Ad4X4bL5ttr2310c2K", "https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K"),
        ("(01)09521141111116(10)A\\(21)B", "https://id.gs1.org/01/09521141111116/10/A%2821%29B"),
    ],
)
def test_keys_of_all_kinds(text: str, identifier: str) -> None:
    assert from_element_string(text) == identifier == canonical(identifier)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("hello", "application identifier"),
        ("(01)09521141111117(21)400", "must end in 6"),
        ("(01)9521141111116", "14 digits"),
        ("]C1010952114111111721400", "must end in 6"),
        ("]E09521141111117", "must end in 6"),
        ("]E095211", "12 or 13 digits"),
        ("(8013)1987654Ad4X4bL5ttr2310cXX", "must end in 2K"),
        ("]C0ABC", "no GS1 symbol"),
        ("(99)abc", "nothing is identified"),
        ("(21)400", "nothing is identified"),
        ("(23)x(01)09521141111116", "no GS1 application identifier"),
        ("(01)09521141111116(01)19521141111113", "comes twice"),
        ("(01)09521141111116(21)4(00)340123451111111111", "several things"),
        ("(402)40123452223334442(401)0614141xyz", "several things"),
        ("(01)09521141111116(21)", "1 to 90"),
        ("(01)09521141111116(21)" + "9" * 21, "1 to 20"),
        ("(01)09521141111116(21)ä", "set 82"),
        ("4012345678901", "may be a GTIN"),
        ("96385074", "may be a GTIN"),
        ("]Q1https://id.gs1.org/DBHKVAdpQgqrPqzFjhFw", "compressed"),
        ("https://example.com/page", "uncompressed"),
        ("(91)" + "x" * 9000, "characters"),
    ],
)
def test_what_is_refused_and_why(text: str, why: str) -> None:
    with pytest.raises(InvalidIdentifier, match=why):
        from_element_string(text)


@pytest.mark.parametrize("identifier", ["urn:epc:id:gid:95100000.12345.400", "https://example.com/x", "no uri"])
def test_without_a_key_there_is_no_element_string(identifier: str) -> None:
    with pytest.raises(InvalidIdentifier):
        element_string(identifier)


def test_both_forms_are_written() -> None:
    assert element_string("urn:epc:id:sgtin:9521141.011111.400") == "(01)09521141111116(21)400"
    assert element_string(ITEM, bracketed=False) == "010952114111111621400"
    part = "urn:epc:id:cpi:4012345.AB12.123"
    assert element_string(part, bracketed=False) == f"80104012345AB12{GS}8011123"


@given(urns(), st.booleans(), st.sampled_from(["", "]C1", "]d2", "]Q3"]))
def test_urn_link_and_element_string_are_one(case: tuple[str, int], bracketed: bool, symbology: str) -> None:
    urn, length = case
    link = canonical(urn)
    text = element_string(urn, bracketed=bracketed)
    assert text == element_string(link, bracketed=bracketed)
    if bracketed or not (text.isdecimal() and len(text) in (8, 12, 13, 14)):
        assert from_element_string(text) == link
    if not bracketed:
        assert from_element_string((symbology or "]C1") + text) == link
    assert epc_urn(from_element_string(element_string(link)), length) == epc_urn(link, length)


@given(st.text(), st.sampled_from(["", "(01)", "]C1", "]E0", "]Q1", "(00)340123451111111111(", "0109521141111116"]))
def test_any_text_is_an_element_string_or_refused(text: str, start: str) -> None:
    try:
        link = from_element_string(start + text)
    except InvalidIdentifier:
        return
    assert canonical(link) == link
