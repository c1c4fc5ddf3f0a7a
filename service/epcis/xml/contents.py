"""What extension elements hold, as JSON values: structure, repetition, attributes, mixed text, and types.

| XML | JSON |
|---|---|
| text | text without the white space around it (with it under `xml:space="preserve"`) |
| text, with an xsi:type of a number or boolean of XML Schema | number, boolean |
| elements | an object; elements of one name are an array |
| text and attributes | an object: `#text`, and a member for each attribute |
| elements and attributes | an object: `#text` empty, a member for each attribute; elements with text alone as arrays |
| text between elements | an object: `#mixed`, an array of texts and of objects of one member, in order |
| an element and an attribute of one name | the same, without texts |

What JSON says beyond that stands in attributes and elements of a namespace of our own (`namespaces.JSON`).
"""

import json
from typing import Any

from lxml import etree

from service.epcis.xml.names import Names
from service.epcis.xml.namespaces import JSON, XINCLUDE, XML, XSD, XSI, split
from service.epcis.xml.numbers import number, truth
from service.epcis.xml.parsing import attributes_of, refusal

MAX_DEPTH = 64
"""Elements of an extension inside each other."""
_SPACE, _XSI_TYPE = f"{{{XML}}}space", f"{{{XSI}}}type"
_MARK = f"{{{JSON}}}"
_TYPE, ONLY, _ESCAPED = f"{_MARK}type", f"{_MARK}only", f"{_MARK}escaped"
VALUE = f"{_MARK}value"
_IGNORED = frozenset(f"{{{XSI}}}{name}" for name in ("schemaLocation", "noNamespaceSchemaLocation", "nil"))
_EXACT = frozenset((
    "decimal", "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger",
    "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
))  # fmt: skip
_DOUBLES = frozenset(("double", "float"))


def unescaped(text: str) -> str:
    """Text whose characters that XML cannot hold were written as escapes of JSON."""
    try:
        value = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def content(  # noqa: C901 - one pass over what an element has
    element: etree._Element, names: Names, depth: int = 1, passed: str = ""
) -> Any:
    """The JSON value of an extension element; its attribute `passed` left out. Raises InvalidDocument."""
    keys = element.keys()
    if not keys and not len(element):
        return names.mentioned((element.text or "").strip(), element)
    if depth > MAX_DEPTH:
        raise refusal("depth", f"extensions may be nested at most {MAX_DEPTH} deep")
    marks: dict[str, str] = {}
    attributes: dict[str, Any] = {}
    for key, text in attributes_of(element):
        if key == passed or (key == "name" and element.tag == VALUE):
            continue
        if key.startswith("{"):
            if key.startswith(_MARK) or key == _SPACE:
                marks[key] = text
                continue
            if key == _XSI_TYPE and (simple := _simple_type(text, element)) is not None:
                marks[key] = simple
                continue
            if key in _IGNORED:
                continue
        attributes[names.name(key, element)] = names.mentioned(text, element)
    if marks.get(_TYPE) == "array":
        return [content(child, names, depth + 1) for child in element]
    if len(element):
        return _structure(element, attributes, names, depth)
    if attributes:
        return {"#text": _text(element, marks), **attributes}
    return _scalar(element, marks, names)


def members(element: etree._Element, names: Names, depth: int = 0) -> dict[str, Any]:
    """The members that the child elements of an element are, whatever text is between them."""
    found: dict[str, Any] = {}
    several: set[str] = set()
    for child in element:
        name = member_name(child, names)
        add(found, several, name, content(child, names, depth + 1), child.get(ONLY) is not None)
    return found


def add(found: dict[str, Any], several: set[str], name: str, value: Any, only: bool = False) -> None:
    """One more value of a member; the second makes it an array. `several`: the members that are such arrays."""
    if name not in found:
        found[name] = [value] if only else value
        if only:
            several.add(name)
    elif name in several:
        found[name].append(value)
    else:
        found[name] = [found[name], value]
        several.add(name)


def member_name(element: etree._Element, names: Names) -> str:
    """The member name of an element. Raises InvalidDocument for XInclude."""
    tag = str(element.tag)
    if tag == VALUE:
        return unescaped(element.get("name", ""))
    if tag.startswith(f"{{{XINCLUDE}}}"):
        raise refusal("xinclude", "XInclude is not processed; send the included content itself")
    return names.name(tag, element)


def _structure(element: etree._Element, attributes: dict[str, Any], names: Names, depth: int) -> Any:
    if _is_said(element.text) or any(_is_said(child.tail) for child in element):
        return {"#mixed": _mixed(element, names, depth), **attributes}
    found = members(element, names, depth)
    if not attributes:
        return found
    if found.keys() & attributes.keys():
        return {"#mixed": [piece for piece in _mixed(element, names, depth) if isinstance(piece, dict)], **attributes}
    for name, value in found.items():
        if isinstance(value, str):
            found[name] = [value]
    return {"#text": "", **attributes, **found}


def _is_said(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()


def _mixed(element: etree._Element, names: Names, depth: int) -> list[Any]:
    pieces: list[Any] = [element.text] if element.text else []
    for child in element:
        value = content(child, names, depth + 1)
        pieces.append({member_name(child, names): [value] if child.get(ONLY) is not None else value})
        if child.tail:
            pieces.append(child.tail)
    return pieces


def _text(element: etree._Element, marks: dict[str, str]) -> str:
    text = element.text or ""
    if marks.get(_SPACE) != "preserve":
        text = text.strip()
    return unescaped(text) if _ESCAPED in marks else text


def _scalar(element: etree._Element, marks: dict[str, str], names: Names) -> Any:
    text = _text(element, marks)
    kind = marks.get(_TYPE)
    value: Any = None
    if kind == "null":
        return None
    if kind == "object":
        return {}
    if kind is None and _XSI_TYPE in marks:
        kind = marks[_XSI_TYPE]
    if kind == "boolean":
        value = truth(text.strip())
    elif kind == "number" or kind in _DOUBLES:
        value = number(text.strip())
    elif kind in _EXACT:
        value = number(text.strip(), exact=True)
    if value is not None:
        return float(value) if kind in _DOUBLES else value
    return text if _ESCAPED in marks else names.mentioned(text, element)


def _simple_type(text: str, element: etree._Element) -> str | None:
    """The local name of an xsi:type of XML Schema; None for a type of anybody else's."""
    prefix, colon, name = text.strip().rpartition(":")
    bound = element.nsmap.get(prefix if colon else None)
    return name if bound == XSD or (bound is None and prefix in ("xsd", "xs")) else None


def is_mark(key: str) -> bool:
    """Whether an attribute says something of the form only: our marks, and XML Schema's hints."""
    return key.startswith("{") and (key.startswith(_MARK) or split(key)[0] == XSI or key == _SPACE)
