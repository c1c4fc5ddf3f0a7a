"""From text to rows of cells under known headers: separators, quoting, the header, and what lies beside it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from service.epcis.contexts import STANDARD_PREFIXES, declared, is_extension
from service.epcis.faults import MAX_FAULTS, Fault, InvalidDocument
from service.epcis.spreadsheet.cells import Cell, damage, meant
from service.epcis.spreadsheet.columns import BY_HEADER, folded, nearest
from service.epcis.spreadsheet.decoding import refusal

MAX_ROWS = 25_000
MAX_COLUMNS = 256
MAX_CELL = 32_767
"""Characters in a cell: what a spreadsheet's cell can hold."""
_MOST_HEADERS = 20_000
"""Cells of the header that are looked at: what a spreadsheet's row can hold, so that blank ones are passed over."""
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEADER_WITHIN = 200
"""Rows above the header: blank ones and those that begin with `#`."""
_REQUIRED = "eventTime"
_EXTENSION = re.compile(r"[\w!-~]{1,512}")
"""What a member's name may be made of, for XML's sake too: no blanks, no control characters."""

Records = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty: its number, the cells that are not empty by column, and those of extension columns."""

    number: int
    cells: dict[str, Cell]
    extensions: dict[str, Cell] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    @property
    def place(self) -> str:
        """How a fault names the row."""
        return f"row {self.number}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole table. `prefixes`: those that the sender declares; `separator`: between cells."""

    separator: str
    prefixes: dict[str, str]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """The header's row, and for each of its columns: header as sent, column's name ("" where it is an extension)."""

    row: int
    columns: tuple[tuple[str, str], ...]


def sheet(text: str) -> Sheet:
    """The table in the text of a CSV file; empty rows are passed over.

    Raises:
        InvalidDocument: the file is no table, or its header says what is not known. Faults of rows are in the rows.
    """
    text, separator = _separated(text)
    records = _records(text, separator)
    faults: list[Fault] = []
    row, cells, prefixes = _found_header(records, faults)
    header = _header(row, cells, prefixes, faults)
    if faults:
        raise InvalidDocument(faults)
    rows = tuple(_row(number, cells, header) for number, cells in records if any(map(meant, _within(cells))))
    if not rows:
        raise refusal("empty", "there is no row below the header; write one for each event")
    return Sheet(separator, prefixes, rows)


def _separated(text: str) -> tuple[str, str]:
    """The text without a first line `sep=`, and the separator: what that line says, else what makes most columns."""
    first, _, rest = text.partition("\n")
    said = first.rstrip("\r").strip('"')
    if said[:4].lower() == "sep=" and len(said) == 5:
        if said[4] not in _SEPARATORS:
            raise refusal("separator", f"{said[4]!r} cannot separate cells; use one of , ; | or a tab")
        return rest, said[4]
    return text, max(_SEPARATORS, key=lambda separator: _known_columns(text, separator))


def _known_columns(text: str, separator: str) -> tuple[int, int]:
    try:
        for _, cells in _records(text, separator):
            if not _is_blank(cells) and not _is_remark(cells):
                return sum(folded(meant(cell)) in BY_HEADER for cell in cells[:MAX_COLUMNS]), len(cells)
    except InvalidDocument:
        pass
    return 0, 0


def _records(text: str, separator: str) -> Records:
    """Each record with its number; a quoted line break does not begin another. Raises InvalidDocument."""
    lines = io.StringIO(text, newline="")
    number = 0
    try:
        for cells in csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True):
            number += 1
            if number > MAX_ROWS:
                raise refusal("too-many-rows", f"the file has more than {MAX_ROWS} rows; send it in several files")
            yield number, cells
    except csv.Error as error:
        message = (
            f"the row cannot be read ({error}): a quotation mark inside a quoted cell is written twice, and a quoted"
            " cell ends with one"
        )
        raise InvalidDocument([Fault(f"row {number + 1}", "csv", message, "cell")]) from None


def _is_blank(cells: list[str]) -> bool:
    return not any(meant(cell).strip("".join(_SEPARATORS)) for cell in _within(cells))


def _is_remark(cells: list[str]) -> bool:
    first = next((cell.strip() for cell in cells if cell.strip()), "")
    return first.startswith("#") or first.lower().startswith("sep=")


def _found_header(records: Records, faults: list[Fault]) -> tuple[int, list[str], dict[str, str]]:
    """The first row that is neither blank nor a remark, and the prefixes that are declared above it."""
    prefixes: dict[str, str] = {}
    for number, cells in records:
        if number > _HEADER_WITHIN:
            break
        if _is_blank(cells):
            continue
        if not _is_remark(cells):
            return number, cells, prefixes
        if cells[0].strip().lower() == "#prefix":
            _declare(number, [meant(cell) for cell in cells[1:3]], prefixes, faults)
    raise refusal("empty", "the file has no header; its first row must name the columns, such as eventTime and epc")


def _declare(number: int, said: list[str], prefixes: dict[str, str], faults: list[Fault]) -> None:
    found: list[Fault] = []
    name, uri = [*said, "", ""][:2]
    declared({name: uri}, "", {}, found)
    if found or not name or ":" in name or name.startswith("@") or name in STANDARD_PREFIXES:
        message = (
            found[0].message
            if found and name not in STANDARD_PREFIXES
            else "a prefix is declared as #prefix, a name of its own, the URI that it stands for, in three cells"
        )
        faults.append(Fault(f"row {number}", "context", message, "cell"))
    else:
        prefixes[name] = uri


def _header(number: int, cells: list[str], prefixes: dict[str, str], faults: list[Fault]) -> _Header:
    names = [meant(cell) for cell in cells[:_MOST_HEADERS]]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise refusal("too-many-columns", f"the header has more than {MAX_COLUMNS} columns")
    if not any(folded(name) in BY_HEADER for name in names):
        _refuse_header(number, names)
    columns: list[tuple[str, str]] = []
    seen: dict[str, Cell] = {}
    for index, name in enumerate(names):
        cell = Cell(name, number, index)
        known = BY_HEADER.get(folded(name)) if name else None
        columns.append((name, known.name if known else ""))
        key = known.name if known else name
        if name and key in seen:
            hint = "; write date and time into one cell" if key == _REQUIRED else ""
            faults.append(cell.fault("column-twice", f"{name!r}: {seen[key].name} is the column {key} already{hint}"))
        elif name and known is None:
            _check_extension(cell, prefixes, faults)
        seen.setdefault(key, cell)
    if _REQUIRED not in seen:
        faults.append(Fault(f"row {number}", "missing", f"the column {_REQUIRED} is missing; add it", "cell"))
    return _Header(number, tuple(columns))


def _refuse_header(number: int, names: list[str]) -> None:
    if len(names) == 1 and any(separator in names[0] for separator in _SEPARATORS):
        message = (
            "all columns are in one cell: the file was opened with another separator and saved again; open it with"
            " 'Text to Columns', or begin the file with a line like sep=;"
        )
    else:
        message = (
            "no column is known, so this row is no header; the first row must name the columns, such as eventTime,"
            " bizStep and epc (rows above it must begin with #)"
        )
    raise InvalidDocument([Fault(f"row {number}", "header", message, "cell")])


def _check_extension(cell: Cell, prefixes: dict[str, str], faults: list[Fault]) -> None:
    name = cell.text
    if len(faults) >= MAX_FAULTS:
        return
    if _EXTENSION.fullmatch(name) and is_extension(name, {**STANDARD_PREFIXES, **prefixes}):
        return
    prefix, colon, rest = name.partition(":")
    if colon and rest and " " not in name:
        message = (
            f"the prefix {prefix[:40]!r} is not declared: write #prefix, {prefix[:40]}, its URI in three cells above"
        )
    else:
        like = nearest(name)
        hint = f"is {like} meant?" if like else "the documentation has the list of columns;"
        message = f"there is no column {name[:60]!r}; {hint} what is for yourself goes into a column 'comment'"
    faults.append(cell.fault("unknown-column", message))


def _row(number: int, texts: list[str], header: _Header) -> Row:
    cells: dict[str, Cell] = {}
    extensions: dict[str, Cell] = {}
    faults: list[Fault] = []
    for index, text in enumerate(_within(texts)):
        value = meant(text)
        if not value:
            continue
        name, column = header.columns[index] if index < len(header.columns) else ("", "")
        cell = Cell(value, number, index, name)
        if column == "comment":
            continue
        wrong = _wrong(cell)
        if wrong is not None:
            faults.append(wrong)
        elif column:
            cells[column] = cell
        else:
            extensions[name] = cell
    return Row(number, cells, extensions, tuple(faults[:MAX_FAULTS]))


def _within(texts: list[str]) -> list[str]:
    """A row's cells, those beyond the last possible column as one: a row of a million blank cells costs no more."""
    return texts if len(texts) <= MAX_COLUMNS else [*texts[:MAX_COLUMNS], "".join(texts[MAX_COLUMNS:])]


def _wrong(cell: Cell) -> Fault | None:
    if not cell.header:
        message = (
            "the column has no header; name it in the header's row, or empty the cell (a value that holds the separator"
            " must be in quotation marks)"
        )
        return cell.fault("no-header", message)
    if len(cell.text) > MAX_CELL:
        return cell.fault("length", f"the cell has {len(cell.text)} characters; at most {MAX_CELL} are read")
    wrong = damage(cell.text)
    return None if wrong is None else cell.fault(wrong.rule, str(wrong))
