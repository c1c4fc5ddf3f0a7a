"""Numbers in different units are compared by what they measure."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.query.units import UNITS, dimension, in_base
from tests.epcis.examples import OBJECT_EVENT, varied
from tests.epcis.query.asking import asks

# Pairs that are known from their definitions, not from the table: (number, unit, number, unit).
SAME = [
    (26, "CEL", 299.15, "KEL"), (212, "FAH", 100, "CEL"), (-40, "FAH", -40, "CEL"), (0, "KEL", -459.67, "FAH"),
    (1, "KGM", 1000, "GRM"), (1, "LBR", 16, "ONZ"), (1, "TNE", 1000, "KGM"), (1, "STN", 2000, "LBR"),
    (1, "LTN", 2240, "LBR"), (1, "STI", 14, "LBR"), (1, "CWI", 112, "LBR"), (1, "LBR", 7000, "GRN"),
    (1, "MTR", 100, "CMT"), (1, "FOT", 12, "INH"), (1, "YRD", 3, "FOT"), (1, "SMI", 5280, "FOT"),
    (1, "KMT", 1e6, "MMT"), (1, "NMI", 1852, "MTR"), (1, "AK", 6, "FOT"), (1, "HAR", 10000, "MTK"),
    (1, "FTK", 144, "INK"), (9, "FTK", 1, "YDK"), (1, "MIK", 27878400, "FTK"), (1, "LTR", 1000, "MLT"),
    (1, "MTQ", 1000, "LTR"), (1, "GLL", 4, "QTL"), (1, "GLL", 8, "PTL"), (1, "GLL", 128, "OZA"),
    (1, "GLL", 231, "INQ"), (1, "BLL", 42, "GLL"), (1, "GLI", 160, "OZI"), (1, "GLI", 8, "PTI"),
    (1, "FTQ", 1728, "INQ"), (1, "YDQ", 27, "FTQ"), (1, "HUR", 60, "MIN"), (1, "WEE", 7, "DAY"),
    (1, "DAY", 86400, "SEC"), (1, "BAR", 100, "KPA"), (1, "A97", 1, "MBR"), (1, "ATM", 760, "UA"),
    (1, "ATM", 1013.25, "MBR"), (1, "C56", 1, "MPA"), (36, "KMH", 10, "MTS"), (1, "KNT", 1.852, "KMH"),
    (1, "HM", 1.609344, "KMH"), (60, "FR", 1, "FS"), (1, "K40", 980.665, "A76"), (1, "KWH", 3.6, "3B"),
    (1, "E14", 1000, "D70"), (1, "MAW", 1e6, "WTT"), (1, "B37", 9.80665, "NEW"), (180, "DD", 200, "A91"),
    (1, "DD", 60, "D61"), (1, "D61", 60, "D62"), (60, "RPM", 1, "RPS"), (1, "RPM", 6, "E96"), (1, "P25", 1, "P27"),
    (1, "AMH", 3600, "COU"), (1, "CUR", 37000, "4N"), (50, "P1", 500, "NX"), (1, "DZN", 12, "C62"),
    (1, "GRO", 12, "DZN"), (1, "M1", 1, "A93"), (1, "GL", 1000, "A93"), (1, "23", 1000, "KMQ"), (1, "M33", 1, "C36"),
    (1, "L2", 60, "E32"), (1, "MQH", 1000, "E32"), (1, "89", 100, "C7"), (1, "91", 100, "4C"), (1, "AD", 8, "A99"),
    (1, "E64", 1024, "AD"), (1, "H61", 1000, "G42"), (3600, "P72", 1, "P67"), (1, "KHZ", 1000, "HTZ"),
    (1, "4K", 1000, "B84"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "unit", "right", "other"), SAME)
def test_the_same_amount_in_two_units(left: float, unit: str, right: float, other: str) -> None:
    assert dimension(unit) == dimension(other)
    assert in_base(left, unit) == pytest.approx(in_base(right, other), rel=1e-15)


def test_each_code_has_one_meaning_and_each_dimension_one_base() -> None:
    bases = [unit.dimension for unit in UNITS.values() if unit.numerator == unit.denominator and not unit.zero]
    assert set(bases) == {unit.dimension for unit in UNITS.values()}
    assert all(unit.numerator > 0 and unit.denominator > 0 for unit in UNITS.values())
    assert all(1 <= len(code) <= 3 and code.isalnum() and code == code.upper() for code in UNITS)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(UNITS)))
def test_conversion_is_exact_but_for_one_rounding(number: float, code: str) -> None:
    unit = UNITS[code]
    right = (Fraction(repr(number)) + Fraction(unit.zero)) * Fraction(unit.numerator) / Fraction(unit.denominator)
    based = in_base(number, code)
    if based is None:
        assert abs(right) > Fraction(10) ** 308
    else:
        assert based == pytest.approx(float(right), rel=1e-15, abs=1e-300)


def test_a_difference_has_no_zero_point() -> None:
    assert in_base(0.5, "CEL", difference=True) == in_base(0.5, "KEL", difference=True)
    assert in_base(9, "FAH", difference=True) == in_base(5, "CEL", difference=True)


GTIN = "urn:epc:idpat:sgtin:4012345.012345.*"
QUANTITIES = varied(OBJECT_EVENT, quantityList=[{"epcClass": GTIN, "quantity": 2, "uom": "KGM"}])


@pytest.mark.parametrize(
    ("name", "value", "finds"),
    [
        ("GE_quantity", 2, True), ("GT_quantity", 2, False), ("EQ_quantity", [1, 2], True),
        ("EQ_quantity", [1, 3], False),
        ("GE_quantity_GRM", 2000, True), ("GT_quantity_GRM", "1999.9", True), ("LT_quantity_LBR", 4.5, True),
        ("LE_quantity_LBR", 4.4, False), ("EQ_quantity_TNE", "0.002", True), ("GE_quantity_LTR", 0, False),
        ("GE_quantity_XQZ", 0, False), ("EQ_quantity_grm", [2000], True),
    ],
)  # fmt: skip
def test_quantities(name: str, value: object, finds: bool) -> None:
    assert asks({name: value}, QUANTITIES) is finds


def test_an_unknown_unit_is_compared_with_itself() -> None:
    event = varied(QUANTITIES, quantityList=[{**QUANTITIES["quantityList"][0], "uom": "XQZ"}])
    assert asks({"GE_quantity_XQZ": 2}, event)
    assert not asks({"GE_quantity_XQZ": 2.1}, event)
    assert not asks({"GE_quantity_KGM": 0}, event)
