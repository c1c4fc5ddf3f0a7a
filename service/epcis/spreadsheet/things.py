"""The things that one row names: single ones, and classes or lots with a quantity."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.epcis.contexts import Prefixes, expanded
from service.epcis.faults import Fault
from service.epcis.identifiers import Kind, resolved
from service.epcis.spreadsheet import identifiers, keys, values
from service.epcis.spreadsheet.cells import Cell, each, read
from service.epcis.spreadsheet.sheet import Row

NAMING = ("epc", "sscc", "gtin", "epcClass", "grai", "giai")
"""Columns that name the things of a row."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An element of a quantity list, and the cells of its members."""

    element: dict[str, Any]
    cells: dict[str, Cell]


@dataclass(slots=True)
class Things:
    """Single things and quantities, in the order of the row's columns, each with its cell."""

    single: list[tuple[str, Cell]] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    lot: Cell | None = None
    """The cell of a lot that describes single items and is no part of their identity."""

    def __bool__(self) -> bool:
        return bool(self.single or self.quantities)


class RowThings:
    """Reads the things of rows; `faults` collects what is wrong with their cells."""

    def __init__(self, separator: str, prefixes: Prefixes, faults: list[Fault]) -> None:
        self._separator, self._prefixes, self._faults = separator, prefixes, faults

    def of(self, row: Row) -> Things:
        """What the row's own columns name."""
        things, before = Things(), len(self._faults)
        for name in NAMING:
            cell = row.cells.get(name)
            if cell is not None:
                self._readers[name](self, row, cell, things)
        self._refuse_alone(row)
        self._weigh(row, things, told=len(self._faults) > before)
        return things

    def listed(self, cell: Cell | None) -> Things:
        """What a cell of `inputs` or `outputs` names; classes come without a quantity."""
        things = Things()
        if cell is not None:
            self._epcs(cell, things)
        return things

    def _epcs(self, cell: Cell, things: Things) -> None:
        for identifier in each(cell, identifiers.listed(cell.text), identifiers.thing(self._prefixes), self._faults):
            if resolved(expanded(identifier, self._prefixes))[1] in (Kind.CLASS, Kind.LOT):
                things.quantities.append(Quantity({"epcClass": identifier}, {"epcClass": cell}))
            else:
                things.single.append((identifier, cell))

    def _epc(self, _: Row, cell: Cell, things: Things) -> None:
        self._epcs(cell, things)

    def _sscc(self, _: Row, cell: Cell, things: Things) -> None:
        things.single += [(found, cell) for found in each(cell, keys.numbers(cell.text), keys.sscc, self._faults)]

    def _asset(self, _: Row, cell: Cell, things: Things, ai: str) -> None:
        things.single += [
            (found, cell) for found in each(cell, identifiers.listed(cell.text), identifiers.asset(ai), self._faults)
        ]

    def _grai(self, row: Row, cell: Cell, things: Things) -> None:
        before = len(things.single)
        self._asset(row, cell, things, "8003")
        for identifier, _ in things.single[before:]:
            if resolved(expanded(identifier, self._prefixes))[1] is Kind.CLASS:
                self._faults.append(
                    cell.fault("identifier", "the GRAI lacks its serial number, which follows the digits")
                )

    def _giai(self, row: Row, cell: Cell, things: Things) -> None:
        self._asset(row, cell, things, "8004")

    def _class(self, _: Row, cell: Cell, things: Things) -> None:
        found = read(cell, identifiers.uri(self._prefixes), self._faults)
        if found is not None:
            things.quantities.append(Quantity({"epcClass": found}, {"epcClass": cell}))

    def _gtin(self, row: Row, cell: Cell, things: Things) -> None:
        serial, lot = row.cells.get("serial"), row.cells.get("lot")
        gtin = read(cell, keys.gtin, self._faults)
        if gtin is None:
            return
        if serial is not None:
            found = each(serial, keys.serials(serial.text), keys.serial(gtin), self._faults)
            things.single += [(identifier, serial) for identifier in found]
            things.lot = lot
        else:
            reader = keys.qualified(gtin, "10") if lot else lambda _: f"https://id.gs1.org/01/{gtin}"
            class_ = read(lot or cell, reader, self._faults)
            if class_ is not None:
                things.quantities.append(Quantity({"epcClass": class_}, {"epcClass": lot or cell}))

    _readers: dict[str, Callable[["RowThings", Row, Cell, Things], None]] = {  # noqa: RUF012 never changed
        "epc": _epc, "sscc": _sscc, "gtin": _gtin, "epcClass": _class, "grai": _grai, "giai": _giai,
    }  # fmt: skip

    def _refuse_alone(self, row: Row) -> None:
        for name in ("serial", "lot"):
            cell = row.cells.get(name)
            if cell is not None and "gtin" not in row.cells:
                self._faults.append(cell.fault("missing", f"a {name} says nothing without its gtin in the same row"))

    def _weigh(self, row: Row, things: Things, *, told: bool) -> None:
        """Puts the row's quantity to the one class that the row names; `told`: what it names has faults already."""
        cell, unit = row.cells.get("quantity"), row.cells.get("unit")
        if cell is None:
            if unit is not None:
                self._faults.append(unit.fault("missing", "a unit needs a quantity in the same row"))
            return
        found = read(cell, lambda text: values.number(text, self._separator), self._faults)
        code = read(unit, values.unit, self._faults) if unit else None
        if found is None:
            return
        if found < 0:
            self._faults.append(cell.fault("number", "a quantity cannot be negative"))
        elif len(things.quantities) == 1:
            element, cells = things.quantities[0].element, things.quantities[0].cells
            element["quantity"], cells["quantity"] = found, cell
            if code is not None and unit is not None:
                element["uom"], cells["uom"] = code, unit
        elif not told:
            self._refuse_quantity(cell, found, code, things)

    def _refuse_quantity(self, cell: Cell, found: float, code: str | None, things: Things) -> None:
        if len(things.quantities) > 1:
            message = "the row names several classes; give each its own row, with the same eventGroup"
            self._faults.append(cell.fault("quantity", message))
        elif things.single and (found != len(things.single) or code is not None):
            message = (
                f"the row names {len(things.single)} single things, each of which counts as one; leave quantity empty,"
                " or name what it measures with gtin, or gtin and lot, in a row of its own with the same eventGroup"
            )
            self._faults.append(cell.fault("quantity", message))
        elif not things.single:
            message = "a quantity says nothing without gtin, gtin and lot, or epcClass in the same row"
            self._faults.append(cell.fault("missing", message))
