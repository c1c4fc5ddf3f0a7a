"""Which URI to write for an identifier that was sent without one: bare keys, element strings, numbers of one's own."""

import re
from typing import Literal
from urllib.parse import quote

from service.epcis.elementstrings import from_element_string
from service.epcis.identifiers import Kind, canonical, is_uri, key_of, kind
from service.epcis.keys import FORMATS, ROOT, InvalidIdentifier, Key, checked, link

Use = Literal["thing", "class", "place", "party", "transaction", "transformation", "id", ""]
"""What the identifier is of; "id" is an event's own."""

_DIGITS = re.compile(r"[0-9]+")
_GTIN_LENGTHS = (8, 12, 13, 14)
_UUID = re.compile(r"\{?([0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})\}?")
_SCANNED = re.compile(r"\(|\]|[\x1d^]|(?:00[0-9]{18}|01[0-9]{14}|41[47][0-9]{13}|8003|801[78][0-9]{18}|253[0-9]{13})")
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/\S+")
_OWN = {"transaction": "bt", "transformation": "xform"}
_LONGEST = 200


def identifier(text: str, use: Use) -> str | None:
    """What to write for `text`, which is no URI; None where that cannot be said, or a check digit does not hold."""
    if len(text) > _LONGEST:
        return None
    bare = text.strip()
    if bare != text and is_uri(bare):
        return f"take out the blanks around it: {bare}"
    if (found := _UUID.fullmatch(bare)) is not None:
        return f"write urn:uuid:{found[1].lower()}"
    if use == "id":
        return "write a URI, such as urn:uuid: and a UUID, or leave it out: the event's hash is its id then"
    if _DIGITS.fullmatch(bare) and (told := _of_digits(bare, use)) is not None:
        return told
    if (found_link := _scanned(bare) or _of_host(bare)) is not None:
        return _told(found_link, use)
    if use in _OWN and bare:
        return f"write urn:epcglobal:cbv:{_OWN[use]}:<your GLN>:{quote(bare, safe='')}"
    return None


def _of_digits(digits: str, use: Use) -> str | None:
    """The link of a key without application identifier, by its length and by what it is of."""
    if use in ("place", "party") and len(digits) == 13:
        return _told(_link("414" if use == "place" else "417", digits), use)
    if use in ("thing", "transaction", "") and len(digits) == 18:
        return _told(_link("00", digits), use)
    if use in ("thing", "class") and len(digits) in _GTIN_LENGTHS:
        return _told(_link("01", digits.rjust(14, "0")), use)
    return None


def _link(ai: str, value: str) -> str | None:
    try:
        return link(checked(Key(ai, value)))
    except InvalidIdentifier:
        return None


def _scanned(text: str) -> str | None:
    """The link of what a label says, where that has a check digit, or brackets say that it is a label's."""
    if not _SCANNED.match(text):
        return None
    try:
        found = from_element_string(text)
        key = key_of(found)
    except InvalidIdentifier:
        return None
    return found if key is not None and (text[0] in "(]" or FORMATS[key.ai].checked) else None


def _of_host(text: str) -> str | None:
    """The link of which `https://` is missing."""
    if not _HOST.fullmatch(text):
        return None
    try:
        return canonical(f"https://{text}") if key_of(f"https://{text}") is not None else None
    except InvalidIdentifier:
        return None


def _told(found: str | None, use: Use) -> str | None:
    if found is None:
        return None
    if use != "thing" or kind(found) not in (Kind.CLASS, Kind.LOT):
        return f"write {found}"
    if found.startswith(f"{ROOT}01/") and kind(found) is Kind.CLASS:
        return f"a GTIN names a class of things; write {found}/21/<serial number>, or put {found} into a quantity list"
    return f"it names a class or a lot; put {found} into a quantity list"
