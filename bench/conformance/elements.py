"""An event element of EPCIS XML 1.2 or 2.0 as members of the JSON binding, after the XSDs."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

EPCIS_NAMESPACES = ("", "urn:epcglobal:epcis:xsd:1", "urn:epcglobal:epcis:xsd:2")
XSI = "http://www.w3.org/2001/XMLSchema-instance"
EPCS = {"epcList", "childEPCs", "inputEPCList", "outputEPCList"}
QUANTITIES = {"quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"}
PARTIES = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}
_PLACES = {"readPoint", "bizLocation"}
NUMBERS = ("integer", "int", "long", "short", "decimal", "double", "float")
_WRAPPERS = {"extension", "baseExtension"}


def members_of(element: Any) -> dict[str, Any]:
    """The members of one event element, as the JSON binding has them; extensions as `{namespace}local`."""
    members: dict[str, Any] = {"type": etree.QName(element).localname}
    for child in _unwrapped(element):
        name = _name(child)
        if name in EPCS or name in QUANTITIES or name in PARTIES:
            members[name] = [_entry(name, one) for one in child]
        elif name in _PLACES:
            members[name] = {_name(one): _value(one) for one in _unwrapped(child)}
        elif name == "persistentDisposition":
            members[name] = {way: [_text(one) for one in child if _name(one) == way] for way in ("set", "unset")}
        elif name == "errorDeclaration":
            members[name] = _declaration(child)
        elif name == "sensorElementList":
            members[name] = [_sensor(one) for one in child]
        elif name == "ilmd":
            members[name] = _children(_unwrapped(child))
        else:
            _add(members, name, _value(child))
    return members


def _unwrapped(element: Any) -> Iterable[Any]:
    for child in element:
        if isinstance(child.tag, str):
            if _name(child) in _WRAPPERS:
                yield from _unwrapped(child)
            else:
                yield child


def _name(element: Any) -> str:
    name = etree.QName(element)
    return (
        str(name.localname) if (name.namespace or "") in EPCIS_NAMESPACES else f"{{{name.namespace}}}{name.localname}"
    )


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _entry(name: str, element: Any) -> Any:
    if name in QUANTITIES:
        return {_name(one): _text(one) or None for one in element if isinstance(one.tag, str)}
    if name in PARTIES:
        return {PARTIES[name]: _text(element), **({"type": element.get("type")} if element.get("type") else {})}
    return _text(element)


def _declaration(element: Any) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for child in _unwrapped(element):
        if _name(child) == "correctiveEventIDs":
            members["correctiveEventIDs"] = [_text(one) for one in child]
        else:
            _add(members, _name(child), _value(child))
    return members


def _sensor(element: Any) -> dict[str, Any]:
    members: dict[str, Any] = {"sensorReport": []}
    for child in _unwrapped(element):
        if _name(child) == "sensorReport":
            members["sensorReport"].append(_attributes(child))
        elif _name(child) == "sensorMetadata":
            members["sensorMetadata"] = _attributes(child)
        else:
            _add(members, _name(child), _value(child))
    return members


def _attributes(element: Any) -> dict[str, Any]:
    return {name: value for name, value in element.attrib.items() if not name.startswith(f"{{{XSI}}}")}


def _value(element: Any) -> Any:
    attributes, children = _attributes(element), [one for one in element if isinstance(one.tag, str)]
    if not children and not attributes:
        return _typed(element)
    members = {**attributes, **_children(children)}
    if not children and _text(element):
        members["#text"] = _text(element)
    return members


def _typed(element: Any) -> Any:
    """The text, or the number or boolean that `xsi:type` says it is."""
    kind, text = str(element.get(f"{{{XSI}}}type") or "").rpartition(":")[2], _text(element)
    if kind in NUMBERS:
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    return {"true": True, "1": True, "false": False, "0": False}.get(text, text) if kind == "boolean" else text


def _children(elements: Iterable[Any]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for child in elements:
        _add(members, _name(child), _value(child))
    return members


def _add(members: dict[str, Any], name: str, value: Any) -> None:
    if name in members:
        before = members[name]
        members[name] = [*(before if isinstance(before, list) else [before]), value]
    else:
        members[name] = value
