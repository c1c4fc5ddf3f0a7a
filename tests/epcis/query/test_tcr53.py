"""GS1's test case requirement TCR-53 for sensor elements, steps 2 to 28, as far as queries say it."""

from typing import Any

import pytest

from tests.epcis.examples import CONTEXT, OBJECT_EVENT, varied
from tests.epcis.query.asking import RECORDED, asks, seen

METADATA = {
    "time": "2026-03-01T13:05:00.000Z",
    "startTime": "2026-03-01T12:55:00.000Z",
    "endTime": "2026-03-01T14:55:00.000+01:00",
    "deviceID": "urn:epc:id:giai:4000001.111",
    "deviceMetadata": "https://id.gs1.org/8004/4000001111",
    "rawData": "https://example.org/raw/1",
    "dataProcessingMethod": "https://example.com/method/1",
    "bizRules": "https://example.com/rules/1",
    "example:someFurtherMetadata": "30",
}
REPORT = {
    "type": "gs1:Temperature",
    "value": 26.0,
    "uom": "CEL",
    "minValue": 20.5,
    "maxValue": 27.5,
    "meanValue": 25,
    "sDev": 0.5,
    "percRank": 50,
    "percValue": 24.5,
    "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
    "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
    "component": "cbv:Comp-x",
    "stringValue": "Some, String|5.0",
    "booleanValue": True,
    "hexBinaryValue": "f0F0f0",
    "uriValue": "https://id.gs1.org/8004/4000001112",
    "coordinateReferenceSystem": "https://epsg.io/4326",
    "example:someReportData": 12.5,
}
SENSED = varied(
    OBJECT_EVENT,
    sensorElementList=[
        {
            "sensorMetadata": METADATA,
            "sensorReport": [REPORT, {"type": "https://example.com/types/private", "exception": "ALARM_CONDITION"}],
            "example:furtherSensorData": [{"example:depth": "7.0"}, "2026-03-01T13:05:00+01:00", "text"],
        }
    ],
)
UNSENSED = varied(OBJECT_EVENT)

FOUND_AND_NOT: list[tuple[int, str, Any, Any]] = [
    (3, "EXISTS_sensorElement", None, False),
    (3, "EXISTS_sensorElementList", "", "false"),
    (6, "EQ_type", ["Temperature"], ["Speed"]),
    (6, "EQ_type", ["gs1:Temperature"], ["gs1:Mass"]),
    (6, "EQ_type", ["https://gs1.org/voc/Temperature"], ["https://gs1.org/voc/Mass"]),
    (6, "EQ_type", ["Speed", "https://example.com/types/private"], ["https://example.com/types/other"]),
    (7, "EQ_deviceID", ["urn:epc:id:giai:4000001.111"], ["urn:epc:id:giai:4000001.112"]),
    (7, "EQ_deviceID", ["https://id.gs1.org/8004/4000001111"], ["https://id.gs1.org/8004/4000001119"]),
    (8, "EQ_dataProcessingMethod", ["https://example.com/method/1"], ["https://example.com/method/2"]),
    (9, "EQ_microorganism", [REPORT["microorganism"]], ["https://www.ncbi.nlm.nih.gov/taxonomy/1"]),
    (10, "EQ_chemicalSubstance", [REPORT["chemicalSubstance"]], ["https://identifiers.org/inchikey:X"]),
    (11, "EQ_bizRules", ["https://example.com/rules/1"], ["https://example.com/rules/2"]),
    (12, "EQ_value_CEL", [26], [27]),
    (12, "GE_value_CEL", 26, 26.1),
    (12, "LT_value_CEL", "26.1", "26"),
    (12, "GT_value_CEL", 25.9, 26),
    (12, "LE_value_CEL", 26, 25.9),
    (12, "EQ_value_FAH", [78.8], [26]),
    (13, "GE_minValue_CEL", 20.5, 20.6),
    (13, "LT_minValue_KEL", 300, 290),
    (14, "GE_maxValue_CEL", 27, 28),
    (14, "LT_maxValue_CEL", 28, 27.5),
    (15, "GE_meanValue_CEL", 25, 25.5),
    (15, "LT_meanValue_CEL", 26, 25),
    (16, "EQ_stringValue", ["a", "Some, String|5.0"], ["Some, String|5"]),
    (17, "EQ_booleanValue", True, False),
    (17, "EQ_booleanValue", "true", "false"),
    (18, "EQ_hexBinaryValue", ["F0F0F0"], ["F0F0F1"]),
    (19, "EQ_uriValue", ["urn:epc:id:giai:4000001.112"], ["urn:epc:id:giai:4000001.113"]),
    (20, "EQ_INNER_SENSORELEMENT_example:depth", 7, 8),
    (20, "GE_INNER_SENSORELEMENT_example:depth", 7, 7.5),
    (20, "EQ_SENSORELEMENT_example:furtherSensorData", ["text"], ["Text"]),
    (20, "EQ_SENSORELEMENT_example:furtherSensorData", "2026-03-01T12:05:00.0Z", "2026-03-01T13:05:00Z"),
    (20, "GT_SENSORELEMENT_example:furtherSensorData", "2026-03-01T12:04:59Z", "2026-03-01T12:05:00Z"),
    (20, "LE_SENSORELEMENT_example:furtherSensorData", "2026-03-01T12:05:00Z", "2026-03-01T12:04:59Z"),
    (20, "EXISTS_SENSORELEMENT_example:furtherSensorData", None, False),
    (21, "EQ_SENSORMETADATA_example:someFurtherMetadata", ["30.0"], ["31"]),
    (21, "GT_SENSORMETADATA_example:someFurtherMetadata", 29, 30),
    (21, "GE_SENSORMETADATA_example:someFurtherMetadata", 30, 31),
    (21, "LT_SENSORMETADATA_example:someFurtherMetadata", 31, 30),
    (21, "LE_SENSORMETADATA_example:someFurtherMetadata", 30, 29),
    (22, "EQ_SENSORREPORT_example:someReportData", 12.5, 12),
    (22, "GT_SENSORREPORT_example:someReportData", 12, 12.5),
    (22, "LE_SENSORREPORT_example:someReportData", "12.50", "12.4"),
    (23, "GE_sDev", 0.5, 0.6),
    (23, "LT_sDev", 0.6, 0.5),
    (23, "GE_sDev_KEL", 0.5, 0.6),
    (24, "GE_percRank", 50, 51),
    (24, "LT_percRank", 51, 50),
    (25, "GE_percValue", 24.5, 25),
    (25, "LT_percValue_KEL", 298, 297),
    (28, "EQ_deviceMetadata", ["https://id.gs1.org/8004/4000001111"], ["https://id.gs1.org/8004/4000001110"]),
    (28, "EQ_rawData", ["https://example.org/raw/1"], ["https://example.org/raw/2"]),
    (28, "EQ_time", "2026-03-01T14:05:00+01:00", "2026-03-01T13:05:00+01:00"),
    (0, "EQ_component", ["x"], ["y"]),
    (0, "EQ_exception", ["ALARM_CONDITION"], ["ERROR_CONDITION"]),
    (0, "EQ_coordinateReferenceSystem", ["https://epsg.io/4326"], ["https://epsg.io/4327"]),
]


@pytest.mark.parametrize(("step", "name", "right", "wrong"), FOUND_AND_NOT)
def test_what_is_asked_is_found_and_nothing_else(step: int, name: str, right: Any, wrong: Any) -> None:
    event = seen(SENSED)
    assert asks({name: right}, event), step
    asks_nothing = name.startswith("EXISTS_")
    assert asks({name: wrong}, event) is asks_nothing, step
    assert not asks({name: right}, seen(UNSENSED)), step


def test_step_2_the_time_of_recording() -> None:
    assert asks({"GE_recordTime": RECORDED.isoformat()}, SENSED)
    assert not asks({"LT_recordTime": RECORDED.isoformat()}, SENSED)
    assert not asks({"GE_recordTime": "2026-03-02T00:00:00.001Z"}, SENSED)


@pytest.mark.parametrize("field", ["time", "startTime", "endTime"])
def test_steps_4_and_5_times_within_and_outside_of_a_period(field: str) -> None:
    event = seen(SENSED)
    assert asks({f"GE_{field}": "2026-03-01T12:55:00Z", f"LT_{field}": "2026-03-01T13:55:00.001Z"}, event)
    assert not asks({f"GE_{field}": "2026-03-01T14:00:00Z"}, event)
    assert not asks({f"LT_{field}": "2026-03-01T12:55:00Z"}, event)


def test_step_26_kelvin_asked_celsius_stored() -> None:
    query = {"EQ_type": ["gs1:Temperature"], "GE_value_KEL": 299}
    assert asks(query, SENSED)
    assert not asks({**query, "GE_value_KEL": 299.2}, SENSED)


SHARED = ("dataProcessingMethod", "deviceID", "deviceMetadata", "rawData", "time", "bizRules")


@pytest.mark.parametrize("name", SHARED)
def test_step_28_metadata_or_report_alike(name: str) -> None:
    value = METADATA[name]
    report = {"type": "Temperature", "value": 1, "uom": "CEL"}
    in_metadata = varied(OBJECT_EVENT, sensorElementList=[{"sensorMetadata": {name: value}, "sensorReport": [report]}])
    in_report = varied(OBJECT_EVENT, sensorElementList=[{"sensorReport": [{**report, name: value}]}])
    for event in (in_metadata, in_report):
        assert asks({f"EQ_{name}": value}, event)
    assert not asks({f"EQ_{name}": value}, UNSENSED)


def test_a_prefix_that_the_query_declares_means_its_namespace() -> None:
    query = {
        "@context": [{"mine": "https://ns.example.com/epcis/"}],
        "EQ_SENSORMETADATA_mine:someFurtherMetadata": "30",
    }
    assert asks(query, SENSED)
    assert not asks({**query, "@context": [{"mine": "https://ns.example.com/other/"}]}, SENSED)
    assert CONTEXT[1] == {"example": "https://ns.example.com/epcis/"}
