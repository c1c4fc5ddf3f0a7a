"""Identifiers of any kind as people type or paste them: URIs, which stay as they were written, and text of labels."""

import re
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, expanded
from service.epcis.identifiers import InvalidIdentifier, is_uri, resolved
from service.epcis.keys import Key, link
from service.epcis.spreadsheet.cells import Unreadable, rounded
from service.epcis.spreadsheet.keys import digits, sscc
from service.epcis.spreadsheet.labels import is_label, of_label

_BEFORE_ANOTHER = re.compile(r"[;,|](?=urn:|https?://|\([0-9]{2,4}\)|[0-9]{13}:)", re.IGNORECASE)
_AFTER_AI = re.compile(r"(?<=\))\s+(?=[0-9])")
_TRANSACTION = re.compile(r"([0-9]{13}):(.+)", re.DOTALL)
_EXTENDED = re.compile(r"\(414\)[0-9]{13}\(254\)(.+)", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")


def listed(text: str) -> list[str]:
    """The identifiers in a cell that may hold several: between blanks or line breaks, or after `,` `;` `|`."""
    pieces = (piece.rstrip(";,|") for piece in _BEFORE_ANOTHER.sub(" ", _AFTER_AI.sub("", text)).split())
    return [piece for piece in pieces if piece]


def asset(ai: str) -> Callable[[str], str]:
    """A reader of a GRAI with serial number (8003) or GIAI (8004), with or without its AI. Raises Unreadable."""

    def read(text: str) -> str:
        found = text if text.startswith("(") or is_uri(text) else f"({ai}){text}"
        damaged = rounded(text)
        if damaged:
            raise damaged
        if found.startswith("(") and not found.startswith(f"({ai})"):
            raise Unreadable("identifier", f"{text[:60]!r} must begin with ({ai}); other things go into the column epc")
        return thing(STANDARD_PREFIXES)(found)

    return read


def thing(prefixes: Prefixes) -> Callable[[str], str]:
    """A reader of any identifier: URI, label text like (01)...(21)..., or an SSCC's 18 digits. Raises Unreadable.

    `prefixes`: what the sender's compact URIs may begin with.
    """

    def read(text: str) -> str:
        if is_label(text):
            return of_label(text)
        damaged = rounded(text)
        if damaged:
            raise damaged
        if text.isdecimal() and len(text) == 18:
            return sscc(text)
        if text[:1].isdigit():
            raise Unreadable("identifier", _undeclared(text))
        return _uri(text, prefixes)

    return read


def _undeclared(text: str) -> str:
    return (
        f"{text[:60]!r} does not say what it identifies; put it into sscc, gtin (with serial or lot), grai or"
        " giai, or write it as on the label, like (01)09521001000017(21)4711"
    )


def _uri(text: str, prefixes: Prefixes) -> str:
    if not is_uri(text):
        raise Unreadable(
            "identifier",
            f"{text[:60]!r} is no identifier: write a URI, or a key as on the label, like (01)09521001000017(21)4711",
        )
    try:
        resolved(expanded(text, prefixes))
    except InvalidIdentifier as fault:
        raise Unreadable("identifier", str(fault)) from None
    return text


@lru_cache(maxsize=1 << 12)
def place(text: str) -> str:
    """A place: a GLN as (414) link, or a URI. Raises Unreadable."""
    if _EXTENDED.fullmatch(text):
        return of_label(text)
    return _gln(text, "414", "a place is named by its GLN (13 digits) or by a URI")


@lru_cache(maxsize=1 << 12)
def party(text: str) -> str:
    """A party: a GLN as (417) link, or a URI. Raises Unreadable."""
    return _gln(text, "417", "a party is named by its GLN (13 digits) or by a URI")


def _gln(text: str, ai: str, wanted: str) -> str:
    if is_uri(text):
        return _uri(text, STANDARD_PREFIXES)
    bare = text.removeprefix("(414)").removeprefix("(417)").strip()
    if _LETTER.search(bare) and not rounded(bare) and not bare.upper().startswith("GLN"):
        raise Unreadable("identifier", f"{text[:60]!r}: {wanted}, not by its name")
    return link(Key(ai, digits(ai)(bare)))


def transaction(text: str) -> str:
    """A business transaction: `GLN:number` as the CBV's URN (CBV 2.0, 8.5), a GDTI, or a URI. Raises Unreadable."""
    own = _TRANSACTION.fullmatch(text)
    if own:
        number = "".join(sign if sign.isalnum() and sign.isascii() else _escaped(sign) for sign in own[2])
        return f"urn:epcglobal:cbv:bt:{digits('417')(own[1])}:{number}"
    if is_label(text):
        return of_label(text)
    if not is_uri(text):
        raise Unreadable(
            "identifier",
            f"{text[:60]!r} is a number that others have too; write the GLN of who issued it, a colon and the number"
            ", like 9521003000008:PO-4711, or a URI",
        )
    return _uri(text, STANDARD_PREFIXES)


def _escaped(sign: str) -> str:
    return sign if sign in "-._~!$'()*+,;=:@" else "".join(f"%{byte:02X}" for byte in sign.encode())


def event_id(text: str) -> str:
    """An event's identifier: a URI, or a UUID as urn:uuid. Raises Unreadable."""
    if is_uri(text):
        return text
    try:
        return f"urn:uuid:{UUID(text)}"
    except ValueError:
        message = (
            f"{text[:60]!r} is no URI; write a URI or a UUID, or leave the cell empty (the event then gets its hash)"
        )
        raise Unreadable("identifier", message) from None


def uri(prefixes: Prefixes) -> Callable[[str], str]:
    """A reader of a URI, or of label text. Raises Unreadable."""

    def read(text: str) -> str:
        return of_label(text) if is_label(text) else _uri(text, prefixes)

    return read
