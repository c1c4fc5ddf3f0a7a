import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.epcis.checkdigit import check_digit
from service.epcis.identifiers import (
    InvalidIdentifier,
    Kind,
    canonical,
    digital_link,
    epc_urn,
    epc_urn_by,
    is_instance,
    is_uri,
    kind,
)
from tests.shared import shared

WRONG_CHECK_DIGIT = {
    "http://example.de/gtin-8/01/97803111": "9",
    "http://example.de/01/040123451234/cpv/344/lot/ABD": "5",
}
"""Pairs whose input has a wrong check digit: converted in form only, refused as an identifier."""


def pairs() -> list[tuple[str, str]]:
    lines = shared("epcis", "digital-link-pairs.tsv").read_text().splitlines()[1:]
    return [(given_, wanted) for given_, _, wanted in (line.partition("\t") for line in lines)]


def test_there_are_71_pairs() -> None:
    assert len(pairs()) == 71


@pytest.mark.parametrize(("spelling", "link"), [pair for pair in pairs() if pair[1]])
def test_each_spelling_gives_its_digital_link(spelling: str, link: str) -> None:
    assert digital_link(spelling, check_digits=False) == link
    if spelling in WRONG_CHECK_DIGIT:
        with pytest.raises(InvalidIdentifier, match=f"must end in {WRONG_CHECK_DIGIT[spelling]}"):
            canonical(spelling)
    else:
        assert canonical(spelling) == canonical(link) == link


@pytest.mark.parametrize("spelling", [spelling for spelling, link in pairs() if not link])
def test_what_has_no_digital_link_is_refused(spelling: str) -> None:
    with pytest.raises(InvalidIdentifier, match=r"GS1|URI|digits"):
        digital_link(spelling)


@pytest.mark.parametrize(
    "spelling",
    [
        "https://id.gs1.org/01/04012345111118/21/98%22",
        "HTTP://Brand.Example:8080/some/path/01/04012345111118/21/98%22",
        "https://user@brand.example/gtin/4012345111118/lot/L1/ser/98%22?11=260101#top",
        "https://id.gs1.org/01/04012345111118/21/%39%38%22",
        "urn:epc:id:sgtin:4012345.011111.98%22",
        "URN:EPC:id:sgtin:4012345.011111.98%22",
    ],
)
def test_host_path_prefix_port_and_escapes_do_not_matter(spelling: str) -> None:
    assert canonical(spelling) == "https://id.gs1.org/01/04012345111118/21/98%22"


@pytest.mark.parametrize(
    "uri",
    [
        "urn:uuid:8f3c0ab4-9c1c-4b1e-9a53-9d3b7f6d1f10",
        "did:web:example.com:items:7",
        "https://example.com/2026/01/15",
        "https://example.com/items/7?a=b#c",
        "http://[2001:db8::1]/x",
        "geo:50.94,6.92",
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:id:bic:CSQU3054383",
        "urn:epcglobal:cbv:bt:4012345123456:4711",
    ],
)
def test_other_uris_are_their_own_form(uri: str) -> None:
    assert canonical(uri) == uri
    assert kind(uri) is Kind.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "", "42", "no uri", "http://example.com/a b", "urn:", "//example.com/x", "urn:x:ü", "urn:x:%zz",
        "https://example.com/\n", "urn:epc:id:foo:1.2.3", "urn:epc:raw:64.x1234", "urn:epc:id:sgtin:4012345.01111.1",
        "urn:epc:id:sgtin:4012345.011111.", "urn:epc:id:sgtin:4012345.011111", "urn:epc:id:sgtin:40123456789012.1.1",
        "urn:epc:id:sgtin:4012345.011111.a/b", "urn:epc:id:sgtin:4012345.011111." + "9" * 21,
        "urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:sgtin:4012345.011111.7", "urn:epc:id:cpi:0614141.ab.1",
        "https://id.gs1.org/", "https://id.gs1.org/01/04012345111119", "https://brand.example/01/04012345111119/21/7",
        "https://id.gs1.org/01/04012345111118/21", "https://id.gs1.org/01/04012345111118/21/a/21/b",
        "https://id.gs1.org/01/04012345111118/21/%C3%A4", "https://id.gs1.org/8003/14012345000221",
        "https://id.gs1.org/01/١٢٣",
    ],
)  # fmt: skip
def test_malformed_identifiers_are_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        canonical(text)


def test_a_wrong_check_digit_is_named_with_the_right_one() -> None:
    with pytest.raises(InvalidIdentifier, match="ends in 9, it must end in 8"):
        canonical("https://brand.example/01/04012345111119/21/7")


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("urn:epc:id:sgtin:4012345.011111.1", Kind.ITEM),
        ("urn:epc:id:upui:1234567.098765.51qIgY", Kind.ITEM),
        ("urn:epc:id:cpi:4012345.ABC.123", Kind.ITEM),
        ("urn:epc:class:lgtin:4012345.012345.Lot987", Kind.LOT),
        ("https://id.gs1.org/8006/040123451234560102/10/XYZ", Kind.LOT),
        ("urn:epc:id:sscc:4012345.3111111111", Kind.LOGISTIC_UNIT),
        ("urn:epc:id:ginc:0614141.xyz47%2F11", Kind.CONSIGNMENT),
        ("urn:epc:id:gsin:4012345.222333444", Kind.SHIPMENT),
        ("urn:epc:id:giai:4012345.ABC345", Kind.ASSET),
        ("urn:epc:id:grai:4012345.00022.334455", Kind.ASSET),
        ("urn:epc:idpat:grai:4012345.99999.*", Kind.CLASS),
        ("urn:epc:id:pgln:4000001.00000", Kind.PARTY),
        ("urn:epc:id:sgln:4012345.00005.122", Kind.LOCATION),
        ("urn:epc:id:gdti:4012345.00009.PO-4711", Kind.DOCUMENT),
        ("urn:epc:id:gsrn:4012345.0000006765", Kind.SERVICE_RELATION),
        ("urn:epc:idpat:sgtin:4012345.012345.*", Kind.CLASS),
        ("https://id.gs1.org/01/04012345111118/22/2A", Kind.CLASS),
    ],
)
def test_kinds(identifier: str, expected: Kind) -> None:
    assert kind(identifier) is expected
    assert is_instance(identifier) is (expected not in (Kind.CLASS, Kind.LOT))


@pytest.mark.parametrize(
    "urn",
    [
        "urn:epc:id:gid:95100000.12345.400", "urn:epc:id:usdod:CJ66F.12345678", "urn:epc:id:usdod:W81X9C.0",
        "urn:epc:id:adi:W81X9C..%23A1", "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52", "urn:epc:id:adi:9S8T7.A%2FB-1.%2F7",
        "urn:epc:id:bic:CSQU3054383", "urn:epc:id:imovn:9176187",
    ],
)  # fmt: skip
def test_an_epc_without_gs1_key_is_its_own_form(urn: str) -> None:
    assert canonical(urn) == canonical("URN:EPC:" + urn[8:]) == urn
    for refused in (epc_urn, digital_link):
        with pytest.raises(InvalidIdentifier, match="no GS1 key"):
            refused(urn, *([7] if refused is epc_urn else []))


@pytest.mark.parametrize(
    "urn",
    [
        "urn:epc:", "urn:epc:id", "urn:epc:id:gid", "urn:epc:id:gid:1.2", "urn:epc:id:gid:01.2.3",
        "urn:epc:id:usdod:CI66F.1", "urn:epc:id:usdod:CJ66F.A", "urn:epc:id:adi:W81X9C.A", "urn:epc:id:adi:W81X9C.a.1",
        "urn:epc:id:bic:CSQU3054384", "urn:epc:id:bic:CSQU30", "urn:epc:id:imovn:9176186", "urn:epc:id:imovn:917618",
    ],
)  # fmt: skip
def test_a_malformed_epc_without_gs1_key_is_refused(urn: str) -> None:
    with pytest.raises(InvalidIdentifier):
        canonical(urn)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K", Kind.CLASS),
        ("https://id.gs1.org/8018/385888700111111111/8019/12", Kind.SERVICE_RELATION),
        ("https://id.gs1.org/8017/385888700111111111/8019/12", Kind.SERVICE_RELATION),
        ("https://id.gs1.org/414/4012345000054/7040/1ABC", Kind.LOCATION),
        ("https://id.gs1.org/417/4012345000054/7040/1ABC", Kind.PARTY),
    ],
)
def test_keys_of_digital_link_that_have_no_epc(link: str, expected: Kind) -> None:
    assert canonical(link) == link == canonical(link.replace("https://id.gs1.org", "http://shop.example/x"))
    assert kind(link) is expected
    with pytest.raises(InvalidIdentifier, match="has no EPC URN"):
        epc_urn(link, 7)


@pytest.mark.parametrize("model", ["1987654Ad4X4bL5ttr2310c2L", "19872K", "987654Ad4X4bL5ttr2310c2K"])
def test_wrong_check_characters_of_a_model_number_are_refused(model: str) -> None:
    with pytest.raises(InvalidIdentifier, match="GMN"):
        canonical(f"https://id.gs1.org/8013/{model}")


def test_a_compressed_link_is_named_as_such() -> None:
    with pytest.raises(InvalidIdentifier, match="uncompressed"):
        canonical("https://id.gs1.org/DBHKVAdpQgqrPqzFjhFw")


def test_the_length_of_a_company_prefix_is_never_guessed() -> None:
    link = canonical("urn:epc:id:grai:4012345.00022.334455")
    assert epc_urn_by(link, ["50", "4012345", "614141"]) == "urn:epc:id:grai:4012345.00022.334455"
    item = canonical("urn:epc:id:sgtin:4012345.911111.1")
    assert epc_urn_by(item, ["4012345"]) == "urn:epc:id:sgtin:4012345.911111.1"
    for known in ([], ["614141"], ["4012345", "401234"]):
        with pytest.raises(InvalidIdentifier, match="fit"):
            epc_urn_by(link, known)


def test_extension_0_of_a_gln_is_no_extension() -> None:
    assert canonical("https://id.gs1.org/414/4012345000054/254/0") == canonical("urn:epc:id:sgln:4012345.00005.0")


CSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
CSET_39 = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def escaped(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-._~" else f"%{ord(c):02x}" for c in text)


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


@st.composite
def urns(draw: st.DrawFn) -> tuple[str, int]:
    """An EPC URN of any scheme that has a Digital Link, and the length of its company prefix."""
    length = draw(st.integers(6, 12))
    prefix = draw(digits(length))
    serial = escaped(draw(st.text(CSET_82, min_size=1, max_size=12)))
    gtin, gln, eighteen = (prefix + "." + draw(digits(total - length)) for total in (13, 12, 17))
    assume(serial != "0")  # of an SGLN: no extension, which has a test of its own
    scheme, rest = draw(
        st.sampled_from(
            [
                ("id:sgtin", f"{gtin}.{serial}"), ("id:upui", f"{gtin}.{serial}"), ("class:lgtin", f"{gtin}.{serial}"),
                ("id:itip", f"{gtin}.01.02.{serial}"), ("id:sscc", eighteen), ("id:sgln", f"{gln}.{serial}"),
                ("id:sgln", f"{gln}.0"), ("id:pgln", gln), ("id:grai", f"{gln}.{serial}"), ("id:gsrn", eighteen),
                ("id:gdti", f"{gln}.{serial}"), ("id:sgcn", f"{gln}.{draw(digits(7))}"), ("id:gsrnp", eighteen),
                ("id:gsin", f"{prefix}.{draw(digits(16 - length))}"), ("id:giai", f"{prefix}.{serial}"),
                ("id:ginc", f"{prefix}.{serial}"), ("idpat:sgtin", f"{gtin}.*"), ("idpat:grai", f"{gln}.*"),
                ("idpat:gdti", f"{gln}.*"), ("idpat:sgcn", f"{gln}.*"), ("idpat:itip", f"{gtin}.01.02.*"),
                ("id:cpi", f"{prefix}.{escaped(draw(st.text(CSET_39, min_size=1, max_size=9)))}.{draw(digits(5))}"),
            ]
        )
    )  # fmt: skip
    return f"urn:epc:{scheme}:{rest}", length


@given(urns())
def test_urn_to_link_to_urn(case: tuple[str, int]) -> None:
    urn, length = case
    link = canonical(urn)
    assert is_uri(link)
    assert canonical(link) == link
    assert kind(link) is kind(urn)
    back = epc_urn(link, length)
    assert canonical(back) == link
    assert epc_urn(back, length) == back


@given(urns(), st.sampled_from(["https://brand.example", "http://a.example:81/x/y", "https://u@r.example/01a"]))
def test_every_resolver_gives_the_same_link(case: tuple[str, int], resolver: str) -> None:
    link = canonical(case[0])
    assert canonical(link.replace("https://id.gs1.org", resolver) + "?x=1") == link


@given(digits(17))
def test_one_wrong_digit_never_passes(body: str) -> None:
    right = check_digit(body)
    for wrong in set("0123456789") - {right}:
        with pytest.raises(InvalidIdentifier, match=f"must end in {right}"):
            canonical(f"https://id.gs1.org/00/{body}{wrong}")


@given(st.text())
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    for spelling in (text, "urn:epc:id:sgtin:" + text, "https://id.gs1.org/01/" + text, "https://a.example/" + text):
        try:
            link = canonical(spelling)
        except InvalidIdentifier:
            continue
        assert canonical(link) == link
