"""An event element as an event of the JSON binding (EPCIS 2.0 sections 9.5 and 10.2)."""

from collections.abc import Callable
from typing import Any

from lxml import etree

from service.epcis import vocabulary
from service.epcis.vocabulary import Vocabulary
from service.epcis.xml.contents import content, is_mark, member_name
from service.epcis.xml.elements import Read, attributes, epcs, items, stray, structure, text, unknown, word
from service.epcis.xml.names import Names, standard_word
from service.epcis.xml.namespaces import standard
from service.epcis.xml.numbers import number, truth
from service.epcis.xml.parsing import attributes_of
from service.epcis.xml.supplements import supplement, typed_attributes


def _quantity(element: etree._Element, names: Names) -> Any:
    found = text(element, names)
    value = number(found, exact=True) if isinstance(found, str) else None
    return found if value is None else value


def _quantity_element(element: etree._Element, names: Names) -> dict[str, Any]:
    found = structure(element, names, _QUANTITY, {})
    if found.get("quantity") == "":
        del found["quantity"]  # xsi:nil, which the schema allows
    return found


def _party(member: str, words: Vocabulary) -> Read:
    def read(element: etree._Element, names: Names) -> dict[str, Any]:
        found: dict[str, Any] = {}
        kind = element.get("type")
        if kind is not None:
            kind = kind.strip()
            found["type"] = standard_word(words, kind, names.table.prefixes) or kind
        found[member] = (element.text or "").strip()
        if len(element.keys()) > (kind is not None):
            attributes(element, names, found, frozenset(("type",)))
        for child in element:
            found[unknown(member_name(child, names))] = content(child, names)
        return found

    return read


def _sensor(known: dict[str, Callable[[str], Any] | Vocabulary]) -> Read:
    def read(element: etree._Element, names: Names) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in attributes_of(element):
            convert = known.get(key)
            if isinstance(convert, Vocabulary):
                found[key] = standard_word(convert, value.strip(), names.table.prefixes) or value.strip()
            elif convert is not None:
                found[key] = convert(value)
            elif not is_mark(key):
                found[names.name(key, element)] = names.mentioned(value, element)
        typed_attributes(element, names, found)
        stray(element.text, found)
        for child in element:
            found[unknown(member_name(child, names))] = content(child, names)
        return found

    return read


def _stripped(value: str) -> str:
    return value.strip()


def _as_number(value: str) -> Any:
    found = number(value.strip())
    return value if found is None else found


def _as_truth(value: str) -> Any:
    found = truth(value.strip())
    return value if found is None else found


def _plain(names: str) -> dict[str, Callable[[str], Any] | Vocabulary]:
    return dict.fromkeys(names.split(), _stripped)


_METADATA = _plain("time startTime endTime deviceID deviceMetadata rawData dataProcessingMethod bizRules")
_REPORT = (
    _plain(
        """deviceID deviceMetadata rawData dataProcessingMethod bizRules time microorganism chemicalSubstance
        coordinateReferenceSystem hexBinaryValue uriValue uom"""
    )
    | dict.fromkeys(["value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"], _as_number)
    | {
        "type": vocabulary.MEASUREMENTS,
        "exception": vocabulary.SENSOR_ALERTS,
        "component": vocabulary.COMPONENTS,
        "stringValue": lambda value: value,
        "booleanValue": _as_truth,
    }
)
_QUANTITY: dict[str, Read] = {"epcClass": text, "quantity": _quantity, "uom": text}
_PLACE: dict[str, Read] = {"id": text}
_read_report = _sensor(_REPORT)


def _sensor_element(element: etree._Element, names: Names) -> dict[str, Any]:
    reports = [child for child in element if standard(child.tag) == "sensorReport"]
    known: dict[str, Read] = {"sensorMetadata": _sensor(_METADATA), "sensorReport": lambda child, _: child}
    found = structure(element, names, known, {})
    if reports:
        found["sensorReport"] = [_read_report(child, names) for child in reports]
    return found


def _place(element: etree._Element, names: Names) -> dict[str, Any]:
    return structure(element, names, _PLACE, {})


def _dispositions(element: etree._Element, names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    read = word(vocabulary.DISPOSITIONS)
    for child in element:
        name = standard(child.tag)
        if name in ("set", "unset"):
            found.setdefault(name, []).append(read(child, names))
        else:
            found[unknown(member_name(child, names))] = content(child, names)
    stray(element.text, found)
    attributes(element, names, found)
    return found


_DECLARATION: dict[str, Read] = {
    "declarationTime": text,
    "reason": word(vocabulary.ERROR_REASONS),
    "correctiveEventIDs": items("correctiveEventID", text),
}


def _error_declaration(element: etree._Element, names: Names) -> dict[str, Any]:
    return structure(element, names, _DECLARATION, {})


def _ilmd(element: etree._Element, names: Names) -> dict[str, Any]:
    return structure(element, names, {}, {})


_EPCS, _QUANTITIES = epcs(items("epc", text)), items("quantityElement", _quantity_element)
EVENT: dict[str, Read] = {
    **dict.fromkeys(("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "certificationInfo"), text),
    **dict.fromkeys(("action", "parentID", "transformationID"), text),
    "errorDeclaration": _error_declaration,
    "bizStep": word(vocabulary.BIZ_STEPS),
    "disposition": word(vocabulary.DISPOSITIONS),
    "persistentDisposition": _dispositions,
    "readPoint": _place,
    "bizLocation": _place,
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _EPCS),
    **dict.fromkeys(("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"), _QUANTITIES),
    "bizTransactionList": items("bizTransaction", _party("bizTransaction", vocabulary.BIZ_TRANSACTION_TYPES)),
    "sourceList": items("source", _party("source", vocabulary.SOURCE_DEST_TYPES)),
    "destinationList": items("destination", _party("destination", vocabulary.SOURCE_DEST_TYPES)),
    "sensorElementList": items("sensorElement", _sensor_element),
    "ilmd": _ilmd,
}
"""The members of events, and how each is read; which type has which is judged by `documents.parse`."""


def event(element: etree._Element, names: Names, passed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """One event. `passed`: attributes of the element that say nothing of the event."""
    found: dict[str, Any] = {"type": standard(element.tag)}
    structure(element, names, EVENT, found)
    for name in passed & found.keys():
        del found[name]
    supplement(element, names, found)
    return found
