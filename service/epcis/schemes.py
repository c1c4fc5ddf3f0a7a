"""EPC URNs: from `urn:epc:id:...`, `urn:epc:class:...` and `urn:epc:idpat:...` to keys, and back.

Source: GS1 EPC Tag Data Standard 2.0, sections 6 (URI grammar), 7 (element strings) and 8 (pattern URIs).
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from service.epcis.checkdigit import check_digit, container_check_digit, vessel_check_digit
from service.epcis.keys import InvalidIdentifier, Key, decoded


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a scheme's company prefix and reference make a key.

    `digits`: together, in digits (0: the reference is alphanumeric and free in length); `rotated`: the first digit of
    the reference leads the key; `serial`: "" none, "tail" appended to the key, else the qualifier that carries it.
    """

    ai: str
    digits: int
    rotated: bool = False
    serial: str = ""


SCHEMES: dict[str, Scheme] = {
    "id:sgtin": Scheme("01", 13, True, "21"),
    "id:upui": Scheme("01", 13, True, "235"),
    "class:lgtin": Scheme("01", 13, True, "10"),
    "id:itip": Scheme("8006", 13, True, "21"),
    "id:sscc": Scheme("00", 17, True),
    "id:sgln": Scheme("414", 12, serial="254"),
    "id:pgln": Scheme("417", 12),
    "id:grai": Scheme("8003", 12, serial="tail"),
    "id:gdti": Scheme("253", 12, serial="tail"),
    "id:sgcn": Scheme("255", 12, serial="tail"),
    "id:gsrn": Scheme("8018", 17),
    "id:gsrnp": Scheme("8017", 17),
    "id:gsin": Scheme("402", 16),
    "id:giai": Scheme("8004", 0),
    "id:ginc": Scheme("401", 0),
    "id:cpi": Scheme("8010", 0, serial="8011"),
}
PATTERNS = ("sgtin", "grai", "gdti", "sgcn", "cpi", "itip", "upui")
"""Schemes whose `urn:epc:idpat:SCHEME:...*` names the class of all serial numbers."""
_NUMBER = "(?:0|[1-9][0-9]*)"
_CAGE = "[0-9A-HJ-NP-Z]{5,6}"
_PART = "(?:[0-9A-Z-]|%2[Ff])"
KEYLESS = {
    "gid": re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"),
    "usdod": re.compile(rf"{_CAGE}\.{_NUMBER}"),
    "adi": re.compile(rf"{_CAGE}\.{_PART}{{0,32}}\.(?:%23)?{_PART}{{1,30}}"),
    "bic": re.compile(r"[A-Z]{4}[0-9]{7}"),
    "imovn": re.compile(r"[0-9]{7}"),
}
"""EPC schemes that carry no GS1 key, and what their bodies look like: such an EPC is its own canonical form."""

_PIECE = re.compile(r"[!'()*+,\-.0-9:;=A-Z_a-z]*(?:%[0-9A-Fa-f]{2}[!'()*+,\-.0-9:;=A-Z_a-z]*)*")
_PREFIX = re.compile(r"[0-9]{6,12}")


def key_of_urn(urn: str) -> Key | None:
    """The key that an EPC URN carries; None for an EPC scheme without GS1 key. Raises InvalidIdentifier.

    Lengths and characters of the resulting key are not checked here (see `keys.checked`).
    """
    _, _, form, scheme, body = (*urn.split(":", 4), "", "")[:5]
    if form == "id" and scheme in KEYLESS:
        _check_keyless(urn, scheme, body)
        return None
    is_pattern = form == "idpat" and scheme in PATTERNS
    rule = SCHEMES.get(f"id:{scheme}" if is_pattern else f"{form}:{scheme}")
    if rule is None or not body:
        raise InvalidIdentifier(f"{urn!r} is no EPC identity that EPCIS knows; {_HINT}")
    if not _PIECE.fullmatch(body):
        raise InvalidIdentifier(f"{urn!r} has characters that an EPC URN must percent-encode")
    return _assemble(urn, scheme, rule, body, is_pattern)


def _check_keyless(urn: str, scheme: str, body: str) -> None:
    if not KEYLESS[scheme].fullmatch(body):
        raise InvalidIdentifier(f"{urn!r} is not made as the Tag Data Standard says an EPC of the scheme {scheme} is")
    if scheme in _CHECKED and _CHECKED[scheme](body[:-1]) != body[-1]:
        right = _CHECKED[scheme](body[:-1])
        raise InvalidIdentifier(f"{urn!r} has a wrong check digit: it ends in {body[-1]}, it must end in {right}")


_CHECKED = {"bic": container_check_digit, "imovn": vessel_check_digit}
_HINT = "use urn:epc:id:SCHEME:..., urn:epc:class:lgtin:..., urn:epc:idpat:SCHEME:...* or a GS1 Digital Link"


def _assemble(urn: str, scheme: str, rule: Scheme, body: str, is_pattern: bool) -> Key:
    parts = _split(urn, scheme, rule, body)
    prefix, reference = parts[0], parts[1]
    serial = decoded(parts[-1]) if rule.serial else ""
    if is_pattern and serial != "*":
        raise InvalidIdentifier(f"{urn!r} must end in '.*': only a pattern over all serial numbers names a class")
    if rule.serial and not serial:
        raise InvalidIdentifier(f"{urn!r} lacks its last part, the serial number")
    value = _value(urn, rule, prefix, reference)
    if scheme == "itip":
        value += parts[2] + parts[3]
    if is_pattern or (scheme == "sgln" and serial == "0"):
        return Key(rule.ai, value)
    return Key(rule.ai, value + serial) if rule.serial in ("", "tail") else Key(rule.ai, value, rule.serial, serial)


def _split(urn: str, scheme: str, rule: Scheme, body: str) -> list[str]:
    if scheme == "cpi":  # the part reference is alphanumeric, but '.' is not in its character set
        parts = body.split(".")
        wanted = 3
    else:
        wanted = (4 if scheme == "itip" else 2) + bool(rule.serial)
        parts = body.split(".", wanted - 1)
    if len(parts) != wanted or not _PREFIX.fullmatch(parts[0]):
        raise InvalidIdentifier(
            f"{urn!r} must have {wanted} parts between dots, the first a company prefix of 6 to 12 digits"
        )
    return parts


def _value(urn: str, rule: Scheme, prefix: str, reference: str) -> str:
    if not rule.digits:
        if not reference:
            raise InvalidIdentifier(f"{urn!r} has no reference after the company prefix")
        return prefix + decoded(reference)
    wanted = rule.digits - len(prefix)
    if len(reference) != wanted or (reference and not reference.isdecimal()):
        raise InvalidIdentifier(f"{urn!r}: after a company prefix of {len(prefix)} digits come exactly {wanted} digits")
    digits = reference[0] + prefix + reference[1:] if rule.rotated else prefix + reference
    return ("0" if rule.ai == "8003" else "") + digits + check_digit(digits)


_FORM = {
    ("01", "21"): "id:sgtin",
    ("01", "235"): "id:upui",
    ("01", "10"): "class:lgtin",
    ("01", ""): "idpat:sgtin",
    ("8006", "21"): "id:itip",
    ("8006", ""): "idpat:itip",
    ("8010", "8011"): "id:cpi",
    ("8010", ""): "idpat:cpi",
    ("414", "254"): "id:sgln",
    ("414", ""): "id:sgln",
} | {(rule.ai, ""): name for name, rule in SCHEMES.items() if rule.ai not in ("01", "8006", "8010", "414")}


def urn_of_key(key: Key, prefix_length: int) -> str:
    """The EPC URN of a well-formed key whose GS1 company prefix has `prefix_length` digits (6 to 12).

    Raises InvalidIdentifier for a key that has no EPC URN (a GMN, a lot of an ITIP) or a length that does not fit.
    """
    if not 6 <= prefix_length <= 12:
        raise InvalidIdentifier(f"a GS1 company prefix has 6 to 12 digits, not {prefix_length}")
    form = _FORM.get((key.ai, key.qualifier))
    if form is None:
        finer = f" with ({key.qualifier})" if key.qualifier else ""
        raise InvalidIdentifier(f"({key.ai}){finer} has no EPC URN")
    rule = SCHEMES.get(form) or SCHEMES["id:" + form.split(":")[1]]
    body, serial = _taken_apart(key, rule, prefix_length)
    if form.startswith("id:") and rule.serial == "tail" and not serial:
        form = form.replace("id:", "idpat:")
    last = "*" if form.startswith("idpat:") else _escaped(serial)
    return f"urn:epc:{form}:{body}" + (f".{last}" if rule.serial else "")


def begins(key: Key, company_prefix: str) -> bool:
    """Whether the key's company prefix may be this one."""
    form = _FORM.get((key.ai, key.qualifier))
    rule = SCHEMES.get(form) or SCHEMES["id:" + form.split(":")[1]] if form else None
    if rule is None:
        return False
    return key.value.startswith(company_prefix, (1 if key.ai == "8003" else 0) + rule.rotated)


def _taken_apart(key: Key, rule: Scheme, length: int) -> tuple[str, str]:
    if not rule.digits:
        if not DIGITS_ONLY.fullmatch(key.value[:length]) or len(key.value) <= length:
            raise InvalidIdentifier(f"({key.ai}) {key.value!r} has no company prefix of {length} digits")
        return f"{key.value[:length]}.{_escaped(key.value[length:])}", key.extension
    lead = 1 if key.ai == "8003" else 0
    digits = key.value[lead : lead + rule.digits]
    first = digits[0] if rule.rotated else ""
    rest = digits[1:] if rule.rotated else digits
    body = f"{rest[:length]}.{first}{rest[length:]}"
    if key.ai == "8006":
        body += f".{key.value[14:16]}.{key.value[16:18]}"
    serial = key.value[lead + rule.digits + 1 :] if rule.serial == "tail" else key.extension
    return body, serial or ("0" if key.ai == "414" else "")


DIGITS_ONLY = re.compile(r"[0-9]+")


def _escaped(text: str) -> str:
    return quote(text, safe="!'()*+,:;=")
