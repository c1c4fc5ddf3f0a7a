"""What an identifier can be found by: itself, and every pattern that it falls under.

A pattern names a set: all serial numbers of a GTIN, all GTINs of a GS1 company prefix, all SGTINs. Each such set has a
text, which the event carries for every set that its identifiers are in, and which a query looks up: patterns need no
scan. A Digital Link does not tell how long its company prefix is, so it carries all lengths from 6 to 12; that finds
nothing wrong, for GS1 allocates no prefix that begins with another.
"""

from typing import Final

from service.epcis.identifiers import InvalidIdentifier, resolved
from service.epcis.keys import ROOT
from service.epcis.query.memory import remembered
from service.epcis.query.terms import hashed
from service.epcis.schemes import KEYLESS

_LEAD: Final = {"00": 1, "01": 1, "8006": 1, "8003": 1}
"""Digits before the company prefix: an extension or indicator digit, the filler 0 of a GRAI."""
OWN_DIGITS: Final = {"253": 13, "255": 13, "8003": 14}
"""Keys whose serial number is appended: digits of the key without it."""
CLASSES: Final = frozenset(("01", "8006", "8010", *OWN_DIGITS))
"""Keys that name a class of things where nothing finer is said."""
_FINER: Final = frozenset(("01", "414", "8006", "8010"))
"""Keys that lie in other sets than those of their company even where nothing finer is said."""
_PREFIX_LENGTHS: Final = range(6, 13)

Lineage = tuple[int, ...]
"""Hashes of the sets that identifiers of one kind and company are in."""


@remembered(1 << 16)
def lineage(identifier: str, classes: bool) -> tuple[int, Lineage]:
    """The hash of an identifier (full URI, any spelling), and those of the sets that it is in.

    `classes`: it stands in a list of classes, where the class of a GTIN does not have its lots in it. Never raises:
    what is not well-formed is itself only. Identifiers in the same sets get the same tuple object.
    """
    try:
        form = resolved(identifier)[0]
    except InvalidIdentifier:
        return hashed(identifier), ()
    if form.startswith(ROOT):
        return hashed(form), _above(form.removeprefix(ROOT), classes)
    return hashed(form), _above_keyless(form) if form.startswith("urn:epc:id:") else ()


def _above(path: str, classes: bool) -> Lineage:
    ai, value, *rest = path.split("/")
    if ai in OWN_DIGITS:
        own = OWN_DIGITS[ai]
        return _of_key(ai, value[:own], "own" if len(value) > own else "", classes)
    if rest or ai in _FINER:
        return _of_key(ai, value, rest[0] if rest else "", classes)
    return _of_company(ai, _company_digits(ai, value))


@remembered(1 << 14)
def _of_key(ai: str, value: str, qualifier: str, classes: bool) -> Lineage:
    """The sets above a key with (`qualifier`) or without a serial number, lot or extension."""
    bare = f"{ROOT}{ai}/{value}"
    lot = classes and qualifier == "10"
    above = [bare] if qualifier and ai in CLASSES and not lot else []
    if ai == "414" and not qualifier:
        above = [any_of(bare, "254")]
    elif qualifier and qualifier != "own":
        above.append(any_of(bare, qualifier))
    if ai == "8006":
        above += [pieces(value[:14]), pieces(value[:16])]
    texts = tuple(hashed(text) for text in above)
    schemes = {scheme(ai, qualifier, classes and not lot), scheme(ai, qualifier, False)}
    return texts + tuple(part for name in sorted(schemes) for part in _of_company(name, _company_digits(ai, value)))


@remembered(1 << 14)
def _of_company(name: str, digits: str) -> Lineage:
    prefixes = [digits[:length] for length in _PREFIX_LENGTHS if len(digits) >= length]
    return tuple(hashed(text) for text in (every(name), *(of_company(name, prefix) for prefix in prefixes)))


def _company_digits(ai: str, value: str) -> str:
    lead = _LEAD.get(ai, 0)
    digits = value[lead : lead + 12]
    return digits if digits.isdecimal() else digits[: next(i for i, one in enumerate(digits) if not one.isdecimal())]


@remembered(1 << 14)
def _above_keyless(urn: str) -> Lineage:
    name, _, body = urn.removeprefix("urn:epc:id:").partition(":")
    if name not in KEYLESS:
        return ()
    parts = body.split(".")
    patterns = (".".join([*parts[:known], *("*" * (len(parts) - known))]) for known in range(len(parts)))
    return tuple(hashed(f"urn:epc:idpat:{name}:{pattern}") for pattern in patterns)


def scheme(ai: str, qualifier: str, classes: bool) -> str:
    """The name of the sets that span GTINs: of serialised items, of lots ...; of classes where `classes`."""
    return f"{ai}/{qualifier}" if ai == "01" and qualifier and not classes else ai


def any_of(bare: str, qualifier: str) -> str:
    """The set of everything with this key (a canonical Digital Link) and any value of the qualifier."""
    return f"{bare}/{qualifier}/*"


def every(name: str) -> str:
    """The set of everything in a scheme."""
    return f"{name} *"


def of_company(name: str, prefix: str) -> str:
    """The set of everything in a scheme that a GS1 company prefix leads."""
    return f"{name} {prefix}"


def pieces(digits: str) -> str:
    """The set of pieces (ITIP) of a GTIN (14 digits), or of one piece number of it (16)."""
    return f"8006 {digits}"
