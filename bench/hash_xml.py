"""What is wrong with the reference's reading of XML, by name; see bench.hash_reference."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from bench.hash_reference import hashes_of_xml
from service.epcis.documents import parse
from service.epcis.eventhash import event_hash
from service.epcis.faults import InvalidDocument
from service.epcis.xml import read_xml

_XMLNS = re.compile(r'xmlns:([\w.-]+)="([^"]*)"')
_STANDARD = (
    "http://www.w3.org/",
    "urn:epcglobal:",
    "http://www.unece.org/",
    "https://gs1.org/",
    "https://ref.gs1.org/",
)


@dataclass(frozen=True, slots=True)
class XmlFault:
    """A fault of the reference; `spared` rewrites the text of a document so that it cannot strike."""

    name: str
    spared: Callable[[str], str]


def hashes_of_ours(text: str) -> list[str]:
    """Our hashes of the events of an XML document. Raises InvalidDocument."""
    return [event_hash(event) for event in parse(read_xml(text.encode()).value, lenient=True).events]


def explained(text: str) -> tuple[str, ...] | None:
    """The fewest faults that explain why hashes of a document's events differ; None where none do."""
    striking = [fault for fault in XML_FAULTS if fault.spared(text) != text]
    for count in range(1, len(striking) + 1):
        for some in combinations(striking, count):
            changed = text
            for fault in some:
                changed = fault.spared(changed)
            if _agree(changed):
                return tuple(fault.name for fault in some)
    return None


def _agree(text: str) -> bool:
    try:
        return hashes_of_ours(text) == hashes_of_xml(text)
    except InvalidDocument:
        return False
    except Exception:  # noqa: BLE001 - whatever the reference raises
        return False


def _no_nil(text: str) -> str:
    return re.sub(r'<(\w+)\s[^>]*?xsi:nil="true"[^>]*?(?:/>|>\s*</\1>)', "", text)


def _one_name(text: str) -> str:
    return text.replace('"urn:epcglobal:cbv:mda"', '"urn:epcglobal:cbv:mda:"')


def _whole_values(text: str) -> str:
    for prefix, uri in _XMLNS.findall(text):
        if not uri.startswith(_STANDARD):
            text = re.sub(
                r'(?<!xmlns)(\s(?:type|exception|component)=")' + re.escape(prefix) + ":", r"\g<1>" + uri, text
            )
    return text


def _slashes(text: str) -> str:
    for _, uri in _XMLNS.findall(text):
        if not uri.startswith(_STANDARD) and not uri.endswith("/"):
            text = text.replace(f'"{uri}"', f'"{uri}/"')
    return text


def _no_rules(text: str) -> str:
    return re.sub(r'(<sensorReport\b[^>]*?)\sbizRules="[^"]*"', r"\1", text)


def _no_prefixes(text: str) -> str:
    for prefix, uri in _XMLNS.findall(text):
        if uri.startswith("urn:epcglobal:epcis:xsd:"):
            text = re.sub(rf"<(/?){re.escape(prefix)}:(?!EPCISDocument)", r"<\1", text)
    return text


def _rounded(text: str) -> str:
    return re.sub(r"(<(?:\w+:)?eventTime>[^<]*?\.\d{3})\d+", r"\1", text)


def _no_numbers(text: str) -> str:
    return re.sub(r'(\s(?:hexBinaryValue|stringValue)=")[0-9.]+"', r'\1AB"', text)


def _each_once(text: str) -> str:
    def once(found: re.Match[str]) -> str:
        return "".join(dict.fromkeys(re.findall(r"<epc>[^<]*</epc>", found[0])))

    return re.sub(r"<epc>[^<]*</epc>(?:\s*<epc>[^<]*</epc>)+", once, text)


XML_FAULTS = (
    XmlFault("reads text as numbers (007, 1e3, 1_000, inf)", _no_numbers),
    XmlFault("hashes xsi:nil, which says that there is nothing, as content", _no_nil),
    XmlFault("names the CBV's attributes otherwise in XML than in JSON", _one_name),
    XmlFault("leaves compact URIs in values as they are, in XML only", _whole_values),
    XmlFault("tears extensions of elements out of them unless their namespace ends in /", _slashes),
    XmlFault("has no place for bizRules of a sensor report", _no_rules),
    XmlFault("does not know elements that come with the EPCIS namespace's prefix", _no_prefixes),
    XmlFault("counts an EPC twice that a list names twice, which no list does in JSON", _each_once),
    XmlFault("does not read times with more than six decimals", _rounded),
)
