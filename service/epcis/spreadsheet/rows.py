"""The rows of one event: what they share, and the event that grows out of them with the cell of each of its members."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, TypeVar

from service.epcis.contexts import Prefixes
from service.epcis.faults import Fault
from service.epcis.spreadsheet import values
from service.epcis.spreadsheet.cells import Cell, read
from service.epcis.spreadsheet.columns import BY_NAME
from service.epcis.spreadsheet.sheet import Row
from service.epcis.vocabulary import Vocabulary

Value = TypeVar("Value")


class EventRows:
    """One event in the making. `members` (JSON binding) and `cells` (by JSON pointer into the event) are complete when
    everything was read and `faults` is empty.

    `shared`: the one value of each column that an event has once, from whichever of its rows say it. `ilmd`: cells of
    what is told of the things themselves, by member. `zone` and `year`: of the event's time.
    """

    def __init__(self, rows: Sequence[Row], separator: str, prefixes: Prefixes, *, lenient: bool) -> None:
        self.rows, self.separator, self.prefixes, self.lenient = rows, separator, prefixes, lenient
        self.faults: list[Fault] = [fault for row in rows for fault in row.faults]
        self.members: dict[str, Any] = {}
        self.cells: dict[str, Cell] = {}
        self.shared: dict[str, Cell] = {}
        self.ilmd: dict[str, Cell] = {}
        self.zone: tzinfo | None = None
        self.year: int | None = None
        self._listed: set[tuple[str, str]] = set()
        self._gather()

    def _gather(self) -> None:
        for row in self.rows:
            for name, cell in (*row.cells.items(), *row.extensions.items()):
                if name in BY_NAME and BY_NAME[name].each:
                    continue
                first = self.shared.setdefault(name, cell)
                if first.text != cell.text:
                    message = (
                        f"this differs from {first.name} ({first.text[:40]!r}): rows with the same eventGroup are one"
                        " event, which has one value here; write it once, or give the rows different eventGroups"
                    )
                    self.faults.append(cell.fault("one-event", message))

    def one(self, name: str, reader: Callable[[str], Value]) -> Value | None:
        """What `reader` makes of a shared column; None where it is empty or (a fault tells) cannot be read."""
        cell = self.shared.get(name)
        return None if cell is None else read(cell, reader, self.faults)

    def put(self, name: str, reader: Callable[[str], str]) -> str | None:
        """As `one`, and puts it into the member of the same name."""
        found = self.one(name, reader)
        if found is not None:
            self.members[name] = found
            self.cells[f"/{name}"] = self.shared[name]
        return found

    def append(self, list_: str, element: dict[str, Any], cells: Mapping[str, Cell]) -> None:
        """Adds an element to a list unless it is there already; `cells` are those of its parts, by JSON pointer."""
        key = (list_, repr(element))
        if key not in self._listed:
            self._listed.add(key)
            elements = self.members.setdefault(list_, [])
            self.cells |= {f"/{list_}/{len(elements)}{place}": cell for place, cell in cells.items()}
            elements.append(element)

    def missing(self, message: str) -> None:
        """A fault of the whole event: something is missing."""
        self.faults.append(Fault(self.rows[0].place, "missing", message, "cell"))

    def word(self, words: Vocabulary) -> Callable[[str], str]:
        """A reader of words of a vocabulary."""
        return lambda text: values.word(words, text, lenient=self.lenient)
