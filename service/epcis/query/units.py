"""Units of measure: what a number in one unit is in the base unit of its dimension, so that units can be compared.

Source: UN/CEFACT Recommendation 20, revision 17 (codes and factors); the factors of units that are defined by others
are exact (SI brochure, 9th edition; international yard and pound of 1959; US gallon of 231 and imperial gallon).
"""

from decimal import Context, Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from service.epcis.query.readings import finite

_PI: Final = "3.141592653589793238462643383279503"
_TURN: Final = "6.283185307179586476925286766559006"
_POUND_FORCE: Final = "4.4482216152605"
_INCH_OF_MERCURY: Final = "3386.389"


class Unit(NamedTuple):
    """A number n of the unit is `(n + zero) * numerator / denominator` of the base unit of the dimension."""

    dimension: str
    numerator: Decimal
    denominator: Decimal
    zero: Decimal


_TABLE: Final[dict[str, str]] = {
    "temperature": "KEL 1 | CEL 1 273.15 | FAH 5/9 459.67 | A48 5/9",
    "number": (
        "C62 1 | EA 1 | H87 1 | PR 2 | DZN 12 | GRO 144 | CEN 100 | MIL 1000 | MIO 1000000 | P1 0.01 | NX 0.001"
        " | 59 0.000001 | 61 0.000000001"
    ),
    "mass": (
        "KGM 1 | HGM 0.1 | DJ 0.01 | GRM 0.001 | DG 0.0001 | CGM 0.00001 | MGM 0.000001 | MC 0.000000001 | DTN 100"
        " | TNE 1000 | 2U 1000 | KTN 1000000 | CTM 0.0002 | GRN 0.00006479891 | ONZ 0.028349523125 | APZ 0.0311034768"
        " | LBR 0.45359237 | STI 6.35029318 | CWA 45.359237 | CWI 50.80234544 | STN 907.18474 | LTN 1016.0469088"
    ),
    "length": (
        "MTR 1 | KMT 1000 | KTM 1000 | HMT 100 | A45 10 | DMT 0.1 | CMT 0.01 | MMT 0.001 | 4H 0.000001"
        " | C45 0.000000001 | A11 0.0000000001 | C52 0.000000000001 | INH 0.0254 | 77 0.0000254 | FOT 0.3048"
        " | YRD 0.9144 | AK 1.8288 | SMI 1609.344 | NMI 1852"
    ),
    "area": (
        "MTK 1 | KMK 1000000 | HAR 10000 | ARE 100 | DMK 0.01 | CMK 0.0001 | MMK 0.000001 | INK 0.00064516"
        " | FTK 0.09290304 | YDK 0.83612736 | MIK 2589988.110336 | ACR 4046.873"
    ),
    "volume": (
        "MTQ 1 | DMQ 0.001 | CMQ 0.000001 | MMQ 0.000000001 | MAL 1000 | K6 1 | HLT 0.1 | A44 0.01 | LTR 0.001"
        " | DLT 0.0001 | CLT 0.00001 | MLT 0.000001 | 4G 0.000000001 | INQ 0.000016387064 | FTQ 0.028316846592"
        " | YDQ 0.764554857984 | GLL 0.003785411784 | GLI 0.00454609 | QTL 0.000946352946 | QTI 0.0011365225"
        " | PTL 0.000473176473 | PTI 0.00056826125 | OZA 0.0000295735295625 | OZI 0.0000284130625 | BLL 0.158987294928"
    ),
    "time": (
        "SEC 1 | C26 0.001 | B98 0.000001 | C47 0.000000001 | MIN 60 | HUR 3600 | DAY 86400 | WEE 604800"
        " | MON 2629800 | ANN 31557600"
    ),
    "pressure": (
        "PAL 1 | B96 0.000001 | 74 0.001 | H75 10 | A97 100 | KPA 1000 | MPA 1000000 | A89 1000000000 | MBR 100"
        " | BAR 100000 | HBA 10000000 | ATM 101325 | ATT 98066.5 | HN 133.322387415 | UA 101325/760 | HP 9.80665"
        f" | F79 {_INCH_OF_MERCURY} | PS {_POUND_FORCE}/0.00064516 | 84 4448.2216152605/0.00064516 | C55 1"
        " | C56 1000000 | E01 10000 | E41 9.80665 | E42 98066.5"
    ),
    "speed": (
        "MTS 1 | 2M 0.01 | C16 0.001 | KMH 10/36 | 2X 1/60 | HM 0.44704 | KNT 1852/3600 | FS 0.3048 | FR 0.00508"
        " | IU 0.0254"
    ),
    "acceleration": (
        "MSK 1 | M38 1000 | M39 0.01 | M41 0.001 | A76 0.01 | C11 0.00001 | A73 0.3048 | IV 0.0254 | K40 9.80665"
    ),
    "force": (
        f"NEW 1 | B47 1000 | B73 1000000 | C20 0.001 | B92 0.000001 | DU 0.00001 | B37 9.80665 | B51 9.80665"
        f" | C78 {_POUND_FORCE} | L40 0.27801385095378125"
    ),
    "energy": (
        "JOU 1 | C15 0.001 | KJO 1000 | 3B 1000000 | GV 1000000000 | WHR 3600 | KWH 3600000 | MWH 3600000000"
        " | GWH 3600000000000 | D70 4.1868 | D35 4.184 | E14 4186.8 | K53 4184 | BTU 1055.05585262"
        " | A53 0.0000000000000000001602176634"
    ),
    "power": (
        "WTT 1 | D80 0.000001 | C31 0.001 | KWT 1000 | MAW 1000000 | A90 1000000000 | BHP 745.7 | HJ 735.49875"
    ),
    "torque": "NU 1 | D83 0.001 | B48 1000 | B74 1000000",
    "angle": f"C81 1 | C25 0.001 | B97 0.000001 | DD {_PI}/180 | D61 {_PI}/10800 | D62 {_PI}/648000 | A91 {_PI}/200",
    "angular speed": f"2A 1 | RPM {_PI}/30 | RPS {_TURN} | E96 {_PI}/180",
    "angular acceleration": f"2B 1 | M45 {_PI}/180",
    "illuminance": "LUX 1 | B60 1 | KLX 1000 | P25 1/0.09290304 | P27 1/0.09290304",
    "luminous intensity": "CDL 1 | P33 1000 | P34 0.001",
    "electric current": "AMP 1 | B22 1000 | 4K 0.001 | B84 0.000001 | C39 0.000000001",
    "voltage": "VLT 1 | B78 1000000 | KVT 1000 | 2Z 0.001 | D82 0.000001",
    "resistance": "OHM 1 | B94 0.000001 | E45 0.001 | B49 1000 | B75 1000000 | A87 1000000000",
    "conductance": "SIE 1 | B53 1000 | C27 0.001 | B99 0.000001",
    "conductivity": "D10 1 | H61 0.1 | G42 0.0001 | G43 0.000001 | H43 100",
    "capacitance": "FAR 1 | C10 0.001 | 4O 0.000001 | C41 0.000000001 | 4T 0.000000000001",
    "inductance": "81 1 | C14 0.001 | B90 0.000001",
    "electric charge": "COU 1 | B26 1000 | D86 0.001 | B86 0.000001 | AMH 3600 | E09 3.6 | TAH 3600000",
    "electric field": "D50 1 | B79 1000000 | B55 1000 | D51 1000 | D47 100 | C30 0.001",
    "magnetic flux": "WEB 1 | C33 0.001",
    "magnetic flux density": "D33 1 | C29 0.001 | D81 0.000001 | C48 0.000000001",
    "frequency": "HTZ 1 | C97 1 | KHZ 1000 | MHZ 1000000 | A86 1000000000 | D29 1000000000000",
    "radioactivity": (
        "BQL 1 | 2Q 1000 | 4N 1000000 | GBQ 1000000000 | CUR 37000000000 | MCU 37000000 | M5 37000 | 2R 37000000000000"
    ),
    "absorbed dose": "A95 1 | C13 0.001 | C80 0.01",
    "dose equivalent": "D13 1 | C28 0.001 | D91 0.01",
    "dose equivalent rate": "P65 1 | P66 0.001 | P67 0.000001 | P70 1/3600 | P71 0.001/3600 | P72 0.000001/3600",
    "exposure": "CKG 1 | 2C 0.000258",
    "amount of substance": "C34 1 | B45 1000 | C18 0.001 | FH 0.000001",
    "amount concentration": "C36 1 | C35 1000 | C38 1000 | B46 1000 | M33 1",
    "mass concentration": (
        "KMQ 1 | F23 1 | GL 1 | A93 0.001 | M1 0.001 | H29 0.000001 | GP 0.000001 | GQ 0.000000001 | 23 1000"
        " | GJ 1000 | B34 1000 | B35 1000 | D41 1000 | 87 0.45359237/0.028316846592"
    ),
    "molar mass": "D74 1 | A94 0.001",
    "surface density": "28 1 | GM 0.001",
    "surface tension": "4P 1 | C22 0.001 | DX 0.001",
    "volume flow": (
        "MQS 1 | MQH 1/3600 | G51 0.001 | L2 0.001/60 | E32 0.001/3600 | 40 0.000001 | 2J 0.000001 | 41 0.000001/60"
        " | G2 0.003785411784/60 | G3 0.00454609/60 | 2K 0.028316846592/3600 | 2L 0.028316846592/60"
    ),
    "mass flow": "KGS 1 | F31 1/60 | E93 1/3600",
    "dynamic viscosity": "C65 1 | 89 0.1 | C24 0.001 | C7 0.001",
    "kinematic viscosity": "S4 1 | 91 0.0001 | C17 0.000001 | 4C 0.000001",
    "irradiance": "D54 1 | C32 0.001",
    "wavenumber": "C92 1 | E90 100",
    "memory": (
        "A99 1 | AD 8 | C37 1000 | D36 1000000 | B68 1000000000 | 2P 8000 | 4L 8000000 | E34 8000000000"
        " | E35 8000000000000 | E64 8192 | E63 8388608 | E62 8589934592"
    ),
}  # fmt: skip
"""For each dimension its units, each as `CODE numerator[/denominator] [zero]`; the base unit has the factor 1."""

_EXACT: Final = Context(prec=34)


def _unit(dimension: str, parts: list[str]) -> Unit:
    numerator, _, denominator = parts[1].partition("/")
    return Unit(dimension, Decimal(numerator), Decimal(denominator or "1"), Decimal(parts[2] if len(parts) > 2 else 0))


UNITS: Final[dict[str, Unit]] = {
    parts[0]: _unit(dimension, parts)
    for dimension, line in _TABLE.items()
    for parts in (unit.split() for unit in line.split("|"))
}
"""Every unit that is converted, by its code. Any other is compared with itself only."""


def dimension(uom: str) -> str:
    """What numbers of a unit are compared within: the dimension's name, or the code itself where it is not known."""
    unit = UNITS.get(uom)
    return unit.dimension if unit else uom


@lru_cache(maxsize=1 << 14)
def in_base(number: float, uom: str, difference: bool = False) -> float | None:
    """A number of a unit in the base unit of its dimension; None beyond the range of doubles.

    `difference`: the number is one (a standard deviation), so that zero points do not matter.
    """
    unit = UNITS.get(uom)
    if unit is None:
        return finite(number)
    value = Decimal(repr(number))
    if not difference:
        value = _EXACT.add(value, unit.zero)
    return finite(_EXACT.divide(_EXACT.multiply(value, unit.numerator), unit.denominator))
