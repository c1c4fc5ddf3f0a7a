"""GS1's XML schemas, where the shared test material is."""

from functools import lru_cache
from typing import Any

from lxml import etree

from tests.shared import shared

_FILES = {
    "EPCISDocument": "EPCglobal-epcis-2_0.xsd",
    "EPCISQueryDocument": "EPCglobal-epcis-query-2_0.xsd",
    "EPCISCaptureJob": "EPCglobal-epcis-2_0.xsd",
    "EPCISException": "EPCglobal-epcis-2_0.xsd",
}


@lru_cache(maxsize=4)
def _schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def faults_by_schema(xml: bytes) -> list[str]:
    """What the schema of a document says against it."""
    root = etree.fromstring(xml)
    path = shared("epcis", "gs1", "XSD", _FILES[etree.QName(root).localname])
    schema = _schema(str(path))
    schema.validate(root)
    log: Any = schema.error_log
    return [entry.message for entry in log]
