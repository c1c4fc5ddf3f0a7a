"""From the rows of one event to the event, in the JSON binding, with the cell that each of its members came from."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any, TypeVar

from service.epcis import vocabulary
from service.epcis.contexts import Prefixes, expanded
from service.epcis.faults import Fault, step
from service.epcis.spreadsheet import keys, moments, values
from service.epcis.spreadsheet.cells import Cell, read
from service.epcis.spreadsheet.columns import BY_NAME
from service.epcis.spreadsheet.sensing import sensor_element
from service.epcis.spreadsheet.sheet import Row
from service.epcis.spreadsheet.things import NAMING, Quantity, RowThings, Things
from service.epcis.vocabulary import Vocabulary

Value = TypeVar("Value")

_TYPES = ("Object", "Aggregation", "Association", "Transaction", "Transformation")
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
IMPLIED: dict[str, dict[str, str]] = {
    "ObjectEvent": {"commissioning": "ADD", "creating_class_instance": "ADD", "decommissioning": "DELETE",
                    "destroying": "DELETE"},
    "AggregationEvent": {"packing": "ADD", "loading": "ADD", "unpacking": "DELETE", "unloading": "DELETE"},
    "AssociationEvent": {"installing": "ADD", "assembling": "ADD", "removing": "DELETE", "disassembling": "DELETE"},
}  # fmt: skip
"""The action of a business step where the row gives none. Any other ObjectEvent is an observation."""
_LISTS = {
    "ObjectEvent": ("epcList", "quantityList"),
    "TransactionEvent": ("epcList", "quantityList"),
    "AggregationEvent": ("childEPCs", "childQuantityList"),
    "AssociationEvent": ("childEPCs", "childQuantityList"),
    "input": ("inputEPCList", "inputQuantityList"),
    "output": ("outputEPCList", "outputQuantityList"),
}
_PARTIES: tuple[tuple[str, str, str, str, Callable[[str], str]], ...] = (
    ("sender", "source", "sourceList", "possessing_party", keys.party),
    ("seller", "source", "sourceList", "owning_party", keys.party),
    ("shipFrom", "source", "sourceList", "location", keys.place),
    ("receiver", "destination", "destinationList", "possessing_party", keys.party),
    ("buyer", "destination", "destinationList", "owning_party", keys.party),
    ("shipTo", "destination", "destinationList", "location", keys.place),
)
_TRANSACTIONS = {"purchaseOrder": "po", "despatchAdvice": "desadv", "invoice": "inv", "billOfLading": "bol"}
_DATES = {"expiryDate": "cbvmda:itemExpirationDate", "bestBefore": "cbvmda:bestBeforeDate",
          "productionDate": "gs1:productionDate"}  # fmt: skip
_MASTER_DATA = "cbvmda:"
_OF_TRANSFORMATIONS = ("role", "inputs", "outputs", "transformationID")
_OF_THIS_YEAR = 2026
"""Century of a label's date in a row whose eventTime cannot be read: the row is refused anyway."""


class EventRows:
    """Builds one event from its rows. `members` and `cells` (by JSON pointer into the event) are complete when no
    faults were found.
    """

    def __init__(self, rows: Sequence[Row], separator: str, prefixes: Prefixes, *, lenient: bool) -> None:
        self.rows, self.separator, self.prefixes, self.lenient = rows, separator, prefixes, lenient
        self.faults: list[Fault] = [fault for row in rows for fault in row.faults]
        self.members: dict[str, Any] = {}
        self.cells: dict[str, Cell] = {}
        self._things = RowThings(separator, prefixes, self.faults)
        self._shared: dict[str, Cell] = {}
        self._ilmd: dict[str, Cell] = {}
        self._indexes: dict[str, dict[str, int]] = {}
        self._zone: tzinfo | None = None
        self._year = _OF_THIS_YEAR

    def build(self) -> None:
        """Reads everything."""
        self._gather()
        type_ = self._type()
        self.members["type"] = type_
        self._when()
        self._identified()
        step_ = self._put("bizStep", self._word(vocabulary.BIZ_STEPS))
        action = None if type_ == "TransformationEvent" else self._action(type_, step_)
        self._put("disposition", self._word(vocabulary.DISPOSITIONS))
        for name in ("readPoint", "bizLocation"):
            self._place(name)
        self._parties()
        self._transactions()
        self._sensors()
        self._extensions()
        named = self._named(type_)
        self._ilmd_members(type_, action)
        if not self.faults:
            self._needs(type_, action, named)

    # What the rows share

    def _gather(self) -> None:
        """The one value of each column that an event has once, from whichever of its rows say it."""
        for row in self.rows:
            for name, cell in (*row.cells.items(), *row.extensions.items()):
                column = BY_NAME.get(name)
                if column is not None and (column.each or name in _TRANSACTIONS or name == "bizTransaction"):
                    continue
                first = self._shared.setdefault(name, cell)
                if first.text != cell.text:
                    message = (
                        f"this differs from {first.name} ({first.text[:40]!r}): rows with the same eventGroup are one"
                        " event, which has one value here; write it once, or give the rows different eventGroups"
                    )
                    self.faults.append(cell.fault("one-event", message))

    def _one(self, name: str, reader: Callable[[str], Value]) -> Value | None:
        cell = self._shared.get(name)
        return None if cell is None else read(cell, reader, self.faults)

    def _put(self, name: str, reader: Callable[[str], str]) -> str | None:
        """Reads a column into the member of the same name."""
        found = self._one(name, reader)
        if found is not None:
            self.members[name] = found
            self.cells[f"/{name}"] = self._shared[name]
        return found

    def _missing(self, rule: str, message: str) -> None:
        self.faults.append(Fault(self.rows[0].place, rule, message, "cell"))

    # When and what

    def _type(self) -> str:
        if "eventType" in self._shared:
            self.cells["/type"] = self._shared["eventType"]
            names = {name: name for name in _TYPES} | {f"{name}Event": name for name in _TYPES}
            chosen = self._one("eventType", lambda text: values.choice(names, "event type")(text.replace(" ", "")))
            return f"{names[chosen]}Event" if chosen else "ObjectEvent"
        if "parentID" in self._shared:
            return "AggregationEvent"
        made = any(name in row.cells for row in self.rows for name in ("role", "inputs", "outputs"))
        return "TransformationEvent" if made else "ObjectEvent"

    def _when(self) -> None:
        zone = self._one("timeZone", moments.zone)
        self._zone = zone
        if "eventTime" not in self._shared:
            self._missing("missing", "the row has no eventTime; write when it happened")
            return
        if zone is None and "timeZone" in self._shared:
            return  # its fault is told; a time without a zone would only repeat it
        moment = self._one("eventTime", moments.moment(zone))
        if moment is not None:
            self.members |= {"eventTime": moment.time, "eventTimeZoneOffset": moment.offset}
            self._year = int(moment.time[:4])
        self.cells["/eventTime"] = self._shared["eventTime"]
        self.cells["/eventTimeZoneOffset"] = self._shared.get("timeZone", self._shared["eventTime"])

    def _identified(self) -> None:
        self._put("eventID", keys.event_id)

    def _word(self, words: Vocabulary) -> Callable[[str], str]:
        return lambda text: values.word(words, text, lenient=self.lenient)

    def _action(self, type_: str, biz_step: str | None) -> str | None:
        if "action" in self._shared:
            return self._put("action", values.choice(_ACTIONS, "action"))
        word = vocabulary.BIZ_STEPS.word(expanded(biz_step, self.prefixes)) if biz_step else None
        action = IMPLIED.get(type_, {}).get(word or "") or ("OBSERVE" if type_ == "ObjectEvent" else None)
        if action is None:
            if not ("bizStep" in self._shared and biz_step is None):
                self._missing(
                    "missing", f"an {type_} needs an action here; write ADD, OBSERVE or DELETE into the column"
                )
            return None
        self.members["action"] = action
        if biz_step:
            self.cells["/action"] = self._shared["bizStep"]
        return action

    def _place(self, name: str) -> None:
        found = self._one(name, keys.place)
        if found is not None:
            self.members[name] = {"id": found}
            self.cells[f"/{name}"] = self._shared[name]

    # Who, and on whose order

    def _parties(self) -> None:
        for name, member, list_, type_, reader in _PARTIES:
            found = self._one(name, reader)
            if found is not None:
                self._append(list_, {"type": type_, member: found}, self._shared[name])

    def _append(self, list_: str, element: dict[str, Any], cell: Cell) -> None:
        elements = self.members.setdefault(list_, [])
        if element not in elements:
            self.cells[f"/{list_}/{len(elements)}"] = cell
            elements.append(element)

    def _transactions(self) -> None:
        type_ = self._one("bizTransactionType", self._word(vocabulary.BIZ_TRANSACTION_TYPES))
        named = False
        for row in self.rows:
            for name, word in (*_TRANSACTIONS.items(), ("bizTransaction", type_)):
                cell = row.cells.get(name)
                named = named or (cell is not None and name == "bizTransaction")
                for found in self._each(cell, keys.transaction):
                    type_member = {"type": word} if word else {}
                    self._append("bizTransactionList", {**type_member, "bizTransaction": found[0]}, found[1])
        if "bizTransactionType" in self._shared and not named:
            message = "bizTransactionType says nothing without a bizTransaction"
            self.faults.append(self._shared["bizTransactionType"].fault("missing", message))

    def _each(self, cell: Cell | None, reader: Callable[[str], str]) -> Iterable[tuple[str, Cell]]:
        for text in keys.listed(cell.text) if cell is not None else ():
            assert cell is not None
            found = read(Cell(text, cell.row, cell.column, cell.header), reader, self.faults)
            if found is not None:
                yield found, cell

    def _sensors(self) -> None:
        for row in self.rows:
            found = sensor_element(row, self.separator, self.prefixes, self._zone, self.faults)
            if found is None:
                continue
            elements = self.members.setdefault("sensorElementList", [])
            if found[0] not in elements:
                self.cells |= {f"/sensorElementList/{len(elements)}{place}": cell for place, cell in found[1].items()}
                elements.append(found[0])

    def _extensions(self) -> None:
        for name, cell in self._shared.items():
            if name in BY_NAME:
                continue
            if name.startswith(_MASTER_DATA):
                self._ilmd[name] = cell
            else:
                self.members[name] = cell.text
                self.cells[step("", name)] = cell

    # Things

    def _named(self, type_: str) -> dict[str, bool]:
        """Puts the rows' things into their lists; which lists got some."""
        named: dict[str, bool] = {}
        if type_ != "TransformationEvent":
            for row in self.rows:
                self._refuse_columns(row, _OF_TRANSFORMATIONS, f"is for TransformationEvents, and this is an {type_}")
                named[type_] = self._add(_LISTS[type_], self._things.of(row)) or named.get(type_, False)
            self._parent(type_)
            return named
        self._put("transformationID", keys.uri(self.prefixes))
        for row in self.rows:
            self._refuse_columns(row, ("parentID", "action"), "does not belong to a TransformationEvent")
            for side, cell in (("input", row.cells.get("inputs")), ("output", row.cells.get("outputs"))):
                named[side] = self._add(_LISTS[side], self._things.listed(cell)) or named.get(side, False)
            role = self._role(row)
            things = self._things.of(row)
            if role:
                named[role] = self._add(_LISTS[role], things) or named.get(role, False)
        return named

    def _role(self, row: Row) -> str | None:
        cell = row.cells.get("role")
        if cell is not None:
            return read(cell, values.choice(("input", "output"), "role"), self.faults)
        naming = next((row.cells[name] for name in NAMING if name in row.cells), None)
        if naming is not None:
            message = "say in the column role of this row whether its things are input or output of the transformation"
            self.faults.append(naming.fault("missing", message))
        return None

    def _refuse_columns(self, row: Row, names: Iterable[str], why: str) -> None:
        for name in names:
            if name in row.cells:
                self.faults.append(
                    row.cells[name].fault("column-unfit", f"{name} {why}; empty the cell, or mend eventType")
                )

    def _add(self, lists: tuple[str, str], things: Things) -> bool:
        for identifier, cell in things.single:
            self._add_single(lists[0], identifier, cell)
        for quantity in things.quantities:
            self._add_quantity(lists[1], quantity)
        if things.lot is not None:
            self._same_ilmd("cbvmda:lotNumber", things.lot)
        return bool(things)

    def _add_single(self, list_: str, identifier: str, cell: Cell) -> None:
        identifiers = self.members.setdefault(list_, [])
        if identifier in self._seen(list_):
            first = self.cells[f"/{list_}/{self._seen(list_)[identifier]}"]
            message = f"{identifier} is in {first.name} already; name each thing once in an event"
            self.faults.append(cell.fault("duplicate-item", message))
            return
        self._seen(list_)[identifier] = len(identifiers)
        self.cells[f"/{list_}/{len(identifiers)}"] = cell
        identifiers.append(identifier)

    def _seen(self, list_: str) -> dict[str, int]:
        return self._indexes.setdefault(list_, {})

    def _add_quantity(self, list_: str, quantity: Quantity) -> None:
        elements = self.members.setdefault(list_, [])
        pointer = f"/{list_}/{len(elements)}"
        self.cells |= {f"{pointer}/{member}": cell for member, cell in quantity.cells.items()}
        self.cells[pointer] = quantity.cells["epcClass"]
        elements.append(quantity.element)

    def _same_ilmd(self, name: str, cell: Cell) -> None:
        first = self._ilmd.setdefault(name, cell)
        if first.text.removeprefix("(10)") != cell.text.removeprefix("(10)"):
            message = f"this differs from {first.name}: an event has one lot; give the rows different eventGroups"
            self.faults.append(cell.fault("one-event", message))

    def _parent(self, type_: str) -> None:
        cell = self._shared.get("parentID")
        if cell is None:
            return
        if type_ == "ObjectEvent":
            message = (
                "an ObjectEvent has no parentID; write Aggregation into eventType, or put the thing into epc or sscc"
            )
            self.faults.append(cell.fault("column-unfit", message))
            return
        self._put("parentID", keys.thing(self.prefixes))

    def _ilmd_members(self, type_: str, action: str | None) -> None:
        for name, member in _DATES.items():
            if name in self._shared:
                self._ilmd[member] = self._shared[name]
        if "countryOfOrigin" in self._shared:
            self._ilmd["cbvmda:countryOfOrigin"] = self._shared["countryOfOrigin"]
        if not self._ilmd:
            return
        if type_ != "TransformationEvent" and not (type_ == "ObjectEvent" and action == "ADD"):
            for cell in self._ilmd.values():
                message = (
                    "this is told once, in the event that makes the things (bizStep commissioning, action ADD, or a"
                    f" Transformation), not in an {type_} with action {action}; leave the cell empty"
                )
                self.faults.append(cell.fault("ilmd", message))
            return
        self.members["ilmd"] = {}
        for member, cell in self._ilmd.items():
            self.cells[f"/ilmd{step('', member)}"] = cell
            self.members["ilmd"][member] = read(cell, self._ilmd_reader(member), self.faults)

    def _ilmd_reader(self, member: str) -> Callable[[str], str]:
        if member in _DATES.values():
            return lambda text: values.day(text, self._year)
        if member == "cbvmda:countryOfOrigin":
            return values.country
        return lambda text: text.removeprefix("(10)")

    # What each type needs

    def _needs(self, type_: str, action: str | None, named: dict[str, bool]) -> None:
        things = named.get(type_, False)
        naming = "epc, sscc, gtin (with serial, or lot and quantity), epcClass, grai or giai"
        if type_ == "ObjectEvent" and not things:
            if "sensorElementList" not in self.members:
                self._missing("missing", f"the row names no thing; fill one of {naming}")
            elif "readPoint" not in self.members:
                self._missing("missing", f"say what or where was measured: fill one of {naming}, or readPoint")
        elif type_ == "TransactionEvent":
            if "bizTransactionList" not in self.members:
                self._missing("missing", "a TransactionEvent needs a purchaseOrder, invoice, ... or bizTransaction")
            if not things and action != "DELETE":
                self._missing("missing", f"the row names no thing; fill one of {naming}")
        elif type_ in ("AggregationEvent", "AssociationEvent"):
            if "parentID" not in self.members and (type_ == "AssociationEvent" or action != "OBSERVE"):
                self._missing(
                    "missing", f"an {type_} with action {action} needs a parentID: what the things are put into"
                )
            if not things and action != "DELETE":
                self._missing("missing", f"the row names no thing that goes into its parentID; fill one of {naming}")
        elif type_ == "TransformationEvent":
            self._transformation_needs(named)

    def _transformation_needs(self, named: dict[str, bool]) -> None:
        missing = [side for side in ("input", "output") if not named.get(side)]
        if len(missing) == 2 or (missing and "transformationID" not in self.members):
            self._missing(
                "missing",
                f"a transformation needs inputs and outputs, and {' and '.join(f'{side}s' for side in missing)} are missing;"
                " its rows share an eventGroup, and each says input or output in role",
            )
