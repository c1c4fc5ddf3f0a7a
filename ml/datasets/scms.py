"""USAID SCMS Delivery History (US government work, public domain): deliveries of medicines, 2006 to 2013.

A row is one line of a delivery. It is late where it was delivered after its scheduled date. What was only known
afterwards (freight cost, weight, insurance, both delivery dates) is read for the outcome alone, or not at all.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

_DATES = ("%d-%b-%y", "%m/%d/%y", "%m/%d/%Y")
_TEXTS = {
    "country": "Country",
    "via": "Fulfill Via",
    "mode": "Shipment Mode",
    "term": "Vendor INCO Term",
    "vendor": "Vendor",
    "site": "Manufacturing Site",
    "project": "Project Code",
    "group": "Sub Classification",
    "molecule": "Molecule/Test Type",
    "item": "Item Description",
    "order": "PO / SO #",
}
_NUMBERS = {
    "quantity": "Line Item Quantity",
    "value": "Line Item Value",
    "pack_price": "Pack Price",
    "per_pack": "Unit of Measure (Per Pack)",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery line as booked, and what became of it.

    `value` and `pack_price` in US dollars, `quantity` in packs of `per_pack` units; NaN where the file has no number.
    `delivered` and `recorded` are None while it is open; an outcome is known from `known` on.
    """

    nr: int
    country: str
    via: str
    mode: str
    term: str
    vendor: str
    site: str
    project: str
    group: str
    molecule: str
    item: str
    order: str
    quantity: float
    value: float
    pack_price: float
    per_pack: float
    quoted: date | None
    ordered: date | None
    scheduled: date
    delivered: date | None
    recorded: date | None

    @property
    def late(self) -> bool | None:
        """Whether it was delivered after the scheduled date; None while open."""
        return None if self.delivered is None else self.delivered > self.scheduled

    @property
    def known(self) -> date | None:
        """The day from which the outcome is known: delivered, and recorded as such."""
        if self.delivered is None:
            return None
        return self.delivered if self.recorded is None else max(self.delivered, self.recorded)


def read(path: Path) -> list[Delivery]:
    """All deliveries in the order of their scheduled dates (then of the file's ids).

    Raises ValueError naming the row and the column that is missing or unreadable.
    """
    with path.open(newline="", encoding="utf-8") as lines:
        found = [_delivery(row) for row in csv.DictReader(lines)]
    return sorted(found, key=lambda one: (one.scheduled, one.nr))


def _delivery(row: Mapping[str, str]) -> Delivery:
    missing = [
        name for name in ("ID", "Scheduled Delivery Date", *_TEXTS.values(), *_NUMBERS.values()) if name not in row
    ]
    if missing:
        raise ValueError(f"row ID={row.get('ID')} has no column {missing[0]}: this is not the SCMS delivery history")
    scheduled = _day(row["Scheduled Delivery Date"])
    if scheduled is None or not row["ID"].isdigit():
        raise ValueError(f"row ID={row['ID']}: ID and Scheduled Delivery Date have to be a number and a day (2-Jun-06)")
    booked: dict[str, Any] = {name: row[column].strip() for name, column in _TEXTS.items()}
    booked |= {name: _number(row[column]) for name, column in _NUMBERS.items()}
    return Delivery(
        nr=int(row["ID"]),
        **booked,
        quoted=_day(row.get("PQ First Sent to Client Date", "")),
        ordered=_day(row.get("PO Sent to Vendor Date", "")),
        scheduled=scheduled,
        delivered=_day(row.get("Delivered to Client Date", "")),
        recorded=_day(row.get("Delivery Recorded Date", "")),
    )


def _day(text: str) -> date | None:
    """A day in one of the file's spellings; None for words such as `Pre-PQ Process`."""
    for spelling in _DATES:
        try:
            return datetime.strptime(text, spelling).date()  # noqa: DTZ007 # days have no zone
        except ValueError:
            continue
    return None


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return math.nan
