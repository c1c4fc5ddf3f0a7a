"""Fields of the standard and extension fields: words, names and values in every spelling."""

from typing import Any

import pytest

from service.epcis.query.language import parse_query
from service.epcis.query.terms import hashed
from tests.epcis.examples import AGGREGATION_EVENT, OBJECT_EVENT, TRANSFORMATION_EVENT, varied
from tests.epcis.query.asking import asks, seen

DECLARED_IN_ERROR = varied(
    OBJECT_EVENT,
    eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    errorDeclaration={
        "declarationTime": "2026-03-01T14:00:00+01:00",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a9"],
        "example:by": "Ada",
        "example:more": {"example:note": "inner"},
    },
)
RICH = varied(
    OBJECT_EVENT,
    action="ADD",
    bizStep="urn:epcglobal:cbv:bizstep:inspecting",
    disposition="https://ref.gs1.org/cbv/Disp-in_transit",
    persistentDisposition={"set": ["completeness_verified"], "unset": ["cbv:Disp-completeness_inferred"]},
    readPoint={"id": "urn:epc:id:sgln:4012345.00011.0", "example:door": "7"},
    bizLocation={"id": "https://id.gs1.org/414/4012345000122", "example:area": {"example:row": 5}},
    bizTransactionList=[
        {"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1618034"},
        {"bizTransaction": "https://example.com/untyped"},
        {"type": "https://example.com/types/own", "bizTransaction": "urn:uuid:1b4db7eb-4057-5ddf-91e0-36dec72071f5"},
    ],
    sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
    destinationList=[{"type": "urn:epcglobal:cbv:sdt:location", "destination": "urn:epc:id:sgln:0614141.00777.0"}],
    ilmd={
        "cbvmda:lotNumber": "007",
        "cbvmda:itemExpirationDate": "2026-12-31",
        "example:weights": [{"example:net": "3.50"}, 4],
    },
    **{
        "example:shift": " Night ",
        "example:count": "10.0",
        "example:truth": True,
        "example:at": "2026-03-01T11:00:00+01:00",
        "example:thing": "urn:epc:id:sgtin:4012345.011111.1",
        "https://ns.example.org/full#name": "by full name",
        "example:outer": {"example:inner": ["x", {"unqualified": "deep"}], "#text": "own text"},
    },
)

FINDS: list[tuple[str, Any]] = [
    ("eventType", ["AggregationEvent", "ObjectEvent"]),
    ("eventType", "epcis:ObjectEvent"),
    ("EQ_action", ["ADD", "DELETE"]),
    ("EQ_bizStep", ["inspecting"]),
    ("EQ_bizStep", "shipping,inspecting"),
    ("EQ_bizStep", ["cbv:BizStep-inspecting"]),
    ("EQ_bizStep", ["https://ref.gs1.org/cbv/BizStep-inspecting"]),
    ("EQ_disposition", ["in_transit"]),
    ("EQ_disposition", ["urn:epcglobal:cbv:disp:in_transit"]),
    ("EQ_persistentDisposition_set", ["urn:epcglobal:cbv:disp:completeness_verified"]),
    ("EQ_persistentDisposition_unset", ["completeness_inferred"]),
    ("EQ_readPoint", ["https://id.gs1.org/414/4012345000115"]),
    ("EQ_bizLocation", ["urn:epc:id:sgln:4012345.00012.0"]),
    ("WD_bizLocation", ["urn:epc:id:sgln:4012345.00012.0"]),
    ("EQ_bizTransaction_po", ["https://id.gs1.org/253/06141410000121618034", "urn:epc:id:gdti:0614141.00001.1618034"]),
    ("EQ_bizTransaction_urn:epcglobal:cbv:btt:po", ["urn:epc:id:gdti:0614141.00001.1618034"]),
    ("EQ_bizTransaction_https%3A%2F%2Fexample.com%2Ftypes%2Fown", "urn:uuid:1b4db7eb-4057-5ddf-91e0-36dec72071f5"),
    ("EQ_bizTransaction", "https://example.com/untyped"),
    ("EQ_source_owning_party", "https://id.gs1.org/417/4012345002256"),
    ("EQ_source_cbv:SDT-owning_party", "https://id.gs1.org/417/4012345002256"),
    ("EQ_destination_location", "urn:epc:id:sgln:0614141.00777.0"),
    ("EQ_readPoint_example:door", 7),
    ("EQ_INNER_bizLocation_example:row", "5.0"),
    ("GE_INNER_bizLocation_example:row", 5),
    ("EQ_ILMD_cbvmda:lotNumber", ["007"]),
    ("EQ_ILMD_urn:epcglobal:cbv:mda:lotNumber", ["007"]),
    ("EQ_ILMD_urn:epcglobal:cbv:mda#lotNumber", ["007"]),
    ("LT_ILMD_cbvmda:itemExpirationDate", "2027-01-01T00:00:00Z"),
    ("LT_ILMD_cbvmda:itemExpirationDate", "2027-01-01"),
    ("EQ_ILMD_example:weights", 4),
    ("EQ_INNER_ILMD_example:net", "3.5"),
    ("EXISTS_INNER_ILMD_example:net", None),
    ("EQ_example:shift", "Night"),
    ("EQ_https://ns.example.com/epcis/shift", "Night"),
    ("EQ_https://ns.example.com/epcis#shift", "Night"),
    ("EQ_https://ns.example.com/epcis/#shift", "Night"),
    ("EQ_https%3A%2F%2Fns.example.com%2Fepcis%23shift", "Night"),
    ("EQ_example:count", 10),
    ("EQ_example:count", ["9", "10"]),
    ("EQ_example:count", "1e1"),
    ("GE_example:count", 10),
    ("LE_https://ns.example.com/epcis#count", "10"),
    ("EQ_example:truth", True),
    ("EQ_example:truth", "true"),
    ("EQ_example:at", "2026-03-01T10:00:00Z"),
    ("GT_example:at", "2026-03-01T09:59:59.999999Z"),
    ("LT_example:at", "2026-03-01T12:00:00 01:00"),
    ("EQ_example:thing", canonical := "https://id.gs1.org/01/04012345111118/21/1"),
    ("MATCH_epc", canonical),
    ("EQ_https://ns.example.org/full/name", "by full name"),
    ("EXISTS_example:outer", True),
    ("EQ_example:outer", "own text"),
    ("EQ_INNER_example:inner", "x"),
    ("EQ_INNER_unqualified", "deep"),
    ("EXISTS_INNER_example:inner", ""),
]
FINDS_NOT: list[tuple[str, Any]] = [
    ("eventType", ["AggregationEvent"]),
    ("EQ_action", "OBSERVE"),
    ("EQ_bizStep", ["https://example.com/inspecting"]),
    ("EQ_readPoint", ["urn:epc:id:sgln:4012345.00012.0"]),
    ("WD_readPoint", ["urn:epc:id:sgln:4012345.00012.0"]),
    ("EQ_bizTransaction_inv", "urn:epc:id:gdti:0614141.00001.1618034"),
    ("EQ_source_possessing_party", "https://id.gs1.org/417/4012345002256"),
    ("EQ_destination_owning_party", "https://id.gs1.org/417/4012345002256"),
    ("EQ_ILMD_cbvmda:lotNumber", 7),
    ("EQ_cbvmda:lotNumber", "007"),
    ("EQ_INNER_ILMD_cbvmda:lotNumber", "007"),
    ("EQ_other:shift", "Night"),
    ("EQ_https://ns.example.com/other#shift", "Night"),
    ("EQ_example:shift", "night"),
    ("GT_example:count", 10),
    ("GE_example:at", 0),
    ("EQ_example:inner", "x"),
    ("EQ_INNER_example:shift", "Night"),
    ("EXISTS_INNER_example:outer", None),
    ("EXISTS_errorDeclaration", None),
    ("EXISTS_sensorElement", None),
]


@pytest.mark.parametrize(("name", "value"), FINDS)
def test_it_is_found_by(name: str, value: Any) -> None:
    assert asks({name: value}, RICH)


@pytest.mark.parametrize(("name", "value"), FINDS_NOT)
def test_it_is_not_found_by(name: str, value: Any) -> None:
    assert not asks({name: value}, RICH)


def test_error_declarations() -> None:
    event = seen(DECLARED_IN_ERROR)
    for parameters in (
        {"EXISTS_errorDeclaration": True},
        {"GE_errorDeclarationTime": "2026-03-01T13:00:00Z", "LT_errorDeclarationTime": "2026-03-01T13:00:01Z"},
        {"GE_errorDeclaration_Time": "2026-03-01T13:00:00Z", "LT_errorDeclaration_Time": "2026-03-01T13:00:01Z"},
        {"EQ_errorReason": ["urn:epcglobal:cbv:er:incorrect_data"]},
        {"EQ_correctiveEventID": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a9"]},
        {"EQ_eventID": [DECLARED_IN_ERROR["eventID"]]},
        {"EQ_ERROR_DECLARATION_example:by": "Ada"},
        {"EQ_INNER_ERROR_DECLARATION_example:note": "inner"},
    ):
        assert asks(parameters, event), parameters
    for parameters in (
        {"GE_errorDeclarationTime": "2026-03-01T13:00:00.000001Z"},
        {"EQ_errorReason": ["did_not_occur"]},
        {"EQ_correctiveEventID": [DECLARED_IN_ERROR["eventID"]]},
        {"EQ_eventID": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a9"]},
        {"EQ_ERROR_DECLARATION_example:note": "inner"},
    ):
        assert not asks(parameters, event), parameters
    assert asks({"EXISTS_errorDeclaration": False}, OBJECT_EVENT)


def test_event_times() -> None:
    moment = "2026-03-01T09:00:30.123Z"
    assert asks({"GE_eventTime": moment}, OBJECT_EVENT)
    assert not asks({"LT_eventTime": moment}, OBJECT_EVENT)
    assert asks({"GE_eventTime": "2026-03-01T00:00:00Z", "LT_eventTime": "2026-03-02T00:00:00Z"}, OBJECT_EVENT)


def test_transformation_ids() -> None:
    event = varied(TRANSFORMATION_EVENT, transformationID="urn:epc:id:gdti:0614141.00001.1618034")
    assert asks({"EQ_transformationID": ["https://id.gs1.org/253/06141410000121618034"]}, event)
    assert not asks({"EQ_transformationID": ["urn:epc:id:gdti:0614141.00001.1618035"]}, event)


@pytest.mark.parametrize(
    "namespace", ["https://ns.example.com/x", "https://ns.example.com/x/", "urn:example:x", "urn:example:x:"]
)
def test_a_name_is_found_however_its_namespace_ends(namespace: str) -> None:
    event = seen(varied(AGGREGATION_EVENT, **{"p:f": "v"}), **{"@context": [{"p": namespace}]})
    bare = namespace.rstrip("/:")
    for name in (f"{bare}#f", f"{namespace}#f", f"{namespace}f", "p:f"):
        assert asks({f"EQ_{name}": "v"}, event), name
    assert asks({"@context": {"q": f"{bare}/"}, "EQ_q:f": "v"}, event)
    assert asks({"@context": {"q": bare}, "EQ_q:f": "v"}, event)
    assert not asks({"@context": {"p": "https://ns.example.com/y"}, "EQ_p:f": "v"}, event)


def test_extension_fields_order_events() -> None:
    keys = seen(RICH).indexed.sort_keys
    orders = [parse_query({"orderBy": name}).order for name in FIELDS]
    assert [keys[order.field] for order in orders if order] == ["Night", 10.0, 1772359200.0]
    full = parse_query({"orderBy": "https://ns.example.com/epcis#count", "orderDirection": "ASC"}).order
    assert full is not None
    assert full.ascending
    assert keys[full.field] == 10.0


FIELDS = ("example:shift", "example:count", "example:at")


LOCATIONS = "urn:epcglobal:epcis:vtype:BusinessLocation"


class Warehouse:
    """Master data: one place lies within another, and has a name."""

    inner, outer = hashed("https://id.gs1.org/414/4012345000115"), hashed("https://example.com/warehouse")

    def within(self, vocabularies: tuple[str, ...], places: tuple[int, ...]) -> frozenset[int]:
        known = vocabularies == ("urn:epcglobal:epcis:vtype:ReadPoint",) and self.outer in places
        return frozenset((*places, self.inner) if known else places)

    def having(
        self, attributes: tuple[int, ...], values: tuple[int, ...] | None, vocabularies: tuple[str, ...] | None
    ) -> frozenset[int]:
        assert vocabularies in (None, ("urn:epcglobal:epcis:vtype:ReadPoint",), (LOCATIONS,))
        if vocabularies == (LOCATIONS,):
            return frozenset()
        named = hashed("urn:epcglobal:cbv:mda:name") in attributes and (values is None or hashed("Dock") in values)
        return frozenset((self.inner,) if named else ())


@pytest.mark.parametrize(
    ("name", "value", "finds"),
    [
        ("WD_readPoint", ["https://example.com/warehouse"], True),
        ("WD_readPoint", ["https://example.com/elsewhere"], False),
        ("EQ_readPoint", ["https://example.com/warehouse"], False),
        ("HASATTR_readPoint", ["cbvmda:name"], True),
        ("HASATTR_readPoint", ["cbvmda:site", "urn:epcglobal:cbv:mda:name"], True),
        ("HASATTR_readPoint", ["cbvmda:site"], False),
        ("HASATTR_bizLocation", ["cbvmda:name"], False),
        ("EQATTR_readPoint_cbvmda:name", ["Gate", "Dock"], True),
        ("EQ_ATTR_readPoint_cbvmda:name", "Dock", True),
        ("EQATTR_readPoint_urn:epcglobal:cbv:mda:name", "Dock", True),
        ("EQATTR_readPoint_cbvmda:name", ["Gate"], False),
        ("EQATTR_example:place_cbvmda:name", ["Dock"], True),
        ("EQATTR_https://ns.example.com/epcis#place_cbvmda:name", ["Dock"], True),
        ("HASATTR_example:elsewhere", ["cbvmda:name"], False),
    ],
)
def test_master_data(name: str, value: Any, finds: bool) -> None:
    event = varied(OBJECT_EVENT, **{"example:place": "urn:epc:id:sgln:4012345.00011.0"})
    assert asks({name: value}, event, Warehouse()) is finds


def test_numbers_out_of_bounds_do_no_harm() -> None:
    for text in ("1e999", "-1e999", "NaN", "INF", "9" * 64, "9" * 5000, "1e-999", "2026-99-99", "2026-03-01T99:00:00Z"):
        event = seen(varied(OBJECT_EVENT, **{"example:odd": text}))
        assert asks({"EQ_example:odd": text[:2000]}, event) is (len(text) <= 2000)
        assert all(abs(value) < float("inf") for _, value in event.indexed.numbers)


def test_an_event_has_each_term_and_number_once() -> None:
    found = seen(RICH).indexed
    assert len(set(found.terms)) == len(found.terms)
    assert len(set(found.numbers)) == len(found.numbers)
    assert all(-(2**63) <= term < 2**63 for term in found.terms)
