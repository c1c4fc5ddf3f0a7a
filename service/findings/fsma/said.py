"""What events and master data say under the names of several vocabularies: CBV, GS1 Web Vocabulary, own ones."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from service.epcis.contexts import expanded
from service.findings.case import Case
from service.findings.dates import day_of
from service.findings.told import Told

_DEPTH = 4
_SPLIT = re.compile(r"[:#/]")


def local(name: str) -> str:
    """A name without its namespace, in lower case and without separators."""
    return re.sub(r"[-_\s]", "", _SPLIT.split(name)[-1]).lower()


def first(names: Sequence[str], *holders: Mapping[str, Any]) -> str | None:
    """The text of the first of these names (in lower case) that some holder has, groups within it included."""
    for name in names:
        for holder in holders:
            for text in _texts(name, holder, 0):
                return text
    return None


def first_day(names: Sequence[str], *holders: Mapping[str, Any]) -> date | None:
    """The day of the first of these names that has one."""
    text = first(names, *holders)
    return day_of(text)


def extensions(one: Told) -> Mapping[str, Any]:
    """The members of an event beyond the standard's own, and its ILMD, by full names."""
    if one.event is None:
        return {}
    ilmd = getattr(one.event.model, "ilmd", None) or {}
    return {expanded(name, one.event.prefixes): value for name, value in {**one.event.model.extensions, **ilmd}.items()}


def master(case: Case, identifier: str) -> Mapping[str, Any]:
    """The master data of one element."""
    return {name: list(values) for name, values in case.masterdata.get(identifier, {}).items()}


def _texts(name: str, value: Any, depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        return
    if isinstance(value, Mapping):
        for member, inner in value.items():
            if local(str(member)) == name:
                yield from _plain(inner, depth + 1)
        for inner in value.values():
            if isinstance(inner, Mapping | list):
                yield from _texts(name, inner, depth + 1)
    elif isinstance(value, list):
        for inner in value[:20]:
            if isinstance(inner, Mapping | list):
                yield from _texts(name, inner, depth + 1)


def _plain(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, bool) or depth > _DEPTH + 2:
        return
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, int | float):
        yield repr(value)
    elif isinstance(value, list):
        for inner in value[:20]:
            yield from _plain(inner, depth + 1)
    elif isinstance(value, Mapping):
        for member in ("@value", "#text", "value"):
            yield from _plain(value.get(member), depth + 1)
