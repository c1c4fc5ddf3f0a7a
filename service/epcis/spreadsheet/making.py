"""What is told of the things themselves, in the event that makes them: instance or lot master data, and extensions.

Members: CBV 2.0 section 9 (`cbvmda:`), and the GS1 Web Vocabulary where the CBV has none.
"""

from collections.abc import Callable

from service.epcis.faults import step
from service.epcis.spreadsheet import values
from service.epcis.spreadsheet.cells import Cell, read
from service.epcis.spreadsheet.columns import BY_NAME
from service.epcis.spreadsheet.rows import EventRows

_DATES = {"expiryDate": "cbvmda:itemExpirationDate", "bestBefore": "cbvmda:bestBeforeDate",
          "productionDate": "gs1:productionDate"}  # fmt: skip
_COUNTRY = "cbvmda:countryOfOrigin"
_LOT = "cbvmda:lotNumber"
_MASTER_DATA = "cbvmda:"

_ANY_YEAR = 2000
"""For the century of a label's date where eventTime cannot be read; the event is refused anyway."""


def put_extensions(event: EventRows) -> None:
    """Extension columns; those of the CBV's master data describe the things, others the event."""
    for name, cell in event.shared.items():
        if name in BY_NAME:
            continue
        if name.startswith(_MASTER_DATA):
            event.ilmd[name] = cell
        else:
            event.members[name] = cell.text
            event.cells[step("", name)] = cell


def describe_lot(event: EventRows, cell: Cell) -> None:
    """The lot of single items, which is no part of their identity."""
    first = event.ilmd.setdefault(_LOT, cell)
    if _lot(first.text) != _lot(cell.text):
        message = f"this differs from {first.name}: an event has one lot; give the rows different eventGroups"
        event.faults.append(cell.fault("one-event", message))


def put_ilmd(event: EventRows, type_: str, action: str | None) -> None:
    """Everything that is told of the things; refused in an event that does not make them."""
    named = {**_DATES, "countryOfOrigin": _COUNTRY}
    event.ilmd |= {member: event.shared[name] for name, member in named.items() if name in event.shared}
    if not event.ilmd:
        return
    if type_ != "TransformationEvent" and not (type_ == "ObjectEvent" and action == "ADD"):
        message = (
            "this is told once, in the event that makes the things (bizStep commissioning, action ADD, or a"
            f" Transformation), not in an {type_} with action {action}; leave the cell empty"
        )
        event.faults += [cell.fault("ilmd", message) for cell in event.ilmd.values()]
        return
    event.members["ilmd"] = {}
    for member, cell in event.ilmd.items():
        event.cells[f"/ilmd{step('', member)}"] = cell
        event.members["ilmd"][member] = read(cell, _reader(member, event.year or _ANY_YEAR), event.faults)


def _reader(member: str, year: int) -> Callable[[str], str]:
    if member in _DATES.values():
        return lambda text: values.day(text, year)
    return {_COUNTRY: values.country, _LOT: _lot}.get(member, str)


def _lot(text: str) -> str:
    return text.removeprefix("(10)")
