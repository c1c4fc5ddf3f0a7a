"""The codes of units (UN/CEFACT Recommendation 20) for what people write instead."""

_CODES = {
    "kg": "KGM", "g": "GRM", "mg": "MGM", "t": "TNE", "lb": "LBR", "lbs": "LBR", "oz": "ONZ",
    "kilogram": "KGM", "kilograms": "KGM", "gram": "GRM", "grams": "GRM", "tonne": "TNE", "tonnes": "TNE",
    "l": "LTR", "L": "LTR", "ml": "MLT", "cl": "CLT", "hl": "HLT", "litre": "LTR", "liter": "LTR", "litres": "LTR",
    "liters": "LTR", "m": "MTR", "cm": "CMT", "mm": "MMT", "km": "KMT", "metre": "MTR", "meter": "MTR",
    "m2": "MTK", "m²": "MTK", "m3": "MTQ", "m³": "MTQ",
    "°C": "CEL", "° C": "CEL", "C": "CEL", "℃": "CEL", "celsius": "CEL", "degC": "CEL", "degrees celsius": "CEL",
    "°F": "FAH", "F": "FAH", "℉": "FAH", "fahrenheit": "FAH", "K": "KEL", "kelvin": "KEL", "Celsius": "CEL",
    "%": "P1", "percent": "P1", "%RH": "P1", "% RH": "P1", "ppm": "59", "ppb": "61",
    "Pa": "PAL", "hPa": "A97", "kPa": "KPA", "MPa": "MPA", "bar": "BAR", "mbar": "MBR", "psi": "PS", "atm": "ATM",
    "V": "VLT", "mV": "2Z", "A": "AMP", "mA": "4K", "W": "WTT", "kW": "KWT", "Wh": "WHR", "kWh": "KWH", "J": "JOU",
    "kJ": "KJO", "Hz": "HTZ", "kHz": "KHZ", "MHz": "MHZ", "lx": "LUX", "lux": "LUX", "N": "NEW", "cd": "CDL",
    "Ω": "OHM", "ohm": "OHM", "s": "SEC", "sec": "SEC", "ms": "C26", "min": "MIN", "h": "HUR", "hour": "HUR",
    "hours": "HUR", "d": "DAY", "day": "DAY", "days": "DAY", "m/s": "MTS", "km/h": "KMH", "kmh": "KMH", "mph": "HM",
    "m/s²": "MSK", "m/s2": "MSK", "°": "DD", "deg": "DD", "degree": "DD", "degrees": "DD", "rad": "C81",
    "g/m³": "A93", "g/m3": "A93", "kg/m³": "KMQ", "kg/m3": "KMQ", "g/l": "GL", "mg/l": "M1", "mol/l": "C38",
    "T": "D33", "Gy": "A95", "Sv": "D13", "Bq": "BQL",
    "each": "EA", "piece": "H87", "pieces": "H87", "pcs": "H87", "pc": "H87",
}  # fmt: skip
_FOLDED = {name.casefold(): code for name, code in reversed(_CODES.items()) if len(name) > 2}


def unit(text: str) -> str | None:
    """The code of a unit written otherwise, where that is obvious; signs of one or two letters by their exact case."""
    name = text.strip()
    return _CODES.get(name) or _FOLDED.get(name.casefold())
