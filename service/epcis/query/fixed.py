"""The parameters of EPCIS 2.0 whose names are fixed (section 8.2.7.1; `components.parameters` of GS1's OpenAPI)."""

import json
from collections.abc import Callable
from typing import Final

from service.epcis.contexts import Prefixes, expanded
from service.epcis.events import EVENT_TYPES
from service.epcis.identifiers import InvalidIdentifier, canonical, is_uri
from service.epcis.query.conditions import Column, Condition, HasTerm, OneOf, Within
from service.epcis.query.parameter import Parameter
from service.epcis.query.patterns import sought
from service.epcis.query.readings import identified
from service.epcis.query.terms import hashed
from service.epcis.query.words import WORDS, word
from service.epcis.vocabulary import Vocabulary

Asking = Callable[[Parameter, Prefixes], Condition | None]
"""From a parameter to what it asks; None where it asks nothing. Raises QueryParameterFault."""

ACTIONS: Final = ("ADD", "OBSERVE", "DELETE")
VOCABULARIES: Final = {
    "readPoint": "urn:epcglobal:epcis:vtype:ReadPoint",
    "bizLocation": "urn:epcglobal:epcis:vtype:BusinessLocation",
}
"""Where master data tells which places lie within which."""


def identifier(parameter: Parameter, text: str, prefixes: Prefixes) -> str:
    """The canonical form of an identifier; a fault says what is wrong with it."""
    try:
        return canonical(expanded(text, prefixes))
    except InvalidIdentifier as error:
        raise parameter.fault(str(error)) from None


def has_term(field: str, values: list[str]) -> HasTerm:
    """That the field has one of the values (in canonical form)."""
    return HasTerm(tuple(dict.fromkeys(hashed(field) ^ hashed(value) for value in values)))


def exists(field: str) -> Asking:
    """That the event has the field at all."""
    return lambda parameter, _: HasTerm((hashed(field),)) if parameter.truth() else None


def _event_types(parameter: Parameter, prefixes: Prefixes) -> OneOf:
    names = [expanded(text, prefixes).removeprefix("https://ref.gs1.org/epcis/") for text in parameter.words()]
    unknown = next((name for name in names if name not in EVENT_TYPES and not is_uri(name)), None)
    if unknown is not None:
        raise parameter.fault(f"{unknown[:60]!r} is no event type; known are {', '.join(EVENT_TYPES)}")
    return OneOf("event_type", tuple(dict.fromkeys(names)))


def _actions(parameter: Parameter, _: Prefixes) -> OneOf:
    names = parameter.words()
    unknown = next((name for name in names if name not in ACTIONS), None)
    if unknown is not None:
        raise parameter.fault(f"{unknown[:60]!r} is no action; send one or more of {', '.join(ACTIONS)}")
    return OneOf("action", tuple(dict.fromkeys(names)))


def _words_in_column(column: Column, vocabulary: Vocabulary) -> Asking:
    """Bare standard words, and the URIs of others, are what the column holds."""

    def asking(parameter: Parameter, prefixes: Prefixes) -> OneOf:
        full = [word(vocabulary, text, prefixes) for text in parameter.words()]
        return OneOf(column, tuple(dict.fromkeys(vocabulary.word(text) or text for text in full)))

    return asking


def _places(column: Column) -> Asking:
    def asking(parameter: Parameter, prefixes: Prefixes) -> OneOf:
        found = [identifier(parameter, text, prefixes) for text in parameter.texts()]
        return OneOf(column, tuple(dict.fromkeys(found)))

    return asking


def _event_ids(parameter: Parameter, prefixes: Prefixes) -> OneOf:
    return OneOf("event_id", tuple(dict.fromkeys(_uris(parameter, prefixes))))


def _uris(parameter: Parameter, prefixes: Prefixes) -> list[str]:
    found = [expanded(text, prefixes) for text in parameter.texts()]
    wrong = next((text for text in found if not is_uri(text)), None)
    if wrong is not None:
        raise parameter.fault(f"{wrong[:80]!r} is not a URI (RFC 3986); send the whole eventID")
    return found


def _within(field: str) -> Asking:
    def asking(parameter: Parameter, prefixes: Prefixes) -> Within:
        places = [hashed(identifier(parameter, text, prefixes)) for text in parameter.texts()]
        return Within(hashed(field), (VOCABULARIES[field],), tuple(dict.fromkeys(places)))

    return asking


def _words(field: str) -> Asking:
    vocabulary = WORDS[field]
    return lambda parameter, prefixes: has_term(field, [word(vocabulary, text, prefixes) for text in parameter.words()])


def identifiers(field: str) -> Asking:
    """That the field has one of the identifiers."""
    return lambda parameter, prefixes: has_term(
        field, [identifier(parameter, text, prefixes) for text in parameter.texts()]
    )


def _transformations(parameter: Parameter, prefixes: Prefixes) -> HasTerm:
    """GS1's OpenAPI lets these be any text."""
    return has_term("transformationID", [identified(expanded(text, prefixes)) for text in parameter.texts()])


def _matching(fields: tuple[str, ...], classes: bool) -> Asking:
    """`MATCH_`: that one of the fields has an identifier that is a value, or falls under it."""

    def asking(parameter: Parameter, prefixes: Prefixes) -> HasTerm:
        try:
            values = [hashed(sought(expanded(text, prefixes), classes)) for text in parameter.texts()]
        except InvalidIdentifier as error:
            raise parameter.fault(str(error)) from None
        return HasTerm(tuple(dict.fromkeys(hashed(field) ^ value for value in values for field in fields)))

    return asking


def _truth(parameter: Parameter, _: Prefixes) -> HasTerm:
    texts = [parameter.reading(value).text for value in parameter.scalars()]
    if any(text not in ("true", "false") for text in texts):
        raise parameter.fault("send true or false")
    return has_term("booleanValue", texts)


def _digits(parameter: Parameter, _: Prefixes) -> HasTerm:
    return has_term("hexBinaryValue", [text.upper() for text in parameter.texts()])


def _strings(parameter: Parameter, _: Prefixes) -> HasTerm:
    """Exactly as they stand in the event, but for numbers and truths, which are as JSON writes them."""
    values = parameter.scalars()
    return has_term("stringValue", [value if isinstance(value, str) else json.dumps(value) for value in values])


def _corrections(parameter: Parameter, prefixes: Prefixes) -> HasTerm:
    return has_term("correctiveEventID", _uris(parameter, prefixes))


_THINGS: Final = ("epc", "parentID", "inputEPC", "outputEPC")
_CLASSES: Final = ("epcClass", "inputEPCClass", "outputEPCClass")

FIXED: Final[dict[str, Asking]] = {
    "eventType": _event_types,
    "EQ_action": _actions,
    "EQ_bizStep": _words_in_column("biz_step", WORDS["bizStep"]),
    "EQ_disposition": _words_in_column("disposition", WORDS["disposition"]),
    "EQ_readPoint": _places("read_point"),
    "EQ_bizLocation": _places("biz_location"),
    "EQ_eventID": _event_ids,
    "WD_readPoint": _within("readPoint"),
    "WD_bizLocation": _within("bizLocation"),
    "EQ_correctiveEventID": _corrections,
    "EXISTS_errorDeclaration": exists("errorDeclaration"),
    "EXISTS_sensorElement": exists("sensorElement"),
    "EXISTS_sensorElementList": exists("sensorElement"),
    "EQ_transformationID": _transformations,
    "EQ_booleanValue": _truth,
    "EQ_stringValue": _strings,
    "EQ_hexBinaryValue": _digits,
    **{f"MATCH_{field}": _matching((field,), False) for field in _THINGS},
    **{f"MATCH_{field}": _matching((field,), True) for field in _CLASSES},
    "MATCH_anyEPC": _matching(_THINGS, False),
    "MATCH_anyEPCClass": _matching(_CLASSES, True),
    **{
        f"EQ_{field}": _words(field)
        for field in (
            "persistentDisposition_set", "persistentDisposition_unset", "errorReason", "type", "exception", "component",
        )
    },
    **{
        f"EQ_{field}": identifiers(field)
        for field in (
            "bizTransaction", "source", "destination", "deviceID", "deviceMetadata", "rawData",
            "dataProcessingMethod", "bizRules", "microorganism", "chemicalSubstance", "coordinateReferenceSystem",
            "uriValue",
        )
    },
}  # fmt: skip
"""Parameters but those on times and numbers, order and limits."""
