"""The spreadsheet: a sheet for each critical tracking event, one of all together, locations, and what is missing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.findings.case import Case
from service.findings.fsma.descriptions import PARTS, Location
from service.findings.fsma.kdes import KDES, Foods, Kde, Value
from service.findings.fsma.tracking import SECTIONS, Cte, Tracked, makers, tracked, upstream

Cell = str | int | float | date | datetime | None
_ABOUT = (
    "Critical tracking event",
    "Section",
    "Food (identifier)",
    "Read from",
    "Event time (UTC)",
    "eventID",
    "Told by",
)
_SHORT = {
    Cte.HARVESTING: "Harvesting",
    Cte.COOLING: "Cooling",
    Cte.INITIAL_PACKING: "Initial packing",
    Cte.LANDING: "First receiving",
    Cte.SHIPPING: "Shipping",
    Cte.RECEIVING: "Receiving",
    Cte.USED: "Transformation used",
    Cte.PRODUCED: "Transformation produced",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet. `missing`: (row, column), counted from 0, of mandatory elements that nothing tells."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    missing: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Row:
    tracked: Tracked
    values: Sequence[tuple[Kde, Value]]


@dataclass(frozen=True)
class Spreadsheet:
    """All rows of a food, its ancestors and descendants.

    `hidden`: things on the way that may not be seen. `complete`: whether the way was followed to its ends.
    """

    foods: Foods
    rows: Sequence[_Row]
    hidden: int = 0
    complete: bool = True

    @classmethod
    def of(cls, case: Case) -> "Spreadsheet":
        """The spreadsheet of a case."""
        events = tracked(case)
        foods = Foods(case, makers(case), upstream(case), events)
        return cls(foods, [_Row(one, [(kde, kde.read(foods, one)) for kde in KDES[one.cte]]) for one in events])

    def sheets(self) -> list[Sheet]:
        """Summary first, then all events, then one sheet for each kind of event that there is, then locations."""
        kinds = [self._of_kind(cte) for cte in Cte if any(row.tracked.cte is cte for row in self.rows)]
        return [self.summary(), self.together(), *kinds, self._locations()]

    def together(self) -> Sheet:
        """All events in one sheet, to be sorted: elements of the same name share a column."""
        names = list(dict.fromkeys(kde.name for cte in Cte for kde in KDES[cte]))
        used = {kde.name for row in self.rows for kde, _ in row.values}
        columns = [name for name in names if name in used]
        places = {name: len(_ABOUT) + at for at, name in enumerate(columns)}
        rows, missing = [], set()
        for number, row in enumerate(self.rows):
            cells: list[Cell] = [*_about(row), *([None] * len(columns))]
            for kde, value in row.values:
                cells[places[kde.name]] = _cell(value)
                if value is None and kde.mandatory and row.tracked.applies:
                    missing.add((number, places[kde.name]))
            rows.append(cells)
        return Sheet("All events", [*_ABOUT, *columns], rows, frozenset(missing))

    def summary(self) -> Sheet:
        """How often each mandatory element is missing, by kind of event and element."""
        counted: Counter[tuple[Cte, str, str]] = Counter()
        examples: dict[tuple[Cte, str, str], str] = {}
        for row in self.rows:
            for kde, gap in _gaps(row):
                key = (row.tracked.cte, kde.clause, gap)
                counted[key] += 1
                examples.setdefault(key, f"{row.tracked.thing} in {row.tracked.told.name}")
        total = Counter(row.tracked.cte for row in self.rows)
        order = {(cte, kde.clause): at for cte in Cte for at, kde in enumerate(KDES[cte])}
        keys = sorted(counted, key=lambda key: (list(Cte).index(key[0]), order[key[:2]], key[2]))
        rows: list[Sequence[Cell]] = [
            (str(cte), f"21 CFR {clause}", gap, counted[cte, clause, gap], total[cte], examples[cte, clause, gap])
            for cte, clause, gap in keys
        ]
        if not rows:
            rows = [
                (
                    "All",
                    None,
                    "nothing is missing" if self.rows else "no critical tracking event was found",
                    0,
                    len(self.rows),
                    None,
                )
            ]
        if self.hidden:
            rows.append(("All", None, "things on the way that you may not see", self.hidden, None, None))
        if not self.complete:
            rows.append(("All", None, "the way was longer than is followed", None, None, None))
        header = (
            "Critical tracking event",
            "Clause",
            "Missing key data element",
            "Missing in",
            "Of events",
            "For example",
        )
        return Sheet("Missing", header, rows)

    @property
    def missing(self) -> int:
        """How many mandatory elements, or parts of them, are missing."""
        return sum(1 for row in self.rows for _ in _gaps(row))

    def _of_kind(self, cte: Cte) -> Sheet:
        own = [row for row in self.rows if row.tracked.cte is cte]
        header = [*_ABOUT, *(f"{kde.name} ({kde.clause})" for kde in KDES[cte])]
        missing = {
            (number, len(_ABOUT) + at)
            for number, row in enumerate(own)
            for at, (kde, value) in enumerate(row.values)
            if value is None and kde.mandatory and row.tracked.applies
        }
        rows = [[*_about(row), *(_cell(value) for _, value in row.values)] for row in own]
        return Sheet(_SHORT[cte], header, rows, frozenset(missing))

    def _locations(self) -> Sheet:
        """Every place of a location description, with its parts in columns of their own."""
        places = {
            value.identifier: value for row in self.rows for _, value in row.values if isinstance(value, Location)
        }
        rows, missing = [], set()
        for number, (identifier, one) in enumerate(sorted(places.items())):
            told = (one.name, one.phone, one.address, one.city, one.state, one.zip)
            rows.append([identifier, *told, one.country])
            missing |= {(number, 1 + PARTS.index(part)) for part in one.missing}
        header = ["Identifier", *(part.capitalize() for part in PARTS), "Country"]
        return Sheet("Locations", header, rows, frozenset(missing))


def _gaps(row: _Row) -> Iterator[tuple[Kde, str]]:
    """The mandatory elements that are not told, and the parts of locations that are not."""
    if not row.tracked.applies:
        return
    for kde, value in row.values:
        if value is None and kde.mandatory:
            yield kde, kde.name
        elif isinstance(value, Location):
            for part in value.missing:
                yield kde, f"{kde.name}: {part}"
        elif isinstance(value, str) and " [MISSING: " in value:
            yield kde, f"{kde.name}: {value.partition(' [MISSING: ')[2].rstrip(']')}"


def _about(row: _Row) -> Sequence[Cell]:
    one = row.tracked
    return (
        str(one.cte),
        SECTIONS[one.cte],
        one.thing,
        one.basis,
        one.told.at,
        one.told.event_id,
        one.told.statement.party,
    )


def _cell(value: Value) -> Cell:
    return str(value) if isinstance(value, Location) else value
