"""From a CSV file to a document: rows are gathered into events, and every fault is told with its cell.

Rows with the same text in `eventGroup` are one event, wherever they lie in the sheet; any other row is an event by
itself. Events come in the order of their first rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.epcis.contexts import STANDARD_PREFIXES
from service.epcis.documents import Refused
from service.epcis.faults import MAX_FAULTS, InvalidDocument
from service.epcis.spreadsheet.cells import Cell
from service.epcis.spreadsheet.decoding import decoded
from service.epcis.spreadsheet.event import event_of
from service.epcis.spreadsheet.rows import EventRows
from service.epcis.spreadsheet.sheet import Row, Sheet, sheet
from service.epcis.times import instant
from service.epcis.translated import Translated

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_EVENTS = "/epcisBody/eventList"
_ROWS_TOLD = 5


@dataclass(slots=True)
class _Read:
    """The events that could be read, the cells of each, and those that could not."""

    events: list[dict[str, Any]] = field(default_factory=list)
    cells: list[dict[str, Cell]] = field(default_factory=list)
    rows: list[list[Row]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def read_csv(body: bytes, *, proceed: bool = False, lenient: bool = False) -> Translated:
    """The EPCISDocument (JSON binding) that a CSV file stands for; columns are in `COLUMNS`.

    A place is a cell and its header, `B7 (eventTime)`, or where a whole row is meant, `row 7`. The document's
    creationDate is the time of its latest event: the file tells none, and nothing that is sealed depends on it.

    With `proceed`, events with a fault are left out and named in `refused`. With `lenient`, words that the CBV does not
    have are left as they are.

    Raises:
        InvalidDocument: with every fault (at most 100); with `proceed`, only where the file itself, or its header,
            cannot be read.
    """
    table = sheet(decoded(body))
    found = _events(table, proceed, lenient)
    if found.refused and not proceed:
        raise InvalidDocument(fault for refused in found.refused for fault in refused.faults)
    prefixes: list[Any] = [table.prefixes] if table.prefixes else []
    document = {
        "@context": [CONTEXT, *prefixes],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _latest(found.events),
        "epcisBody": {"eventList": found.events},
    }
    return Translated(document, "cell", _Places(found).place, tuple(found.refused))


def _events(table: Sheet, proceed: bool, lenient: bool) -> _Read:
    found = _Read()
    prefixes = {**STANDARD_PREFIXES, **table.prefixes}
    ids: dict[str, Cell] = {}
    faults = 0
    for index, rows in enumerate(_groups(table.rows)):
        event = event_of(rows, table.separator, prefixes, lenient=lenient)
        _refuse_repeated(event, ids)
        if event.faults:
            found.refused.append(Refused(index, tuple(event.faults[:MAX_FAULTS])))
            faults += len(event.faults)
            if faults >= MAX_FAULTS and not proceed:
                break
        else:
            found.events.append(event.members)
            found.cells.append(event.cells)
            found.rows.append(rows)
    return found


def _groups(rows: Iterable[Row]) -> list[list[Row]]:
    groups: list[list[Row]] = []
    named: dict[str, list[Row]] = {}
    for row in rows:
        cell = row.cells.get("eventGroup")
        if cell is not None and cell.text in named:
            named[cell.text].append(row)
            continue
        groups.append([row])
        if cell is not None:
            named[cell.text] = groups[-1]
    return groups


def _refuse_repeated(event: EventRows, ids: dict[str, Cell]) -> None:
    cell = event.cells.get("/eventID")
    if cell is None:
        return
    first = ids.setdefault(event.members["eventID"], cell)
    if first is not cell:
        message = (
            f"the eventID is in {first.name} already; give rows of one event the same eventGroup, others no eventID"
        )
        event.faults.append(cell.fault("duplicate-event-id", message))


def _latest(events: list[dict[str, Any]]) -> str:
    times = [event["eventTime"] for event in events]
    return max(times, key=instant, default=datetime(1970, 1, 1).isoformat() + "Z")  # noqa: DTZ001 - UTC by its Z


@dataclass(frozen=True, slots=True)
class _Places:
    """From JSON pointers to cells."""

    found: _Read

    def place(self, pointer: str) -> str:
        """The nearest cell: of the member itself, else of what it lies in, else the event's rows."""
        tokens = pointer.removeprefix(_EVENTS).split("/")
        if not pointer.startswith(f"{_EVENTS}/") or not tokens[1].isdecimal():
            return ""
        index = int(tokens[1])
        if index >= len(self.found.events):
            return ""
        for end in range(len(tokens), 2, -1):
            cell = self.found.cells[index].get("/" + "/".join(tokens[2:end]))
            if cell is not None:
                return cell.place
        return _told(self.found.rows[index])


def _told(rows: list[Row]) -> str:
    if len(rows) == 1:
        return rows[0].place
    numbers = [str(row.number) for row in rows]
    more = ", ..." if len(numbers) > _ROWS_TOLD else ""
    return f"rows {', '.join(numbers[:_ROWS_TOLD])}{more}"
