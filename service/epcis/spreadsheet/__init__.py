"""Spreadsheets as EPCIS documents: rows of a CSV file become events (docs/epcis/spreadsheet.md)."""

from service.epcis.spreadsheet.columns import COLUMNS, Column
from service.epcis.spreadsheet.reading import read_csv
from service.epcis.spreadsheet.story import template

__all__ = ["COLUMNS", "Column", "read_csv", "template"]
