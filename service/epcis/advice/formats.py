"""Which format a body has that was sent as JSON and is none."""

import re

_SAVE = "save the sheet as CSV (UTF-8) and send it with Content-Type: text/csv"
_SIGNATURES = (
    (b"PK\x03\x04", f"a workbook (.xlsx) or another ZIP archive; {_SAVE}"),
    (b"\xd0\xcf\x11\xe0", f"an old Excel workbook (.xls); {_SAVE}"),
    (b"%PDF", "a PDF; send the events as JSON, XML or CSV"),
    (b"\x1f\x8b", "a compressed file; send it uncompressed"),
    (b"\xff\xfe", "text in UTF-16; send it in UTF-8"),
    (b"\xfe\xff", "text in UTF-16; send it in UTF-8"),
)  # fmt: skip
_XML = re.compile(rb"<[?!A-Za-z]")
_MARK = b"\xef\xbb\xbf"
_BEGINNING = 4096


def format_of(body: bytes) -> str | None:
    """What a body that is no JSON looks like, and how to send that; None for what may be meant as JSON."""
    start = body[:_BEGINNING].removeprefix(_MARK).lstrip()
    for signature, told in _SIGNATURES:
        if start.startswith(signature):
            return told
    if _XML.match(start) or start[:4] in (b"<\0?\0", b"\0<\0?"):
        return "XML; send it with Content-Type: application/xml"
    if _is_table(start):
        return "CSV; send it with Content-Type: text/csv"
    return None


def _is_table(start: bytes) -> bool:
    """Whether the first line is a header, such as a sheet's: words between commas, semicolons or tabs."""
    line = start.splitlines()[0] if start else b""
    if line[:1] in b'{["' and not re.match(rb'"[A-Za-z ]+"[,;\t]', line):
        return False
    return any(len(names := line.split(separator)) > 1 and _are_words(names) for separator in (b",", b";", b"\t"))


def _are_words(names: list[bytes]) -> bool:
    return all(re.fullmatch(rb'\s*"?[A-Za-z][\w .:()/#-]*"?\s*', name) for name in names)
