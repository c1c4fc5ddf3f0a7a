"""The table of columns as the documentation shows it: `python -m service.epcis.spreadsheet.page`."""

import sys

from service.epcis.spreadsheet.columns import COLUMNS, Column


def columns_table() -> str:
    """A Markdown table of `COLUMNS`."""
    return "| Column | Also called | Holds | Required when | Example |\n|---|---|---|---|---|\n" + "".join(
        _line(column) for column in COLUMNS
    )


def _line(column: Column) -> str:
    synonyms = ", ".join(column.synonyms)
    return f"| `{column.name}` | {synonyms} | {column.holds} | {column.required} | `{column.example}` |\n"


if __name__ == "__main__":
    sys.stdout.write(columns_table())
