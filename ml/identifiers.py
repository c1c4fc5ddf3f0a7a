"""One spelling for each thing: EPC URNs and Digital Links of one key come out the same, all else stays as it is.

The sibling of `service.epcis.identifiers` for readers that must not refuse: nothing is validated here, so that an
identifier with a wrong check digit is still one thing. Sources: EPC Tag Data Standard 2.0, section 6 (URNs); GS1
Digital Link 1.2, section 5 (AIs and their order); GS1 General Specifications, 7.9.1 (check digit).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

HOST: Final = "https://id.gs1.org/"
_URN = re.compile(r"urn:epc:(?:id|class|idpat):([a-z]+):(.+)$", re.IGNORECASE)
_LINK = re.compile(r"https?://", re.IGNORECASE)
_NAMES: Final = {"gtin": "01", "sscc": "00", "gln": "414", "party": "417", "partyGln": "417", "grai": "8003"} | {
    "giai": "8004", "gdti": "253", "gsrn": "8018", "gsrnp": "8017", "ginc": "401", "gsin": "402", "cpi": "8010",
    "sgcn": "255", "gcn": "255", "itip": "8006", "upui": "235", "ser": "21", "lot": "10", "cpv": "22", "glnx": "254",
}  # fmt: skip
_QUALIFIERS: Final = {"01": ("21", "235", "10"), "414": ("254",), "417": (), "8006": ("21", "10"), "8010": ("8011",)}
_KEYS: Final = frozenset(
    ("00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010", "8013", "8017", "8018")
)


@lru_cache(maxsize=65_536)
def canonical(identifier: str) -> str:
    """The Digital Link on id.gs1.org of a GS1 key in either spelling; anything else as it was written."""
    if urn := _URN.match(identifier):
        return _from_urn(urn[1].lower(), urn[2]) or identifier
    if _LINK.match(identifier):
        return _from_link(identifier) or identifier
    return identifier


def class_of(identifier: str) -> str:
    """The kind of thing: the GTIN of an item or a lot, the scheme (`/00`) of a logistic unit, else the host."""
    parts = canonical(identifier).removeprefix(HOST).split("/")
    return "/".join(parts[:2]) if parts[0] in {"01", "8003", "8010"} else parts[0][:64]


def _check(digits: str) -> str:
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def _from_urn(scheme: str, rest: str) -> str | None:
    cuts = {"itip": 4, "giai": 1, "ginc": 1}.get(scheme, 2)
    parts = [_quoted(part) for part in rest.split(".", cuts)]
    company, item = parts[0], parts[1] if len(parts) > 1 else ""
    tail = None if len(parts) < 3 or parts[-1] in {"", "%2A"} else parts[-1]
    if not (company.isascii() and company.isdigit()):
        return None
    build = _SCHEMES.get(scheme)
    if build is None or (scheme not in _FREE and not (item.isascii() and item.isdigit() if item else scheme in _SHORT)):
        return None
    return HOST + build(company, item, parts, tail)


def _gtin(company: str, item: str) -> str:
    return _check(item[:1] + company + item[1:])


def _joined(ai: str, qualifier: str, tail: str | None) -> str:
    return ai + (f"/{qualifier}/{tail}" if tail is not None else "")


_FREE: Final = frozenset(("giai", "ginc", "cpi"))
"""Schemes whose second part is no number."""
_SHORT: Final = frozenset(("pgln", "sgln", "gdti", "sgcn", "grai"))
"""Schemes whose second part may be empty, behind a company prefix of twelve digits."""
_SCHEMES: Final[Mapping[str, Callable[[str, str, list[str], str | None], str]]] = {
    "sgtin": lambda c, i, _, t: _joined("01/" + _gtin(c, i), "21", t),
    "lgtin": lambda c, i, _, t: _joined("01/" + _gtin(c, i), "10", t),
    "upui": lambda c, i, _, t: _joined("01/" + _gtin(c, i), "235", t),
    "itip": lambda c, i, p, t: _joined("8006/" + _gtin(c, i) + "".join(p[2:4]), "21", t),
    "sscc": lambda c, i, _p, _t: "00/" + _gtin(c, i),
    "sgln": lambda c, i, _, t: _joined("414/" + _check(c + i), "254", None if t == "0" else t),
    "pgln": lambda c, i, _p, _t: "417/" + _check(c + i),
    "grai": lambda c, i, _, t: "8003/0" + _check(c + i) + (t or ""),
    "gsrn": lambda c, i, _p, _t: "8018/" + _check(c + i),
    "gsrnp": lambda c, i, _p, _t: "8017/" + _check(c + i),
    "gdti": lambda c, i, _, t: "253/" + _check(c + i) + (t or ""),
    "sgcn": lambda c, i, _, t: "255/" + _check(c + i) + (t or ""),
    "giai": lambda c, i, _p, _t: "8004/" + c + i,
    "ginc": lambda c, i, _p, _t: "401/" + c + i,
    "gsin": lambda c, i, _p, _t: "402/" + _check(c + i),
    "cpi": lambda c, i, _, t: _joined("8010/" + c + i, "8011", t),
}


def _quoted(part: str) -> str:
    return quote(unquote(part), safe="'")


def _from_link(identifier: str) -> str | None:
    path = identifier.split("?", 1)[0].split("#", 1)[0].split("/")[3:]
    named = [(_NAMES.get(part, part), at) for at, part in enumerate(path)]
    found = next(((ai, at) for ai, at in named if ai in _KEYS and at + 1 < len(path)), None)
    if found is None:
        return None
    key, at = found
    value = _quoted(path[at + 1])
    if key == "01":
        if not (value.isdigit() and len(value) in {8, 12, 13, 14}):
            return None
        value = value.zfill(14)
    pairs = dict(zip((ai for ai, _ in named[at + 2 :: 2]), path[at + 3 :: 2], strict=False))
    for ai in _QUALIFIERS.get(key, ()):
        if ai in pairs and not (ai == "254" and pairs[ai] == "0"):
            return f"{HOST}{key}/{value}/{ai}/{_quoted(pairs[ai])}"
    return f"{HOST}{key}/{value}"
