"""What a sensor measured: from a row's cells to a sensor element (EPCIS 2.0 section 7.3.7)."""

from typing import Any

from service.epcis.faults import Fault
from service.epcis.spreadsheet import identifiers, moments, values
from service.epcis.spreadsheet.cells import Cell, read
from service.epcis.spreadsheet.rows import EventRows
from service.epcis.spreadsheet.sheet import Row

MEASURED = ("temperature", "minTemperature", "maxTemperature", "humidity")
_MEMBERS = {"temperature": "value", "minTemperature": "minValue", "maxTemperature": "maxValue"}
_PERCENT = "P1"
"""UN/ECE Recommendation 20."""


def put_sensors(event: EventRows) -> None:
    """Sensor elements of the event: one for each row with a reading, the same one not twice."""
    for row in event.rows:
        element, cells = _element(event, row)
        if element:
            event.append("sensorElementList", element, cells)


def _element(event: EventRows, row: Row) -> tuple[dict[str, Any], dict[str, Cell]]:
    """The row's sensor element and the cells of its parts by relative JSON pointer; empty where it has no reading."""
    cells: dict[str, Cell] = {}
    metadata = _metadata(event, row, cells)
    reports = [report for report in (_temperature(event, row, cells),) if report]
    humidity = row.cells.get("humidity")
    if humidity is not None:
        value = read(humidity, lambda text: values.percent(text, event.separator), event.faults)
        cells[f"/sensorReport/{len(reports)}"] = humidity
        reports.append({"type": "RelativeHumidity", "value": value, "uom": _PERCENT})
    if not reports:
        if not any(name in row.cells for name in MEASURED):
            _refuse_alone(row, event.faults)
        return {}, {}
    return {**({"sensorMetadata": metadata} if metadata else {}), "sensorReport": reports}, cells


def _metadata(event: EventRows, row: Row, cells: dict[str, Cell]) -> dict[str, str]:
    metadata: dict[str, str] = {}
    time, device = row.cells.get("sensorTime"), row.cells.get("deviceID")
    if time is not None:
        cells["/sensorMetadata/time"] = time
        found = read(time, moments.moment(event.zone), event.faults)
        if found is not None:
            metadata["time"] = found.time
    if device is not None:
        cells["/sensorMetadata/deviceID"] = device
        identifier = read(device, identifiers.uri(event.prefixes), event.faults)
        if identifier is not None:
            metadata["deviceID"] = identifier
    return metadata


def _temperature(event: EventRows, row: Row, cells: dict[str, Cell]) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for name, member in _MEMBERS.items():
        cell = row.cells.get(name)
        if cell is None:
            continue
        found = read(cell, lambda text: values.temperature(text, event.separator), event.faults)
        if found is None:
            continue
        value, unit = found
        if report and report["uom"] != unit:
            event.faults.append(cell.fault("unit", "the temperatures of one row must have the same unit"))
        report = report or {"type": "Temperature", "uom": unit}
        report[member] = value
        cells.setdefault("/sensorReport/0", cell)
        cells[f"/sensorReport/0/{member}"] = cell
    return report


def _refuse_alone(row: Row, faults: list[Fault]) -> None:
    for name in ("sensorTime", "deviceID"):
        if name in row.cells:
            message = f"{name} says nothing without a reading, such as temperature, in the same row"
            faults.append(row.cells[name].fault("missing", message))
