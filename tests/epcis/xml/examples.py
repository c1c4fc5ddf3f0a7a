"""Small XML documents, to be varied by tests."""

from typing import Any

from service.epcis.documents import Event, parse
from service.epcis.xml import read_xml

NAMESPACES = 'xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:example="https://ns.example.com/epcis/"'
WHEN = "<eventTime>2026-03-01T10:00:30Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
THING = "<epcList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></epcList>"


def object_event(more: str = "", attributes: str = "", action: str = "OBSERVE") -> str:
    return f"<ObjectEvent{attributes}>{WHEN}{THING}<action>{action}</action>{more}</ObjectEvent>"


def document(
    *events: str, header: str = "", more: str = "", namespaces: str = NAMESPACES, version: str = "2.0"
) -> bytes:
    return (
        f'<epcis:EPCISDocument {namespaces} schemaVersion="{version}" creationDate="2026-03-01T10:00:30Z">{header}'
        f"<EPCISBody><EventList>{''.join(events)}</EventList></EPCISBody>{more}</epcis:EPCISDocument>"
    ).encode()


def event(xml: str, **parts: Any) -> Event:
    """The one event of a document that holds `xml`, judged."""
    (found,) = parse(read_xml(document(xml, **parts)).value).events
    return found


def extension(inside: str, **parts: Any) -> Any:
    """What `<example:x>` holds, read."""
    return event(object_event(inside), **parts).source["example:x"]
