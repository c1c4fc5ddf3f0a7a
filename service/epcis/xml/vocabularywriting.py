"""Lists of vocabularies of the JSON binding in XML; `masterdata` reads them back."""

from collections.abc import Mapping
from typing import Any

from service.epcis.faults import step
from service.epcis.xml.escaping import holds, in_attribute
from service.epcis.xml.inexpressible import InexpressibleInXml
from service.epcis.xml.values import Values


class VocabularyWriting:
    """Writes vocabulary lists; members that the schema has no place for are put into `left`, by pointer."""

    def __init__(self, values: Values, left: dict[str, dict[str, Any]]) -> None:
        self.values, self.left = values, left
        self.untyped = Values(values.scope, typed=False)

    def written(self, vocabularies: Any, at: str) -> str:
        """A VocabularyList element."""
        inside = "".join(self._vocabulary(item, f"{at}/{index}") for index, item in enumerate(_array(vocabularies, at)))
        return f"<VocabularyList>{inside}</VocabularyList>" if inside else "<VocabularyList/>"

    def _vocabulary(self, item: Any, at: str) -> str:
        members = _object(item, at)
        elements = _array(members.get("vocabularyElementList", []), f"{at}/vocabularyElementList")
        inside = "".join(
            self._element(element, f"{at}/vocabularyElementList/{index}") for index, element in enumerate(elements)
        )
        inside = f"<VocabularyElementList>{inside}</VocabularyElementList>" if inside else ""
        inside += self._extensions(members, ("type", "vocabularyElementList"), at)
        return f'<Vocabulary type="{_attribute(members.get("type"), f"{at}/type")}">{inside}</Vocabulary>'

    def _element(self, item: Any, at: str) -> str:
        members = _object(item, at)
        attributes = _array(members.get("attributes", []), f"{at}/attributes")
        parts = [self._value(value, f"{at}/attributes/{index}") for index, value in enumerate(attributes)]
        if "children" in members:
            children = enumerate(_array(members["children"], f"{at}/children"))
            inside = "".join(f"<id>{_text(child, f'{at}/children/{index}')}</id>" for index, child in children)
            parts.append(f"<children>{inside}</children>" if inside else "<children/>")
        parts.append(self._extensions(members, ("id", "attributes", "children"), at))
        identity = _attribute(members.get("id"), f"{at}/id")
        return f'<VocabularyElement id="{identity}">{"".join(parts)}</VocabularyElement>'

    def _value(self, item: Any, at: str) -> str:
        members = _object(item, at)
        for name, value in members.items():
            if name not in ("id", "attribute"):
                self.left.setdefault(at, {})[name] = value
        identity = f' id="{_attribute(members.get("id"), f"{at}/id")}"'
        return self.untyped.element("attribute", members.get("attribute", ""), identity)

    def _extensions(self, members: Mapping[str, Any], known: tuple[str, ...], at: str) -> str:
        found = [name for name in members if name not in known]
        for name in found:
            if ":" not in name:
                raise InexpressibleInXml(step(at, name), "EPCIS 2.0 has no such member here")
        return "".join(self.values.member(name, members[name]) for name in found)


def _array(value: Any, at: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InexpressibleInXml(at, "this must be an array")
    return list(value)


def _object(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InexpressibleInXml(at, "this must be an object")
    return value


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str) or not holds(value):
        raise InexpressibleInXml(at, "this must be text that XML can hold")
    return in_attribute(value)


_attribute = _text
