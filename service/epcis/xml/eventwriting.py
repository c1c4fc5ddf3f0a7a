"""An event of the JSON binding as an event element of EPCIS XML 2.0."""

from collections.abc import Callable, Mapping
from typing import Any

from service.epcis import vocabulary
from service.epcis.decimals import plain
from service.epcis.faults import step
from service.epcis.vocabulary import Vocabulary
from service.epcis.xml import schema
from service.epcis.xml.escaping import holds, in_attribute
from service.epcis.xml.inexpressible import InexpressibleInXml
from service.epcis.xml.leftovers import kept_context, left_over
from service.epcis.xml.namespaces import JSON
from service.epcis.xml.scopes import Scope
from service.epcis.xml.spelling import Spelling, spelt, standard_text
from service.epcis.xml.values import Values

_EPCS = {"epcList": "epc", "childEPCs": "epc", "inputEPCList": "epc", "outputEPCList": "epc"}
_QUANTITIES = frozenset(("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"))
_PARTIES: dict[str, tuple[str, Vocabulary]] = {
    "bizTransactionList": ("bizTransaction", vocabulary.BIZ_TRANSACTION_TYPES),
    "sourceList": ("source", vocabulary.SOURCE_DEST_TYPES),
    "destinationList": ("destination", vocabulary.SOURCE_DEST_TYPES),
}
_WORDS = {"bizStep": vocabulary.BIZ_STEPS, "disposition": vocabulary.DISPOSITIONS}
_SENSOR_WORDS = {
    "type": vocabulary.MEASUREMENTS, "exception": vocabulary.SENSOR_ALERTS, "component": vocabulary.COMPONENTS,
}  # fmt: skip


class EventWriting:
    """The writing of one event. `pointer`: where it is in its document."""

    def __init__(self, event: Mapping[str, Any], scope: Scope, spelling: Spelling, pointer: str) -> None:
        self.event, self.scope, self.spelling, self.pointer = event, scope, spelling, pointer
        self.values = Values(scope)
        self.left: dict[str, dict[str, Any]] = {}
        """Members that the schema has no place for, by the pointer, within the event, of what they belong to."""

    def written(self) -> str:
        """The event element."""
        type_ = self.event.get("type")
        order = schema.EVENTS.get(type_) if isinstance(type_, str) else None
        if order is None:
            raise InexpressibleInXml(step(self.pointer, "type"), "this is no event type of EPCIS 2.0")
        parts = [self._member(name, self.event[name]) for name in order if name in self.event]
        parts += self._extensions(self.event, (*order, "type", "@context"), "")
        if self.scope.verbatim and "@context" in self.event:
            parts.append(kept_context(self.event["@context"], self.scope))
        parts += left_over(self.left, self.scope)
        inside = "".join(parts)
        return f"<{type_}{self.scope.declarations()}>{inside}</{type_}>"

    def _member(self, name: str, value: Any) -> str:
        if name in _EPCS:
            return self._list(name, value, lambda item, at: self._text(_EPCS[name], item, at))
        if name in _QUANTITIES:
            return self._list(name, value, self._quantity)
        if name in _PARTIES:
            return self._list(name, value, self._party(*_PARTIES[name])) if value else ""
        if name in _WORDS:
            return self._word(name, _WORDS[name], value, f"/{name}")
        if name in ("readPoint", "bizLocation"):
            return self._place(name, value)
        special: dict[str, Callable[[Any], str]] = {
            "sensorElementList": self._sensors,
            "persistentDisposition": self._dispositions,
            "errorDeclaration": self._declaration,
            "ilmd": self._ilmd,
            "certificationInfo": self._certification,
        }
        return special[name](value) if name in special else self._text(name, value, f"/{name}")

    def _text(self, name: str, value: Any, at: str) -> str:
        return f"<{name}>{standard_text(value, self.pointer + at)}</{name}>"

    def _word(self, name: str, words: Vocabulary, value: Any, at: str) -> str:
        return self._text(
            name, spelt(words, value, self.spelling, self.scope.prefixes) if isinstance(value, str) else value, at
        )

    def _list(self, name: str, value: Any, write: Callable[[Any, str], str]) -> str:
        if not isinstance(value, list | tuple):
            raise InexpressibleInXml(f"{self.pointer}/{name}", "this must be an array")
        inside = "".join(write(item, f"/{name}/{index}") for index, item in enumerate(value))
        return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"

    def _members(self, value: Any, at: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise InexpressibleInXml(self.pointer + at, "this must be an object")
        return value

    def _extensions(self, members: Mapping[str, Any], known: tuple[str, ...], at: str) -> list[str]:
        """The members that are extensions, as elements."""
        found = [name for name in members if name not in known]
        for name in found:
            if ":" not in name:
                raise InexpressibleInXml(step(self.pointer + at, name), "EPCIS 2.0 has no such member here")
        return [self.values.member(name, members[name]) for name in found]

    def _leave(self, members: Mapping[str, Any], known: tuple[str, ...], at: str) -> None:
        """Keeps the members that are extensions where the schema allows none for the end of the event."""
        for name, value in members.items():
            if name not in known:
                self.left.setdefault(at, {})[name] = value

    def _quantity(self, item: Any, at: str) -> str:
        members = self._members(item, at)
        parts = [self._text("epcClass", members.get("epcClass"), f"{at}/epcClass")]
        if (quantity := members.get("quantity")) is not None:
            if isinstance(quantity, bool) or not isinstance(quantity, int | float):
                raise InexpressibleInXml(f"{self.pointer}{at}/quantity", "this must be a number")
            parts.append(f"<quantity>{plain(quantity)}</quantity>")
            if "uom" in members:
                parts.append(self._text("uom", members["uom"], f"{at}/uom"))
        self._leave(members, ("epcClass", "quantity", "uom"), at)
        return f"<quantityElement>{''.join(parts)}</quantityElement>"

    def _party(self, member: str, words: Vocabulary) -> Callable[[Any, str], str]:
        def write(item: Any, at: str) -> str:
            members = self._members(item, at)
            kind = members.get("type")
            named = "" if kind is None else f' type="{in_attribute(self._said(words, kind, f"{at}/type"))}"'
            self._leave(members, ("type", member), at)
            text = standard_text(members.get(member), f"{self.pointer}{at}/{member}")
            return f"<{member}{named}>{text}</{member}>"

        return write

    def _said(self, words: Vocabulary | None, value: Any, at: str) -> str:
        standard_text(value, self.pointer + at)
        return str(value) if words is None else spelt(words, value, self.spelling, self.scope.prefixes)

    def _place(self, name: str, value: Any) -> str:
        members = self._members(value, f"/{name}")
        more = self._extensions(members, ("id",), f"/{name}")
        identity = self._text("id", members.get("id"), f"/{name}/id")
        return f"<{name}>{identity}{''.join(more)}</{name}>"

    def _certification(self, value: Any) -> str:
        several = value if isinstance(value, list | tuple) else [value]
        if len(several) > 1:
            self.left.setdefault("", {})["certificationInfo"] = list(several[1:])
        return self._text("certificationInfo", several[0], "/certificationInfo") if several else ""

    def _dispositions(self, value: Any) -> str:
        members = self._members(value, "/persistentDisposition")
        parts = [
            self._word(name, vocabulary.DISPOSITIONS, text, f"/persistentDisposition/{name}")
            for name in ("unset", "set")
            for text in members.get(name, ())
        ]
        self._leave(members, ("unset", "set"), "/persistentDisposition")
        return f"<persistentDisposition>{''.join(parts)}</persistentDisposition>"

    def _declaration(self, value: Any) -> str:
        at = "/errorDeclaration"
        members = self._members(value, at)
        parts = [self._text("declarationTime", members.get("declarationTime"), f"{at}/declarationTime")]
        if "reason" in members:
            parts.append(self._word("reason", vocabulary.ERROR_REASONS, members["reason"], f"{at}/reason"))
        if "correctiveEventIDs" in members:
            ids = members["correctiveEventIDs"]
            parts.append(
                self._list("correctiveEventIDs", ids, lambda item, _: self._text("correctiveEventID", item, at))
            )
        parts += self._extensions(members, ("declarationTime", "reason", "correctiveEventIDs"), at)
        return f"<errorDeclaration>{''.join(parts)}</errorDeclaration>"

    def _ilmd(self, value: Any) -> str:
        inside = "".join(self._extensions(self._members(value, "/ilmd"), (), "/ilmd"))
        return f"<ilmd>{inside}</ilmd>" if inside else "<ilmd/>"

    # Sensors

    def _sensors(self, value: Any) -> str:
        return self._list("sensorElementList", value, self._sensor_element) if value else ""

    def _sensor_element(self, item: Any, at: str) -> str:
        members = self._members(item, at)
        parts: list[str] = []
        if "sensorMetadata" in members:
            parts.append(
                self._sensor("sensorMetadata", schema.METADATA, members["sensorMetadata"], f"{at}/sensorMetadata")
            )
        for index, report in enumerate(members.get("sensorReport", ())):
            parts.append(self._sensor("sensorReport", schema.REPORT, report, f"{at}/sensorReport/{index}"))
        parts += self._extensions(members, ("sensorMetadata", "sensorReport"), at)
        return f"<sensorElement>{''.join(parts)}</sensorElement>"

    def _sensor(self, tag: str, order: tuple[str, ...], value: Any, at: str) -> str:
        members = self._members(value, at)
        attributes: dict[str, str] = {}
        for name in order:
            if name in members:
                self._attribute(attributes, name, members[name], at)
        typed = self._extension_attributes(attributes, {n: v for n, v in members.items() if n not in order}, at)
        written = "".join(f' {name}="{in_attribute(text)}"' for name, text in attributes.items())
        return f"<{tag}{written}{typed}/>"

    def _attribute(self, attributes: dict[str, str], name: str, value: Any, at: str) -> None:
        if isinstance(value, bool):
            attributes[name] = str(value).lower()
        elif isinstance(value, int | float):
            attributes[name] = repr(value)
        elif not isinstance(value, str):
            raise InexpressibleInXml(step(self.pointer + at, name), "this must be text, a number, or a boolean")
        elif not holds(value) or (name == "hexBinaryValue" and len(value) % 2):
            self.left.setdefault(at, {})[name] = value
        else:
            words = _SENSOR_WORDS.get(name)
            attributes[name] = value if words is None else spelt(words, value, self.spelling, self.scope.prefixes)

    def _extension_attributes(self, attributes: dict[str, str], members: Mapping[str, Any], at: str) -> str:
        """Extensions that XML attributes can hold; gives the attributes that say which are numbers and booleans."""
        types: dict[str, list[str]] = {}
        for name, value in members.items():
            if ":" not in name:
                raise InexpressibleInXml(step(self.pointer + at, name), "EPCIS 2.0 has no such member here")
            qualified = self.values.attribute(name)
            text = str(value).lower() if isinstance(value, bool) else value
            text = repr(text) if isinstance(text, int | float) else text
            if qualified is None or qualified in attributes or not isinstance(text, str) or not holds(text):
                self.left.setdefault(at, {})[name] = value
                continue
            attributes[qualified] = text
            if not isinstance(value, str):
                types.setdefault("boolean" if isinstance(value, bool) else "number", []).append(qualified)
        marks = self.scope.machinery(self.scope.prefixing.json, JSON) if types else ""
        return "".join(f' {marks}:{kind}="{" ".join(names)}"' for kind, names in types.items())
