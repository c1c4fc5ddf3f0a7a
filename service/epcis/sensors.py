"""Sensor elements of an event (EPCIS 2.0 section 7.3.7)."""
# ruff: noqa: N815 - members are named as in the standard's JSON binding

from service.epcis.fields import Element, Number, Text, Time, Truth


class SensorMetadata(Element):
    """What holds for all reports of a sensor element."""

    time: Time | None = None
    startTime: Time | None = None
    endTime: Time | None = None
    deviceID: Text | None = None
    deviceMetadata: Text | None = None
    rawData: Text | None = None
    dataProcessingMethod: Text | None = None
    bizRules: Text | None = None


class SensorReport(Element):
    """One reading. Numbers are as sent: integers or IEEE 754 doubles."""

    type: Text | None = None
    exception: Text | None = None
    deviceID: Text | None = None
    deviceMetadata: Text | None = None
    rawData: Text | None = None
    dataProcessingMethod: Text | None = None
    bizRules: Text | None = None
    time: Time | None = None
    microorganism: Text | None = None
    chemicalSubstance: Text | None = None
    coordinateReferenceSystem: Text | None = None
    component: Text | None = None
    value: Number | None = None
    stringValue: Text | None = None
    booleanValue: Truth | None = None
    hexBinaryValue: Text | None = None
    uriValue: Text | None = None
    minValue: Number | None = None
    maxValue: Number | None = None
    meanValue: Number | None = None
    sDev: Number | None = None
    percRank: Number | None = None
    percValue: Number | None = None
    uom: Text | None = None


class SensorElement(Element):
    """Reports with what they have in common."""

    sensorMetadata: SensorMetadata | None = None
    sensorReport: tuple[SensorReport, ...]
