"""Queries in XML: name and parameters of a Poll, of a Subscribe, or parameters alone (EPCglobal-epcis-query-2_0.xsd).

A parameter's value is text, a list of `string` elements, or, with an xsi:type of XML Schema, a number or boolean; an
empty value (VoidHolder) asks whether something exists.
"""

from typing import Any

from lxml import etree

from service.epcis.xml.names import scope
from service.epcis.xml.namespaces import XSD, XSI, standard
from service.epcis.xml.numbers import number, truth
from service.epcis.xml.parsing import parsed, refusal
from service.epcis.xml.places import xpath

_AROUND = ("EPCISQueryDocument", "EPCISBody")
_ASKING = ("Poll", "Subscribe", "Query", "query", "params")
_MOST_PARAMETERS = 1000


def read_query_xml(body: bytes) -> tuple[str | None, dict[str, Any]]:
    """The query's name (None where it has none), and its parameters: text, lists of text, numbers, booleans.

    Read: `Poll` and `Subscribe`, alone or in an EPCISQueryDocument, and `params` alone. Raises InvalidDocument.
    """
    root, _ = parsed(body)
    asking = root
    while standard(asking.tag) in _AROUND and len(asking) == 1:
        asking = asking[0]
    kind = standard(asking.tag)
    if kind not in _ASKING:
        raise refusal("root", "send a query as epcisq:Poll with queryName and params", xpath(asking))
    if kind == "params":
        return None, _parameters(asking)
    name: str | None = None
    parameters: dict[str, Any] = {}
    for child in asking:
        if standard(child.tag) in ("queryName", "name"):
            name = (child.text or "").strip()
        elif standard(child.tag) == "params":
            parameters = _parameters(child)
    return name, parameters


def _parameters(element: etree._Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if len(element) > _MOST_PARAMETERS:
        raise refusal("size", f"a query has at most {_MOST_PARAMETERS} parameters", xpath(element))
    for param in element:
        parts = {standard(child.tag): child for child in param}
        if standard(param.tag) != "param" or parts.keys() != {"name", "value"} or len(param) != 2:
            raise refusal("param", "params holds param elements, each with one name and one value", xpath(param))
        name = (parts["name"].text or "").strip()
        if name in found:
            raise refusal("param", f"the parameter {name[:80]!r} is given twice; give it once", xpath(param))
        found[name] = _value(parts["value"], name)
    return found


def _value(element: etree._Element, name: str) -> Any:
    if len(element):
        if any(standard(child.tag) != "string" or len(child) for child in element):
            raise refusal("value", "a value is text, or string elements", xpath(element))
        return [(child.text or "").strip() for child in element]
    text = (element.text or "").strip()
    prefix, _, kind = (element.get(f"{{{XSI}}}type") or "").strip().rpartition(":")
    if not text and name.startswith("EXISTS_"):
        return True
    if scope(element).get(prefix or None) != XSD:
        return text
    value = truth(text) if kind == "boolean" else None if kind in ("string", "dateTime") else number(text)
    return text if value is None else value
