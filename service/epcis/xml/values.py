"""JSON values as extension elements: what `contents` reads back (docs/epcis/xml.md has the rules)."""

from typing import Any

from service.epcis.xml.escaping import escaped, holds, in_attribute, in_text
from service.epcis.xml.namespaces import JSON, XSD, XSI
from service.epcis.xml.scopes import Scope

_PRESERVE = ' xml:space="preserve"'


class Values:
    """Writes values in one scope."""

    def __init__(self, scope: Scope, typed: bool = True) -> None:
        self.scope = scope
        self.typed = typed
        """Whether XML Schema's types may be named (xsi:type), which they may not within a declared type."""

    def member(self, name: str, value: Any) -> str:
        """The element of a member, or the elements of an array's items."""
        tag, extra = self.scope.named(name)
        if extra:
            self._marks()
        if isinstance(value, list) and value:
            only = f' {self._marks()}:only="true"' if len(value) == 1 else ""
            return "".join(self.element(tag, item, extra + only) for item in value)
        return self.element(tag, value, extra)

    def element(self, tag: str, value: Any, attributes: str = "") -> str:
        """One element that holds one value."""
        more, inside = self.parts(value, alone=not attributes)
        return f"<{tag}{attributes}{more}>{inside}</{tag}>" if inside else f"<{tag}{attributes}{more}/>"

    def parts(self, value: Any, alone: bool = True) -> tuple[str, str]:
        """The attributes (each with a space before) and the inside of an element that holds `value`.

        `alone`: the element has no other attributes, which the schema forbids beside the xsi:type of a simple type.
        """
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool | int | float):
            return self._scalar(value, alone and self.typed)
        if isinstance(value, list):
            return self._type("array"), "".join(self.element(f"{self._marks()}:item", item) for item in value)
        return self._object(value)

    def _text(self, text: str) -> tuple[str, str]:
        marks = _PRESERVE if text != text.strip() else ""
        if not holds(text):
            return f'{marks} {self._marks()}:escaped="true"', in_text(escaped(text))
        return marks, in_text(text)

    def _scalar(self, value: float | bool | None, typed: bool) -> tuple[str, str]:
        if value is None:
            return self._type("null"), ""
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        if not typed:
            return self._type("boolean" if isinstance(value, bool) else "number"), text
        kind = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "double"
        xsd = self.scope.machinery("xsd", XSD)
        return f' {self.scope.machinery(self.scope.prefixing.xsi, XSI)}:type="{xsd}:{kind}"', text

    def _object(self, members: dict[str, Any]) -> tuple[str, str]:
        if not members:
            return self._type("object"), ""
        if "#text" in members and (form := self._with_attributes(members, "#text")) is not None:
            return form
        if "#mixed" in members and (form := self._with_attributes(members, "#mixed")) is not None:
            return form
        return "", self._inside(members)

    def _inside(self, members: dict[str, Any]) -> str:
        inner = self if self.typed else Values(self.scope)
        return "".join(inner.member(name, value) for name, value in members.items())

    def _with_attributes(self, members: dict[str, Any], key: str) -> tuple[str, str] | None:
        """The form with XML attributes; None for an object that does not come from such an element."""
        said = members[key]
        attributes: dict[str, str] = {}
        elements: dict[str, Any] = {}
        for name, value in members.items():
            if name == key:
                continue
            if not isinstance(value, str):
                elements[name] = value
                continue
            qualified = self.attribute(name)
            if qualified is None or qualified in attributes or not holds(value):
                return None
            attributes[qualified] = value
        written = "".join(f' {name}="{in_attribute(value)}"' for name, value in attributes.items())
        if key == "#mixed":
            names = {name for name, value in members.items() if name != key}
            return None if elements or not _is_mixed(said, names) else (written, self._mixed(said))
        if not isinstance(said, str) or not attributes or not holds(said) or (elements and said):
            return None
        if any(self.scope.qualified(name) is None for name in elements):
            return None
        marks, text = self._text(said)
        return written + marks, text + self._inside(elements)

    def _mixed(self, pieces: list[Any]) -> str:
        return "".join(in_text(piece) if isinstance(piece, str) else self._inside(piece) for piece in pieces)

    def attribute(self, name: str) -> str | None:
        """The qualified name of an attribute that reads back as the member `name`; None where there is none."""
        found = self.scope.qualified(name)
        return None if found is None or name.startswith("xmlns") or (not self.typed and name == "id") else found

    def _type(self, kind: str) -> str:
        return f' {self._marks()}:type="{kind}"'

    def _marks(self) -> str:
        return self.scope.machinery(self.scope.prefixing.json, JSON)


def _is_mixed(pieces: Any, attributes: set[str]) -> bool:
    """Whether `pieces` are what is read from mixed text: texts apart from each other, and objects of one member.

    Without text between them there must be one that has the name of an attribute.
    """
    if not isinstance(pieces, list):
        return False
    after_text = said = blank = element = twice = False
    for piece in pieces:
        if isinstance(piece, str):
            if after_text or not piece or not holds(piece):
                return False
            said, blank = said or not piece.isspace(), blank or piece.isspace()
            after_text = True
        elif isinstance(piece, dict) and len(piece) == 1 and not any(isinstance(v, list) for v in piece.values()):
            element, after_text, twice = True, False, twice or not attributes.isdisjoint(piece)
        else:
            return False
    return element and (said or (twice and not blank))
