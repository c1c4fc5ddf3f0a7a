"""Tables that people open in spreadsheets: nothing that others wrote becomes a formula."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.audit.tables import MISSING, Column, Table, as_csv, as_xlsx

TEXTS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("http://x")', "{=1}", "\x00=1"]


def cells(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(table).decode("utf-8-sig"), newline="")))


def parts(book: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(book)) as file:
        return {name: file.read(name).decode() for name in file.namelist() if name.endswith(".xml")}


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_becomes_a_formula(text: str) -> None:
    table = Table("T", [Column(text)], [[text]])
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for row in cells(table) for cell in row)
    assert all(not cell.lstrip().startswith("=") for row in cells(table) for cell in row)
    assert not any("<f>" in part or "<f " in part for part in parts(as_xlsx([table], text)).values())


@given(some.lists(some.text(max_size=50), min_size=1, max_size=5))
def test_whatever_the_text_it_is_written_and_no_formula(texts: list[str]) -> None:
    table = Table("T", [Column("x")] * len(texts), [texts])
    row = cells(table)[1]
    assert len(row) == len(texts)
    assert not any(cell[:1] in "=+-@\t\r" for cell in row if cell)
    assert not any("<f>" in part for part in parts(as_xlsx([table], "x")).values())


def test_numbers_and_dates_are_what_they_are() -> None:
    moment = datetime(2026, 3, 2, 8, 0, 1, tzinfo=UTC)
    table = Table("T", [Column("a")] * 5, [[7, 600.5, moment, date(2026, 3, 2), 10**16]])
    assert cells(table)[1] == ["7", "600.5", "2026-03-02T08:00:01Z", "2026-03-02", "10000000000000000"]
    sheet = parts(as_xlsx([table], "x"))["xl/worksheets/sheet1.xml"]
    assert "<v>600.5</v>" in sheet
    assert "<v>46083.33334490741</v>" in sheet  # a real date: days since 1899-12-30
    assert 'state="frozen"' in sheet


def test_times_that_no_spreadsheet_knows_are_text() -> None:
    table = Table("T", [Column("a"), Column("b")], [[datetime(1, 1, 1, tzinfo=UTC), date(1, 1, 1)]])
    assert "0001-01-01T00:00:00Z" in parts(as_xlsx([table], "x"))["xl/sharedStrings.xml"]


def test_what_is_missing_is_marked() -> None:
    book = parts(as_xlsx([Table("T", [Column("a")], [[None]], frozenset({(0, 0)}))], "x"))
    assert MISSING in book["xl/sharedStrings.xml"]


def test_long_text_is_cut_and_the_same_table_gives_the_same_bytes() -> None:
    table = Table("T", [Column("a")], [["x" * 100_000]])
    assert len(cells(table)[1][0]) < 32_767
    assert as_xlsx([table], "x") == as_xlsx([table], "x")
