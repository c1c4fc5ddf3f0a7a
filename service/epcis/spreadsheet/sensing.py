"""What a sensor measured: from a row's cells to a sensor element (EPCIS 2.0 section 7.3.7)."""

from datetime import tzinfo
from typing import Any

from service.epcis.contexts import Prefixes
from service.epcis.faults import Fault
from service.epcis.spreadsheet import keys, moments, values
from service.epcis.spreadsheet.cells import Cell, read
from service.epcis.spreadsheet.sheet import Row

MEASURED = ("temperature", "minTemperature", "maxTemperature", "humidity")
_MEMBERS = {"temperature": "value", "minTemperature": "minValue", "maxTemperature": "maxValue"}
_PERCENT = "P1"
"""UN/ECE Recommendation 20."""


def sensor_element(
    row: Row, separator: str, prefixes: Prefixes, zone: tzinfo | None, faults: list[Fault]
) -> tuple[dict[str, Any], dict[str, Cell]] | None:
    """The row's sensor element and the cells of its parts by relative JSON pointer; None where it has no reading."""
    cells: dict[str, Cell] = {}
    metadata = _metadata(row, prefixes, zone, cells, faults)
    reports = [report for report in (_temperature(row, separator, cells, faults),) if report]
    humidity = row.cells.get("humidity")
    if humidity is not None:
        value = read(humidity, lambda text: values.percent(text, separator), faults)
        cells[f"/sensorReport/{len(reports)}"] = humidity
        reports.append({"type": "RelativeHumidity", "value": value, "uom": _PERCENT})
    if not reports:
        if not any(name in row.cells for name in MEASURED):
            _refuse_alone(row, faults)
        return None
    return {**({"sensorMetadata": metadata} if metadata else {}), "sensorReport": reports}, cells


def _metadata(
    row: Row, prefixes: Prefixes, zone: tzinfo | None, cells: dict[str, Cell], faults: list[Fault]
) -> dict[str, str]:
    metadata: dict[str, str] = {}
    time, device = row.cells.get("sensorTime"), row.cells.get("deviceID")
    if time is not None:
        cells["/sensorMetadata/time"] = time
        found = read(time, moments.moment(zone), faults)
        if found is not None:
            metadata["time"] = found.time
    if device is not None:
        cells["/sensorMetadata/deviceID"] = device
        identifier = read(device, keys.uri(prefixes), faults)
        if identifier is not None:
            metadata["deviceID"] = identifier
    return metadata


def _temperature(row: Row, separator: str, cells: dict[str, Cell], faults: list[Fault]) -> dict[str, Any] | None:
    report: dict[str, Any] = {}
    for name, member in _MEMBERS.items():
        cell = row.cells.get(name)
        if cell is None:
            continue
        found = read(cell, lambda text: values.temperature(text, separator), faults)
        if found is None:
            continue
        value, unit = found
        if report and report["uom"] != unit:
            faults.append(cell.fault("unit", "the temperatures of one row must have the same unit"))
        report = report or {"type": "Temperature", "uom": unit}
        report[member] = value
        cells.setdefault("/sensorReport/0", cell)
        cells[f"/sensorReport/0/{member}"] = cell
    return report or None


def _refuse_alone(row: Row, faults: list[Fault]) -> None:
    for name in ("sensorTime", "deviceID"):
        if name in row.cells:
            message = f"{name} says nothing without a reading, such as temperature, in the same row"
            faults.append(row.cells[name].fault("missing", message))
