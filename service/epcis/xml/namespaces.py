"""The XML namespaces of EPCIS 1.2 and 2.0, and which names in them are the standard's own."""

import re
from typing import Any

EPCIS = "urn:epcglobal:epcis:xsd:2"
QUERY = "urn:epcglobal:epcis-query:xsd:2"
MASTER_DATA = "urn:epcglobal:epcis-masterdata:xsd:2"
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
XMLNS = "http://www.w3.org/2000/xmlns/"
XINCLUDE = "http://www.w3.org/2001/XInclude"
PROBLEM = "urn:ietf:rfc:7807"
JSON = "urn:trailseal:epcis:json"
"""Ours: marks on elements what XML cannot say of a JSON value (docs/epcis/xml.md)."""

STANDARD = frozenset(
    (
        EPCIS, QUERY, MASTER_DATA,
        "urn:epcglobal:epcis:xsd:1", "urn:epcglobal:epcis-query:xsd:1", "urn:epcglobal:epcis-masterdata:xsd:1",
    )
)  # fmt: skip
"""Elements of the standard are unqualified in its schemas; many writers qualify them, which is accepted."""
MACHINERY = STANDARD | {SBDH, XSI, XSD, XML, XMLNS, XINCLUDE, JSON, "urn:epcglobal:xsd:1", "urn:epcglobal:xsd:2"}
"""Namespaces that a document declares for its own form; no extension is named in them."""

CBV_MASTER_DATA = "urn:epcglobal:cbv:mda"
"""The namespace of CBV master data attributes in XML; as URIs their names start with it and a colon (CBV 2.0)."""

_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NCNAME = re.compile(rf"[{_START}][{_START}\-.0-9\u00B7\u0300-\u036F\u203F\u2040]*")


_KNOWN_TAGS: dict[Any, str] = {}
_MOST_KNOWN_TAGS = 1 << 14


def standard(tag: Any) -> str:
    """The bare name of a tag in one of the standard's namespaces or in none; any other tag as it is."""
    known = _KNOWN_TAGS.get(tag)
    if known is not None:
        return known
    namespace, brace, name = tag.rpartition("}")
    found: str = name if brace and namespace[1:] in STANDARD else tag
    if len(_KNOWN_TAGS) < _MOST_KNOWN_TAGS:
        _KNOWN_TAGS[tag] = found
    return found


def split(tag: Any) -> tuple[str, str]:
    """Namespace (empty for none) and local name of a tag `{namespace}name`."""
    namespace, _, name = tag.rpartition("}")
    return namespace[1:], name


def is_name(text: str) -> bool:
    """Whether `text` may stand as a local name or prefix (NCName; XML 1.0 section 2.3, without the colon)."""
    return _NCNAME.fullmatch(text) is not None
