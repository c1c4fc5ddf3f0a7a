"""Spreadsheets for tests, and what is told of them."""

from typing import Any

import pytest

from service.epcis.documents import Document, parse
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.spreadsheet import read_csv

ITEM = "https://id.gs1.org/01/09521001000017/21/4711"
PALLET = "https://id.gs1.org/00/095210010000000024"
DOCK = "https://id.gs1.org/414/9521001000000"
ACME = "https://id.gs1.org/417/9521001000000"
BUYER = "https://id.gs1.org/417/9521003000008"
TIME = "2026-03-02T07:30:00+01:00"
SEEN = {"eventTime": TIME, "bizStep": "inspecting", "epc": ITEM}


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def table(*rows: dict[str, str], separator: str = ",", line: str = "\r\n") -> str:
    """A CSV file with the columns of all rows, in the order in which they come."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names] + [[row.get(name, "") for name in names] for row in rows]
    return "".join(separator.join(map(quoted, cells)) + line for cells in lines)


def events(text: str | bytes, **options: Any) -> list[dict[str, Any]]:
    """The events, which the document's own judge accepts too."""
    body = text if isinstance(text, bytes) else text.encode()
    translated = read_csv(body, **options)
    document: Document = parse(translated.value, lenient=bool(options.get("lenient")))
    found: list[dict[str, Any]] = translated.value["epcisBody"]["eventList"]
    assert len(document.events) == len(found)
    return found


def event(**cells: str) -> dict[str, Any]:
    """The event of one row, in which a column's text REMOVED leaves it out."""
    (found,) = events(table({**SEEN, **cells}))
    return found


def faults(text: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(InvalidDocument) as refusal:
        events(text)
    assert all(fault.notation == "cell" for fault in refusal.value.faults)
    return refusal.value.faults


def fault(**cells: str) -> Fault:
    """The one fault of a file with one row."""
    (found,) = faults(table({**SEEN, **cells}))
    return found
