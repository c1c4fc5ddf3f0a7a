"""The parameters of EPCIS 2.0 whose names are made of an operation and a field (section 8.2.7.1).

`EQ_`, `GT_`, `GE_`, `LT_`, `LE_` and `EXISTS_` on extension fields, numbers and times; `EQ_bizTransaction_`,
`EQ_source_` and `EQ_destination_` with a type; `HASATTR_` and `EQATTR_` on master data.
"""

import json
import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from service.epcis.contexts import Prefixes, expanded
from service.epcis.query import names, units
from service.epcis.query.conditions import Among, Between, Condition, HasAttribute, HasTerm
from service.epcis.query.fixed import VOCABULARIES, has_term, identifier
from service.epcis.query.parameter import Parameter, Scalar
from service.epcis.query.readings import finite
from service.epcis.query.terms import hashed
from service.epcis.query.words import ANY_LIST_OF_CLASSES, WORDS, measure, moment, word

OPERATIONS: Final = ("EQ", "GT", "GE", "LT", "LE")
TIMES: Final = ("time", "startTime", "endTime", "errorDeclarationTime")
MEASURES: Final = ("quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percValue", "percRank")
TYPED: Final = ("bizTransaction", "source", "destination")
_MEASURE: Final = re.compile(rf"({'|'.join(MEASURES[:-1])})_([A-Za-z0-9]{{1,4}})")
_ATTRIBUTED: Final = {
    "epcClass": ANY_LIST_OF_CLASSES,
    **{
        name: name
        for name in ("readPoint", "bizLocation", "bizStep", "disposition", "bizTransaction", "source", "destination",
                     "epc", "parentID", "inputEPC", "outputEPC", "inputEPCClass", "outputEPCClass", "transformationID")
    },
}  # fmt: skip
"""Standard fields whose values master data can describe, by the name under which they are indexed."""


class _Field(NamedTuple):
    """A field that a name means, as it is indexed, and what is left of the name."""

    field: str
    rest: str = ""


def condition(operation: str, name: str, parameter: Parameter, prefixes: Prefixes) -> Condition | None:
    """What `operation_name` asks; None where it asks nothing. Raises QueryParameterFault, LookupError where unknown."""
    if operation in ("HASATTR", "EQATTR"):
        return _attribute(operation, name, parameter, prefixes)
    if operation == "EXISTS":
        field = extension(name, prefixes)
        return HasTerm((hashed(field),)) if parameter.truth() else None
    if operation not in OPERATIONS:
        raise LookupError
    if name in TIMES:
        return _numbers(
            operation, moment(name), [parameter.moment(value).timestamp() for value in _values(operation, parameter)]
        )
    found = _MEASURE.fullmatch(name)
    if name in MEASURES or found:
        return _measured(operation, found[1] if found else name, found[2] if found else "", parameter)
    typed, _, type_ = name.partition("_")
    if operation == "EQ" and typed in TYPED and type_:
        return _typed(typed, type_, parameter, prefixes)
    return _on_extension(operation, extension(name, prefixes), parameter)


def _values(operation: str, parameter: Parameter) -> list[Scalar]:
    """`EQ_` takes alternatives, a comparison one value."""
    return parameter.scalars() if operation == "EQ" else [parameter.one()]


def _numbers(operation: str, field: str, values: list[float]) -> Condition:
    own, value = hashed(field), values[0]
    if operation == "EQ":
        return Between(own, value, value) if len(values) == 1 else Among(own, tuple(values))
    if operation in ("GT", "GE"):
        return Between(own, lowest=value, with_lowest=operation == "GE")
    return Between(own, highest=value, with_highest=operation == "LE")


def _measured(operation: str, name: str, uom: str, parameter: Parameter) -> Condition:
    values = [parameter.number(value) for value in _values(operation, parameter)]
    if not uom:
        return _numbers(operation, name, values)
    uom = uom.upper()
    based = [units.in_base(value, uom, name == "sDev") for value in values]
    finite_ = [value for value in based if value is not None]
    if len(finite_) != len(based):
        raise parameter.fault("the number is too large; send one within the range of IEEE 754 doubles")
    return _numbers(operation, measure(name, uom), finite_)


def _typed(member: str, type_: str, parameter: Parameter, prefixes: Prefixes) -> HasTerm:
    field = f"{member}_{word(WORDS[member], unquote(type_), prefixes)}"
    return has_term(field, [identifier(parameter, text, prefixes) for text in parameter.texts()])


def extension(name: str, prefixes: Prefixes) -> str:
    """The extension field that a name means, as it is indexed. Raises LookupError where it is none."""
    inner = "INNER_" if name.startswith("INNER_") else ""
    rest = name.removeprefix(inner)
    scope = next((scope for scope in names.SCOPES if rest.startswith(f"{scope}_")), "")
    local = unquote(rest.removeprefix(f"{scope}_") if scope else rest)
    if not local or not (inner or is_qualified(local)):
        raise LookupError
    return names.in_scope(inner + scope, names.asked(local, prefixes))


def is_qualified(name: str) -> bool:
    """Whether a field's name says its namespace, or has a prefix for it."""
    return len(name) > 2 and (":" in name[1:-1] or names.is_full(name))


def _on_extension(operation: str, field: str, parameter: Parameter) -> Condition:
    readings = [parameter.reading(value) for value in _values(operation, parameter)]
    if operation == "EQ":
        return has_term(field, [reading.text for reading in readings])
    number, time = readings[0].number, readings[0].time
    if number is not None:
        return _numbers(operation, field, [number])
    if time is None:
        raise parameter.fault("send a number, a date, or a time with an offset, like 2026-03-01T12:30:00.000+01:00")
    return _numbers(operation, moment(field), [time])


# Master data


def _attribute(operation: str, name: str, parameter: Parameter, prefixes: Prefixes) -> HasAttribute:
    field, attribute = _attributed(name, prefixes)
    if operation == "EQATTR":
        if not attribute:
            raise parameter.fault("name the attribute after the field and '_', as in EQATTR_bizLocation_cbvmda:site")
        values = [text for value in parameter.scalars() for text in _spellings(parameter, value)]
        return HasAttribute(
            hashed(field), (_attribute_name(attribute, prefixes),), _hashes(values), _vocabularies(field)
        )
    if attribute:
        raise parameter.fault("send the names of attributes as the value, as in HASATTR_bizLocation=cbvmda:site")
    found = [_attribute_name(text, prefixes) for text in parameter.texts()]
    return HasAttribute(hashed(field), tuple(dict.fromkeys(found)), vocabularies=_vocabularies(field))


def _vocabularies(field: str) -> tuple[str, ...] | None:
    """The vocabularies that describe what stands in a field; None for fields that any may describe."""
    return (VOCABULARIES[field],) if field in VOCABULARIES else None


def _attribute_name(text: str, prefixes: Prefixes) -> int:
    return hashed(expanded(unquote(text), prefixes))


def _hashes(texts: list[str]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(hashed(text) for text in texts))


def _spellings(parameter: Parameter, value: Scalar) -> list[str]:
    """The texts under which master data may hold a value: as sent, as JSON writes it, and in canonical form."""
    if isinstance(value, float) and finite(value) is None:
        raise parameter.fault("send a number within the range of IEEE 754 doubles")
    return [value if isinstance(value, str) else json.dumps(value), parameter.reading(value).text]


def _attributed(name: str, prefixes: Prefixes) -> _Field:
    """The field and the attribute that follows it: a standard field, or an extension up to its local name's first `_`.

    Raises LookupError where the name begins with no field.
    """
    standard, _, attribute = name.partition("_")
    if standard in _ATTRIBUTED:
        return _Field(_ATTRIBUTED[standard], attribute)
    name = unquote(name)
    sharp = name.find("#") + 1
    local, _, attribute = name[sharp:].partition("_")
    if not is_qualified(name[:sharp] + local):
        raise LookupError
    return _Field(names.in_scope("", names.asked(name[:sharp] + local, prefixes)), attribute)
