"""The EPCIS 2.0 query language (section 8.2.7.1): from parameters to what they ask of events."""

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Final, Literal

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes, declared
from service.epcis.faults import Fault
from service.epcis.query import names
from service.epcis.query.conditions import Condition, Order, Query, Timed
from service.epcis.query.families import MEASURES, OPERATIONS, TIMES, condition, is_qualified
from service.epcis.query.faults import QueryParameterFault, QueryTooComplex
from service.epcis.query.fixed import FIXED
from service.epcis.query.parameter import MOST_CHARACTERS, Parameter

MOST_PARAMETERS: Final = 64
MOST_VALUES: Final = 1_000
"""Of all parameters together."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_TIMED: Final[dict[str, tuple[Literal["event_time", "record_time"], bool]]] = {
    "GE_eventTime": ("event_time", True),
    "LT_eventTime": ("event_time", False),
    "GE_recordTime": ("record_time", True),
    "LT_recordTime": ("record_time", False),
}
"""The column, and whether it is bounded from below."""
_SHAPING: Final = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
_ALIASES: Final = {
    f"{operation}_errorDeclaration_Time": f"{operation}_errorDeclarationTime" for operation in OPERATIONS
}
_KNOWN: Final = (
    *FIXED, *_TIMED, *_SHAPING,
    *(f"{operation}_{field}" for operation in OPERATIONS for field in (*TIMES, *MEASURES)),
)  # fmt: skip


def parse_query(parameters: Mapping[str, object], prefixes: Prefixes = STANDARD_PREFIXES) -> Query:
    """The query that parameters say: values are text, numbers, truths, or lists of them; `@context` declares prefixes.

    `prefixes`: known beside those of GS1's context, for parameters from a URL. Raises QueryParameterFault, which names
    the parameter and says what to send, and QueryTooComplex beyond `MOST_PARAMETERS` or `MOST_VALUES`.
    """
    _check_size(parameters)
    known = _prefixes(parameters.get("@context"), {**STANDARD_PREFIXES, **prefixes})
    asked = [Parameter(name, value) for name, value in parameters.items() if name != "@context"]
    conditions = [found for parameter in asked if (found := _condition(parameter, known)) is not None]
    shaping = {parameter.name: parameter for parameter in asked if parameter.name in _SHAPING}
    order, first, most = _shape(shaping, known)
    return Query((*_timed(asked), *conditions), order, first, most)


def _check_size(parameters: Mapping[str, object]) -> None:
    if len(parameters) > MOST_PARAMETERS:
        raise QueryTooComplex(
            f"{len(parameters)} parameters are too many for one query; send at most {MOST_PARAMETERS}"
        )
    count = 0
    for name, value in parameters.items():
        values = value if isinstance(value, list | tuple) else (value,)
        count += len(values)
        for text in (name, *values):
            if isinstance(text, str):
                _check_text(name, text)
    if count > MOST_VALUES:
        raise QueryTooComplex(f"{count} values are too many for one query; send at most {MOST_VALUES} in all")


def _check_text(name: str, text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise QueryParameterFault(name, f"a name or value may have at most {MOST_CHARACTERS} characters")
    if not text.isascii() and _SURROGATE.search(text):
        raise QueryParameterFault(name, "lone surrogates are no text; send whole characters")
    if "\0" in text:
        raise QueryParameterFault(name, "no event holds U+0000; leave it out")


def _prefixes(context: object, known: Prefixes) -> Prefixes:
    faults: list[Fault] = []
    prefixes = declared(context, "", known, faults)
    if faults:
        raise QueryParameterFault("@context" + faults[0].pointer, faults[0].message)
    return prefixes


def _condition(parameter: Parameter, prefixes: Prefixes) -> Condition | None:
    name = _ALIASES.get(parameter.name, parameter.name)
    if name in _TIMED or name in _SHAPING:
        return None
    if name in FIXED:
        return FIXED[name](parameter, prefixes)
    operation, _, field = name.replace("EQ_ATTR_", "EQATTR_", 1).partition("_")
    try:
        return condition(operation, field, parameter, prefixes)
    except LookupError:
        raise parameter.fault(_unknown(name, operation)) from None


def _unknown(name: str, operation: str) -> str:
    near = get_close_matches(name[:100], _KNOWN, 1, 0.75)
    if near:
        return f"no such parameter of queries is known; did you mean {near[0]}?"
    if operation in (*OPERATIONS, "EXISTS", "HASATTR", "EQATTR"):
        return (
            "neither a field of the standard nor an extension field; name that by prefix or namespace, as in"
            f" {operation}_example:shift"
        )
    return "no such parameter of queries is known; those of EPCIS 2.0, section 8.2.7.1, are"


def _timed(asked: list[Parameter]) -> list[Timed]:
    bounds: dict[tuple[Literal["event_time", "record_time"], bool], datetime] = {
        _TIMED[parameter.name]: parameter.moment(parameter.one()) for parameter in asked if parameter.name in _TIMED
    }
    columns = dict.fromkeys(column for column, _ in bounds)
    return [Timed(column, bounds.get((column, True)), bounds.get((column, False))) for column in columns]


def _shape(asked: Mapping[str, Parameter], prefixes: Prefixes) -> tuple[Order | None, int | None, int | None]:
    """Order and limits, which depend on one another."""
    direction = asked.get("orderDirection")
    if direction is not None and direction.text() not in ("ASC", "DESC"):
        raise direction.fault("send ASC or DESC")
    order = None
    if "orderBy" in asked:
        field = _ordering(asked["orderBy"], prefixes)
        order = Order(field, ascending=direction is not None and direction.text() == "ASC")
    first, most = ((asked[name].count() if name in asked else None) for name in ("eventCountLimit", "maxEventCount"))
    if first is not None and most is not None:
        raise asked["maxEventCount"].fault("it excludes eventCountLimit; send one of the two")
    if first is not None and order is None:
        raise asked["eventCountLimit"].fault("the first events of which order? send orderBy too, such as eventTime")
    return order, first, most


def _ordering(parameter: Parameter, prefixes: Prefixes) -> str:
    name = parameter.text()
    if name in ("eventTime", "recordTime"):
        return name
    if not is_qualified(name):
        raise parameter.fault(
            f"{name[:60]!r} is nothing to order by; send eventTime, recordTime, or the name of an extension field with"
            " its prefix or namespace"
        )
    return names.asked(name, prefixes)
