"""The things of all rows, in the lists of their event; and what each type of event must name."""

from collections.abc import Iterable

from service.epcis.spreadsheet import identifiers, values
from service.epcis.spreadsheet.cells import Cell, read
from service.epcis.spreadsheet.making import describe_lot
from service.epcis.spreadsheet.rows import EventRows
from service.epcis.spreadsheet.sheet import Row
from service.epcis.spreadsheet.things import NAMING, RowThings, Things

_LISTS = {
    "subject": ("epcList", "quantityList"),
    "child": ("childEPCs", "childQuantityList"),
    "input": ("inputEPCList", "inputQuantityList"),
    "output": ("outputEPCList", "outputQuantityList"),
}
_WITH_PARENT = ("AggregationEvent", "AssociationEvent")
_OF_TRANSFORMATIONS = ("role", "inputs", "outputs", "transformationID")
_ANY = "epc, sscc, gtin (with serial, or lot and quantity), epcClass, grai or giai"


class Naming:
    """Puts the things of an event's rows into its lists. `named`: the roles in which there are some."""

    def __init__(self, event: EventRows) -> None:
        self.event = event
        self.named: set[str] = set()
        self._things = RowThings(event.separator, event.prefixes, event.faults)
        self._seen: dict[tuple[str, str], Cell] = {}

    def put(self, type_: str) -> None:
        """Reads the things of all rows, and the parent or process that ties them."""
        if type_ == "TransformationEvent":
            self._transformed()
            return
        role = "child" if type_ in _WITH_PARENT else "subject"
        for row in self.event.rows:
            self._refuse_columns(row, _OF_TRANSFORMATIONS, f"is for TransformationEvents, and this is an {type_}")
            self._add(role, self._things.of(row))
        if type_ == "ObjectEvent" and "parentID" in self.event.shared:
            message = (
                "an ObjectEvent has no parentID; write Aggregation into eventType, or put the thing into epc or sscc"
            )
            self.event.faults.append(self.event.shared["parentID"].fault("column-unfit", message))
        else:
            self.event.put("parentID", identifiers.thing(self.event.prefixes))

    def _transformed(self) -> None:
        self.event.put("transformationID", identifiers.uri(self.event.prefixes))
        for row in self.event.rows:
            self._refuse_columns(row, ("parentID", "action"), "does not belong to a TransformationEvent")
            self._add("input", self._things.listed(row.cells.get("inputs")))
            self._add("output", self._things.listed(row.cells.get("outputs")))
            role, things = self._role(row), self._things.of(row)
            if role:
                self._add(role, things)

    def _role(self, row: Row) -> str | None:
        cell = row.cells.get("role")
        if cell is not None:
            return read(cell, values.choice(("input", "output"), "role"), self.event.faults)
        naming = next((row.cells[name] for name in NAMING if name in row.cells), None)
        if naming is not None:
            message = "say in the column role of this row whether its things are input or output of the transformation"
            self.event.faults.append(naming.fault("missing", message))
        return None

    def _refuse_columns(self, row: Row, names: Iterable[str], why: str) -> None:
        for name in names:
            if name in row.cells:
                message = f"{name} {why}; empty the cell, or mend eventType"
                self.event.faults.append(row.cells[name].fault("column-unfit", message))

    def _add(self, role: str, things: Things) -> None:
        if things:
            self.named.add(role)
        singles, quantities = _LISTS[role]
        for identifier, cell in things.single:
            self._add_single(singles, identifier, cell)
        for quantity in things.quantities:
            elements = self.event.members.setdefault(quantities, [])
            pointer = f"/{quantities}/{len(elements)}"
            self.event.cells[pointer] = quantity.cells["epcClass"]
            self.event.cells |= {f"{pointer}/{member}": cell for member, cell in quantity.cells.items()}
            elements.append(quantity.element)
        if things.lot is not None:
            describe_lot(self.event, things.lot)

    def _add_single(self, list_: str, identifier: str, cell: Cell) -> None:
        first = self._seen.get((list_, identifier))
        if first is not None:
            message = f"{identifier} is in {first.name} already; name each thing once in an event"
            self.event.faults.append(cell.fault("duplicate-item", message))
            return
        self._seen[list_, identifier] = cell
        things = self.event.members.setdefault(list_, [])
        self.event.cells[f"/{list_}/{len(things)}"] = cell
        things.append(identifier)

    # What each type needs

    def check(self, type_: str, action: str | None) -> None:
        """Faults for what the event must name and does not."""
        if type_ == "ObjectEvent":
            self._object_needs()
        elif type_ == "TransactionEvent":
            self._transaction_needs(action)
        elif type_ in _WITH_PARENT:
            self._parent_needs(type_, action)
        else:
            self._transformation_needs()

    def _object_needs(self) -> None:
        step = self.event.members.get("bizStep")
        if step in ("packing", "unpacking") and "eventType" not in self.event.shared:
            self.event.missing(
                f"{step} needs a parentID: what the things are put into, or taken out of; write Object into eventType"
                " if they were only seen"
            )
        elif not self.named:
            self._nothing_named()

    def _nothing_named(self) -> None:
        if "sensorElementList" not in self.event.members:
            self.event.missing(f"the row names no thing; fill one of {_ANY}")
        elif "readPoint" not in self.event.members:
            self.event.missing(f"say what or where was measured: fill one of {_ANY}, or readPoint")

    def _transaction_needs(self, action: str | None) -> None:
        if "bizTransactionList" not in self.event.members:
            self.event.missing("a TransactionEvent needs a purchaseOrder, invoice, ... or bizTransaction")
        if not self.named and action != "DELETE":
            self.event.missing(f"the row names no thing; fill one of {_ANY}")

    def _parent_needs(self, type_: str, action: str | None) -> None:
        if "parentID" not in self.event.members and (type_ == "AssociationEvent" or action != "OBSERVE"):
            self.event.missing(f"an {type_} with action {action} needs a parentID: what the things are put into")
        if not self.named and action != "DELETE":
            self.event.missing(f"the row names no thing that goes into its parentID; fill one of {_ANY}")

    def _transformation_needs(self) -> None:
        missing = [side for side in ("input", "output") if side not in self.named]
        if len(missing) == 2 or (missing and "transformationID" not in self.event.members):
            sides = " and ".join(f"{side}s" for side in missing)
            self.event.missing(
                f"a transformation needs inputs and outputs, and {sides} are missing; its rows share an eventGroup, and"
                " each says input or output in role"
            )
