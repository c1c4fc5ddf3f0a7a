"""What a JSON document says in places where EPCIS's XML schemas have none for it: read back from our own elements.

`<json:members at="POINTER">` adds the members that its children are to the object at that JSON pointer (from its event
or document). It never replaces a member; `certificationInfo` is continued. `<json:context>` is a `@context` that is
more than prefixes, as JSON text.
"""

import json
from typing import Any

from lxml import etree

from service.epcis.xml.contents import ONLY, add, content, member_name
from service.epcis.xml.names import Names, scope
from service.epcis.xml.namespaces import JSON
from service.epcis.xml.numbers import number, truth
from service.epcis.xml.parsing import refusal

MEMBERS, CONTEXT = f"{{{JSON}}}members", f"{{{JSON}}}context"


def supplement(element: etree._Element, names: Names, found: dict[str, Any]) -> None:
    """Adds to `found`, which was read from `element`, what the children named `json:members` say."""
    for child in element.iterchildren(MEMBERS):
        target = _at(found, child.get("at", ""))
        if target is None:
            raise refusal("supplement", f"json:members: nothing is at {child.get('at', '')[:80]!r}; leave it out")
        added: dict[str, Any] = {}
        several: set[str] = set()
        for member in child:
            name = member_name(member, names)
            add(added, several, name, content(member, names), member.get(ONLY) is not None)
        _join(target, added)


def _join(target: dict[str, Any], added: dict[str, Any]) -> None:
    for name, value in added.items():
        if name == "certificationInfo" and name in target:
            first = target[name] if isinstance(target[name], list) else [target[name]]
            target[name] = [*first, *(value if isinstance(value, list) else [value])]
        elif name in target or name in ("type", "@context"):
            raise refusal("supplement", f"json:members: the member {name[:80]!r} is there already; leave one out")
        else:
            target[name] = value


def _at(found: Any, pointer: str) -> dict[str, Any] | None:
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(name)] if name.isdecimal() and name.isascii() and int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def verbatim_context(element: etree._Element) -> Any:
    """The `@context` that a json:context of this element keeps; None where there is none."""
    child = next(element.iterchildren(CONTEXT), None)
    if child is None:
        return None
    try:
        return json.loads(child.text or "")
    except (ValueError, RecursionError):
        raise refusal("supplement", "json:context does not hold JSON; leave it out") from None


def typed_attributes(element: etree._Element, names: Names, found: dict[str, Any]) -> None:
    """Gives attributes of a sensor element that json:number or json:boolean lists their type back."""
    for kind, read in (("number", number), ("boolean", truth)):
        listed = element.get(f"{{{JSON}}}{kind}")
        if not listed:
            continue
        bound = scope(element)
        for qualified in listed.split():
            prefix, _, local = qualified.rpartition(":")
            name = names.name(f"{{{bound[prefix]}}}{local}", element) if prefix in bound else local
            value = read(found[name]) if isinstance(found.get(name), str) else None
            if value is not None:
                found[name] = value
