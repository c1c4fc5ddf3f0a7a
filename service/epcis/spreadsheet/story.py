"""The template: a header and a small story to type over. A lot is made, packed, shipped to a customer and received."""

import csv
import io

from service.epcis.spreadsheet.columns import COLUMNS

_ACME, _BUYER = "(417)9521001000000", "(417)9521003000008"
_DOCK, _GATE = "(414)9521001000000", "(414)9521003000008"
_PALLET, _GTIN = "(00)095210010000000024", "(01)09521001000017"
_TIME = "2026-03-02T{}:00+01:00"

_ROWS: tuple[dict[str, str], ...] = (
    {"eventTime": _TIME.format("07:30"), "bizStep": "commissioning", "disposition": "active", "readPoint": _DOCK,
     "gtin": _GTIN, "serial": "4711 4712", "lot": "(10)L26-07", "expiryDate": "(17)261031", "countryOfOrigin": "DE",
     "comment": "two bottles are made"},
    {"eventTime": _TIME.format("07:40"), "bizStep": "commissioning", "disposition": "active", "readPoint": _DOCK,
     "gtin": "(01)09521001000031", "lot": "(10)L26-08", "quantity": "250", "unit": "KGM",
     "comment": "and a lot of something that is weighed"},
    {"eventTime": _TIME.format("07:50"), "bizStep": "packing", "eventGroup": "pack-1", "readPoint": _DOCK,
     "gtin": _GTIN, "serial": "4711 4712", "parentID": _PALLET, "comment": "all three go onto one pallet"},
    {"eventTime": _TIME.format("07:50"), "bizStep": "packing", "eventGroup": "pack-1", "readPoint": _DOCK,
     "gtin": "(01)09521001000031", "lot": "(10)L26-08", "quantity": "250", "unit": "KGM", "parentID": _PALLET,
     "comment": "same eventGroup: same event"},
    {"eventTime": _TIME.format("08:00"), "bizStep": "shipping", "disposition": "in_transit", "readPoint": _DOCK,
     "sscc": _PALLET, "sender": _ACME, "receiver": _BUYER, "purchaseOrder": "9521003000008:PO-4711",
     "despatchAdvice": "9521001000000:D-77", "comment": "the pallet is offered to the receiver"},
    {"eventTime": "2026-03-02T16:20:00", "timeZone": "Europe/Vienna", "bizStep": "receiving",
     "disposition": "in_progress", "readPoint": _GATE, "bizLocation": _GATE, "sscc": _PALLET, "sender": _ACME,
     "receiver": _BUYER, "temperature": "4.5", "sensorTime": "2026-03-02T16:15:00",
     "comment": "the customer reports that it came, and how cold it was"},
)  # fmt: skip


def template() -> str:
    """A CSV file of all columns with an example of each kind of row; `read_csv` reads it.

    Keys are written as on labels, dates too: spreadsheet programs leave those as they are. The first line tells
    programs that would expect semicolons what separates the cells.
    """
    text = io.StringIO(newline="")
    text.write("sep=,\r\n")
    writer = csv.DictWriter(text, [column.name for column in COLUMNS], restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_ROWS)
    return text.getvalue()
