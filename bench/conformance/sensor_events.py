"""The three sets of events of TCR-53's pre-test conditions."""

from collections.abc import Mapping
from typing import Any

from bench.conformance import examples

DEVICE, OTHER_DEVICE = "urn:epc:id:giai:9521321.d1", "urn:epc:id:giai:9521321.d2"
METHOD, OTHER_METHOD = "https://example.com/253/9521321000018m1", "https://example.com/253/9521321000018m2"
RULES = "https://example.com/253/9521321000018r1"
META, OTHER_META = "https://id.gs1.org/8004/9521321d1", "https://id.gs1.org/8004/9521321d2"
URI = "https://id.gs1.org/8004/9521321u1"
RAW, OTHER_RAW = "https://example.org/raw/1", "https://example.org/raw/2"
MICROBE = "https://www.ncbi.nlm.nih.gov/taxonomy/1126011"
SUBSTANCE = "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N"


def minute(at: int) -> str:
    """A moment in the hour before the events."""
    return f"2026-03-01T09:{at:02d}:00.000Z"


def set1() -> dict[str, dict[str, Any]]:
    """The pre-test condition's events by label: all sensor attributes, extensions at each level, one without."""

    def sensed(report: Mapping[str, Any], metadata: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        element = {**({"sensorMetadata": metadata} if metadata else {}), "sensorReport": [report], **more}
        return examples.object_event(bizStep="inspecting", sensorElementList=[element])

    device = {"deviceID": DEVICE, "deviceMetadata": META, "rawData": RAW}
    methods = {"dataProcessingMethod": METHOD, "bizRules": RULES}
    statistics = {
        "minValue": 12.5,
        "maxValue": 13.5,
        "meanValue": 13.0,
        "sDev": 0.25,
        "percRank": 50,
        "percValue": 12.75,
    }
    values = {
        "stringValue": "SomeString",
        "booleanValue": True,
        "hexBinaryValue": "F0F0F0",
        "uriValue": URI,
        "exception": "ALARM_CONDITION",
        "component": "latitude",
        "coordinateReferenceSystem": "http://www.opengis.net/def/crs/EPSG/0/27700",
    }
    concentration = {"type": "AmountOfSubstancePerUnitVolume", "value": 0.05, "uom": "C35"}
    return {
        "plain": examples.object_event(bizStep="inspecting"),
        "reading": sensed(
            {"type": "Temperature", "value": 26.0, "uom": "CEL"}, {"time": minute(10), **device, **methods}
        ),
        "statistics": sensed(
            {"type": "AbsoluteHumidity", "uom": "A93", **statistics},
            {"startTime": minute(20), "endTime": minute(30)},
        ),
        "biology": sensed({**concentration, "microorganism": MICROBE, "chemicalSubstance": SUBSTANCE}),
        "values": sensed({"type": "Dimensionless", **values}),
        "extended": sensed(
            {"type": "Speed", "value": 160, "uom": "KMH", "example:reportNote": "fast", "example:reportCount": "7"},
            {"time": minute(40), "example:metadataNote": "calibrated", "example:metadataCount": "8"},
            **{"example:elementNote": "sealed", "example:elementCount": "9"},
        ),
    }


def set2() -> dict[str, dict[str, Any]]:
    """The inline attributes once in the metadata, once in the report, with values of their own."""
    reading = {"type": "Pressure", "value": 1000, "uom": "A97"}
    first = {
        "dataProcessingMethod": METHOD + "x",
        "deviceID": DEVICE + "x",
        "deviceMetadata": META + "x",
        "rawData": RAW + "x",
        "time": minute(50),
    }
    second = {
        "dataProcessingMethod": OTHER_METHOD,
        "deviceID": OTHER_DEVICE,
        "deviceMetadata": OTHER_META,
        "rawData": OTHER_RAW,
        "time": minute(55),
    }
    return {
        "in metadata": examples.object_event(sensorElementList=[{"sensorMetadata": first, "sensorReport": [reading]}]),
        "in report": examples.object_event(sensorElementList=[{"sensorReport": [{**reading, **second}]}]),
    }


def set3(attribute: str) -> dict[str, Any]:
    """One event that has an inline attribute in both places."""
    value = {
        "dataProcessingMethod": METHOD,
        "deviceID": DEVICE,
        "deviceMetadata": META,
        "rawData": RAW,
        "time": minute(5),
    }[attribute]
    report = {"type": "Temperature", "value": 26.0, "uom": "CEL", attribute: value}
    return examples.object_event(sensorElementList=[{"sensorMetadata": {attribute: value}, "sensorReport": [report]}])
