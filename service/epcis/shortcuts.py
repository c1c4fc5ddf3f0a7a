"""The usual spellings of the usual identifiers, in one step: most of what is captured, on the path of every capture.

What is recognised here has the same canonical form and kind by `identifiers.key_of`, only later; a test holds the two
together. Everything else, faults among it, is left to that.
"""

import re

from service.epcis.checkdigit import check_digit
from service.epcis.keys import ROOT, Kind

_SERIAL = r"[0-9A-Za-z_.\-]{1,20}"  # what stands as itself in URN, link and element string
_LINK = re.compile(
    rf"https://id\.gs1\.org/(?:01/([0-9]{{14}})/(21|10)/{_SERIAL}|(?:00/([0-9]{{18}})|(414|417)/([0-9]{{13}})))"
)
_URN = re.compile(
    rf"urn:epc:(id:sgtin|class:lgtin|id:sgln|id:sscc|id:pgln):([0-9]{{6,12}})\.([0-9]*)(?:\.({_SERIAL}))?"
)
_OF_LINK = {"21": Kind.ITEM, "10": Kind.LOT, "414": Kind.LOCATION, "417": Kind.PARTY}


def usual(identifier: str) -> tuple[str, Kind] | None:
    """Canonical form and kind of an SGTIN, LGTIN, SSCC, SGLN or party GLN in its usual spelling; None for any other."""
    if identifier.startswith("urn:epc:"):
        found = _URN.fullmatch(identifier)
        return None if found is None else _of_urn(*found.groups())
    found = _LINK.fullmatch(identifier)
    if found is None:
        return None
    gtin, qualifier, sscc, gln_ai, gln = found.groups()
    digits = gtin or sscc or gln
    if check_digit(digits[:-1]) != digits[-1]:
        return None
    return identifier, Kind.LOGISTIC_UNIT if sscc else _OF_LINK[qualifier or gln_ai]


def _of_urn(scheme: str, prefix: str, reference: str, serial: str | None) -> tuple[str, Kind] | None:
    digits, is_serialised = _SCHEMES[scheme]
    if len(prefix) + len(reference) != digits or is_serialised != (serial is not None):
        return None
    if digits == 12:
        gln = prefix + reference
        gln += check_digit(gln)
        if not is_serialised:
            return f"{ROOT}417/{gln}", Kind.PARTY
        return f"{ROOT}414/{gln}" if serial == "0" else f"{ROOT}414/{gln}/254/{serial}", Kind.LOCATION
    body = reference[0] + prefix + reference[1:]
    body += check_digit(body)
    if not is_serialised:
        return f"{ROOT}00/{body}", Kind.LOGISTIC_UNIT
    ai, kind = ("21", Kind.ITEM) if scheme == "id:sgtin" else ("10", Kind.LOT)
    return f"{ROOT}01/{body}/{ai}/{serial}", kind


_SCHEMES = {
    "id:sgtin": (13, True), "class:lgtin": (13, True), "id:sgln": (12, True), "id:sscc": (17, False),
    "id:pgln": (12, False),
}  # fmt: skip
"""How many digits company prefix and reference have together, and whether a serial number or extension follows."""
