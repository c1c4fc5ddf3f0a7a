"""Until when a thing may be used, by the ILMD of the event that made it or by master data (CBV 2.0, `cbvmda`)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from service.epcis.contexts import STANDARD_PREFIXES, expanded
from service.epcis.events import ObjectEvent, TransformationEvent
from service.epcis.identifiers import Kind
from service.findings.case import Case
from service.findings.told import Told, kind_of

MDA: Final = STANDARD_PREFIXES["cbvmda"]
EXPIRY, BEST_BEFORE, SELL_BY = "itemExpirationDate", "bestBeforeDate", "sellByDate"


class Until(NamedTuple):
    """The last day, what it is the last day for (a `cbvmda` name), and who said so; no statement: master data."""

    day: date
    name: str
    by: Told | None


def last_days(case: Case) -> Mapping[str, Mapping[str, Until]]:
    """For each thing the last days that are told of it, by name; the first statement that gives one counts."""
    found: dict[str, dict[str, Until]] = {}
    for one in case.once:
        stated = dict(_stated(one))
        for thing in _made(one) if stated else ():
            for name, day in stated.items():
                found.setdefault(thing, {}).setdefault(name, Until(day, name, one))
    for identifier, attributes in case.masterdata.items():
        for name, day in _in_master_data(attributes):
            found.setdefault(identifier, {}).setdefault(name, Until(day, name, None))
    return found


def day_of(value: Any) -> date | None:
    """The day of a date, or of a time; None for anything else."""
    text = _text(value)
    if text is None or len(text) < 10:
        return None
    try:
        return date.fromisoformat(text[:10]) if len(text) == 10 or text[10] in "T+-Z" else None
    except ValueError:
        return None


def attributes_in(one: Told) -> Mapping[str, Any]:
    """The ILMD of an event by full names of its members; those of the CBV's master data also within groups."""
    model = one.event.model if one.event else None
    if one.event is None or not isinstance(model, ObjectEvent | TransformationEvent) or not model.ilmd:
        return {}
    return {expanded(name, one.event.prefixes): value for name, value in model.ilmd.items()}


def _stated(one: Told) -> Iterator[tuple[str, date]]:
    attributes = attributes_in(one)
    for name in (EXPIRY, BEST_BEFORE, SELL_BY):
        day = day_of(attributes.get(MDA + name))
        if day is not None:
            yield name, day


def _in_master_data(attributes: Mapping[str, tuple[Any, ...]]) -> Iterator[tuple[str, date]]:
    for name in (EXPIRY, BEST_BEFORE, SELL_BY):
        days = [day for value in attributes.get(MDA + name, ()) if (day := day_of(value)) is not None]
        if days:
            yield name, max(days)


def _made(one: Told) -> Iterator[str]:
    """The things that ILMD describes: those that the event creates (EPCIS 2.0, 7.3: ILMD)."""
    is_transformation = one.event is not None and isinstance(one.event.model, TransformationEvent)
    for thing, role in one.things.items():
        if (role == "output" or not is_transformation) and kind_of(thing) is not Kind.LOCATION:
            yield thing


def _text(value: Any) -> str | None:
    """Text of a value: as it is, the first of a list, or the `@value` of a typed one (JSON-LD 1.1, 4.2.1)."""
    for _ in range(3):
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = value.get("@value", value.get("#text"))
        else:
            return None
    return None
