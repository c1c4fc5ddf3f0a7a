"""What a value of a `MATCH_` parameter looks for: an identifier, or a pattern as a set (see `lineage`).

Sources: EPC Tag Data Standard 2.0, section 8 (pure identity patterns: components are `*` from the right), EPCIS 2.0
section 8.2.7.1.1. Digital Links may have `*` as their serial number, lot or extension.
"""

import re
from typing import Final

from service.epcis import schemes
from service.epcis.identifiers import InvalidIdentifier, canonical, key_of
from service.epcis.keys import Key, link
from service.epcis.query import lineage

_URN: Final = re.compile(r"urn:epc:(?:idpat|classpat|class):([a-z0-9]+):(.+)", re.IGNORECASE | re.DOTALL)
_PREFIX: Final = re.compile(r"[0-9]{6,12}")
_KEYLESS_PARTS: Final = {"gid": 3, "usdod": 2, "adi": 3, "bic": 1, "imovn": 1}


def sought(uri: str, classes: bool) -> str:
    """The text to look up for a value (full URI); `classes`: among classes.

    Raises InvalidIdentifier for what is neither an identifier nor a pattern; the message says what to change.
    """
    urn = _URN.fullmatch(uri) if "*" in uri or "[" in uri or uri.startswith("urn:epc:idpat:") else None
    if urn is not None:
        return _sought_urn(uri, urn[1].lower(), urn[2], classes)
    if uri.endswith("*") and uri.startswith("http"):
        return _sought_link(uri, classes)
    return canonical(uri)


def _sought_link(uri: str, classes: bool) -> str:
    """A Digital Link that ends in `*`; any other web URI that does is itself."""
    try:
        key = key_of(uri[:-1] + "1", check_digits=False)
    except InvalidIdentifier:
        key = None
    if key is not None and key.qualifier and key.extension == "1":
        canonical(link(Key(key.ai, key.value)))  # its check digit must be right
        return _any_extension(key.ai, link(Key(key.ai, key.value)), key.qualifier, classes)
    if key is not None and key.ai in lineage.OWN_DIGITS and len(key.value) == lineage.OWN_DIGITS[key.ai] + 1:
        return canonical(uri[:-1])
    if key is None and not uri.startswith("https://id.gs1.org/"):
        return uri
    raise InvalidIdentifier(
        f"{uri!r}: a Digital Link may have '*' only as its whole serial number, lot or extension; for all keys of a"
        " company use a pattern such as urn:epc:idpat:sgtin:4012345.*.*"
    )


def _any_extension(ai: str, bare: str, qualifier: str, classes: bool) -> str:
    """Among classes, "every serial number of it" is the class itself."""
    whole = classes and qualifier != "10" and ai in lineage.CLASSES
    return bare if whole else lineage.any_of(bare, qualifier)


def _sought_urn(uri: str, name: str, body: str, classes: bool) -> str:
    if "[" in body or "]" in body:
        raise InvalidIdentifier(
            f"{uri!r}: ranges such as [1-5] are for tag patterns (urn:epc:pat:...), not for identities: use '*'"
        )
    if name in schemes.KEYLESS:
        parts = _parts(uri, body, _KEYLESS_PARTS.get(name, 1 + body.count(".")))
        return uri if parts[-1] == "*" else canonical(f"urn:epc:id:{name}:{body}")
    form = "class" if name == "lgtin" else "id"
    rule = schemes.SCHEMES.get(f"{form}:{name}")
    if rule is None:
        known = ", ".join(scheme.partition(":")[2] for scheme in schemes.SCHEMES)
        raise InvalidIdentifier(f"{uri!r}: {name!r} is no EPC scheme that has patterns; known are {known}")
    wanted = 5 if name == "itip" else 2 + bool(rule.serial)
    return _sought_parts(uri, f"urn:epc:{form}:{name}:", rule, _parts(uri, body, wanted), classes)


def _parts(uri: str, body: str, wanted: int) -> list[str]:
    parts = body.split(".", wanted - 1)
    if len(parts) != wanted:
        raise InvalidIdentifier(f"{uri!r} must have {wanted} parts between dots, '*' for those that may be anything")
    stars = parts.count("*")
    if any("*" in part for part in parts[: wanted - stars]):
        raise InvalidIdentifier(
            f"{uri!r}: in a pure identity pattern '*' stands for whole parts, from the right, as in 4012345.*.*"
        )
    return parts


def _sought_parts(uri: str, before: str, rule: schemes.Scheme, parts: list[str], classes: bool) -> str:
    stars = parts.count("*")
    if not stars:
        return canonical(before + ".".join(parts))
    qualifier = "" if rule.serial == "tail" else rule.serial
    name = lineage.scheme(rule.ai, qualifier, classes and qualifier != "10")
    if stars == len(parts):
        return lineage.every(name)
    if not _PREFIX.fullmatch(parts[0]):
        raise InvalidIdentifier(f"{uri!r} must begin with a GS1 company prefix of 6 to 12 digits, or be '*' throughout")
    if stars == len(parts) - 1:
        return lineage.of_company(name, parts[0])
    key = _example(before, parts)
    if rule.ai == "8006" and stars > 1:
        return lineage.pieces(key.value[: 18 - 2 * (stars - 1)])
    value = key.value[:-1] if rule.serial == "tail" else key.value
    bare = link(Key(key.ai, value))
    return _any_extension(key.ai, bare, qualifier, classes) if qualifier else bare


def _example(before: str, parts: list[str]) -> Key:
    """The key of one identifier that the pattern matches."""
    fillers = ["01" if before.endswith(":itip:") and index < len(parts) - 1 else "1" for index in range(len(parts))]
    uri = before + ".".join(filler if part == "*" else part for part, filler in zip(parts, fillers, strict=True))
    key = key_of(uri)
    assert key is not None  # the schemes without a key were told apart before
    return key
