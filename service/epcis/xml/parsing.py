"""From bytes to an XML tree, with everything refused that is not plain data (XML 1.0, RFC 7303).

Refused: malformed XML, document type definitions (and so all entities but XML's own five), XInclude, encodings other
than UTF-8, UTF-16 and their subsets, deep nesting. Nothing is fetched, ever. A bare `<!DOCTYPE name>`, which defines
and references nothing, is passed over.
"""

import codecs
import re

from lxml import etree

from service.epcis.faults import Fault, InvalidDocument

MAX_DEPTH = 100
"""Elements inside each other."""
MAX_ATTRIBUTES = 256
"""Attributes of one element, and namespace declarations in force for one."""

_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][\w.\-]*)[\"']")
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_PROLOG = re.compile(r"(?:\s+|<!--(?:[^-]|-(?!->))*+-->|<\?(?:[^?]|\?(?!>))*+\?>)*+")
_BARE_DOCTYPE = re.compile(r"<!DOCTYPE\s+[\w:.\-]+\s*>")
_ENCODINGS = frozenset(("utf-8", "ascii", "iso8859-1"))
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def refusal(rule: str, message: str, place: str = "") -> InvalidDocument:
    """The refusal of a whole document for one fault."""
    return InvalidDocument([Fault(place, rule, message, "xpath")])


def parsed(body: bytes) -> tuple[etree._Element, str]:
    """The root element of an XML document, and its text. Raises InvalidDocument."""
    text = _decoded(body)
    text = text[match.end() :] if (match := _DECLARATION.match(text)) else text.lstrip()
    start = _prolog(text)
    bare = _BARE_DOCTYPE.match(text, start)
    if bare is not None:
        text = text[bare.end() :]
        start = _prolog(text)
    if text.startswith("<!", start) and not text.startswith("<!--", start):
        raise refusal("doctype", "the document has a DOCTYPE with definitions or references; leave it out")
    return _tree(text), text


def _prolog(text: str) -> int:
    """Where what comes before a document type or the root element ends."""
    prolog = _PROLOG.match(text)
    return prolog.end() if prolog else 0


def attributes_of(element: etree._Element) -> list[tuple[str, str]]:
    """The attributes of an element. Raises InvalidDocument where these are too many."""
    if len(element.keys()) > MAX_ATTRIBUTES:
        raise refusal("size", f"an element has more than {MAX_ATTRIBUTES} attributes; send elements instead")
    return [(str(key), value) for key, value in element.items()]


def _tree(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        attribute_defaults=False, huge_tree=False, remove_comments=True, remove_pis=True, recover=False,
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        said = (error.msg or "it ends too early").rpartition(", line ")[0] or error.msg
        raise refusal("xml", f"malformed XML at line {line}, column {column}: {said}") from None
    except ValueError as error:
        raise refusal("xml", f"malformed XML: {error}") from None


def _decoded(body: bytes) -> str:
    encoding = _encoding(body)
    try:
        return body.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise refusal("encoding", f"the document is not {encoding.upper()}: byte {error.start} is wrong") from None


def _encoding(body: bytes) -> str:
    """The encoding by byte order mark, by the first characters, or as declared; UTF-8 where nothing says another."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return encoding
    if body[:4] in (b"<\0?\0", b"<\0e\0") or (body[:1] == b"<" and body[1:2] == b"\0"):
        return "utf-16-le"
    if body[:2] == b"\0<":
        return "utf-16-be"
    match = _DECLARED.match(body)
    named = match[1].decode("ascii") if match else "utf-8"
    try:
        encoding = codecs.lookup(named).name
    except LookupError:
        encoding = named
    if encoding.startswith("utf-16"):
        raise refusal("encoding", f"the document says that it is {named}, and it is not; send UTF-8")
    if encoding not in _ENCODINGS:
        raise refusal("encoding", f"the encoding {named[:40]!r} is not read; send UTF-8 or UTF-16")
    return encoding
