"""A naive reading of the query language over an event's JSON, to hold the real one against; nothing of it is shared.

It knows a small world only: identifiers by a table of their spellings, units by their definitions.
"""

import operator
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

PREFIX = "https://ns.example.com/epcis/"
THINGS: dict[str, tuple[str, ...]] = {
    "urn:epc:id:sgtin:4012345.011111.1": ("sgtin", "4012345", "011111", "1"),
    "https://id.gs1.org/01/04012345111118/21/1": ("sgtin", "4012345", "011111", "1"),
    "https://example.com/x/01/04012345111118/21/1": ("sgtin", "4012345", "011111", "1"),
    "urn:epc:id:sgtin:4012345.011111.2": ("sgtin", "4012345", "011111", "2"),
    "urn:epc:id:sgtin:4012345.111111.1": ("sgtin", "4012345", "111111", "1"),
    "https://id.gs1.org/01/14012345111115/21/1": ("sgtin", "4012345", "111111", "1"),
    "urn:epc:id:sgtin:061414123.1111.1": ("sgtin", "061414123", "1111", "1"),
    "urn:epc:id:sscc:4012345.3111111111": ("sscc", "4012345", "3111111111"),
    "https://id.gs1.org/00/340123451111111111": ("sscc", "4012345", "3111111111"),
    "urn:epc:id:grai:4012345.00022.334455": ("grai", "4012345", "00022", "334455"),
    "https://id.gs1.org/8003/04012345000221334455": ("grai", "4012345", "00022", "334455"),
    "urn:epc:id:giai:4012345.999": ("giai", "4012345", "999"),
    "https://id.gs1.org/8004/4012345999": ("giai", "4012345", "999"),
    "https://example.com/thing/1": ("https://example.com/thing/1",),
}
PATTERNS: dict[str, tuple[str, ...]] = {
    f"urn:epc:idpat:{parts[0]}:{'.'.join([*parts[1 : known + 1], *['*'] * (len(parts) - 1 - known)])}": parts[
        : known + 1
    ]
    for parts in set(THINGS.values())
    if len(parts) > 1
    for known in range(len(parts) - 1)
}
CLASSES: dict[str, tuple[str, ...]] = {
    "urn:epc:idpat:sgtin:4012345.011111.*": ("gtin", "4012345", "011111"),
    "https://id.gs1.org/01/04012345111118": ("gtin", "4012345", "011111"),
    "urn:epc:class:lgtin:4012345.011111.L1": ("gtin", "4012345", "011111", "L1"),
    "https://id.gs1.org/01/04012345111118/10/L1": ("gtin", "4012345", "011111", "L1"),
    "urn:epc:class:lgtin:4012345.111111.L1": ("gtin", "4012345", "111111", "L1"),
    "https://example.com/class/1": ("https://example.com/class/1",),
}
CLASS_PATTERNS: dict[str, tuple[str, ...]] = {
    "urn:epc:idpat:sgtin:4012345.*.*": ("gtin", "4012345"),
    "urn:epc:idpat:sgtin:*.*.*": ("gtin",),
    "https://id.gs1.org/01/04012345111118/21/*": ("gtin", "4012345", "011111"),
}
WORDS = {
    "shipping": ("shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"),
    "packing": ("packing", "cbv:BizStep-packing", "urn:epcglobal:cbv:bizstep:packing"),
    "own": ("https://example.com/steps/own",),
}
PLACES = {
    "a": ("urn:epc:id:sgln:4012345.00011.0", "https://id.gs1.org/414/4012345000115"),
    "b": ("urn:epc:id:sgln:4012345.00011.5", "https://id.gs1.org/414/4012345000115/254/5"),
    "c": ("geo:42.69,23.31",),
}
UNITS = {  # base, factor, zero
    "KGM": ("mass", Fraction(1), Fraction(0)),
    "GRM": ("mass", Fraction(1, 1000), Fraction(0)),
    "LBR": ("mass", Fraction("0.45359237"), Fraction(0)),
    "KEL": ("temperature", Fraction(1), Fraction(0)),
    "CEL": ("temperature", Fraction(1), Fraction("273.15")),
    "FAH": ("temperature", Fraction(5, 9), Fraction("459.67")),
    "XQZ": ("XQZ", Fraction(1), Fraction(0)),
}
_LISTS = {
    "epc": ("epcList", "childEPCs"),
    "inputEPC": ("inputEPCList",),
    "outputEPC": ("outputEPCList",),
    "anyEPC": ("epcList", "childEPCs", "inputEPCList", "outputEPCList"),
    "epcClass": ("quantityList", "childQuantityList"),
    "inputEPCClass": ("inputQuantityList",),
    "outputEPCClass": ("outputQuantityList",),
    "anyEPCClass": ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
}
_COMPARED = {"EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}


def answers(event: dict[str, Any], name: str, value: Any) -> bool:
    """Whether an event has what one parameter asks for."""
    operation, _, field = name.partition("_")
    values = value if isinstance(value, list) else [value]
    if name == "eventType":
        return event["type"] in values
    if operation == "MATCH":
        return _things(event, field, values)
    if operation == "EXISTS":
        return field in event
    if field == "action":
        return event.get("action") in values
    if field in ("bizStep", "readPoint"):
        return _word(event.get(field), values, WORDS if field == "bizStep" else PLACES)
    if field.startswith("bizTransaction_"):
        pairs = {(one.get("type"), one["bizTransaction"]) for one in event.get("bizTransactionList", ())}
        return any((field.partition("_")[2], one) in pairs for one in values)
    compared = _COMPARED[operation]
    if field.startswith(("quantity", "value")):
        asked = [Fraction(str(one)) for one in values]
        return any(compared(left, right) for right in asked for left in _measured(event, field))
    if field == "eventTime":
        return bool(compared(_moment(event["eventTime"]), _moment(value)))
    found = list(_extensions(event, field))
    return any(_said(operation, left, right) for left in found for right in values)


def _things(event: dict[str, Any], field: str, asked: list[str]) -> bool:
    table = {**CLASSES, **CLASS_PATTERNS} if field.endswith("Class") else {**THINGS, **PATTERNS}
    members = [one for name in _LISTS.get(field, ()) for one in event.get(name, ())]
    if field in ("parentID", "anyEPC") and "parentID" in event:
        members.append(event["parentID"])
    for member in members:
        parts = CLASSES[member["epcClass"]] if isinstance(member, dict) else THINGS[member]
        lot = isinstance(member, dict) and len(parts) == 4
        if any(table[one] == (parts if lot else parts[: len(table[one])]) for one in asked):
            return True
    return False


def _word(value: Any, asked: list[str], table: dict[str, tuple[str, ...]]) -> bool:
    own = value["id"] if isinstance(value, dict) else value
    return any(own in spellings and one in spellings for spellings in table.values() for one in asked)


def _measured(event: dict[str, Any], field: str) -> Iterator[Fraction]:
    """Every such number in the event, in the unit that was asked."""
    name, _, uom = field.partition("_")
    if name == "quantity":
        lists = [event.get(one, ()) for one in _LISTS["anyEPCClass"]]
    else:
        lists = [element["sensorReport"] for element in event.get("sensorElementList", ())]
    for element in (one for list_ in lists for one in list_ if name in one):
        number, own = Fraction(str(element[name])), element.get("uom")
        if not uom:
            yield number
        elif own and UNITS[own][0] == UNITS[uom][0]:
            _, factor, zero = UNITS[own]
            _, other, origin = UNITS[uom]
            yield (number + zero) * factor / other - origin


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _extensions(event: dict[str, Any], field: str) -> Iterator[Any]:
    inner = field.startswith("INNER_")
    field = field.removeprefix("INNER_")
    if field.startswith("ILMD_"):
        top, field = event.get("ilmd", {}), field.removeprefix("ILMD_")
    else:
        top = {name: value for name, value in event.items() if ":" in name}
    local = "example:" + field.removeprefix(PREFIX).removeprefix("example:")
    for name, value in top.items():
        if not inner and name == local:
            yield from _leaves(value)
        if inner:
            yield from _inside(value, local)


def _inside(value: Any, local: str) -> Iterator[Any]:
    for one in _flat(value):
        if isinstance(one, dict):
            for name, more in one.items():
                if name == local:
                    yield from _leaves(more)
                yield from _inside(more, local)


def _leaves(value: Any) -> Iterator[Any]:
    return (one for one in _flat(value) if not isinstance(one, dict))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def _typed(value: Any) -> Any:
    """A number, an instant, or text."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value).strip()
    for reader in (Fraction, _moment):
        try:
            return reader(text) if "/" not in text and not text.startswith("00") else text
        except ValueError:
            continue
    return text


def _said(operation: str, left: Any, right: Any) -> bool:
    own, asked = _typed(left), _typed(right)
    if type(own) is not type(asked):
        return False
    return bool(_COMPARED[operation](own, asked)) if operation == "EQ" or not isinstance(own, str) else False
