"""From pydantic's findings to faults, and which members each element knows."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, get_args

from pydantic import ValidationError

from service.epcis.advice.forms import form
from service.epcis.advice.members import member
from service.epcis.contexts import Prefixes, is_extension
from service.epcis.faults import MAX_FAULTS, Fault, step
from service.epcis.fields import Element

_MEND = "mend its name, or declare an extension prefix in @context"
_EXPECTED = {
    "missing": "the member {name!r} is missing; add it",
    "string_type": "must be text",
    "int_type": "must be a number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be an array",
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def faults_of(error: ValidationError, pointer: str) -> list[Fault]:
    """One fault for each place that pydantic refuses; the branches of a union count once."""
    faults: dict[str, Fault] = {}
    for found in error.errors(include_url=False, include_context=False):
        location = [part for part in found["loc"] if not _is_branch(part)]
        place = pointer
        for part in location[:-1] if found["type"] == "missing" else location:
            place = step(place, part)
        rule = "missing" if found["type"] == "missing" else "value"
        message = _message(found["type"], found["msg"], found["input"], location[-1] if location else "")
        key = f"{place} {location[-1]}" if rule == "missing" else place
        faults.setdefault(key, Fault(place, rule, message))
    return list(faults.values())


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part in ("str", "int", "float") or "[" in part)


def _message(kind: str, said: str, value: Any, name: int | str) -> str:
    if kind in _EXPECTED:
        right = form(kind, value, name)
        return _EXPECTED[kind].format(name=name) + ("" if right is None else f"; {right}")
    if kind == "literal_error":
        return f"{str(value)[:60]!r}: {said[0].lower()}{said[1:]}"
    return said.removeprefix("Value error, ")


@lru_cache(maxsize=64)
def _known(model: type[Element]) -> tuple[frozenset[str], tuple[tuple[str, type[Element]], ...]]:
    """Names that `model` knows, and which of them hold elements (or lists of them) of which model."""
    names: set[str] = set()
    inner: list[tuple[str, type[Element]]] = []
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        names.add(name)
        element = _element_in(field.annotation)
        if element is not None:
            inner.append((name, element))
    return frozenset(names), tuple(inner)


def _element_in(annotation: Any) -> type[Element] | None:
    if isinstance(annotation, type) and issubclass(annotation, Element):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _element_in(arg)) is not None), None)


def check_names(model: type[Element], members: Any, pointer: str, prefixes: Prefixes, faults: list[Fault]) -> None:
    """A fault for each member that `model` does not know and that is no declared extension, at any depth."""
    if type(members) is not dict:
        return
    names, inner = _known(model)
    if not names.issuperset(members):
        for name in members.keys() - names:
            check_name(name, pointer, prefixes, faults, partial(member, model.__name__, known=names))
    if None in members.values():
        nulls = [name for name, value in members.items() if value is None and name in names]
        faults += [Fault(step(pointer, name), "null", f"{name!r} is null; leave it out instead") for name in nulls]
    for name, element in inner:
        value = members.get(name)
        if type(value) is list:
            for index, item in enumerate(value):
                if not _is_plain(element, item):
                    check_names(element, item, f"{pointer}/{name}/{index}", prefixes, faults)
        elif value is not None and not _is_plain(element, value):
            check_names(element, value, f"{pointer}/{name}", prefixes, faults)


def _is_plain(model: type[Element], members: Any) -> bool:
    """Whether it has nothing but known members without members of their own: the usual case, worth a short way."""
    names, inner = _known(model)
    return not inner and type(members) is dict and names.issuperset(members) and None not in members.values()


def check_name(
    name: str, pointer: str, prefixes: Prefixes, faults: list[Fault], meant: Callable[[str], str | None]
) -> None:
    """A fault unless `name` is a declared extension; `meant` says what to do with a name that has no prefix."""
    if is_extension(name, prefixes):
        return
    prefix, colon, _ = name.partition(":")
    if colon:
        message = f"the prefix {prefix!r} is not declared; add it to @context, or name the member by its full URI"
    else:
        advice = (meant(name) if len(faults) < MAX_FAULTS else None) or _MEND
        message = f"EPCIS 2.0 has no member {name!r} here; {advice}"
    faults.append(Fault(step(pointer, name), "unknown-field", message))
