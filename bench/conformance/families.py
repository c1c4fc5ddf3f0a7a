"""Families of parameters: fields that users add, at every level, and sensor elements."""

from collections.abc import Iterator

from bench.conformance import freight
from bench.conformance.cases import Case, comparisons, equal, timed
from bench.conformance.examples import EXAMPLE
from bench.conformance.freight import hour


def extensions() -> Iterator[Case]:
    """Fields that users add: to the event, its ILMD, inner elements, error declarations."""
    yield equal("EQ_example:kind", ["alpha"], ["commission"], ["gamma"])
    yield equal("EQ_example:count", 5, ["commission"], 6)
    yield "GT_example:count", {"GT_example:count": 5}, ["pack"], {"GT_example:count": 10}, []
    yield "GE_example:count", {"GE_example:count": 10}, ["pack"], {"GE_example:count": 11}, []
    yield "LT_example:count", {"LT_example:count": 10}, ["commission"], {"LT_example:count": 5}, []
    yield "LE_example:count", {"LE_example:count": 5}, ["commission"], {"LE_example:count": 4}, []
    yield from timed("", "example:when", 2, "commission")
    yield equal("EXISTS_example:when", True, ["commission"], False, list(freight.events()))
    yield equal("EQ_ILMD_example:grade", ["A"], ["commission"], ["C"])
    yield equal("EQ_ILMD_example:weight", 12.5, ["commission"], 12)
    yield "GT_ILMD_example:weight", {"GT_ILMD_example:weight": 12.5}, ["transform"], {"GT_ILMD_example:weight": 20}, []
    yield "LT_ILMD_example:weight", {"LT_ILMD_example:weight": 20}, ["commission"], {"LT_ILMD_example:weight": 12.5}, []
    yield "GE_ILMD_example:weight", {"GE_ILMD_example:weight": 20}, ["transform"], {"GE_ILMD_example:weight": 21}, []
    yield "LE_ILMD_example:weight", {"LE_ILMD_example:weight": 12.5}, ["commission"], {"LE_ILMD_example:weight": 12}, []
    yield from timed("ILMD_", "example:best", 1, "commission")
    yield equal("EXISTS_ILMD_example:best", True, ["commission"], False, list(freight.events()))
    yield equal("EQ_ERROR_DECLARATION_example:clerk", ["Ada"], ["declared"], ["Bob"])
    yield from comparisons("ERROR_DECLARATION_", "example:ticket", 17, "declared")
    yield from timed("ERROR_DECLARATION_", "example:seen", 4, "declared")
    yield (
        "EXISTS_ERROR_DECLARATION_example:clerk",
        {"EXISTS_ERROR_DECLARATION_example:clerk": True},
        ["declared"],
        {"EXISTS_ERROR_DECLARATION_example:kind": True},
        [],
    )
    for prefix, found in (
        ("INNER_", "commission"),
        ("INNER_ILMD_", "commission"),
        ("INNER_ERROR_DECLARATION_", "declared"),
    ):
        yield from _inner(prefix, found)
    yield (
        f"EQ_ with the namespace in full ({EXAMPLE}kind)",
        {f"EQ_{EXAMPLE}kind": ["alpha"]},
        ["commission"],
        {f"EQ_{EXAMPLE}kind": ["gamma"]},
        [],
    )
    yield (
        f"EQ_ as in EPCIS 1.2 ({EXAMPLE}#kind)",
        {f"EQ_{EXAMPLE}#kind": ["alpha"]},
        ["commission"],
        {f"EQ_{EXAMPLE}#kind": ["gamma"]},
        [],
    )


def _inner(prefix: str, found: str) -> Iterator[Case]:
    yield equal(f"EQ_{prefix}example:leaf", ["deep"], [found], ["shallow"])
    yield equal(f"EQ_{prefix}example:bottom", ["deepest"], [found], ["deep"])
    yield equal(f"EQ_{prefix}example:number", 3, [found], 4)
    yield from comparisons(prefix, "example:number", 3, found)
    yield from timed(prefix, "example:moment", 3, found)
    yield (
        f"EXISTS_{prefix}example:leaf",
        {f"EXISTS_{prefix}example:leaf": True},
        [found],
        {f"EXISTS_{prefix}example:none": True},
        [],
    )


def sensors() -> Iterator[Case]:
    """Sensor elements, their metadata, reports and extensions."""
    yield (
        "EXISTS_sensorElementList",
        {"EXISTS_sensorElementList": True},
        ["sensed"],
        {"EXISTS_sensorElementList": True, "EQ_bizStep": ["packing"]},
        [],
    )
    for name, at in (("time", 30), ("startTime", 10), ("endTime", 20)):
        yield (
            f"GE_{name}, LT_{name}",
            {f"GE_{name}": hour(16, at), f"LT_{name}": hour(16, at + 1)},
            ["sensed"],
            {f"LT_{name}": hour(16, at)},
            [],
        )
    for name, value in (
        ("type", "Temperature"),
        ("deviceID", freight.DEVICE),
        ("dataProcessingMethod", freight.METHOD),
        ("microorganism", freight.MICROBE),
        ("chemicalSubstance", freight.SUBSTANCE),
        ("bizRules", freight.RULES),
        ("stringValue", "ok"),
        ("hexBinaryValue", "00FF"),
        ("uriValue", "https://example.com/u/1"),
    ):
        yield equal(
            f"EQ_{name}", [value], ["sensed"], [{"type": "Pressure", "hexBinaryValue": "00FE"}.get(name, value + "0")]
        )
    yield equal("EQ_booleanValue", False, ["sensed"], True)
    yield equal("EQ_value_CEL", [4], ["sensed"], [5])
    yield equal("EQ_value_KEL", [277.15], ["sensed"], [4])
    yield (
        "GE_value_FAH: Fahrenheit asked, Celsius stored",
        {"GE_value_FAH": 39.1},
        ["sensed"],
        {"GE_value_FAH": 39.3},
        [],
    )
    for name, number in (("value", 4.0), ("minValue", 2), ("maxValue", 6), ("meanValue", 3.5), ("percValue", 5)):
        yield from comparisons("", f"{name}_CEL", number, "sensed")
    yield from comparisons("", "sDev_CEL", 0.5, "sensed")
    yield (
        "GE_sDev_KEL: a deviation of Celsius is as large in Kelvin",
        {"GE_sDev_KEL": 0.5, "LT_sDev_KEL": 0.6},
        ["sensed"],
        {"GE_sDev_KEL": 1},
        [],
    )
    yield from comparisons("", "percRank", 30, "sensed")
    for level, name in (("SENSORELEMENT", "element"), ("SENSORMETADATA", "meta"), ("SENSORREPORT", "report")):
        yield equal(f"EQ_{level}_example:{name}mark", ["m"], ["sensed"], ["n"])
        yield from comparisons(f"{level}_", f"example:{name}size", 4, "sensed")
        yield from timed(f"{level}_", f"example:{name}made", 5, "sensed")
        yield (
            f"EXISTS_{level}_example:{name}mark",
            {f"EXISTS_{level}_example:{name}mark": True},
            ["sensed"],
            {f"EXISTS_{level}_example:none": True},
            [],
        )
        yield equal(f"EQ_INNER_{level}_example:leaf", ["deep"], ["sensed"], ["shallow"])
        yield from comparisons(f"INNER_{level}_", "example:number", 3, "sensed")
