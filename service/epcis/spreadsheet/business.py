"""Between whom, where, and on whose order: parties, places and business transactions of an event."""

from collections.abc import Callable

from service.epcis import vocabulary
from service.epcis.spreadsheet import identifiers
from service.epcis.spreadsheet.cells import Cell, each
from service.epcis.spreadsheet.rows import EventRows

_PARTIES: tuple[tuple[str, str, str, str, Callable[[str], str]], ...] = (
    ("sender", "source", "sourceList", "possessing_party", identifiers.party),
    ("seller", "source", "sourceList", "owning_party", identifiers.party),
    ("shipFrom", "source", "sourceList", "location", identifiers.place),
    ("receiver", "destination", "destinationList", "possessing_party", identifiers.party),
    ("buyer", "destination", "destinationList", "owning_party", identifiers.party),
    ("shipTo", "destination", "destinationList", "location", identifiers.place),
)
_TRANSACTIONS = {"purchaseOrder": "po", "despatchAdvice": "desadv", "invoice": "inv", "billOfLading": "bol"}


def put_places(event: EventRows) -> None:
    """Read point and business location."""
    for name in ("readPoint", "bizLocation"):
        found = event.one(name, identifiers.place)
        if found is not None:
            event.members[name] = {"id": found}
            event.cells[f"/{name}"] = event.shared[name]


def put_parties(event: EventRows) -> None:
    """Sources and destinations: who hands over to whom, and from where to where."""
    for name, member, list_, type_, reader in _PARTIES:
        found = event.one(name, reader)
        if found is not None:
            event.append(list_, {"type": type_, member: found}, {"": event.shared[name]})


def put_transactions(event: EventRows) -> None:
    """Business transactions, of all rows."""
    type_ = event.one("bizTransactionType", event.word(vocabulary.BIZ_TRANSACTION_TYPES))
    for row in event.rows:
        for name, word in (*_TRANSACTIONS.items(), ("bizTransaction", type_)):
            if name in row.cells:
                _put_transactions(event, row.cells[name], {"type": word} if word else {})
    if "bizTransactionType" in event.shared and not any("bizTransaction" in row.cells for row in event.rows):
        message = "bizTransactionType says nothing without a bizTransaction"
        event.faults.append(event.shared["bizTransactionType"].fault("missing", message))


def _put_transactions(event: EventRows, cell: Cell, type_: dict[str, str]) -> None:
    for found in each(cell, identifiers.listed(cell.text), identifiers.transaction, event.faults):
        event.append("bizTransactionList", {**type_, "bizTransaction": found}, {"": cell})
