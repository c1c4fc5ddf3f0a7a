"""From the bytes that a spreadsheet program saved to text.

Read: UTF-8 and UTF-16, with or without byte order mark, and Windows-1252. Other kinds of file are named in the refusal.
"""

import codecs
import re

from service.epcis.faults import Fault, InvalidDocument

_SAVE = "save the sheet as 'CSV UTF-8' and upload that"
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", f"this is a workbook (.xlsx or .ods) or another ZIP archive, not CSV; {_SAVE}"),
    (b"\xd0\xcf\x11\xe0", f"this is an old Excel workbook (.xls), not CSV; {_SAVE}"),
    (b"%PDF", f"this is a PDF, not CSV; {_SAVE}"),
    (b"{\\rtf", f"this is a text document, not CSV; {_SAVE}"),
    (b"\x1f\x8b", "this is a compressed file; upload the CSV itself"),
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def refusal(rule: str, message: str) -> InvalidDocument:
    """A fault of the file as a whole."""
    return InvalidDocument([Fault("", rule, message, "cell")])


def decoded(body: bytes) -> str:
    """The text of a CSV file, without byte order mark.

    Raises:
        InvalidDocument: it is another kind of file, or in another encoding.
    """
    for start, message in _KINDS:
        if body.startswith(start):
            raise refusal("media-type", message)
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _strictly(body[len(mark) :], encoding)
    if len(body) > 1 and 0 in body[:2]:
        return _strictly(body, "utf-16-be" if body[0] == 0 else "utf-16-le")
    text = _unmarked(body)
    if text.lstrip()[:1] in ("{", "[", "<"):
        kind = "XML or HTML" if text.lstrip()[0] == "<" else "JSON"
        raise refusal("media-type", f"this looks like {kind}, not CSV; upload it with its own media type")
    return text


def _unmarked(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start
    if _MULTIBYTE.search(body):
        line = body.count(b"\n", 0, place) + 1
        raise refusal("encoding", f"line {line} is not UTF-8, but other lines are; {_SAVE}")
    return _strictly(body, "windows-1252")


def _strictly(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise refusal("encoding", f"byte {error.start} of the file is not {encoding.upper()}; {_SAVE}") from None
