"""Tables to hand over, as CSV and XLSX: a name, a header, rows of typed cells."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from service.audit.cells import Cell, clean, harmless, moment, naive

Cells = Sequence[Cell]
_HEADER = {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF"}
_MOST_ROWS = 1_048_575
"""That a worksheet of Excel takes below its header."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's header and width in characters."""

    name: str
    width: int = 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `missing` are the places (row, column) of mandatory cells that have no value, counted from 0."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Cells]
    missing: frozenset[tuple[int, int]] = frozenset()


def as_csv(table: Table) -> bytes:
    """The table as CSV (RFC 4180; UTF-8 with its mark, by which spreadsheets know it), safe to open in one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(column.name) for column in table.columns])
    for row in table.rows:
        writer.writerow([_written(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(tables: Sequence[Table], title: str) -> bytes:
    """A workbook with a sheet for each table: frozen headers, filters, real dates and numbers, no formula anywhere.

    The same tables give the same bytes.
    """
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, {**options, "nan_inf_to_errors": True})
    book.set_properties({"title": clean(title)[:200], "author": "Trailseal", "created": _EPOCH})
    formats = _Formats(
        book.add_format(
            {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"}
        ),
        book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top", "align": "left"}),
        book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"}),
        book.add_format({"text_wrap": True, "valign": "top"}),
        book.add_format({"bg_color": "#F8CBAD", "valign": "top", "italic": True}),
    )
    for table in tables:
        _sheet(book.add_worksheet(table.name[:31]), table, formats)
    book.close()
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Formats:
    header: Any
    time: Any
    day: Any
    text: Any
    missing: Any


def _sheet(sheet: Any, table: Table, formats: _Formats) -> None:
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, clean(column.name), formats.header)
    for number, row in enumerate(table.rows[:_MOST_ROWS], start=1):
        for at, cell in enumerate(row):
            if (number - 1, at) in table.missing:
                sheet.write_string(number, at, MISSING, formats.missing)
            else:
                _cell(sheet, number, at, cell, formats)
    sheet.freeze_panes(1, 0)
    if table.rows:
        sheet.autofilter(0, 0, min(len(table.rows), _MOST_ROWS), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


MISSING = "MISSING"


def _cell(sheet: Any, row: int, at: int, cell: Cell, formats: _Formats) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime):
        shown = naive(cell)
        if shown is None:
            sheet.write_string(row, at, moment(cell), formats.text)
        else:
            sheet.write_datetime(row, at, shown, formats.time)
    elif isinstance(cell, date):
        if cell.year >= 1900:
            sheet.write_datetime(row, at, cell, formats.day)
        else:
            sheet.write_string(row, at, cell.isoformat(), formats.text)
    elif isinstance(cell, int | float) and abs(cell) < 10**15:
        sheet.write_number(row, at, cell, formats.text)
    else:
        sheet.write_string(row, at, clean(str(cell)), formats.text)


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return moment(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return harmless(cell) if isinstance(cell, str) else str(cell)
