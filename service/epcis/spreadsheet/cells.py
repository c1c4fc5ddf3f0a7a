"""A cell: its text as it was meant, its name, and what spreadsheet programs do to what is typed into it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from service.epcis.faults import Fault

Value = TypeVar("Value")

_EDGES = " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff\u202f"
_QUOTED = re.compile(r'="([^"]*)"')
_APOSTROPHE = re.compile(r"'(?=[0-9]{8,}$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_ERRORS = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|#+|NV|WERT!|BEZUG!)", re.IGNORECASE)
_ROUNDED = re.compile(r"-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")
LONGEST_HEADER = 40


class Unreadable(ValueError):
    """A cell's text is not what its column holds; `rule` is short and stable, the message says what to change."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not empty. `row` counts from 1, `column` from 0; `header` is its column's, as it was sent."""

    text: str
    row: int
    column: int
    header: str = ""

    @property
    def name(self) -> str:
        """The cell's name in the spreadsheet, like `B7`."""
        return f"{letters(self.column)}{self.row}"

    @property
    def place(self) -> str:
        """How a fault names the cell: `B7 (eventTime)`."""
        header = self.header if len(self.header) <= LONGEST_HEADER else f"{self.header[:LONGEST_HEADER]}..."
        return f"{self.name} ({header})" if header else self.name

    def fault(self, rule: str, message: str) -> Fault:
        """A fault at this cell."""
        return Fault(self.place, rule, message, "cell")


def letters(column: int) -> str:
    """A spreadsheet's name of a column: 0 is A, 26 is AA."""
    name = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def meant(text: str) -> str:
    """The text without blanks around it and without the signs by which text is kept from becoming a number.

    These are `="0123"` and, before a long number, an apostrophe.
    """
    if not text:
        return text
    text = text.strip(_EDGES)
    quoted = _QUOTED.fullmatch(text)
    return _APOSTROPHE.sub("", quoted[1].strip(_EDGES) if quoted else text)


def damage(text: str) -> Unreadable | None:
    """What a spreadsheet program, or somebody's formula, did to the cell, if it can be seen."""
    if "\x1d" in text:
        message = "the cell holds a scanner's own signs; write the text below the bar code, like (01)...(21)..."
        return Unreadable("text", message)
    if _CONTROL.search(text):
        return Unreadable("text", "the cell holds a control character, which cannot be stored; type the text anew")
    if text.startswith("="):
        return Unreadable("formula", "the cell holds a formula; write its value (formulas are never computed here)")
    if _ERRORS.fullmatch(text):
        return Unreadable("formula", f"{text!r} is the error of a formula; write the value itself")
    return None


def rounded(text: str) -> Unreadable | None:
    """Whether the spreadsheet wrote a long number like 9.52E+12: its last digits are lost."""
    if not _ROUNDED.fullmatch(text):
        return None
    return Unreadable(
        "rounded",
        f"{text!r}: the spreadsheet rounded this number, and its last digits are lost; format the column as text, or"
        " write the number as on the label, with the (01), (00) ... before it, and type it again",
    )


def read(cell: Cell, reader: Callable[[str], Value], faults: list[Fault]) -> Value | None:
    """What `reader` makes of the cell's text; None, and a fault at the cell, where it raises Unreadable."""
    try:
        return reader(cell.text)
    except Unreadable as fault:
        faults.append(cell.fault(fault.rule, str(fault)))
        return None


def each(cell: Cell, texts: Iterable[str], reader: Callable[[str], Value], faults: list[Fault]) -> list[Value]:
    """What `reader` makes of each text in a cell that holds several; at most one fault, for the first that is bad."""
    found: list[Value] = []
    bad: list[Unreadable] = []
    for text in texts:
        try:
            found.append(reader(text))
        except Unreadable as fault:
            bad.append(fault)
    if bad:
        more = f" (and {len(bad) - 1} more in this cell)" if len(bad) > 1 else ""
        faults.append(cell.fault(bad[0].rule, f"{bad[0]}{more}"))
    return found
