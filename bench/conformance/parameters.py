"""Parameters of the query language with fixed names: the event's own fields, things, places and quantities."""

from collections.abc import Iterator

from bench.conformance import examples, freight
from bench.conformance.cases import Case, equal
from bench.conformance.examples import PREFIX, sgln, sgtin, sgtin_link
from bench.conformance.freight import hour, lot


def fixed() -> Iterator[Case]:
    """Parameters on the event's own fields."""
    everything = list(freight.events())
    yield equal(
        "eventType", ["AggregationEvent", "TransactionEvent"], ["pack", "order"], ["AssociationEvent"], ["install"]
    )
    yield (
        "GE_eventTime, LT_eventTime",
        {"GE_eventTime": hour(10), "LT_eventTime": hour(11)},
        ["commission"],
        {"GE_eventTime": hour(19, 1)},
        [],
    )
    yield (
        "eventTime with an offset",
        {"GE_eventTime": "2026-03-01T12:00:00.000+02:00", "LT_eventTime": "2026-03-01T13:00:00.000+02:00"},
        ["commission"],
        {"LT_eventTime": "2026-03-01T12:00:00.000+02:00"},
        [],
    )
    yield "GE_recordTime", {"GE_recordTime": hour(1)}, everything, {"GE_recordTime": "2999-01-01T00:00:00.000Z"}, []
    yield "LT_recordTime", {"LT_recordTime": "2999-01-01T00:00:00.000Z"}, everything, {"LT_recordTime": hour(1)}, []
    yield equal("EQ_action", ["DELETE"], ["state"], ["ADD"], ["commission", "pack", "order", "install"])
    yield equal("EQ_bizStep", ["shipping", "packing"], ["order", "pack"], ["unpacking"])
    yield equal("EQ_bizStep", [freight.CUSTOM_STEP], ["state"], [freight.CUSTOM_STEP + "s"])
    yield equal("EQ_disposition", ["active"], ["commission"], ["inactive"])
    yield equal("EQ_disposition", [freight.CUSTOM_DISPOSITION], ["state"], [freight.CUSTOM_DISPOSITION + "s"])
    yield equal("EQ_persistentDisposition_set", ["completeness_verified"], ["state"], ["completeness_inferred"])
    yield equal("EQ_persistentDisposition_unset", ["completeness_inferred"], ["state"], ["completeness_verified"])
    yield equal("EQ_transformationID", [freight.TRANSFORMATION], ["transform"], [freight.TRANSFORMATION + "1"])
    yield equal("EXISTS_errorDeclaration", True, ["declared"], False, everything)
    for name in ("errorDeclarationTime", "errorDeclaration_Time"):
        yield (
            f"GE_{name}, LT_{name}",
            {f"GE_{name}": "2026-03-02T00:00:00.000Z", f"LT_{name}": "2026-03-02T00:00:01.000Z"},
            ["declared"],
            {f"LT_{name}": "2026-03-02T00:00:00.000Z"},
            [],
        )
    yield equal("EQ_errorReason", ["incorrect_data"], ["declared"], ["did_not_occur"])
    yield equal("EQ_correctiveEventID", [freight.CORRECTION], ["declared"], [freight.CORRECTION + "0"])
    yield equal("EQ_bizTransaction_po", [freight.ORDER], ["commission"], [freight.INVOICE])
    yield equal("EQ_bizTransaction_desadv", [freight.ORDER], ["order"], [freight.INVOICE])
    for kind in ("urn:epcglobal:cbv:btt:po", "https://ref.gs1.org/cbv/BTT-po"):
        yield equal(f"EQ_bizTransaction_{kind}", [freight.ORDER], ["commission"], [freight.INVOICE])
    yield equal("EQ_source_owning_party", [freight.PARTY], ["commission"], [freight.OTHER_PARTY])
    yield equal("EQ_source_possessing_party", [freight.PARTY], ["pack"], [freight.OTHER_PARTY])
    yield equal("EQ_destination_owning_party", [freight.OTHER_PARTY], ["commission"], [freight.PARTY])
    yield (
        "several parameters at once",
        {"EQ_bizStep": ["packing"], "EQ_action": ["ADD"], "eventType": ["AggregationEvent"]},
        ["pack"],
        {"EQ_bizStep": ["packing"], "EQ_action": ["DELETE"]},
        [],
    )


def matches() -> Iterator[Case]:
    """MATCH_ on EPCs and classes, with patterns, and across spellings (8.2.7.1.1)."""
    yield equal("MATCH_epc", [sgtin("q1")], ["commission", "pack"], [sgtin("q99")])
    yield "MATCH_epc in a transaction", {"MATCH_epc": [sgtin("q3", 2)]}, ["order"], {"MATCH_epc": [sgtin("q4")]}, []
    yield equal("MATCH_parentID", [freight.CASE], ["pack"], [sgtin("q1")])
    yield (
        "MATCH_parentID of an association",
        {"MATCH_parentID": [freight.RACK]},
        ["install"],
        {"MATCH_parentID": [freight.RACK + "2"]},
        [],
    )
    yield equal("MATCH_inputEPC", [sgtin("q4")], ["transform"], [sgtin("q5", 2)])
    yield equal("MATCH_outputEPC", [sgtin("q5", 2)], ["transform"], [sgtin("q4")])
    yield equal("MATCH_anyEPC", [sgtin("q4"), freight.PALLET], ["transform", "order"], [sgtin("q99")])
    yield equal("MATCH_epcClass", [lot(1, "L1"), lot(3, "L3")], ["pack", "weighed"], [lot(1, "L2")])
    yield equal("MATCH_inputEPCClass", [lot(2, "IN")], ["transform"], [lot(2, "OUT")])
    yield equal("MATCH_outputEPCClass", [lot(2, "OUT")], ["transform"], [lot(2, "IN")])
    yield equal("MATCH_anyEPCClass", [lot(2, "OUT"), lot(1, "L1")], ["transform", "pack"], [lot(9, "L1")])
    pattern = f"urn:epc:idpat:sgtin:{PREFIX}.000001.*"
    yield (
        "MATCH_epc with a pattern",
        {"MATCH_epc": [pattern]},
        ["commission", "pack", "declared", "state", "sensed", "linked"],
        {"MATCH_epc": [f"urn:epc:idpat:sgtin:{PREFIX}.000008.*"]},
        [],
    )
    yield (
        "MATCH_epc with a wider pattern",
        {"MATCH_epc": [f"urn:epc:idpat:sgtin:{PREFIX}.*.*"]},
        ["commission", "pack", "order", "declared", "state", "sensed", "linked"],
        {"MATCH_epc": ["urn:epc:idpat:sgtin:9521322.*.*"]},
        [],
    )
    yield (
        "MATCH_parentID with a pattern",
        {"MATCH_parentID": [f"urn:epc:idpat:sscc:{PREFIX}.*"]},
        ["pack", "order"],
        {"MATCH_parentID": [f"urn:epc:idpat:sgtin:{PREFIX}.*.*"]},
        [],
    )
    yield (
        "MATCH_anyEPC with a GRAI pattern",
        {"MATCH_anyEPC": [f"urn:epc:idpat:grai:{PREFIX}.00001.*"]},
        ["install"],
        {"MATCH_anyEPC": [f"urn:epc:idpat:grai:{PREFIX}.00002.*"]},
        [],
    )
    yield (
        "MATCH_epcClass with the class pattern itself",
        {"MATCH_epcClass": [f"urn:epc:idpat:sgtin:{PREFIX}.000003.*"]},
        ["order"],
        {"MATCH_epcClass": [f"urn:epc:idpat:sgtin:{PREFIX}.000009.*"]},
        [],
    )
    yield (
        "MATCH_epc: link asked, URN stored",
        {"MATCH_epc": [sgtin_link("q1")]},
        ["commission", "pack"],
        {"MATCH_epc": [sgtin_link("q98")]},
        [],
    )
    yield (
        "MATCH_epc: URN asked, link stored",
        {"MATCH_epc": [sgtin("q9")]},
        ["linked"],
        {"MATCH_epc": [sgtin("q9", 4)]},
        [],
    )
    brand = sgtin_link("q9").replace("id.gs1.org", "brand.example.com")
    yield "MATCH_epc: another resolver's link", {"MATCH_epc": [brand]}, ["linked"], {"MATCH_epc": [brand + "1"]}, []
    classed = "https://id.gs1.org/01/" + sgtin_link("x").split("/")[4] + "/10/L1"
    yield (
        "MATCH_epcClass: link asked, URN stored",
        {"MATCH_epcClass": [classed]},
        ["pack"],
        {"MATCH_epcClass": [classed + "2"]},
        [],
    )
    case, other = ("https://id.gs1.org/00/" + examples.with_check_digit(f"0{PREFIX}00000000{at}") for at in (1, 9))
    yield (
        "MATCH_parentID: link asked, URN stored",
        {"MATCH_parentID": [case]},
        ["pack"],
        {"MATCH_parentID": [other]},
        [],
    )


def places() -> Iterator[Case]:
    """Read points and business locations, their hierarchy and attributes by master data (6.5)."""
    yield equal("EQ_readPoint", [sgln(1)], ["commission"], [sgln(9)])
    yield equal("EQ_bizLocation", [freight.SITE], ["commission"], [sgln(9)])
    yield equal(
        "WD_bizLocation", [freight.SITE], ["commission", "state", "weighed"], [freight.HALL], ["state", "weighed"]
    )
    yield (
        "WD_bizLocation of a leaf",
        {"WD_bizLocation": [freight.SHELF]},
        ["weighed"],
        {"WD_bizLocation": [sgln(9)]},
        [],
    )
    yield (
        "WD_bizLocation without master data",
        {"WD_bizLocation": [freight.ELSEWHERE]},
        ["linked"],
        {"WD_bizLocation": [sgln(8)]},
        [],
    )
    yield equal("WD_readPoint", [freight.SITE], ["sensed", "weighed"], [freight.SHELF], ["weighed"])
    link = "https://id.gs1.org/414/" + examples.with_check_digit(f"{PREFIX}00001")
    yield (
        "EQ_readPoint: link asked, URN stored",
        {"EQ_readPoint": [link]},
        ["commission"],
        {"EQ_readPoint": [link + "/254/9"]},
        [],
    )
    yield (
        "EQ_readPoint: URN asked, link stored",
        {"EQ_readPoint": [sgln(4)]},
        ["linked"],
        {"EQ_readPoint": [sgln(4, "1")]},
        [],
    )
    site = "https://id.gs1.org/414/" + examples.with_check_digit(f"{PREFIX}00020")
    yield (
        "WD_bizLocation: link asked",
        {"WD_bizLocation": [site]},
        ["commission", "state", "weighed"],
        {"WD_bizLocation": [link]},
        [],
    )
    yield equal("HASATTR_bizLocation", [freight.SITE_ATTRIBUTE], ["commission"], ["https://example.com/mda/none"])
    yield equal("HASATTR_readPoint", [freight.HALL_ATTRIBUTE], ["sensed"], [freight.SITE_ATTRIBUTE])
    yield equal(f"EQATTR_bizLocation_{freight.HALL_ATTRIBUTE}", ["warm"], ["state"], ["cold"], ["commission"])
    yield equal(f"EQATTR_bizLocation_{freight.SITE_ATTRIBUTE}", ["Plant One"], ["commission"], ["Plant Two"])
    yield equal("EQ_readPoint_example:gate", ["north"], ["commission"], ["south"])
    yield equal("EQ_bizLocation_example:wing", ["west"], ["commission"], ["east"])
    yield equal("EQ_INNER_readPoint_example:lane", ["L7"], ["commission"], ["L8"])
    yield equal("EQ_INNER_bizLocation_example:row", ["R3"], ["commission"], ["R4"])


def measured() -> Iterator[Case]:
    """Quantities, with and without unit, and units converted (UN/ECE Recommendation 20)."""
    yield equal("EQ_quantity", [7], ["order"], [8])
    yield equal("GT_quantity", 500, ["transform"], 2000)
    yield equal("GE_quantity", 2000, ["transform"], 2001)
    yield equal("LT_quantity", 7, ["transform"], 1.5)
    yield equal("LE_quantity", 1.5, ["transform"], 1.4)
    yield equal("EQ_quantity_GRM", [500], ["weighed"], [501])
    yield equal("EQ_quantity_KGM", [0.5], ["weighed"], [500])
    yield equal("GT_quantity_KGM", 2, ["pack"], 10)
    yield equal("GE_quantity_KGM", 2, ["pack", "transform"], 11)
    yield equal("LT_quantity_GRM", 1500, ["weighed"], 500)
    yield equal("LE_quantity_GRM", 1500, ["weighed", "transform"], 499)
    yield (
        "LT_quantity_LBR: pounds asked, grams stored",
        {"LT_quantity_LBR": 1.2},
        ["weighed"],
        {"LT_quantity_LBR": 1.1},
        [],
    )
    yield "GE_quantity_MTR: a length is no mass", {"GE_quantity_MTR": 0}, [], {"LE_quantity_MTR": 100000}, []
