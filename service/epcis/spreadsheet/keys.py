"""Identifiers as people type or paste them: GS1 keys as digits or as on a label, and URIs.

Plain keys become canonical GS1 Digital Links, with their check digits verified; URIs stay as they were written. Digits
that a spreadsheet shortened are never guessed: only a GTIN may be shorter than its longest form.
"""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, expanded
from service.epcis.identifiers import InvalidIdentifier, is_uri, resolved
from service.epcis.keys import FORMATS, QUALIFIERS, Key, checked, link
from service.epcis.spreadsheet.cells import Unreadable, rounded

_LABEL = re.compile(r"\(([0-9]{2,4})\)")
_BEFORE_ANOTHER = re.compile(r"[;,|](?=urn:|https?://|\([0-9]{2,4}\)|[0-9]{13}:)", re.IGNORECASE)
_AFTER_AI = re.compile(r"(?<=\))\s+(?=[0-9])")
_SPACED = re.compile(r"[0-9]+(?:[ \u00a0\u202f-][0-9]+)+")
_DECIMAL = re.compile(r"[0-9]{6,}[.,]0+")
_TRANSACTION = re.compile(r"([0-9]{13}):(.+)", re.DOTALL)
_PAIRED = re.compile(r"\(414\)([0-9]{13})(?:\(254\)(.+))?")
_LETTER = re.compile(r"[^\W\d_]")
_LENGTHS = {"00": (18,), "01": (8, 12, 13, 14), "414": (13,), "417": (13,)}
_ELSEWHERE = {"10": "lot", "11": "productionDate", "15": "bestBefore", "17": "expiryDate", "37": "quantity"}
"""Columns for what a label tells besides the identity."""
_TEXT = "format the column as text and type it again, or write it with ({ai}) before it, as on the label"


def listed(text: str) -> list[str]:
    """The identifiers in a cell that may hold several: between blanks or line breaks, or after `,` `;` `|`."""
    pieces = (piece.rstrip(";,|") for piece in _BEFORE_ANOTHER.sub(" ", _AFTER_AI.sub("", text)).split())
    return [piece for piece in pieces if piece]


def numbers(text: str) -> list[str]:
    """The SSCCs in a cell that may hold several: as `listed`, but any `,` `;` `|` separates.

    One that is written in groups of digits stays one.
    """
    if _SPACED.fullmatch(text) and sum(map(str.isdigit, text)) == 18:
        return [text]
    return [piece for piece in re.split(r"[\s;,|]+", _AFTER_AI.sub("", text)) if piece]


def digits(ai: str) -> Callable[[str], str]:
    """A reader of a key made of digits alone (SSCC, GTIN, GLN): the key's digits, a GTIN's as 14. Raises Unreadable."""
    lengths, name = _LENGTHS[ai], FORMATS[ai].name.removeprefix("party ")

    def read(text: str) -> str:
        found = text.removeprefix(f"({ai})").strip()
        _refuse_damaged(found, ai)
        if _SPACED.fullmatch(found):
            found = re.sub("[^0-9]", "", found)
        if not (found.isascii() and found.isdecimal()):
            raise Unreadable("identifier", _no_digits(name, found, lengths))
        if len(found) not in lengths:
            raise Unreadable("identifier", _wrong_length(name, found, ai))
        return _verified(ai, found.rjust(14, "0") if ai == "01" else found)

    return read


def _refuse_damaged(text: str, ai: str) -> None:
    damaged = rounded(text)
    if damaged:
        raise damaged
    if _DECIMAL.fullmatch(text):
        raise Unreadable("identifier", f"{text!r} was saved as a decimal number; {_TEXT.format(ai=ai)}")


def _no_digits(name: str, text: str, lengths: tuple[int, ...]) -> str:
    wanted = " or ".join(str(length) for length in lengths)
    hint = "; identifiers of other kinds and URIs go into the column epc" if ":" in text or "(" in text else ""
    return f"{text[:60]!r} is no {name}: {wanted} digits{hint}"


def _wrong_length(name: str, text: str, ai: str) -> str:
    lengths = _LENGTHS[ai]
    wanted = " or ".join(str(length) for length in lengths)
    message = f"{name} {text[:40]!r} has {len(text)} digits, it must have {wanted}"
    if 4 <= max(lengths) - len(text) or len(text) > max(lengths):
        return message
    return f"{message}; if the spreadsheet dropped zeros at its beginning, {_TEXT.format(ai=ai)}"


def _verified(ai: str, text: str) -> str:
    try:
        return checked(Key(ai, text)).value
    except InvalidIdentifier as fault:
        zeros = "; spreadsheets turn digits after the 15th into zeros" if len(text) > 15 and text.endswith("00") else ""
        raise Unreadable("identifier", f"{fault}{zeros}") from None


def sscc(text: str) -> str:
    """The link of an SSCC. Raises Unreadable."""
    return link(Key("00", digits("00")(text)))


def gtin(text: str) -> str:
    """A GTIN, as 14 digits. Raises Unreadable."""
    if is_uri(text):
        raise Unreadable("identifier", f"{text[:60]!r}: a URI goes into the column epc (of a class: epcClass)")
    return digits("01")(text)


def qualified(gtin: str, ai: str) -> Callable[[str], str]:
    """A reader of the serial number (21) or lot (10) of a GTIN: the link of the item, or lot. Raises Unreadable."""

    def read(text: str) -> str:
        damaged = rounded(text)
        if damaged:
            raise damaged
        try:
            return link(checked(Key("01", gtin, ai, text.removeprefix(f"({ai})"))))
        except InvalidIdentifier as fault:
            raise Unreadable("identifier", str(fault)) from None

    return read


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
        if _LABEL.match(text):
            return _of_label(text)
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
        f"{text[:60]!r} does not say what it identifies; put it into the column sscc, gtin (with serial or lot), grai or"
        " giai, or write it as on the label, like (01)09521001000017(21)4711"
    )


def _uri(text: str, prefixes: Prefixes) -> str:
    if not is_uri(text):
        raise Unreadable(
            "identifier",
            f"{text[:60]!r} is no identifier: write a URI, or a GS1 key as on the label, like (01)09521001000017(21)4711",
        )
    try:
        resolved(expanded(text, prefixes))
    except InvalidIdentifier as fault:
        raise Unreadable("identifier", str(fault)) from None
    return text


def _of_label(text: str) -> str:
    parts = list(_label_parts(text))
    ai, value = parts[0]
    if ai not in FORMATS:
        raise Unreadable("identifier", f"{text[:60]!r} must begin with a GS1 key, such as (00), (01), (8003) or (8004)")
    if ai in _LENGTHS:
        value = digits(ai)(value)
    found: dict[str, str] = {}
    for name, extension in parts[1:]:
        if name not in QUALIFIERS.get(ai, {}) or name in found or (found and name != "21"):
            raise Unreadable("identifier", _unwanted(text, name))
        found[name] = extension
    if len(found) > 1:
        raise Unreadable("identifier", _unwanted(text, next(iter(found))))
    name, extension = next(iter(found.items()), ("", ""))
    try:
        return link(checked(Key(ai, value, name, extension)))
    except InvalidIdentifier as fault:
        raise Unreadable("identifier", str(fault)) from None


def _label_parts(text: str) -> Iterator[tuple[str, str]]:
    """Application identifiers and values; brackets around what is no known AI belong to the value before."""
    known = FORMATS.keys() | _ELSEWHERE.keys() | {name for names in QUALIFIERS.values() for name in names}
    matches = [match for match in _LABEL.finditer(text) if match.start() == 0 or match[1] in known]
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=True):
        yield match[1], text[match.end() : end].strip()


def _unwanted(text: str, ai: str) -> str:
    column = _ELSEWHERE.get(ai)
    where = f"; it goes into the column {column}" if column else ""
    return f"{text[:80]!r}: ({ai}) is no part of what identifies the thing{where}; leave it out here"


def place(text: str) -> str:
    """A place: a GLN as (414) link, or a URI. Raises Unreadable."""
    paired = _PAIRED.fullmatch(text)
    if paired and paired[2]:
        return _of_label(text)
    return _gln(text, "414", "a place is named by its GLN (13 digits) or by a URI")


def party(text: str) -> str:
    """A party: a GLN as (417) link, or a URI. Raises Unreadable."""
    return _gln(text, "417", "a party is named by its GLN (13 digits) or by a URI")


def _gln(text: str, ai: str, wanted: str) -> str:
    if is_uri(text):
        return _uri(text, STANDARD_PREFIXES)
    bare = text.removeprefix("(414)").removeprefix("(417)").strip()
    if _LETTER.search(bare) and not rounded(bare):
        raise Unreadable("identifier", f"{text[:60]!r}: {wanted}, not by its name")
    return link(Key(ai, digits(ai)(bare)))


def transaction(text: str) -> str:
    """A business transaction: `GLN:number` as the CBV's URN (CBV 2.0, 8.5), a GDTI, or a URI. Raises Unreadable."""
    own = _TRANSACTION.fullmatch(text)
    if own:
        number = "".join(sign if sign.isalnum() and sign.isascii() else _escaped(sign) for sign in own[2])
        return f"urn:epcglobal:cbv:bt:{digits('417')(own[1])}:{number}"
    if _LABEL.match(text):
        return _of_label(text)
    if not is_uri(text):
        raise Unreadable(
            "identifier",
            f"{text[:60]!r} is a number that others have too; write the GLN of the party that issued it, a colon and the"
            " number, like 9521003000008:4711, or a URI",
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
        return _of_label(text) if _LABEL.match(text) else _uri(text, prefixes)

    return read
