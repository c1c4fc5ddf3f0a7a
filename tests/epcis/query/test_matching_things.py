"""`MATCH_`: identifiers and patterns of every scheme, whichever spelling the event or the query uses."""

from typing import Any

import pytest

from service.epcis.identifiers import canonical
from service.epcis.query.faults import QueryParameterFault
from service.epcis.query.language import parse_query
from tests.epcis.examples import AGGREGATION_EVENT, ASSOCIATION_EVENT, OBJECT_EVENT, TRANSFORMATION_EVENT, varied
from tests.epcis.query.asking import asks

EPCS = {
    "sgtin": "urn:epc:id:sgtin:4012345.011111.9876",
    "sscc": "urn:epc:id:sscc:4012345.1111111111",
    "sgln": "urn:epc:id:sgln:4012345.00011.987",
    "grai": "urn:epc:id:grai:4012345.00022.334455",
    "giai": "urn:epc:id:giai:4012345.999",
    "gsrn": "urn:epc:id:gsrn:4012345.0000000001",
    "gsrnp": "urn:epc:id:gsrnp:4012345.0000000001",
    "gdti": "urn:epc:id:gdti:4012345.00002.987",
    "cpi": "urn:epc:id:cpi:4012345.98765.12345",
    "sgcn": "urn:epc:id:sgcn:4012345.00033.12345",
    "ginc": "urn:epc:id:ginc:4012345.xyz987",
    "gsin": "urn:epc:id:gsin:4012345.222222222",
    "itip": "urn:epc:id:itip:4012345.098765.04.05.987",
    "upui": "urn:epc:id:upui:4012345.098765.51qIgY)",
    "pgln": "urn:epc:id:pgln:4012345.00011",
    "gid": "urn:epc:id:gid:95100000.12345.400",
    "usdod": "urn:epc:id:usdod:CAGEY.5678",
    "adi": "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52",
}
OTHER = "urn:epc:id:sgtin:4012345.011112.9876"


def in_event(*epcs: str) -> dict[str, Any]:
    return varied(OBJECT_EVENT, epcList=list(epcs))


def patterns(urn: str) -> list[str]:
    """The identity's pure identity patterns, from one star at the right to stars only."""
    scheme, body = urn.removeprefix("urn:epc:id:").split(":", 1)
    parts = body.split(".")
    return [
        f"urn:epc:idpat:{scheme}:{'.'.join([*parts[:known], *['*'] * (len(parts) - known)])}"
        for known in range(len(parts))
    ]


def is_web(scheme: str) -> bool:
    return scheme not in ("gid", "usdod", "adi")


@pytest.mark.parametrize("scheme", EPCS)
def test_an_epc_is_found_by_each_spelling_of_itself(scheme: str) -> None:
    urn = EPCS[scheme]
    spellings = {urn, canonical(urn), canonical(urn).replace("https://id.gs1.org/", "https://example.com/some/path/")}
    for stored in spellings:
        for asked in spellings:
            assert asks({"MATCH_epc": [asked]}, in_event(OTHER, stored)), (stored, asked)
    assert not asks({"MATCH_epc": [urn]}, in_event(OTHER))


@pytest.mark.parametrize("scheme", EPCS)
def test_an_epc_is_found_by_each_pattern_that_it_falls_under(scheme: str) -> None:
    urn = EPCS[scheme]
    for pattern in patterns(urn):
        assert asks({"MATCH_anyEPC": [pattern]}, in_event(urn)), pattern
        assert asks({"MATCH_anyEPC": [pattern]}, in_event(canonical(urn))), pattern
        stranger = next(other for name, other in EPCS.items() if name not in (scheme, "upui"))
        assert not asks({"MATCH_anyEPC": [pattern]}, in_event(stranger)), (pattern, stranger)


@pytest.mark.parametrize("scheme", [scheme for scheme in EPCS if is_web(scheme)])
def test_no_pattern_finds_another_company(scheme: str) -> None:
    urn = EPCS[scheme]
    for pattern in patterns(urn):
        if "4012345" in pattern:
            elsewhere = pattern.replace("4012345", "4012346")
            assert not asks({"MATCH_epc": [elsewhere]}, in_event(urn)), elsewhere


@pytest.mark.parametrize("length", range(6, 13))
def test_a_company_prefix_is_found_at_each_length(length: int) -> None:
    digits = "401234567890"
    gtin = f"urn:epc:id:sgtin:{digits[:length]}.{'1' + digits[length:]}.5"
    sscc = f"urn:epc:id:sscc:{digits[:length]}.{'3' + digits[length:] + '7777'}"
    assert asks({"MATCH_epc": f"urn:epc:idpat:sgtin:{digits[:length]}.*.*"}, in_event(canonical(gtin)))
    assert asks({"MATCH_epc": f"urn:epc:idpat:sscc:{digits[:length]}.*"}, in_event(canonical(sscc)))
    assert not asks({"MATCH_epc": f"urn:epc:idpat:sscc:{'1' + digits[: length - 1]}.*"}, in_event(canonical(sscc)))


def test_a_digital_link_may_have_a_star_as_its_serial_number() -> None:
    event = in_event("urn:epc:id:sgtin:4012345.011111.1")
    gtin = canonical("urn:epc:idpat:sgtin:4012345.011111.*")
    assert asks({"MATCH_epc": [f"{gtin}/21/*"]}, event)
    assert asks({"MATCH_epc": [gtin.replace("id.gs1.org", "shop.example.com") + "/21/*"]}, event)
    assert asks({"MATCH_epc": [gtin]}, event)
    assert not asks({"MATCH_epc": [f"{gtin}/235/*"]}, event)
    assert not asks({"MATCH_epc": [f"{gtin}/21/%2A"]}, event), "an escaped star is a serial number"
    grai = canonical("urn:epc:idpat:grai:4012345.00022.*")
    assert asks({"MATCH_epc": [f"{grai}*"]}, in_event(EPCS["grai"]))


def test_each_kind_of_link_may_have_a_star_at_its_end() -> None:
    for link in (
        "https://id.gs1.org/8018/401234500000000012/8019/7",
        "https://id.gs1.org/417/4012345000115/7040/1ABC",
        "https://id.gs1.org/414/4012345000115/7040/1ABC",
        canonical(EPCS["cpi"]),
        canonical(EPCS["itip"]),
        canonical(EPCS["upui"]),
    ):
        pattern = link.rpartition("/")[0] + "/*"
        event = in_event(link)
        assert asks({"MATCH_epc": [pattern]}, event), pattern
        assert not asks({"MATCH_epc": [pattern]}, in_event(OTHER))


def test_a_location_without_extension_is_not_all_of_them() -> None:
    bare, extended = "urn:epc:id:sgln:4012345.00011.0", "urn:epc:id:sgln:4012345.00011.987"
    event = varied(ASSOCIATION_EVENT, parentID=extended)
    assert not asks({"MATCH_parentID": [bare]}, event)
    assert asks({"MATCH_parentID": [extended]}, event)
    for pattern in ("urn:epc:idpat:sgln:4012345.00011.*", canonical(bare) + "/254/*"):
        assert asks({"MATCH_parentID": [pattern]}, event)
        assert asks({"MATCH_parentID": [pattern]}, varied(ASSOCIATION_EVENT, parentID=bare))


LOT, CLASS = "urn:epc:class:lgtin:4012345.012345.Lot987", "urn:epc:idpat:sgtin:4012345.012345.*"
CLASS_LINK = canonical(CLASS)


@pytest.mark.parametrize(
    ("asked", "finds_lot", "finds_class"),
    [
        (LOT, True, False),
        (canonical(LOT), True, False),
        (CLASS, False, True),
        (CLASS_LINK, False, True),
        (f"{CLASS_LINK}/21/*", False, True),
        (f"{CLASS_LINK}/10/*", True, False),
        ("urn:epc:class:lgtin:4012345.012345.*", True, False),
        ("urn:epc:idpat:lgtin:4012345.*.*", True, False),
        ("urn:epc:idpat:sgtin:4012345.*.*", False, True),
        ("urn:epc:idpat:sgtin:*.*.*", False, True),
        ("urn:epc:idpat:sgtin:4012346.*.*", False, False),
        ("urn:epc:idpat:grai:4012345.*.*", False, False),
    ],
)
def test_classes_and_their_lots(asked: str, finds_lot: bool, finds_class: bool) -> None:
    for name, list_ in (("MATCH_epcClass", "quantityList"), ("MATCH_anyEPCClass", "quantityList")):
        lot = varied(OBJECT_EVENT, **{list_: [{"epcClass": canonical(LOT), "quantity": 1}]})
        whole = varied(OBJECT_EVENT, **{list_: [{"epcClass": CLASS, "quantity": 1}]})
        assert asks({name: [asked]}, lot) is finds_lot
        assert asks({name: [asked]}, whole) is finds_class


def test_each_list_has_its_own_parameter() -> None:
    aggregation = varied(AGGREGATION_EVENT)
    transformation = varied(TRANSFORMATION_EVENT, inputEPCList=["urn:epc:id:sgtin:4012345.011111.4"])
    cases = [
        (aggregation, "MATCH_epc", "urn:epc:id:sgtin:4012345.011111.1"),
        (aggregation, "MATCH_parentID", "urn:epc:id:sscc:4012345.3111111111"),
        (aggregation, "MATCH_epcClass", LOT),
        (transformation, "MATCH_inputEPC", "urn:epc:id:sgtin:4012345.011111.4"),
        (transformation, "MATCH_outputEPC", "urn:epc:id:sgtin:4012345.011111.7"),
        (transformation, "MATCH_inputEPCClass", LOT),
    ]
    names = {name for _, name, _ in cases} | {"MATCH_outputEPCClass"}
    for event, right, value in cases:
        finding = {name for name in names if asks({name: [value]}, event)}
        assert finding == {right}
        wide = "MATCH_anyEPCClass" if right.endswith("Class") else "MATCH_anyEPC"
        assert asks({wide: [OTHER, value]}, event)
        assert not asks({wide: [OTHER]}, event)


def test_values_are_alternatives_and_parameters_all_hold() -> None:
    event = in_event(EPCS["sgtin"])
    assert asks({"MATCH_epc": [OTHER, EPCS["sgtin"]]}, event)
    assert not asks({"MATCH_epc": [EPCS["sgtin"]], "MATCH_anyEPC": [OTHER]}, event)


@pytest.mark.parametrize(
    "value",
    [
        "urn:epc:idpat:sgtin:0614141.[1-5].*",
        "urn:epc:idpat:sgtin:0614141.*.400",
        "urn:epc:idpat:sgtin:0614141.1073*.*",
        "urn:epc:idpat:sgtin:*.107346.*",
        "urn:epc:idpat:sgtin:06.*.*",
        "urn:epc:idpat:sgtin:0614141.*",
        "urn:epc:idpat:nonsense:1.*",
        "urn:epc:idpat:sgtin:0614141.107346.4*",
        "https://id.gs1.org/01/*",
        "https://id.gs1.org/8004/4012345*",
        "https://id.gs1.org/00/3401234511111111*",
        "https://id.gs1.org/01/04012345111111/21/*",
        "not a URI",
        "",
    ],
)
def test_what_is_no_pattern_is_refused_by_name(value: str) -> None:
    with pytest.raises(QueryParameterFault) as refused:
        parse_query({"MATCH_epc": [value]})
    assert refused.value.parameter == "MATCH_epc"
    assert refused.value.status == 400


def test_any_other_uri_is_found_as_it_is() -> None:
    for uri in ("https://example.com/things/*", "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "did:web:example.com"):
        assert asks({"MATCH_epc": [uri]}, in_event(uri))
        assert not asks({"MATCH_epc": [uri + "x"]}, in_event(uri))
