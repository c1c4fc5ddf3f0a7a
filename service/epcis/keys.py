"""GS1 identification keys as element strings: which application identifiers, what values, in which Digital Link.

Sources: GS1 General Specifications section 3 (formats), GS1 Digital Link URI Syntax 1.2 sections 4.3 to 4.9 (keys, key
qualifiers, percent-encoding), GS1 EPC Tag Data Standard section 7 (EPC to element string). A GMN (8013) and a service
relation instance number (8019) are keys of Digital Link for which the Tag Data Standard has no EPC URN.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote

from service.epcis.checkdigit import check_characters, check_digit

ROOT = "https://id.gs1.org/"
"""Every canonical Digital Link begins so."""


class InvalidIdentifier(ValueError):
    """The text is not a well-formed identifier; the message says what to change."""


class Kind(StrEnum):
    """What an identifier identifies."""

    ITEM = "item"
    """One serialised trade item, piece or part (SGTIN, ITIP, UPUI, CPI)."""
    LOT = "lot"
    """A batch of a trade item (LGTIN; 01 + 10)."""
    LOGISTIC_UNIT = "logistic_unit"
    """SSCC."""
    CONSIGNMENT = "consignment"
    """GINC."""
    SHIPMENT = "shipment"
    """GSIN."""
    ASSET = "asset"
    """A GIAI, or a GRAI with its serial number."""
    PARTY = "party"
    """Party GLN (417)."""
    LOCATION = "location"
    """GLN of a physical location (414), with or without extension."""
    DOCUMENT = "document"
    """A GDTI with its serial number."""
    COUPON = "coupon"
    """A GCN with its serial number."""
    SERVICE_RELATION = "service_relation"
    """GSRN of a recipient (8018) or provider (8017)."""
    CLASS = "class"
    """A kind of thing only: GMN; or GTIN, GRAI, GDTI, GCN, CPI or ITIP without lot or serial number."""
    OTHER = "other"
    """Any URI that carries no GS1 key."""


CSET_82 = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")
CSET_39 = re.compile(r"[#\-/0-9A-Z]+")
DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class KeyFormat:
    """Format of a primary key: `digits` that lead it, the last of them a check digit where `checked`; then at most
    `tail` characters of `charset` (a serial number, or the rest of an alphanumeric key).
    """

    name: str
    digits: int
    checked: bool
    tail: int
    charset: re.Pattern[str]
    bare: Kind
    full: Kind


class Key(NamedTuple):
    """A primary key (`ai`, `value`) and the one qualifier that makes it finest, if any (`qualifier`, `extension`)."""

    ai: str
    value: str
    qualifier: str = ""
    extension: str = ""


FORMATS: dict[str, KeyFormat] = {
    "00": KeyFormat("SSCC", 18, True, 0, DIGITS, Kind.LOGISTIC_UNIT, Kind.LOGISTIC_UNIT),
    "01": KeyFormat("GTIN", 14, True, 0, DIGITS, Kind.CLASS, Kind.CLASS),
    "253": KeyFormat("GDTI", 13, True, 17, CSET_82, Kind.CLASS, Kind.DOCUMENT),
    "255": KeyFormat("GCN", 13, True, 12, DIGITS, Kind.CLASS, Kind.COUPON),
    "401": KeyFormat("GINC", 4, False, 26, CSET_82, Kind.CONSIGNMENT, Kind.CONSIGNMENT),
    "402": KeyFormat("GSIN", 17, True, 0, DIGITS, Kind.SHIPMENT, Kind.SHIPMENT),
    "414": KeyFormat("GLN", 13, True, 0, DIGITS, Kind.LOCATION, Kind.LOCATION),
    "417": KeyFormat("party GLN", 13, True, 0, DIGITS, Kind.PARTY, Kind.PARTY),
    "8003": KeyFormat("GRAI", 14, True, 16, CSET_82, Kind.CLASS, Kind.ASSET),
    "8004": KeyFormat("GIAI", 4, False, 26, CSET_82, Kind.ASSET, Kind.ASSET),
    "8006": KeyFormat("ITIP", 18, False, 0, DIGITS, Kind.CLASS, Kind.CLASS),
    "8010": KeyFormat("CPI", 4, False, 26, CSET_39, Kind.CLASS, Kind.CLASS),
    "8013": KeyFormat("GMN", 4, False, 21, CSET_82, Kind.CLASS, Kind.CLASS),
    "8017": KeyFormat("GSRN (provider)", 18, True, 0, DIGITS, Kind.SERVICE_RELATION, Kind.SERVICE_RELATION),
    "8018": KeyFormat("GSRN (recipient)", 18, True, 0, DIGITS, Kind.SERVICE_RELATION, Kind.SERVICE_RELATION),
}
QUALIFIERS: dict[str, dict[str, tuple[int, re.Pattern[str], Kind]]] = {
    "01": {"22": (20, CSET_82, Kind.CLASS), "10": (20, CSET_82, Kind.LOT), "21": (20, CSET_82, Kind.ITEM),
           "235": (28, CSET_82, Kind.ITEM)},
    "8006": {"22": (20, CSET_82, Kind.CLASS), "10": (20, CSET_82, Kind.LOT), "21": (20, CSET_82, Kind.ITEM)},
    "8010": {"8011": (12, DIGITS, Kind.ITEM)},
    "414": {"254": (20, CSET_82, Kind.LOCATION), "7040": (4, CSET_82, Kind.LOCATION)},
    "417": {"7040": (4, CSET_82, Kind.PARTY)},
    "8017": {"8019": (10, DIGITS, Kind.SERVICE_RELATION)},
    "8018": {"8019": (10, DIGITS, Kind.SERVICE_RELATION)},
}  # fmt: skip
FINEST = ("21", "235", "8011", "8019", "254", "7040", "10")
"""The finest qualifier wins; a consumer product variant (22) never identifies more than its GTIN does in EPCIS."""


def finest(ai: str, value: str, qualifiers: Mapping[str, str]) -> Key:
    """The key with the one of its qualifiers that tells most."""
    name = next((name for name in FINEST if name in qualifiers), "")
    if name == "254" and qualifiers["254"] == "0":
        name = ""  # Tag Data Standard 6.3.3: extension 0 says that the GLN has none
    return Key(ai, value, name, qualifiers.get(name, ""))


def decoded(text: str) -> str:
    """`text` without its percent-encoding; raises where an escape is broken or does not give ASCII."""
    if "%" not in text:
        return text
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise InvalidIdentifier(f"{text!r} has a '%' that two hexadecimal digits do not follow; write '%25' for it")
    return unquote(text, errors="surrogateescape")


def link(key: Key) -> str:
    """The canonical GS1 Digital Link: everything percent-encoded but unreserved characters and `'`, `;`, `=`."""
    path = f"{ROOT}{key.ai}/{_quoted(key.value)}"
    return f"{path}/{key.qualifier}/{_quoted(key.extension)}" if key.qualifier else path


def _quoted(text: str) -> str:
    return text if text.isalnum() else quote(text, safe="';=")


def kind_of(key: Key) -> Kind:
    """What a well-formed key identifies."""
    if key.qualifier:
        return QUALIFIERS[key.ai][key.qualifier][2]
    format_ = FORMATS[key.ai]
    return format_.full if len(key.value) > format_.digits else format_.bare


def checked(key: Key, *, check_digits: bool = True) -> Key:
    """`key` itself, or InvalidIdentifier saying what is wrong with its length, characters or check digit."""
    format_ = FORMATS[key.ai]
    digits, tail = key.value[: format_.digits], key.value[format_.digits :]
    if len(digits) < format_.digits or not (digits.isascii() and digits.isdecimal()):
        raise InvalidIdentifier(f"{format_.name} {key.value!r} must begin with {format_.digits} digits")
    if len(tail) > format_.tail or (tail and not format_.charset.fullmatch(tail)):
        raise InvalidIdentifier(_bad_tail(format_, key.value))
    if key.ai == "8003" and digits[0] != "0":
        raise InvalidIdentifier(
            f"GRAI {key.value!r} must begin with 0, which fills its check-digited part to 14 digits"
        )
    if check_digits and (format_.checked or key.ai == "8006"):
        _verify(format_.name, digits[:14] if key.ai == "8006" else digits)
    if check_digits and key.ai == "8013":
        _verify_model(key.value)
    if key.qualifier:
        _check_extension(key)
    return key


def _bad_tail(format_: KeyFormat, value: str) -> str:
    if not format_.tail:
        return f"{format_.name} {value!r} must be exactly {format_.digits} digits"
    return (
        f"{format_.name} {value!r} may have up to {format_.tail} GS1 characters after its first {format_.digits} digits"
    )


def _verify(name: str, digits: str) -> None:
    right = check_digit(digits[:-1])
    if digits[-1] != right:
        raise InvalidIdentifier(
            f"{name} {digits} has a wrong check digit: it ends in {digits[-1]}, it must end in {right}"
        )


def _verify_model(gmn: str) -> None:
    if len(gmn) < 7:
        raise InvalidIdentifier(
            f"GMN {gmn!r} is too short: a company prefix, a model reference and two check characters"
        )
    right = check_characters(gmn[:-2])
    if gmn[-2:] != right:
        raise InvalidIdentifier(f"GMN {gmn} has wrong check characters: it ends in {gmn[-2:]}, it must end in {right}")


def _check_extension(key: Key) -> None:
    longest, charset, _ = QUALIFIERS[key.ai][key.qualifier]
    if not 0 < len(key.extension) <= longest or not charset.fullmatch(key.extension):
        allowed = "digits" if charset is DIGITS else "GS1 characters (set 82)"
        raise InvalidIdentifier(f"({key.qualifier}) {key.extension!r} must be 1 to {longest} {allowed}")
