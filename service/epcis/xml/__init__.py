"""EPCIS in XML: documents of 1.2 and 2.0 read as the JSON binding, JSON documents written as XML 2.0."""

from service.epcis.xml.reading import read_xml

__all__ = ["read_xml"]
