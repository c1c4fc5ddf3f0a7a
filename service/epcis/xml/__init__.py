"""EPCIS in XML: documents of 1.2 and 2.0 read as the JSON binding, JSON documents written as XML 2.0."""

from service.epcis.xml.inexpressible import InexpressibleInXml
from service.epcis.xml.queryreading import read_query_xml
from service.epcis.xml.reading import read_xml
from service.epcis.xml.writing import write_document

__all__ = ["InexpressibleInXml", "read_query_xml", "read_xml", "write_document"]
