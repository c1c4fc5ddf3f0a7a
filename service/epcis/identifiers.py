"""One canonical form for every spelling of an identifier: its GS1 Digital Link, or, without GS1 key, the URI itself.

A thing has one trail, so two spellings of one thing must give the same text: EPC URN or Digital Link, any resolver host
and path prefix, AI numbers or short names, GTIN-8 to GTIN-14, any percent-encoding. Sources: GS1 Digital Link URI
Syntax 1.2, EPC Tag Data Standard 2.0 section 7, CBV 2.0 section 8, RFC 3986.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from service.epcis import schemes
from service.epcis.keys import (
    DIGITS,
    FORMATS,
    QUALIFIERS,
    InvalidIdentifier,
    Key,
    Kind,
    checked,
    decoded,
    finest,
    kind_of,
    link,
)
from service.epcis.shortcuts import usual

__all__ = [
    "InvalidIdentifier",
    "Kind",
    "canonical",
    "digital_link",
    "epc_urn",
    "epc_urn_by",
    "forget",
    "is_instance",
    "is_uri",
    "key_of",
    "kind",
    "resolved",
]

SHORT_NAMES = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
"""Convenience names of GS1 Digital Link 1.1, still found in printed links."""

# Loops are unrolled (plain characters, then escapes with what follows): alternation for each character is slow in `re`.
_ESCAPE = "%[0-9A-Fa-f]{2}"
_PLAIN = r"A-Za-z0-9\-._~!$&'()*+,;=:@"
_PATH = rf"[{_PLAIN}/]*(?:{_ESCAPE}[{_PLAIN}/]*)*"
_TAIL = rf"[{_PLAIN}/?]*(?:{_ESCAPE}[{_PLAIN}/?]*)*"
_AUTHORITY = rf"//[{_PLAIN}\[\]]*(?:{_ESCAPE}[{_PLAIN}]*)*(?:/{_PATH})?"
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*:(?!$)(?:{_AUTHORITY}|(?!//){_PATH})(?:\?{_TAIL})?(?:\#{_TAIL})?")
_WEB = re.compile(r"https?://(?:[^/?#@]*@)?([^/?#:]+)(?::[0-9]*)?/([^?#]*)", re.IGNORECASE)
_COMPRESSED = re.compile(r"[A-Za-z0-9_\-]{10,}")
_GTIN_LENGTHS = (8, 12, 13, 14)
_MOST_SEGMENTS = 2 * (1 + max(map(len, QUALIFIERS.values())))
REMEMBERED = 256
"""Longer identifiers are worked out anew each time, so that no document can fill the memory with them."""


def is_uri(text: str) -> bool:
    """Whether `text` is an absolute URI in the syntax of RFC 3986 (ASCII; no relative references)."""
    return _URI.fullmatch(text) is not None


def canonical(identifier: str, *, check_digits: bool = True) -> str:
    """The one form under which an identifier is known: `https://id.gs1.org/...`, or the URI itself without GS1 key.

    Raises InvalidIdentifier for text that is no URI, for a malformed EPC URN, for a link that says that it is a GS1
    Digital Link but is not well-formed, and (unless `check_digits` is false) for a wrong check digit.
    """
    return resolved(identifier, check_digits)[0]


def resolved(identifier: str, check_digits: bool = True) -> tuple[str, Kind]:
    """Canonical form and kind together. Raises InvalidIdentifier as `canonical` does."""
    if len(identifier) > REMEMBERED:
        return _resolve(identifier, check_digits)
    return _remembered(identifier, check_digits)


def _resolve(identifier: str, check_digits: bool) -> tuple[str, Kind]:
    found = usual(identifier)
    if found is not None:
        return found
    key = key_of(identifier, check_digits=check_digits)
    if key is not None:
        return link(key), kind_of(key)
    is_epc = identifier[:8].lower() == "urn:epc:"
    return ("urn:epc:" + identifier[8:] if is_epc else identifier), Kind.OTHER


_remembered = lru_cache(maxsize=1 << 16)(_resolve)


def forget() -> None:
    """Empties what is remembered of identifiers, for measurements."""
    _remembered.cache_clear()


def digital_link(identifier: str, *, check_digits: bool = True) -> str:
    """As `canonical`, but an identifier that carries no GS1 key is refused with InvalidIdentifier."""
    key = key_of(identifier, check_digits=check_digits)
    if key is None:
        raise InvalidIdentifier(f"{identifier!r} carries no GS1 key, so it has no GS1 Digital Link")
    return link(key)


def epc_urn(identifier: str, prefix_length: int) -> str:
    """The EPC URN of an identifier with a GS1 key; the length of its company prefix (6 to 12 digits) must be known.

    Raises InvalidIdentifier where there is no such URN (no GS1 key; a GMN; a lot of an ITIP; the length does not fit).
    """
    return schemes.urn_of_key(_has_key(identifier), prefix_length)


def epc_urn_by(identifier: str, company_prefixes: Iterable[str]) -> str:
    """As `epc_urn`, its company prefix being the one among `company_prefixes` (digits) with which the key begins.

    Raises InvalidIdentifier also where none of them fits, or several of different length do.
    """
    key = _has_key(identifier)
    lengths = {len(prefix) for prefix in company_prefixes if prefix and schemes.begins(key, prefix)}
    if len(lengths) != 1:
        why = "several company prefixes fit" if lengths else "no known company prefix fits"
        raise InvalidIdentifier(f"{identifier!r}: {why}, so it has no certain EPC URN; say the length of its prefix")
    return schemes.urn_of_key(key, lengths.pop())


def _has_key(identifier: str) -> Key:
    key = key_of(identifier)
    if key is None:
        raise InvalidIdentifier(f"{identifier!r} carries no GS1 key, so it has no EPC URN")
    return key


def kind(identifier: str, *, check_digits: bool = True) -> Kind:
    """What the identifier identifies; `Kind.OTHER` without GS1 key. Raises InvalidIdentifier as `canonical` does."""
    return resolved(identifier, check_digits)[1]


def is_instance(identifier: str) -> bool:
    """Whether one single thing (party, place, document) is meant: no class and no lot. Raises InvalidIdentifier."""
    return kind(identifier) not in (Kind.CLASS, Kind.LOT)


def key_of(identifier: str, *, check_digits: bool = True) -> Key | None:
    """The GS1 key in an EPC URN or GS1 Digital Link, None in any other URI. Raises InvalidIdentifier."""
    if not _URI.fullmatch(identifier):
        raise InvalidIdentifier(
            f"{identifier[:200]!r} is not a URI (RFC 3986): send an EPC URN, a GS1 Digital Link or another URI"
        )
    if identifier[:8].lower() == "urn:epc:":
        key = schemes.key_of_urn(identifier)
        return None if key is None else checked(key, check_digits=False)  # a URN has none: it was computed just now
    web = _WEB.match(identifier)
    key = _key_of_path(identifier, web[1].lower(), web[2]) if web else None
    return None if key is None else checked(key, check_digits=check_digits)


def _key_of_path(identifier: str, host: str, path: str) -> Key | None:
    segments = path.rstrip("/").split("/")
    # A page's path may have any number of segments: those of a link are looked for near its end.
    first = 0 if host == "id.gs1.org" else max(0, len(segments) - _MOST_SEGMENTS)
    for start in range(first, len(segments) - 1):
        ai = SHORT_NAMES.get(segments[start], segments[start])
        if ai in FORMATS and _claims(ai, segments[start + 1 :], host):
            return _key_of_segments(identifier, ai, segments[start + 1 :])
    if host == "id.gs1.org":
        hint = "; compressed links are not read, send it uncompressed" if _COMPRESSED.fullmatch(path) else ""
        raise InvalidIdentifier(
            f"{identifier!r} is not a GS1 Digital Link: its path has no GS1 key that EPCIS uses{hint}"
        )
    return None


def _claims(ai: str, rest: list[str], host: str) -> bool:
    """Whether the segments after a key's AI say that this is a Digital Link, not some web page whose path looks alike.

    On the GS1 resolver always; elsewhere the value must look like the key's, and pairs of AI and value may follow.
    """
    if host == "id.gs1.org":
        return True
    digits = DIGITS.match(rest[0])
    if digits is None or len(rest) % 2 == 0:
        return False
    if len(rest) == 1:
        return _plausible(ai, rest[0], len(digits[0]))
    known = QUALIFIERS.get(ai, {})
    return all(SHORT_NAMES.get(name, name) in known for name in rest[1::2])


def _plausible(ai: str, value: str, digits: int) -> bool:
    if ai == "01":
        return digits == len(value) and digits in _GTIN_LENGTHS
    format_ = FORMATS[ai]
    return digits == len(value) == format_.digits if not format_.tail else digits >= format_.digits


def _key_of_segments(identifier: str, ai: str, rest: list[str]) -> Key:
    value = decoded(rest[0])
    if ai == "01" and DIGITS.fullmatch(value) and len(value) in _GTIN_LENGTHS:
        value = value.rjust(14, "0")
    if len(rest) == 1:
        return Key(ai, value)
    qualifiers: dict[str, str] = {}
    for name, extension in zip(rest[1::2], rest[2::2], strict=False):
        qualifier = SHORT_NAMES.get(name, name)
        if qualifier not in QUALIFIERS.get(ai, {}) or qualifier in qualifiers:
            raise InvalidIdentifier(f"{identifier!r}: ({name}) cannot qualify ({ai}) here in a GS1 Digital Link")
        qualifiers[qualifier] = decoded(extension)
    if len(rest) % 2 == 0:
        raise InvalidIdentifier(
            f"{identifier!r}: ({rest[-1]}) has no value; a GS1 Digital Link is made of AI and value in turn"
        )
    return finest(ai, value, qualifiers)
