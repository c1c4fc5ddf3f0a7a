"""The Standard Business Document Header (UN/CEFACT SBDH 1.3) of a document of the JSON binding, in XML."""

from collections.abc import Mapping
from typing import Any

from service.epcis.xml import schema
from service.epcis.xml.namespaces import SBDH
from service.epcis.xml.values import Values

_NAME = "StandardBusinessDocumentHeader"


def header_element(values: Values, name: str, header: Any) -> str:
    """The header that was read from XML, or that stands in JSON as XML has it; put in the order of its schema."""
    return values.member(name, _ordered(header, _NAME))


def _ordered(value: Any, parent: str) -> Any:
    if isinstance(value, list):
        return [_ordered(item, parent) for item in value]
    if not isinstance(value, Mapping):
        return value
    order = schema.HEADER.get(parent, ())
    rank = {name: index for index, name in enumerate(order)}
    names = sorted(value, key=lambda name: rank.get(_local(name), len(order)))
    return {name: _ordered(value[name], _local(name)) for name in names}


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def derived_header(values: Values, document: Mapping[str, Any]) -> str:
    """The header that says what sender, receiver, instanceIdentifier and creationDate of a document say."""
    prefix = values.scope.machinery(values.scope.prefixing.free("sbdh"), SBDH)
    fields: dict[str, Any] = {
        "HeaderVersion": "1.0",
        "Sender": {"Identifier": document["sender"]},
        "Receiver": {"Identifier": document["receiver"]},
        "DocumentIdentification": {
            "Standard": "EPCglobal",
            "TypeVersion": "1.0",
            "InstanceIdentifier": document["instanceIdentifier"],
            "Type": "Events",
            "CreationDateAndTime": document["creationDate"],
        },
    }
    return _element(values, prefix, _NAME, fields)


def _element(values: Values, prefix: str, name: str, value: Any) -> str:
    tag = f"{prefix}:{name}"
    if not isinstance(value, Mapping):
        return values.element(tag, value)
    return f"<{tag}>{''.join(_element(values, prefix, inner, said) for inner, said in value.items())}</{tag}>"
